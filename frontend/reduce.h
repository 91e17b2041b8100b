/// \file Delta debugging of networks: finds a small text for which a test still holds. It knows syntax only: a candidate parses, and may be
/// nonsense otherwise, unless the test refuses that.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/diagnostics.h"

namespace resnetc {

/// The result of a test: the candidate still shows the failure; it does not; or no more candidates are wanted.
enum class Verdict { interesting, dull, stop };

/// Removes parts of `text` or replaces them by simpler ones, large parts first, as long as `test` finds the result interesting. Every
/// candidate is smaller than the last interesting one, has the formatter's layout, and is tested once. The same answers give the same
/// result. `text` must parse and be interesting.
std::string reduce(const std::string& text, const std::function<Verdict(const std::string&)>& test);

/// One text with the items of several files, without `use` and comments, and with `settings` as values of the network's parameters; nothing
/// if a file does not parse.
std::optional<std::string> self_contained(std::span<const FileId> files, std::span<const std::pair<std::string, int64_t>> settings,
                                          Sources& sources);

}  // namespace resnetc

/// \file Delta debugging of networks: the smallest text found in which something still holds. Syntax only: a candidate parses, and may be
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

/// What a test says of a candidate: it still shows what is looked for; it does not; or no more candidates are wanted.
enum class Verdict { interesting, dull, stop };

/// Takes parts out of `text` and puts simpler ones in their place, large parts first, as long as `test` finds the result interesting. Every
/// candidate is smaller than the last interesting one, stands in the formatter's layout, and is asked for once. The same answers give the
/// same result. `text` must parse and be interesting.
std::string reduce(const std::string& text, const std::function<Verdict(const std::string&)>& test);

/// One text with the items of several files, `use` and comments left out, and `settings` as values of the network's parameters; nothing
/// where a file does not parse.
std::optional<std::string> self_contained(std::span<const FileId> files, std::span<const std::pair<std::string, int64_t>> settings,
                                          Sources& sources);

}  // namespace resnetc

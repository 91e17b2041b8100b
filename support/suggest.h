/// \file "did you mean": finds the right name that is nearest to a wrong one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace resnetc {

/// `; did you mean 'width'?` for the candidate nearest to `wrong`, ignoring the case of letters; empty if none is near. Looks at the first
/// thousand candidates. `others` are names of other things: a name that is nearer to one of these is no misspelling of a candidate.
std::string suggestion(std::string_view wrong, const std::vector<std::string_view>& candidates,
                       std::span<const std::string_view> others = {});

}  // namespace resnetc

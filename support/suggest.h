/// \file "did you mean": the nearest of the names that would have been right.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace resnetc {

/// `; did you mean 'width'?` for the candidate nearest to `wrong`, whatever the case of letters, or nothing where none is near. Looks at
/// the first thousand. `others` are names of other things: what is nearer to one of them is no misspelling of a candidate.
std::string suggestion(std::string_view wrong, const std::vector<std::string_view>& candidates,
                       std::span<const std::string_view> others = {});

}  // namespace resnetc

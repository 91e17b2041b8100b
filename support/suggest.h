/// \file "did you mean": the nearest of the names that would have been right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace resnetc {

/// `; did you mean 'width'?` for the candidate nearest to `wrong`, or nothing where none is near. Looks at the first thousand.
std::string suggestion(std::string_view wrong, const std::vector<std::string_view>& candidates);

}  // namespace resnetc

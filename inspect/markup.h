/// \file Text inside SVG and HTML.
#pragma once

#include <string>
#include <string_view>

namespace resnetc::inspect {

/// As content or attribute value; control characters become blanks.
std::string escaped(std::string_view s);

}  // namespace resnetc::inspect

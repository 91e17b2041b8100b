/// \file Escapes text for SVG and HTML.
#pragma once

#include <string>
#include <string_view>

namespace resnetc::inspect {

/// `s` as content or as an attribute's value. Control characters become blanks.
std::string escaped(std::string_view s);

}  // namespace resnetc::inspect

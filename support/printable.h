/// \file What a terminal may be shown of a text that somebody else wrote: a hostile file must not control the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace resnetc {

/// The bytes of the character that `text`, which is not empty, begins with. 0 if that is a control character or no UTF-8 (RFC 3629).
size_t printable_length(std::string_view text);
/// Whether all of the text is printable characters.
bool is_printable(std::string_view text);
/// The text with '?' for each byte that is no part of a printable character.
std::string printable(std::string_view text);

}  // namespace resnetc

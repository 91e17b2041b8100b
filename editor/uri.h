/// \file The protocol's names of files.
#pragma once

#include <string>
#include <string_view>

namespace resnetc::editor {

/// The path of a `file:` URI. Another URI (an unsaved buffer's, say) stands for itself: its text is known, no disk has it.
std::string path_of(std::string_view uri);
std::string uri_of(std::string_view path);

/// The one name of a file, whatever links and dots lead to it.
std::string canonical(const std::string& path);

}  // namespace resnetc::editor

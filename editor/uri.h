/// \file URIs, the protocol's names of files.
#pragma once

#include <string>
#include <string_view>

namespace resnetc::editor {

/// The path of a `file:` URI. Any other URI stands for itself, for example an unsaved buffer's, whose text is on no disk.
std::string path_of(std::string_view uri);
std::string uri_of(std::string_view path);

/// The canonical path of a file: the same for all paths that lead to the file by links and dots.
std::string canonical(const std::string& path);

}  // namespace resnetc::editor

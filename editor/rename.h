/// \file Giving a name another one, wherever it stands.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "editor/navigation.h"

namespace resnetc::editor {

/// The name at a place, if it is one that can change.
std::variant<Range, Failure> renamable(const Workspace& workspace, const ParsedText& text, size_t offset);

/// The places, by file, where `name` is to be written. A failure, with the reason for people, where it is no name, where something else
/// would then be meant somewhere, or where the compiler would have more to complain about than it has. Weights are called by labels, so
/// they change their names with them.
std::variant<std::map<std::string, std::vector<Range>>, Failure> renamed(const Workspace& workspace, const ParsedText& text, size_t offset,
                                                                         const std::string& name);

}  // namespace resnetc::editor

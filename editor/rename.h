/// \file Renames a symbol in all its places.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "editor/navigation.h"

namespace resnetc::editor {

/// The range of the name at a place, if that name can change.
std::variant<Range, Failure> renamable(const Workspace& workspace, const ParsedText& text, size_t offset);

/// The places, by file, where `name` is to be written. A failure, with the reason for people, if `name` is no name, if any name would then
/// mean something else, or if the compiler would report a new error. Weights have their names from labels, so renaming a label renames
/// weights.
std::variant<std::map<std::string, std::vector<Range>>, Failure> renamed(const Workspace& workspace, const ParsedText& text, size_t offset,
                                                                         const std::string& name);

}  // namespace resnetc::editor

/// \file The roots' diagnostics, by the file that each belongs to.
#pragma once

#include <map>
#include <string>

#include "editor/workspace.h"

namespace resnetc::editor {

/// For each file of the workspace with something to be said of it, by URI: a list of the protocol's Diagnostic objects. What several
/// networks say of a file that they share is there once. Notes are related information; one that has no place of its own stands at the
/// diagnostic's.
std::map<std::string, json::Array> diagnostics_by_uri(const Workspace& workspace);

}  // namespace resnetc::editor

/// \file Sorts the roots' diagnostics by their files.
#pragma once

#include <map>
#include <string>

#include "editor/workspace.h"

namespace resnetc::editor {

/// For each file of the workspace that has diagnostics, by URI: a list of the protocol's Diagnostic objects. If several networks share a
/// file and have the same diagnostic of it, the list has it once. Notes are related information. A note without a place stands at the
/// diagnostic's place.
std::map<std::string, json::Array> diagnostics_by_uri(const Workspace& workspace);

}  // namespace resnetc::editor

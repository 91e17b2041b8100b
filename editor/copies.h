/// \file Describes, in words for people, the copies of a statement in the open networks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "editor/workspace.h"

namespace resnetc::editor {

/// Markdown on what the statement at `at` (of the file `file`) becomes in each open network that uses the file: shapes, parameters and
/// multiply-adds, equal copies together. For an edge, the two values that meet. If there are no copies, the reason.
std::string described_copies(const Workspace& workspace, const std::string& file, Location at);

/// The same for all uses of a block that `file` defines.
std::string described_uses(const Workspace& workspace, const std::string& file, std::string_view block);

/// The totals of the network in `file`, with the shapes of its input and outputs; empty if errors leave these unknown.
std::string described_total(const Workspace& workspace, const std::string& file);

/// The values of the parameter or `let` whose name stands at `at`: "64, 128, 256 in `resnet18`"; empty if no open network uses it.
std::string described_values(const Workspace& workspace, const std::string& file, Location at);

}  // namespace resnetc::editor

/// \file The targets that this machine can run. The result of a compilation never depends on the machine, unless a user asks for "host".
#pragma once

#include <string_view>

#include "ir/target.h"

namespace resnetc::codegen {

/// Whether this machine has the target's instructions. For a GPU this is found out only when a context is created.
bool runs_here(const Target& target);
/// The best target of this machine's processor; null if the processor can run no target of the table.
const Target* host_target();
/// The target with the name that a user gave, which may be "host". Null if there is none.
const Target* target_named(std::string_view name);

}  // namespace resnetc::codegen

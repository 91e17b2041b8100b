/// \file Which targets this machine runs. What is compiled never depends on the machine, unless a user asks for "host".
#pragma once

#include <string_view>

#include "ir/target.h"

namespace resnetc::codegen {

/// Whether this machine has the target's instructions; of a GPU, that shows only when a context is created.
bool runs_here(const Target& target);
/// The best target of this machine's processor; null if the processor has no instruction set of the table.
const Target* host_target();
/// The target of a user's name, "host" included; null if there is none.
const Target* target_named(std::string_view name);

}  // namespace resnetc::codegen

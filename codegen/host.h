/// \file The targets that this machine can run, and which of the known machines it is. The result of a compilation never depends on the
/// machine, unless a user asks for "host".
#pragma once

#include <string_view>

#include "ir/machine.h"
#include "ir/target.h"
#include "runtime/model.h"

namespace resnetc::codegen {

/// Whether this machine has the target's instructions. For a GPU this is found out only when a context is created.
bool runs_here(const Target& target);
/// The best target of this machine's processor; null if the processor can run no target of the table.
const Target* host_target(Arithmetic arithmetic = Arithmetic::floats);
/// A machine's rule as the runtime compares it; one that fits no processor if the machine has none.
rn_cpu_rule rule_of(const Machine& machine);
/// The first of the known machines whose rule fits the processor. Null if there is none.
const Machine* recognised(const rn_cpu& cpu);
/// This machine, if it is one of the known ones; else null.
const Machine* host_machine();

/// The target with the name that a user gave, which may be "host". Null if there is none.
const Target* target_named(std::string_view name, Arithmetic arithmetic = Arithmetic::floats);

}  // namespace resnetc::codegen

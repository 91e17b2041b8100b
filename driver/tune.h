/// \file `resnetc compile --tune`: finds schedules that are faster on this machine than the choices of select-kernels.
///
/// Candidates are measured inside the network, where caches are as full and weights as cold as in use. The whole network is compiled with
/// the next candidate of every convolution at once. It runs in turns with the untuned network, on one thread and on all processors. A
/// candidate's gain is the smaller of the two: neither may lose. From the measurements comes the choice that gains most with packed weights
/// within their limit. The choice is measured once more, as a whole, and candidates that do not gain again are dropped.
#pragma once

#include <optional>
#include <string>

#include "codegen/kernels.h"
#include "driver/lowering.h"

namespace resnetc::driver {

inline constexpr double default_tune_seconds = 60;

/// The reason why tuning for these targets is impossible on this machine; empty if it is possible.
std::string tune_fault(const std::vector<const Target*>& targets);

/// What the user should know if the goal's machine is named, and is not the one that measures; empty otherwise.
std::string tune_note(const Goal& goal);

/// Tunes for `lowering.goals`, which must be one whose target this machine can run, for about `seconds` seconds. A kernel is in the result
/// if another schedule was faster than the untuned one beyond the noise, in two measurements. No kernel is in the result if the network
/// with all of them was not faster in the end. `kernels` should have a cache, because most kernels are compiled repeatedly. Fails if the
/// network does not compile or run.
Result<program::Tuning> tune(const topology::Network& network, const LoweringOptions& lowering, double seconds,
                             const codegen::KernelOptions& kernels, Sources& sources);

}  // namespace resnetc::driver

/// \file `resnetc compile --tune`: finds schedules that are faster on this machine than those select-kernels chooses.
///
/// Candidates are measured inside the network, where caches are as full and weights as cold as they will be: the whole network is compiled
/// with the next candidate of every convolution at once and runs in turns with the untuned network, on one thread and on all processors.
/// A candidate is worth what it saves where it saves least: nobody is to lose. From what was measured comes the choice that gains most with
/// packed weights within their limit; it is measured once more, as a whole, and what does not hold is dropped.
#pragma once

#include <optional>
#include <string>

#include "codegen/kernels.h"
#include "driver/lowering.h"

namespace resnetc::driver {

inline constexpr double default_tune_seconds = 60;

/// What is wrong with tuning for these targets on this machine; empty if nothing is.
std::string tune_fault(const std::vector<const Target*>& targets);

/// Tunes for `lowering.targets`, which is one that this machine runs, for about so many `seconds`. A kernel is in the result if another
/// schedule was faster than the untuned one beyond the noise, twice; none is if the network with all of them was not faster in the end.
/// `kernels` had better have a cache: most kernels come again. Fails if the network does not compile or run.
Result<program::Tuning> tune(const topology::Network& network, const LoweringOptions& lowering, double seconds,
                             const codegen::KernelOptions& kernels, Sources& sources);

}  // namespace resnetc::driver

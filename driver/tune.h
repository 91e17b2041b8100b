/// \file `resnetc compile --tune`: finds schedules that are faster on this machine than those select-kernels chooses.
///
/// Candidates are measured inside the network, where caches are as full and weights as cold as they will be: the whole network is compiled
/// with the next candidate of every convolution at once and runs in turns with the untuned network, on one thread and on all processors.
/// A candidate is worth what it saves where it saves least: nobody is to lose. From what was measured comes the choice that gains most with
/// packed weights within their limit; it is measured once more, as a whole, and what does not hold is dropped.
#pragma once

#include <optional>
#include <string>

#include "driver/lowering.h"

namespace resnetc::driver {

struct TuneOptions {
  double seconds = 60;    ///< for all of it, about
  std::string cache_dir;  ///< of kernels; empty: one of its own
  int jobs = 0;           ///< kernels compiled at once
};

/// What is wrong with tuning for these targets on this machine; empty if nothing is.
std::string tune_fault(const std::vector<const codegen::TargetInfo*>& targets);

/// Tunes for `lowering.targets`, which is one that this machine runs. A kernel is in the result if another schedule was faster than the
/// untuned one beyond the noise, twice; none is if the network with all of them was not faster in the end. Nothing, and the reason in
/// `why`, if the network does not compile or run.
std::optional<program::Tuning> tune(const topology::Network& network, const LoweringOptions& lowering, const TuneOptions& options,
                                    Sources& sources, std::string& why);

}  // namespace resnetc::driver

/// \file The schedules of a convolution that are worth measuring.
#pragma once

#include <vector>

#include "ir/program.h"

namespace resnetc::passes {

/// The schedules that the kernel can have and that are worth measuring, each once. Algorithms come in turn, and the schedules of an
/// algorithm in the order that the model expects, best first. No tile of Winograd's transforms is larger than `largest_tile`. Empty for a
/// kernel that is no convolution, because such a kernel has no choice.
std::vector<program::Schedule> schedule_candidates(const program::Program& program, const program::Kernel& kernel, int64_t largest_tile);

}  // namespace resnetc::passes

/// \file The schedules of a convolution that are worth measuring.
#pragma once

#include <vector>

#include "ir/program.h"

namespace resnetc::passes {

/// Schedules that the kernel can have, each once. Algorithms take turns, and each begins with the schedule that the model expects most of
/// on `machine`. No tile of Winograd's transforms is larger than `largest_tile`. The list is empty for a kernel that is no convolution,
/// because that kernel has no choice.
std::vector<program::Schedule> schedule_candidates(const program::Program& program, const program::Kernel& kernel, const Machine& machine,
                                                   int64_t largest_tile);

}  // namespace resnetc::passes

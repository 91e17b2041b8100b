/// \file Which schedules of a convolution are worth measuring.
#pragma once

#include <vector>

#include "ir/program.h"

namespace resnetc::passes {

/// Schedules that the kernel can have, each once, of each algorithm what the model expects most of first, algorithms in turn; with no tile
/// of Winograd's transforms larger than `largest_tile`. Empty for a kernel that is no convolution: it has no choice.
std::vector<program::Schedule> schedule_candidates(const program::Program& program, const program::Kernel& kernel, int64_t largest_tile);

}  // namespace resnetc::passes

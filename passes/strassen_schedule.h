/// \file Register tiles and tasks of convolutions by Strassen's products on a target.
#pragma once

#include "passes/algorithms.h"
#include "passes/conv_schedule.h"

namespace resnetc::passes {

/// The schedule of a convolution into `out`.
ScheduleChoice choose_strassen_schedule(const Convolution& convolution, const program::Tensor& out, const Target& target);
/// That schedule, then others that are worth a trial, in the order of what the model expects.
std::vector<program::Schedule> strassen_candidates(const Convolution& convolution, const program::Tensor& out, const Target& target);

}  // namespace resnetc::passes

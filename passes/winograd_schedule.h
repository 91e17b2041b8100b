/// \file Register tiles and tasks of convolutions by Winograd's transforms on a target.
#pragma once

#include "passes/algorithms.h"
#include "passes/conv_schedule.h"

namespace resnetc::passes {

/// The schedule of a convolution for which `choice` was made, with the pool that its kernel ends with, or null. `out` is what the
/// convolution computes.
ScheduleChoice choose_winograd_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes,
                                        const OpAttributes* pool, const AlgorithmChoice& choice, const Target& target);
/// That schedule, then others of the same choice that are worth a trial, in the order of what the model expects.
std::vector<program::Schedule> winograd_candidates(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes,
                                                   const OpAttributes* pool, const AlgorithmChoice& choice, const Target& target);

}  // namespace resnetc::passes

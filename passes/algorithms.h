/// \file Which algorithm computes each convolution of a network. What an algorithm takes and costs stands in its record
/// (ir/algorithms/implementation.h); together they share one limit, that of the packed weights.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/algorithms/implementation.h"
#include "ir/winograd.h"

namespace resnetc::passes {

/// For each convolution of a network what is fastest, as a model expects it of `machine`. That decides how weights are packed, which is the
/// same for all targets. Packed weights of all convolutions are at most twice as large as those of the checkpoint, not counted the zeros
/// with which groups and channels fill their vectors. No tile of Winograd's is larger than `largest_tile`; 0: sums of products only.
std::vector<program::AlgorithmChoice> choose_algorithms(std::span<const program::Convolution> convolutions, const Machine& machine,
                                                        int64_t largest_tile = largest_winograd_tile);

/// Puts `wanted`, where there is something, in the place of choose_algorithms()'s `choices`; if `limited`, as far as packed weights stay
/// within their limit. Other choices do not change.
void prefer(std::span<const std::optional<program::AlgorithmChoice>> wanted, std::span<const program::Convolution> convolutions,
            bool limited, std::vector<program::AlgorithmChoice>& choices);

}  // namespace resnetc::passes

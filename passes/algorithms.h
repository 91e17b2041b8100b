/// \file Chooses the algorithm of each convolution of a network. The record of an algorithm (ir/algorithms/implementation.h) holds its
/// conditions and costs. All convolutions together share one limit: the size of the packed weights.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/algorithms/implementation.h"
#include "ir/winograd.h"

namespace resnetc::passes {

/// Chooses for each convolution of a network the algorithm that a model expects to be fastest on `machine`, in runs one after another: the
/// weights of a small network stay in the caches. The choice decides how weights are packed,
/// which is the same for all targets. The packed weights of all convolutions together are at most twice as large as those of the
/// checkpoint, without the zeros with which groups and channels fill their vectors. No tile of Winograd's transforms is larger than
/// `largest_tile`; 0 allows only sums of products.
std::vector<program::AlgorithmChoice> choose_algorithms(std::span<const program::Convolution> convolutions, const Machine& machine,
                                                        int64_t largest_tile = largest_winograd_tile);

/// Replaces choices of choose_algorithms() in `choices` by those that `wanted` holds. With `limited`, only as long as the packed weights
/// stay within their limit. Other choices do not change.
void prefer(std::span<const std::optional<program::AlgorithmChoice>> wanted, std::span<const program::Convolution> convolutions,
            bool limited, std::vector<program::AlgorithmChoice>& choices);

}  // namespace resnetc::passes

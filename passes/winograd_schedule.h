/// \file Which convolutions go through Winograd's transforms (ir/winograd.h), with which tiles, and their register tiles and tasks on a
/// target.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/winograd.h"
#include "passes/conv_schedule.h"

namespace resnetc::passes {

struct Convolution {
  TensorType in, out;
  OpAttributes attributes;
  bool dense = false;  ///< its input's pixels have no gaps between them, as phases need it
};

struct WinogradChoice {
  int64_t output = 0;   ///< rows and columns of a tile of results; 0: direct sums are faster
  bool packed = false;  ///< the weights are transformed when they are packed, not in each run
  bool operator==(const WinogradChoice&) const = default;
};

/// For each convolution of a network whether transforms are faster than sums, and where its weights are transformed. That decides how they
/// are packed, which is the same for all targets: the figures behind it lie between those of the machines measured. Packed weights of all
/// convolutions are at most twice as large as those of the checkpoint. No tile is larger than `largest_tile`; 0: direct sums only.
std::vector<WinogradChoice> choose_winograd(std::span<const Convolution> convolutions, int64_t largest_tile = largest_winograd_tile);

/// What a schedule makes of it.
WinogradChoice choice_of(const program::Schedule& schedule);
/// Seconds that the model expects of it on one thread.
double expected_seconds(const Convolution& convolution, const WinogradChoice& choice);
/// Puts `wanted`, where there is something, in the place of choose_winograd()'s `choices`; if `limited`, as far as packed weights stay
/// within their limit. Other choices do not change.
void prefer(std::span<const std::optional<WinogradChoice>> wanted, std::span<const Convolution> convolutions, bool limited,
            std::vector<WinogradChoice>& choices);

/// The schedule of a convolution for which `choice` was made, with the pool that its kernel ends with, or null. `out` is what the
/// convolution computes.
ScheduleChoice choose_winograd_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes,
                                        const OpAttributes* pool, const WinogradChoice& choice, const std::string& target);
/// That schedule, then others of the same choice that are worth a trial, in the order of what the model expects.
std::vector<program::Schedule> winograd_candidates(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes,
                                                   const OpAttributes* pool, const WinogradChoice& choice, const std::string& target);

}  // namespace resnetc::passes

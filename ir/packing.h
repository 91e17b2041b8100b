/// \file How a kernel reads its weights. Each schedule wants them packed in a way of its own (ir/algorithms/implementation.h); packed
/// otherwise they are other numbers, often as many.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/program.h"

namespace resnetc::program {

/// The recipe at the root of a constant, without what it packs.
struct Packing {
  RecipeKind kind = RecipeKind::pack_vector;       ///< one of those called pack_...; any other is no packing
  int64_t groups = 1;                              ///< pack_conv
  int64_t lanes = resnetc::lanes, interleave = 1;  ///< pack_conv
  int64_t block = 0;                               ///< pack_blocks
  int64_t output = 0, stride = 1;                  ///< pack_winograd
  bool phases = false;                             ///< pack_winograd: split_phases() comes before it
  bool operator==(const Packing&) const = default;
};

/// The constants of a convolution's kernel with such a schedule. `weights` are what it sums: its own, w[co][ci per group][kh][kw] or a
/// linear layer's [out][in], then those of its projections, [co][ci][1][1]; of shapes that the packings are for.
std::vector<RecipePtr> pack(const std::vector<RecipePtr>& weights, const OpAttributes& attributes, int64_t in_channels,
                            const Schedule& schedule);

Packing packing_of(const Recipe& constant);
/// What a constant with a packing packs.
const RecipePtr& packed_by(const Recipe& constant);
/// The other weights of its kernel that it packs that in view of, in pack()'s order; none, for most packings.
std::span<const RecipePtr> summed_with(const Recipe& constant);
/// As a verifier says it: "packed in blocks of 8".
std::string to_string(const Packing& packing);

}  // namespace resnetc::program

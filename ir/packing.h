/// \file The order in which a kernel reads its weights. Each schedule needs its own packing (ir/algorithms/implementation.h). Another
/// packing gives other numbers, often the same number of them, so the verifier compares the packing and not only the size.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/program.h"

namespace resnetc::program {

/// The recipe at the root of a constant, without its operands.
struct Packing {
  RecipeKind kind = RecipeKind::pack_vector;       ///< one of the kinds named pack_...; any other kind means no packing
  int64_t groups = 1;                              ///< pack_conv
  int64_t lanes = resnetc::lanes, interleave = 1;  ///< pack_conv
  int64_t block = 0;                               ///< pack_blocks
  int64_t output = 0, stride = 1;                  ///< pack_winograd
  bool phases = false;                             ///< pack_winograd: split_phases() is applied first
  bool operator==(const Packing&) const = default;
};

/// The constants of a convolution's kernel with this schedule. `weights` are the weights whose products the kernel sums: first its own,
/// w[co][ci per group][kh][kw] or a linear layer's [out][in], then those of its projections, [co][ci][1][1]. Their shapes must fit the
/// packings.
std::vector<RecipePtr> pack(const std::vector<RecipePtr>& weights, const OpAttributes& attributes, int64_t in_channels,
                            const Schedule& schedule);

Packing packing_of(const Recipe& constant);
/// The recipe of the weights that a packed constant packs.
const RecipePtr& packed_by(const Recipe& constant);
/// The type that the elements of a weight or another constant have in a graph: f32, what narrow() makes, or i8 where quantize_rows() makes
/// integers of 8 bits. (Along lines, as_picture() stands around it.)
ElementType weight_type(const Recipe& weight);
/// The type that a constant's elements have in memory. Narrow weights stay narrow if the packing only moves them.
ElementType element_of(const Recipe& constant);
/// The other weights of the same kernel that the packing depends on, in the order of pack(). Most packings depend on no others.
std::span<const RecipePtr> summed_with(const Recipe& constant);
/// The words of a verifier: "packed in blocks of 8".
std::string to_string(const Packing& packing);

}  // namespace resnetc::program

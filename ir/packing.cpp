/// \file Builds recipes for the packing that a schedule needs.
#include "ir/packing.h"

#include <fmt/format.h>

#include <limits>

#include "ir/algorithms/implementation.h"

namespace resnetc::program {

namespace {

/// The packed weights; `summed` are the other weights of the same kernel.
RecipePtr packed(RecipePtr w, const Packing& packing, std::vector<RecipePtr> summed) {
  switch (packing.kind) {
    case RecipeKind::pack_conv: return pack_conv(std::move(w), packing.groups, packing.lanes, packing.interleave);
    case RecipeKind::pack_winograd:
      return pack_winograd(packing.phases ? split_phases(std::move(w)) : std::move(w), packing.output, packing.stride);
    case RecipeKind::pack_strassen: return pack_strassen(std::move(w), std::move(summed));
    case RecipeKind::pack_blocks: return pack_blocks(std::move(w), packing.block);
    case RecipeKind::pack_vector: return pack_vector(std::move(w));
    case RecipeKind::tensor:
    case RecipeKind::fill:
    case RecipeKind::add:
    case RecipeKind::sub:
    case RecipeKind::mul:
    case RecipeKind::max:
    case RecipeKind::rsqrt:
    case RecipeKind::scale_rows:
    case RecipeKind::narrow:
    case RecipeKind::row_step:
    case RecipeKind::row_sum:
    case RecipeKind::quantize_rows:
    case RecipeKind::as_picture:
    case RecipeKind::scale_columns:
    case RecipeKind::to_phases:
    case RecipeKind::take_taps:
    case RecipeKind::split_phases: break;
  }
  return w;
}

}  // namespace

std::vector<RecipePtr> pack(const std::vector<RecipePtr>& weights, const OpAttributes& attributes, int64_t in_channels,
                            const Schedule& schedule) {
  const Implementation& by = implementation_of(schedule);
  std::vector<RecipePtr> constants;
  for (size_t i = 0; i < weights.size(); ++i) {
    std::vector<RecipePtr> others = weights;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    const Packing packing = i == 0 ? by.weight_packing(attributes, in_channels, schedule) : by.projection_packing(schedule);
    constants.push_back(packed(weights[i], packing, std::move(others)));
  }
  return constants;
}

Packing packing_of(const Recipe& constant) {
  Packing packing{.kind = constant.kind};
  if (constant.kind == RecipeKind::pack_conv) {
    packing.groups = constant.groups;
    packing.lanes = constant.lanes;
    packing.interleave = constant.interleave;
  }
  if (constant.kind == RecipeKind::pack_blocks) packing.block = constant.block;
  if (constant.kind == RecipeKind::pack_winograd) {
    packing.output = constant.output;
    packing.stride = constant.stride;
    packing.phases = constant.args[0]->kind == RecipeKind::split_phases;
  }
  return packing;
}

const RecipePtr& packed_by(const Recipe& constant) {
  const RecipePtr& packed = constant.args[0];
  return packed->kind == RecipeKind::split_phases ? packed->args[0] : packed;
}

ElementType weight_type(const Recipe& weight) {
  const Recipe& narrowed = weight.kind == RecipeKind::as_picture ? *weight.args[0] : weight;
  if (narrowed.kind == RecipeKind::quantize_rows && narrowed.limit <= std::numeric_limits<int8_t>::max()) return ElementType::i8;
  return narrowed.kind == RecipeKind::narrow ? narrowed.element : ElementType::f32;
}

ElementType element_of(const Recipe& constant) {
  const bool moves = constant.kind == RecipeKind::pack_conv || constant.kind == RecipeKind::pack_vector;
  const ElementType moved = moves || constant.kind == RecipeKind::pack_blocks ? weight_type(*packed_by(constant)) : ElementType::f32;
  // Kernels of GPUs, which also read weights in blocks, read floats of 32 bits only.
  return moves || moved == ElementType::i8 ? moved : ElementType::f32;
}

std::span<const RecipePtr> summed_with(const Recipe& constant) {
  return constant.kind == RecipeKind::pack_strassen ? std::span(constant.args).subspan(1) : std::span<const RecipePtr>();
}

std::string to_string(const Packing& packing) {
  switch (packing.kind) {
    case RecipeKind::pack_vector: return "packed as a vector";
    case RecipeKind::pack_conv:
      return fmt::format("packed in vectors of {} channels{}{}", packing.lanes,
                         packing.groups == 1 ? std::string() : fmt::format(" in {} groups", packing.groups),
                         packing.interleave == 1 ? std::string() : fmt::format(", {} input channels side by side", packing.interleave));
    case RecipeKind::pack_winograd:
      return fmt::format("packed as transformed for tiles of {0}x{0} at stride {1}{2}", packing.output, packing.stride,
                         packing.phases ? " over phases" : "");
    case RecipeKind::pack_strassen: return "packed in halves for Strassen's products";
    case RecipeKind::pack_blocks: return fmt::format("packed in blocks of {}", packing.block);
    case RecipeKind::tensor:
    case RecipeKind::fill:
    case RecipeKind::add:
    case RecipeKind::sub:
    case RecipeKind::mul:
    case RecipeKind::max:
    case RecipeKind::rsqrt:
    case RecipeKind::scale_rows:
    case RecipeKind::narrow:
    case RecipeKind::row_step:
    case RecipeKind::row_sum:
    case RecipeKind::quantize_rows:
    case RecipeKind::as_picture:
    case RecipeKind::scale_columns:
    case RecipeKind::to_phases:
    case RecipeKind::take_taps:
    case RecipeKind::split_phases: break;
  }
  return "unpacked";
}

}  // namespace resnetc::program

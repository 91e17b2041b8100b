/// \file The dimensions of what operators make.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "import/flat.h"

namespace resnetc::importer {

/// The padding of a window before and after each spatial axis.
struct Pads {
  std::vector<int64_t> before, after;
};
/// The padding that a convolution or pool has over an input of these sizes: its `pads`, or what `auto_pad` makes of the sizes. Nothing if
/// the attributes do not fit.
std::optional<Pads> pads_of(const flat::Node& node, const std::vector<int64_t>& sizes, const std::vector<int64_t>& kernel,
                            const std::vector<int64_t>& strides, const std::vector<int64_t>& dilations);
/// What a transposed convolution takes away before and after each spatial axis of its windows' sum, and what it leaves more at the end.
struct TransposedPads {
  Pads pads;
  std::vector<int64_t> extra;
};
/// That of a transposed convolution over an input of these sizes: its `pads` and `output_padding`, or what `output_shape` or `auto_pad`
/// makes of the sizes. Nothing if the attributes do not fit, or if SAME padding asks for more than windows cover, where ONNX Runtime and
/// ONNX's own reference differ.
std::optional<TransposedPads> transposed_pads_of(const flat::Node& node, const std::vector<int64_t>& sizes,
                                                 const std::vector<int64_t>& kernel, const std::vector<int64_t>& strides,
                                                 const std::vector<int64_t>& dilations);
/// What a Pad adds before and after each of the `rank` dimensions of its operand, and cuts off where a number is negative. Nothing if that
/// is not constant or does not fit.
std::optional<Pads> added_by(const flat::Graph& graph, const flat::Node& node, size_t rank);
/// What a Slice takes of one dimension: `count` elements from `first`, `step` apart.
struct Taken {
  int64_t first = 0, step = 1, count = 0;
};
/// What a Slice takes of each dimension of its operand, which has these; nothing of a dimension of which it takes all without saying so.
/// Nothing at all if that is not constant, goes backwards or does not fit.
std::optional<std::vector<std::optional<Taken>>> taken_by(const flat::Graph& graph, const flat::Node& node, const Dims& dims);
/// An attribute with a number for each of `count` spatial axes; all 1 if it is missing, nothing if it does not fit.
std::optional<std::vector<int64_t>> spatial(const flat::Node& node, std::string_view name, size_t count);

/// The dimensions that numpy's rules give for two operands; nothing if they do not fit.
std::optional<Dims> broadcast(const Dims& a, const Dims& b);

/// Sets the dimensions of the node's outputs as far as those of its inputs tell. Operators that are not known leave them unknown.
void infer_dims(flat::Graph& graph, const flat::Node& node);

}  // namespace resnetc::importer

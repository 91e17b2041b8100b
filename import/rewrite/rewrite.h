/// \file Rewrites of the list of operators: several that together spell one thing become one operator. Each file has one idea.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "import/flat.h"

namespace resnetc::importer {

/// Runs all rewrites, and marks what nothing uses any more as dead. The values of the graph's outputs do not change, but for rounding.
void rewrite(flat::Graph& graph);

// The rewrites, in the order in which they run.

/// QuantizeLinear becomes `FakeQuantize`, with the attributes `scale` and `zero` of integers without a sign, and makes the numbers that the
/// integers mean. DequantizeLinear goes, and so does a rounding of what has such numbers already.
void name_roundings(flat::Graph& graph);
/// A Pad of pictures whose channels come last, before a Transpose that puts them first, stands behind it instead: windows read it there.
void turn_before_pads(flat::Graph& graph);
/// Says of an input [N, H, W, C] that its channels come last, if the model at most normalises, resizes and pads it before it transposes it
/// to [N, C, H, W].
void find_channels_last(flat::Graph& graph);
/// All elements in a row, from which a Gather takes each in its turn, become a Reshape: PyTorch's `as_strided` of what lies in order.
void name_views(flat::Graph& graph);
/// A Reshape to the dimensions that a value has already goes.
void leave_out_views(flat::Graph& graph);
/// Elements that are repeated beside themselves along some axes become `Repeat`, with `times` for each axis of its input, and `perm`, the
/// order in which its output has these axes.
void name_repeats(flat::Graph& graph);
/// A Pad with zeros before a convolution or pool becomes its padding.
void absorb_pads(flat::Graph& graph);
/// Activations that are spelled out: x * sigmoid(x) becomes `Silu`, and so on for hard-swish, GELU, Mish and softsign.
void name_activations(flat::Graph& graph);
/// Group norms spelled as an instance norm of reshaped values become `GroupNorm`, layer norms spelled as means become `LayerNorm`, both
/// with the weight and the bias that follow or are part of it, if any, as their second and third input. Where nothing subtracts the mean,
/// the attribute `subtract_mean` is 0.
void name_norms(flat::Graph& graph);
/// x / sqrt(mean(x * x) + eps) becomes `RmsNorm`, and x / (mean(x) + eps) `MeanNorm`, each over one axis.
void name_quotients(flat::Graph& graph);
/// x * s / sqrt(variance + eps), with the variance of x in groups of channels and a gate s, becomes `GroupNorm` without a centre, times s:
/// EvoNorm-S0 (arXiv:2004.02967).
void name_evo_norms(flat::Graph& graph);
/// A convolution along the channels of a vector becomes `ChannelConv`, whose input and output are vectors.
void name_channel_convolutions(flat::Graph& graph);
/// Softmax over parts of channels becomes `PartsSoftmax`, and the sum of parts, each of which may be multiplied, `SumOfParts`.
void name_parts(flat::Graph& graph);
/// Reshape, Transpose and Reshape that take channels of groups in turn become `ChannelShuffle`.
void name_shuffles(flat::Graph& graph);
/// Reshape, Transpose and Reshape that make channels of neighbouring pixels become `SpaceToDepth`.
void name_space_to_depth(flat::Graph& graph);

/// The operators that only rewrites make. Their translators rely on what the rewrites checked, so flatten() lets no model have one. `Silu`
/// and `GeluTanh` are not among them: they are plain functions of one element.
inline constexpr std::string_view made_by_rewrites[] = {"Repeat",      "GroupNorm",    "LayerNorm",  "RmsNorm",        "MeanNorm",
                                                        "ChannelConv", "PartsSoftmax", "SumOfParts", "ChannelShuffle", "FakeQuantize"};

// What rewrites ask of a graph

/// The node that makes a value as its first output, if it is one of ONNX's own with this name and has an input; else null.
const flat::Node* made_by(const flat::Graph& graph, flat::ValueId value, std::string_view op);
/// The same for the first of several names that fits.
const flat::Node* made_by(const flat::Graph& graph, flat::ValueId value, std::initializer_list<std::string_view> ops);
/// The one number that an input is, whatever its shape.
std::optional<double> number_at(const flat::Graph& graph, const flat::Node& node, size_t input);
/// Whether two numbers agree as far as constants in half precision tell.
bool close(double a, double b);

}  // namespace resnetc::importer

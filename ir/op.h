/// \file The tensor operations, known to every level: one table says each one's name, attributes and weights, one function its shape.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/tensor_type.h"

namespace resnetc {

/// Names of values: the layers that somebody wants to see.
using ValueNames = std::set<std::string, std::less<>>;
/// For each value, what makes it as the text form has it.
using Excerpts = std::map<std::string, std::string, std::less<>>;

/// The closed set of operations. `layer` ops can be written in the language; the others appear on the way down.
enum class OpKind {
  input,            ///< the network's input; graph only, no operand
  conv2d,           ///< cross-correlation; weight [co, ci / groups, kh, kw], optional bias [co]
  batch_norm,       ///< inference: (x - mean) / sqrt(var + eps) * weight + bias, per channel; without `affine` the quotient alone
  affine,           ///< x * scale + shift per channel: a batch norm that found no convolution to fold into; graph only
  relu,             ///< max(x, 0), NaN kept
  sigmoid,          ///< 1 / (1 + exp(-x))
  softmax,          ///< over channels, rank 2
  max_pool,         ///< padding never wins: windows are clipped to the picture
  avg_pool,         ///< divides by kh * kw, padding counts as zero
  global_avg_pool,  ///< rank 4 to rank 2
  linear,           ///< weight [out, in], optional bias [out]; rank 2
  pad_channels,     ///< appends channels of zeros
  add,              ///< two operands of equal type: where a skip edge ends; graph only
  mul,              ///< a * b, b of equal type or of rank 2 and spread over height and width: where a gate ends; graph only
};

/// Attributes of all operations together; `OpInfo` says which of them an operation has. The rest keep their defaults.
struct OpAttributes {
  int64_t channels = 0;  ///< output channels: conv2d, linear, pad_channels
  Extent2 kernel;        ///< conv2d, max_pool, avg_pool
  Extent2 stride;        ///< conv2d, max_pool, avg_pool
  Extent2 pad{0, 0};     ///< conv2d, max_pool, avg_pool; the same on both sides of an axis
  Extent2 dilation;      ///< conv2d
  int64_t groups = 1;    ///< conv2d
  bool bias = false;     ///< conv2d, linear: whether the checkpoint holds a bias
  double eps = 1e-5;     ///< batch_norm
  bool affine = true;    ///< batch_norm: whether the checkpoint holds a weight and a bias
  bool operator==(const OpAttributes&) const = default;
};

/// One line of the table of operations.
struct OpInfo {
  OpKind kind{};
  std::string_view name{};   ///< in IR text
  std::string_view layer{};  ///< in the language; empty where the language has no such layer
  int operands = 1;          ///< number of tensor operands
  // Which attributes it has: output channels; kernel, stride and pad; dilation and groups; bias; eps and affine.
  bool channels = false, window = false, dilation_groups = false, bias = false, eps_affine = false;
  bool weights = false;  ///< whether the checkpoint holds tensors for it: weight_specs() says which
};

std::span<const OpInfo> all_ops();
const OpInfo& info(OpKind kind);
std::optional<OpKind> op_named(std::string_view ir_name);
std::optional<OpKind> layer_named(std::string_view language_name);

/// The padding that a convolution has by default: dilation * (kernel - 1) / 2, rounded down. Pools have none.
Extent2 default_pad(Extent2 kernel, Extent2 dilation);

/// The result type of an operation, or nothing and the reason in `why` (in the user's terms: "groups = 3 does not divide 64 input
/// channels"). Rejects zero, negative and overflowing sizes. `input` has no rule here.
std::optional<TensorType> infer_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands, std::string& why);

/// One tensor that the checkpoint must hold for an operation, e.g. {"weight", {64, 3, 7, 7}}.
struct WeightSpec {
  std::string_view suffix;
  std::vector<int64_t> shape;
};
/// The weights of an operation with the given operand type, in torchvision's naming and order; empty for most.
/// conv2d: weight [co, ci / groups, kh, kw], bias [co] if `bias`. linear: weight [out, in], bias [out] if `bias`.
/// batch_norm: weight and bias if `affine`, running_mean, running_var, each [c].
std::vector<WeightSpec> weight_specs(OpKind kind, const OpAttributes& attributes, const TensorType& operand);

/// Multiply-adds of an operation for one picture (convolutions and linear layers only; 0 for the rest).
int64_t multiply_adds(OpKind kind, const OpAttributes& attributes, const TensorType& operand, const TensorType& result);

}  // namespace resnetc

/// \file The tensor operations, known to every level: one table says each one's name and weights, one list
/// their attributes, one function its shape.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "ir/expression.h"
#include "ir/kernel_kind.h"
#include "ir/tensor_type.h"
#include "support/failure.h"
#include "support/field_count.h"

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
  // Steps of an epilogue alone (ir/step.h): no operation of a graph. They stand last.
  bias,     ///< x + bias[c]
  project,  ///< x + 1x1 convolution of another tensor: a projection shortcut, summed where its convolution is (see graph::projection())
};

/// A set of operations.
class OpSet {
 public:
  constexpr OpSet(std::initializer_list<OpKind> kinds) {
    for (OpKind kind : kinds) bits_ |= uint64_t{1} << static_cast<unsigned>(kind);
  }
  constexpr bool has(OpKind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1) != 0; }

 private:
  uint64_t bits_ = 0;
};

/// Attributes of all operations together. Those that an operation does not have keep their defaults. all_attributes is the list of them.
struct OpAttributes {
  int64_t channels = 0;
  Extent2 kernel, stride;
  Extent2 pad{0, 0};  ///< the same on both sides of an axis
  Extent2 dilation;
  int64_t groups = 1;
  bool bias = false;
  double eps = 1e-5;
  bool affine = true;
  bool operator==(const OpAttributes&) const = default;
};

/// How far down an attribute means something.
enum class Reach {
  topology,  ///< in a graph it is a step or a constant
  graph,     ///< constants come from it; the code of kernels does not depend on it
  kernel,    ///< the code depends on it
};

/// One line of the list of attributes.
template <class T>
struct Attribute {
  T OpAttributes::* field;
  std::string_view name;  ///< in text and JSON
  OpSet ops;              ///< that have it
  Reach reach;
  std::string_view meaning;  ///< in the schema of JSON

  bool has_default(const OpAttributes& attributes) const { return attributes.*field == OpAttributes{}.*field; }
  void reset(OpAttributes& attributes) const { attributes.*field = OpAttributes{}.*field; }
};

/// The operations that go over a picture window by window.
inline constexpr OpSet window_ops{OpKind::conv2d, OpKind::max_pool, OpKind::avg_pool};

/// Text, JSON, schema, verifiers and the specs of kernels take attributes from this list, in its order.
inline constexpr std::tuple all_attributes{
    Attribute{&OpAttributes::channels, "channels", OpSet{OpKind::conv2d, OpKind::linear, OpKind::pad_channels}, Reach::kernel,
              "output channels of a convolution, linear layer or padding"},
    Attribute{&OpAttributes::kernel, "kernel", window_ops, Reach::kernel, "the window: rows, columns (one pixel where left out)"},
    Attribute{&OpAttributes::stride, "stride", window_ops, Reach::kernel, "between windows: rows, columns (1 where left out)"},
    Attribute{&OpAttributes::pad, "pad", window_ops, Reach::kernel, "on each side of an axis: rows, columns (0 where left out)"},
    Attribute{&OpAttributes::dilation, "dilation", OpSet{OpKind::conv2d}, Reach::kernel,
              "between the elements of a convolution's window: rows, columns (1 where left out)"},
    Attribute{&OpAttributes::groups, "groups", OpSet{OpKind::conv2d}, Reach::kernel, "of a convolution's channels (1 where left out)"},
    Attribute{&OpAttributes::bias, "bias", OpSet{OpKind::conv2d, OpKind::linear}, Reach::topology,
              "whether the checkpoint holds a bias for the convolution or linear layer"},
    Attribute{&OpAttributes::eps, "eps", OpSet{OpKind::batch_norm}, Reach::graph,
              "what a batch norm adds to the variance (1e-05 where left out)"},
    Attribute{&OpAttributes::affine, "affine", OpSet{OpKind::batch_norm}, Reach::topology,
              "whether the checkpoint holds a weight and a bias for the batch norm (true where left out)"},
};
static_assert(std::tuple_size_v<decltype(all_attributes)> == field_count<OpAttributes>(), "each attribute has a line in the list");

/// Calls `visit` with each line of the list.
template <class Visit>
constexpr void for_each_attribute(Visit visit) {
  std::apply([&](const auto&... attribute) { (visit(attribute), ...); }, all_attributes);
}

/// One tensor that the checkpoint must hold for an operation, e.g. {"weight", {64, 3, 7, 7}}.
struct WeightSpec {
  std::string_view suffix;
  std::vector<int64_t> shape;
};

/// Whether the elements of a result can be negative.
enum class Sign {
  any,           ///< they can
  kept,          ///< not if those of the operand cannot
  non_negative,  ///< they cannot
};

/// One line of the table of operations: what is not said here follows from the rest. So an operation that works element by element is
/// complete with its name and its meaning.
struct OpInfo {
  OpKind kind{};
  std::string_view name{};   ///< in IR text
  std::string_view layer{};  ///< in the language; empty where the language has no such layer
  std::string_view help{};   ///< what the layer does, in half a line: for completion, hover and docs/language.md
  int operands = 1;          ///< number of tensor operands; of a step the first is the value that passes through the epilogue
  /// The result's type for operands that fit and are as many as they must be; null: that of the operand.
  Result<TensorType> (*type)(const OpInfo&, const OpAttributes&, std::span<const TensorType>) = nullptr;
  /// What weight_specs() says; null: the checkpoint holds nothing for it.
  std::vector<WeightSpec> (*weights)(const OpAttributes&, const TensorType&) = nullptr;
  /// What it makes of one element, if it works element by element and needs no other attributes: then it can be a step of an epilogue.
  Expression meaning{};
  std::span<const std::string_view> constants{};           ///< of such a step, in order; each has one element a channel, but for a weight
  program::KernelKind kernel = program::KernelKind::copy;  ///< what computes it where it stands alone; a copy does so by its steps
  Sign sign = Sign::any;                                   ///< of its result
  bool sums_or_chooses = false;  ///< whether each element of the result is one of its operands' elements in its channel, or a sum of them

  /// Whether it reads another tensor beside the value at hand.
  constexpr bool joins() const { return operands == 2; }
  /// Whether it reads, for each element of the result, the one in its place of that tensor.
  constexpr bool joins_in_place() const { return joins() && !meaning.empty(); }
  /// Whether it can be a step of an epilogue.
  constexpr bool step() const { return !meaning.empty() || kind == OpKind::project; }
};

/// The whole table, in the order of the kinds.
std::span<const OpInfo> all_kinds();
/// Those of graphs, and so of topologies: without steps that are no operations.
std::span<const OpInfo> all_ops();
const OpInfo& info(OpKind kind);
/// Of all_ops().
std::optional<OpKind> op_named(std::string_view ir_name);
std::optional<OpKind> layer_named(std::string_view language_name);

/// The padding that a convolution has by default: dilation * (kernel - 1) / 2, rounded down. Pools have none.
Extent2 default_pad(Extent2 kernel, Extent2 dilation);
/// Whether a window is one pixel, and each pixel has one: 1x1, stride 1, no padding.
bool is_pointwise(const OpAttributes& attributes);

/// The result type of an operation, or why there is none (in the user's terms: "groups = 3 does not divide 64 input channels"). Rejects
/// zero, negative and overflowing sizes. `input` has no rule here.
Result<TensorType> infer_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands);

/// The weights of an operation with the given operand type, in torchvision's naming and order; empty for most.
/// conv2d: weight [co, ci / groups, kh, kw], bias [co] if `bias`. linear: weight [out, in], bias [out] if `bias`.
/// batch_norm: weight and bias if `affine`, running_mean, running_var, each [c].
std::vector<WeightSpec> weight_specs(OpKind kind, const OpAttributes& attributes, const TensorType& operand);

/// Multiply-adds of an operation for one picture (convolutions and linear layers only; 0 for the rest).
int64_t multiply_adds(OpKind kind, const OpAttributes& attributes, const TensorType& operand, const TensorType& result);

}  // namespace resnetc

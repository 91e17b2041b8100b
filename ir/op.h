/// \file The tensor operations, the same at every level. One table gives the name and weights of each operation, one list the attributes,
/// and one function the type of the result.
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

/// Names of values, for example of the layers that a user wants to see.
using ValueNames = std::set<std::string, std::less<>>;
/// For each value's name, the text form of what makes the value.
using Excerpts = std::map<std::string, std::string, std::less<>>;

/// The closed set of operations. Operations with a `layer` name in the table can be written in the language; the others appear during
/// lowering.
enum class OpKind {
  input,   ///< the network's input; graph only, no operand
  conv2d,  ///< cross-correlation; weight [co, ci / groups, kh, kw], optional bias [co]
  /// The transpose of conv2d with stride and padding: input i and tap k add to element stride * i + k - pad; weight [ci, co / groups, kh,
  /// kw], optional bias [co]. split-transposed makes a conv2d of it
  conv_transpose,
  batch_norm,    ///< inference: (x - mean) / sqrt(var + eps) * weight + bias, per channel; without `affine` only the quotient
  affine,        ///< x * scale + shift per channel: a batch norm that could not be folded into a convolution; graph only
  relu,          ///< max(x, 0); NaN stays NaN
  sigmoid,       ///< 1 / (1 + exp(-x))
  leaky_relu,    ///< x, or slope * x where x < 0
  prelu,         ///< x, or weight[c] * x where x < 0
  elu,           ///< x, or alpha * (exp(x) - 1) where x < 0
  selu,          ///< 1.0507009873554805 * elu(x) with alpha 1.6732632423543772 (arXiv:1706.02515)
  gelu,          ///< x * (1 + erf(x / sqrt(2))) / 2
  gelu_tanh,     ///< x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2
  silu,          ///< x * sigmoid(x)
  mish,          ///< x * tanh(log(1 + exp(x)))
  softplus,      ///< log(1 + exp(x))
  softsign,      ///< x / (1 + |x|)
  hard_sigmoid,  ///< x * slope + offset, at least 0 and at most 1
  hard_swish,    ///< x * hard_sigmoid(x) with slope 1 / 6 and offset 1 / 2
  tanh,
  clip,      ///< x, at least low and at most high
  scale,     ///< x * weight[c]
  multiply,  ///< x * by
  square,    ///< x * x
  bias,      ///< x + bias[c]; also the step that a convolution's bias becomes
  softmax,   ///< at each pixel, over all channels, or over those at the same place of each of `parts` parts
  /// (x - mean) / sqrt(variance + eps), or without `subtract_mean` x / sqrt(variance + eps), over the channels of each pixel or of a
  /// vector; then, if `affine`, * weight + bias
  layer_norm,
  group_norm,       ///< as layer_norm, over the channels of each of `groups` groups and all pixels
  instance_norm,    ///< as group_norm with as many groups as channels
  rms_norm,         ///< x / sqrt(mean of squares + eps) over the channels of each pixel or of a vector; then, if `affine`, * weight
  mean_norm,        ///< x / (mean + eps) over the channels of each pixel or of a vector
  max_pool,         ///< padding is never the maximum: windows are clipped to the picture
  avg_pool,         ///< divides by the places that count (ir/window.h); padding is zero
  global_avg_pool,  ///< a picture or line to a vector
  global_max_pool,  ///< the same
  global_l2_pool,   ///< the root of the sum of squares; the same
  linear,           ///< weight [out, in], optional bias [out]; of vectors
  pad_channels,     ///< appends channels of zeros
  pad,              ///< a picture with more pixels on its sides: zeros, or with `reflect` those that lie as far behind the side's own; with
                    ///< fewer where a number is negative
  slice_channels,   ///< channels `first` to first + channels - 1
  flatten,          ///< a picture or line to a vector: all elements, channel by channel and row by row
  unflatten,        ///< a vector to a picture, or line, of channels and `size`: the reverse of flatten
  join_rows,        ///< a picture's rows, one after the other, as a picture of one row
  transpose,        ///< channels become pixels and pixels channels: of lines, and of pictures of one row
  upsample,         ///< a larger picture: the nearest pixel, or between the four around it if `bilinear`
  pixel_shuffle,    ///< factor.h * factor.w channels become as many neighbouring pixels of one channel; `size` may leave out the last ones
  pixel_unshuffle,  ///< the reverse of pixel_shuffle
  channel_shuffle,  ///< channel c of g groups of n goes to c % n * g + c / n: the first of each group, then the second
  convert,          ///< the same numbers in another element type; graph only
  fake_quantize,    ///< the number that the integer nearest to x / scale means, of those that u8 with this scale and zero has; graph only
  spread,           ///< a vector at every pixel of a picture, or line, of `size`; graph only
  concat,           ///< the channels of a, then those of b, which has the same height and width; graph only
  add,              ///< a + b; b has the type of a, or is spread: see spreads_over(); the end of a skip edge; graph only
  mul,              ///< a * b, otherwise like add; the end of a gate; graph only
  // Only steps of an epilogue (ir/step.h), not operations of a graph. They stand last.
  project,  ///< x + 1x1 convolution of another tensor: a projection shortcut, summed with its convolution (see graph::projection())
  rescale,  ///< the integer nearest to x * factor[c], ties to even; before a projection in sums of integers (ir/quantized.h)
  // Only steps of a program's kernels: how integers become numbers and numbers integers (ir/quantized.h).
  nearest,        ///< the integer nearest to x, ties to even, at least low and at most high; keeps NaN
  dequantize,     ///< (x - zero) * scale; the first step of a kernel that reads integers and sums no products of them
  add_quantized,  ///< x + (b - zero) * scale, for integers b
  mul_quantized,  ///< x * ((b - zero) * scale), for integers b
  round,          ///< the nearest integer to x, ties to even, plus zero, at least 0 and at most 255 (zero for NaN); the last step
};

/// A set of operations.
class OpSet {
 public:
  constexpr OpSet(std::initializer_list<OpKind> kinds) {
    for (OpKind kind : kinds) bits_ |= uint64_t{1} << static_cast<unsigned>(kind);
  }
  constexpr bool has(OpKind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1) != 0; }

 private:
  static_assert(static_cast<unsigned>(OpKind::round) < 64);  // the last kind
  uint64_t bits_ = 0;
};

/// The attributes of all operations together. Attributes that an operation does not have keep their defaults. all_attributes lists them.
struct OpAttributes {
  int64_t channels = 0;
  Extent2 kernel, stride;
  Sides pad;
  bool same_pad = false;  ///< TensorFlow's padding in place of `pad` (ir/window.h)
  bool ceil = false;
  bool count_pad = true;
  Extent2 dilation;
  Extent2 output_pad{0, 0};
  Extent2 size{0, 0};
  bool line = false;  ///< what is made of a vector is a line
  Extent2 factor;
  int64_t groups = 1;
  int64_t first = 0;
  int64_t parts = 0;  ///< 0: each channel is one
  bool bias = false;
  double eps = 1e-5;
  bool affine = true;
  bool subtract_mean = true;
  bool bilinear = false, align_corners = false;
  bool reflect = false;
  double slope = 0, offset = 0, alpha = 0, low = 0, high = 0, by = 0;  ///< numbers of element-wise layers; in a graph they are constants
  bool operator==(const OpAttributes&) const = default;
};

/// The lowest level at which an attribute has a meaning.
enum class Reach {
  topology,  ///< in a graph, a step, a constant or another attribute replaces it
  kernel,    ///< the code of kernels depends on it
};

/// One line of the list of attributes.
template <class T>
struct Attribute {
  T OpAttributes::* field;
  std::string_view name;  ///< in the text and JSON forms
  OpSet ops;              ///< the operations that have it
  Reach reach;
  std::string_view meaning;  ///< in the JSON Schema

  bool has_default(const OpAttributes& attributes) const { return attributes.*field == OpAttributes{}.*field; }
  void reset(OpAttributes& attributes) const { attributes.*field = OpAttributes{}.*field; }
};

/// The operations that compute with windows of a picture.
inline constexpr OpSet window_ops{OpKind::conv2d, OpKind::conv_transpose, OpKind::max_pool, OpKind::avg_pool};

/// Those of them whose padding may depend on the picture.
inline constexpr OpSet padded_ops{OpKind::conv2d, OpKind::max_pool, OpKind::avg_pool};

/// The operations that multiply all that they read by their first weight and sum the products; a bias may follow.
inline constexpr OpSet product_ops{OpKind::conv2d, OpKind::conv_transpose, OpKind::linear};

inline constexpr OpSet pool_ops{OpKind::max_pool, OpKind::avg_pool};
inline constexpr OpSet norm_ops{OpKind::batch_norm, OpKind::layer_norm, OpKind::group_norm, OpKind::instance_norm, OpKind::rms_norm};

/// The text form, JSON, the schema, the verifiers and the specs of kernels take the attributes from this list, in its order.
inline constexpr std::tuple all_attributes{
    Attribute{
        &OpAttributes::channels, "channels",
        OpSet{OpKind::conv2d, OpKind::conv_transpose, OpKind::linear, OpKind::pad_channels, OpKind::slice_channels, OpKind::unflatten},
        Reach::kernel, "channels of the result of a convolution, linear layer, padding, slice or unflatten"},
    Attribute{&OpAttributes::kernel, "kernel", window_ops, Reach::kernel, "the window: rows, columns (one pixel where left out)"},
    Attribute{&OpAttributes::stride, "stride", window_ops, Reach::kernel, "between windows: rows, columns (1 where left out)"},
    Attribute{
        &OpAttributes::pad, "pad", OpSet{OpKind::conv2d, OpKind::conv_transpose, OpKind::max_pool, OpKind::avg_pool, OpKind::pad},
        Reach::kernel,
        "on each side of an axis: rows, columns; or top, left, bottom, right where sides differ (0 where left out); a pad's own may be "
        "negative"},
    Attribute{&OpAttributes::same_pad, "same_pad", padded_ops, Reach::topology,
              "whether the padding is TensorFlow's SAME, which depends on the picture's size, in place of pad (false where left out)"},
    Attribute{&OpAttributes::ceil, "ceil", pool_ops, Reach::kernel,
              "whether a last window may reach beyond the padding of a pool's picture (false where left out)"},
    Attribute{&OpAttributes::count_pad, "count_pad", OpSet{OpKind::avg_pool}, Reach::kernel,
              "whether an average counts the padding in its window (true where left out)"},
    Attribute{&OpAttributes::dilation, "dilation", OpSet{OpKind::conv2d}, Reach::kernel,
              "between the elements of a convolution's window: rows, columns (1 where left out)"},
    Attribute{&OpAttributes::output_pad, "output_pad", OpSet{OpKind::conv_transpose}, Reach::kernel,
              "rows and columns that a transposed convolution's result has beyond what its windows cover, less than the stride (0 where "
              "left out)"},
    Attribute{&OpAttributes::groups, "groups", OpSet{OpKind::conv2d, OpKind::conv_transpose, OpKind::group_norm, OpKind::channel_shuffle},
              Reach::kernel, "of the channels of a convolution, group norm or shuffle (1 where left out)"},
    Attribute{&OpAttributes::size, "size", OpSet{OpKind::spread, OpKind::upsample, OpKind::unflatten, OpKind::pixel_shuffle}, Reach::kernel,
              "of a picture that is made: rows, columns (of an upsample or pixel_shuffle, its factor says it where left out)"},
    Attribute{&OpAttributes::line, "line", OpSet{OpKind::spread, OpKind::unflatten}, Reach::kernel,
              "whether a line of the size is made of a vector (false where left out: a picture)"},
    Attribute{&OpAttributes::factor, "factor", OpSet{OpKind::upsample, OpKind::pixel_shuffle, OpKind::pixel_unshuffle}, Reach::kernel,
              "by which a picture grows or, in a pixel_unshuffle, shrinks: rows, columns (1 where left out)"},
    Attribute{&OpAttributes::bilinear, "bilinear", OpSet{OpKind::upsample}, Reach::kernel,
              "whether an upsample interpolates (false where left out: the nearest pixel)"},
    Attribute{&OpAttributes::align_corners, "align_corners", OpSet{OpKind::upsample}, Reach::kernel,
              "whether the corners of a bilinear upsample are those of its operand (false where left out: its edges are)"},
    Attribute{&OpAttributes::reflect, "reflect", OpSet{OpKind::pad}, Reach::kernel,
              "whether a pad repeats the picture backwards (false where left out: zeros)"},
    Attribute{&OpAttributes::first, "first", OpSet{OpKind::slice_channels}, Reach::kernel,
              "the first channel of a slice (0 where left out)"},
    Attribute{&OpAttributes::parts, "parts", OpSet{OpKind::softmax}, Reach::kernel,
              "of the channels of a softmax, between which it shares at each place of a part (where left out, each channel is a part)"},
    Attribute{&OpAttributes::bias, "bias", OpSet{OpKind::conv2d, OpKind::conv_transpose, OpKind::linear}, Reach::topology,
              "whether the checkpoint holds a bias for the convolution or linear layer"},
    Attribute{&OpAttributes::eps, "eps",
              OpSet{OpKind::batch_norm, OpKind::layer_norm, OpKind::group_norm, OpKind::instance_norm, OpKind::rms_norm, OpKind::mean_norm},
              Reach::kernel, "what a norm adds to the variance, the mean of squares or the mean (1e-05 where left out)"},
    Attribute{&OpAttributes::affine, "affine", norm_ops, Reach::topology,
              "whether the checkpoint holds a weight and a bias for the norm (true where left out)"},
    Attribute{&OpAttributes::subtract_mean, "subtract_mean", OpSet{OpKind::layer_norm, OpKind::group_norm, OpKind::instance_norm},
              Reach::kernel, "whether a norm subtracts the mean before it divides (true where left out)"},
    Attribute{&OpAttributes::slope, "slope", OpSet{OpKind::leaky_relu, OpKind::hard_sigmoid}, Reach::topology,
              "what a leaky_relu multiplies negative elements by, and a hard_sigmoid all elements"},
    Attribute{&OpAttributes::offset, "offset", OpSet{OpKind::hard_sigmoid}, Reach::topology, "what a hard_sigmoid adds"},
    Attribute{&OpAttributes::alpha, "alpha", OpSet{OpKind::elu}, Reach::topology, "minus the least result of an elu"},
    Attribute{&OpAttributes::low, "low", OpSet{OpKind::clip}, Reach::topology, "the least result of a clip"},
    Attribute{&OpAttributes::high, "high", OpSet{OpKind::clip}, Reach::topology, "the largest result of a clip"},
    Attribute{&OpAttributes::by, "by", OpSet{OpKind::multiply}, Reach::topology, "the factor of a multiply"},
};
static_assert(std::tuple_size_v<decltype(all_attributes)> == field_count<OpAttributes>(), "each attribute has a line in the list");

/// Calls `visit` for each line of the list.
template <class Visit>
constexpr void for_each_attribute(Visit visit) {
  std::apply([&](const auto&... attribute) { (visit(attribute), ...); }, all_attributes);
}

/// A tensor that the checkpoint must hold for an operation, for example {"weight", {64, 3, 7, 7}}.
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

/// One line of the table of operations. Defaults cover what a line leaves out, so an operation that works element by element needs only its
/// name and its meaning.
struct OpInfo {
  OpKind kind{};
  std::string_view name{};   ///< in the text form of the IRs
  std::string_view layer{};  ///< in the language; empty where the language has no such layer
  std::string_view help{};   ///< what the layer does, in half a line: for completion, hover and docs/language.md
  int operands = 1;          ///< number of tensor operands; the first operand of a step is the value that passes through the epilogue
  /// The type of the result, for operands that fit and whose number is right. Null: the type of the operand.
  Result<TensorType> (*type)(const OpInfo&, const OpAttributes&, std::span<const TensorType>) = nullptr;
  /// The result of weight_specs(). Null: the checkpoint holds nothing for the operation.
  std::vector<WeightSpec> (*weights)(const OpInfo&, const OpAttributes&, const TensorType&) = nullptr;
  /// What the operation makes of one element, if it works element by element and needs no other attributes. Then it can be a step of an
  /// epilogue.
  Expression meaning{};
  /// The constants of the step, in order. Each has one element per channel, except a projection's weight. In a graph, a layer's step takes
  /// them from the checkpoint if the operation has weights, and otherwise from the attributes with the same names.
  std::span<const std::string_view> constants{};
  program::KernelKind kernel = program::KernelKind::copy;  ///< computes the operation alone; a copy computes it in its steps
  /// The step into which lower-to-graph puts all weights. Without it, they are the operation's own, except for a bias.
  std::optional<OpKind> weights_step{};
  Sign sign = Sign::any;  ///< the sign of the result
  /// Whether each element of the result is an element of one operand in the same channel, a limit of it, or a sum of such elements. Then
  /// the result can be as inexact as the operand's elements, even where all that is left of them is small.
  bool sums_or_chooses = false;

  /// Whether the operation reads another tensor besides the value that passes through.
  constexpr bool joins() const { return operands == 2; }
  /// Whether the operation reads, for each element of the result, the element of that tensor in the same place.
  constexpr bool joins_in_place() const { return joins() && !meaning.empty(); }
  /// Whether the operation can be a step of an epilogue.
  constexpr bool step() const { return !meaning.empty() || kind >= OpKind::project; }
  /// Whether only programs have the step. Its constants are numbers of a whole tensor: each has the same element for all channels.
  constexpr bool only_in_programs() const { return kind > OpKind::rescale; }
};

/// The whole table, in the order of the kinds.
std::span<const OpInfo> all_kinds();
/// The operations of graphs and topologies: the table without the steps that are no operations.
std::span<const OpInfo> all_ops();
const OpInfo& info(OpKind kind);
/// Finds an operation of all_ops() by its name in the IRs.
std::optional<OpKind> op_named(std::string_view ir_name);
std::optional<OpKind> layer_named(std::string_view language_name);

/// The default padding of a convolution: dilation * (kernel - 1) / 2, rounded down. Pools have no default padding.
Extent2 default_pad(Extent2 kernel, Extent2 dilation);
/// Whether an addition or product may spread a value of type `b` over one of type `a`, a picture or line: a vector over height and width,
/// or one of a single channel over all channels.
bool spreads_over(const TensorType& b, const TensorType& a);
/// Whether a window is one pixel and every pixel has a window: 1x1, stride 1, no padding.
bool is_pointwise(const OpAttributes& attributes);

/// The result type of an operation, or the reason why there is none, in the user's terms: "groups = 3 does not divide 64 input channels".
/// Rejects zero, negative and overflowing sizes. There is no rule for `input`.
Result<TensorType> infer_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands);

/// The weights of an operation with the given operand type, in torchvision's naming and order. Most operations have none.
/// conv2d: weight [co, ci / groups, kh, kw], bias [co] if `bias`. conv_transpose: weight [ci, co / groups, kh, kw] and bias. Along lines,
/// neither has kh. linear: weight [out, in], bias [out] if `bias`. batch_norm: weight and bias if `affine`, running_mean, running_var, each
/// [c]; other norms: weight and bias if `affine`, rms_norm weight alone. prelu and scale: weight [c]. bias: bias [c].
std::vector<WeightSpec> weight_specs(OpKind kind, const OpAttributes& attributes, const TensorType& operand);

/// Whether the checkpoint holds anything for such an operation: norms may say that it holds nothing.
bool has_weights(OpKind kind, const OpAttributes& attributes);

/// The value of the attribute with this name, which is a number of an element-wise layer ("slope"); 0 if there is none.
double number_named(std::string_view name, const OpAttributes& attributes);

/// The multiply-adds of an operation for one picture: 0 for all but convolutions and linear layers.
int64_t multiply_adds(OpKind kind, const OpAttributes& attributes, const TensorType& operand, const TensorType& result);

}  // namespace resnetc

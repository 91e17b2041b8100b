/// \file The table of operations. Their types and weights are in op_types.cpp and op_weights.cpp, the meanings of activations in
/// meanings.h.
#include "ir/op.h"

#include "ir/meanings.h"
#include "ir/op_rules.h"
#include "ir/window.h"
#include "support/table.h"

namespace resnetc {

namespace {

constexpr std::string_view weight_names[] = {"weight"};
constexpr std::string_view slope_names[] = {"slope"};
constexpr std::string_view alpha_names[] = {"alpha"};
constexpr std::string_view slope_and_offset_names[] = {"slope", "offset"};
constexpr std::string_view limit_names[] = {"low", "high"};
constexpr std::string_view by_names[] = {"by"};
constexpr std::string_view bias_names[] = {"bias"};
constexpr std::string_view affine_names[] = {"scale", "shift"};
constexpr std::string_view project_names[] = {"weight"};
constexpr std::string_view factor_names[] = {"factor"};
constexpr std::string_view scale_and_zero_names[] = {"scale", "zero"};
constexpr std::string_view zero_and_scale_names[] = {"zero", "scale"};
constexpr std::string_view zero_names[] = {"zero"};

constexpr OpInfo line_of_op(OpKind kind) {
  using namespace op_rules;
  using namespace spelled;
  using program::KernelKind;
  switch (kind) {
    case OpKind::input: return {.name = "input", .operands = 0, .kernel = KernelKind::load};
    case OpKind::conv2d:
      return {.name = "conv2d",
              .layer = "conv",
              .help = "convolution; has weights, and a bias if asked for",
              .type = type_of_convolution,
              .weights = weights_of_convolution,
              .kernel = KernelKind::conv2d};
    case OpKind::conv_transpose:
      return {.name = "conv_transpose",
              .layer = "conv_transpose",
              .help = "transposed convolution, which makes a picture or line `stride` times as large; has weights, and a bias if asked for",
              .type = type_of_transposed,
              .weights = weights_of_transposed,
              .kernel = KernelKind::conv2d};
    case OpKind::batch_norm:
      return {.name = "batch_norm",
              .layer = "batch_norm",
              .help = "batch normalisation, as in inference; has weights, of which `affine = false` leaves out two",
              .type = type_of_batch_norm,
              .weights = weights_of_batch_norm};
    case OpKind::affine: return {.name = "affine", .meaning = x * constant(0) + constant(1), .constants = affine_names};
    case OpKind::relu:
      // NaN stays NaN. It still takes one instruction, because x86's maximum returns its second operand if either is NaN.
      return {.name = "relu",
              .layer = "relu",
              .help = "max(x, 0); keeps NaN",
              .meaning = select(x < 0, 0, x),
              .sign = Sign::non_negative,
              .sums_or_chooses = true};
    case OpKind::sigmoid:
      return {.name = "sigmoid", .layer = "sigmoid", .help = "1 / (1 + exp(-x))", .meaning = 1 / (1 + exp(-x)), .sign = Sign::non_negative};
    case OpKind::leaky_relu:
      return {.name = "leaky_relu",
              .layer = "leaky_relu",
              .help = "x, or `slope` times x where x is negative",
              .meaning = meaning::leaky,
              .constants = slope_names};
    case OpKind::prelu:
      return {.name = "prelu",
              .layer = "prelu",
              .help = "x, or a weight of its channel times x where x is negative; has weights",
              .weights = weights_of_step,
              .meaning = meaning::leaky,
              .constants = weight_names,
              .sign = Sign::kept};
    case OpKind::elu:
      return {.name = "elu",
              .layer = "elu",
              .help = "x, or `alpha` times (exp(x) - 1) where x is negative",
              .meaning = meaning::elu,
              .constants = alpha_names,
              .sign = Sign::kept};
    case OpKind::selu:
      return {.name = "selu",
              .layer = "selu",
              .help = "1.0507009873554805 times `elu(1.6732632423543772)`",
              .meaning = meaning::selu,
              .sign = Sign::kept};
    case OpKind::gelu:
      return {.name = "gelu", .layer = "gelu", .help = "x / 2 * (1 + erf(x / sqrt(2)))", .meaning = meaning::gelu, .sign = Sign::kept};
    case OpKind::gelu_tanh:
      return {.name = "gelu_tanh",
              .layer = "gelu_tanh",
              .help = "`gelu` with tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)) in place of erf",
              .meaning = meaning::gelu_tanh,
              .sign = Sign::kept};
    case OpKind::silu: return {.name = "silu", .layer = "silu", .help = "x * sigmoid(x)", .meaning = meaning::silu, .sign = Sign::kept};
    case OpKind::mish:
      return {.name = "mish", .layer = "mish", .help = "x * tanh(log(1 + exp(x)))", .meaning = meaning::mish, .sign = Sign::kept};
    case OpKind::softplus:
      return {.name = "softplus", .layer = "softplus", .help = "log(1 + exp(x))", .meaning = meaning::softplus, .sign = Sign::non_negative};
    case OpKind::softsign:
      return {.name = "softsign", .layer = "softsign", .help = "x / (1 + abs(x))", .meaning = meaning::softsign, .sign = Sign::kept};
    case OpKind::hard_sigmoid:
      return {.name = "hard_sigmoid",
              .layer = "hard_sigmoid",
              .help = "x * `slope` + `offset`, at least 0 and at most 1",
              .meaning = meaning::hard_sigmoid,
              .constants = slope_and_offset_names,
              .sign = Sign::non_negative};
    case OpKind::hard_swish:
      return {.name = "hard_swish",
              .layer = "hard_swish",
              .help = "x times (x / 6 + 0.5, at least 0 and at most 1)",
              .meaning = meaning::hard_swish,
              .sign = Sign::kept};
    case OpKind::tanh: return {.name = "tanh", .layer = "tanh", .help = "tanh(x)", .meaning = meaning::tanh, .sign = Sign::kept};
    case OpKind::clip:
      return {.name = "clip",
              .layer = "clip",
              .help = "x, at least `low` and at most `high`; keeps NaN",
              .type = type_of_clip,
              .meaning = meaning::clip,
              .constants = limit_names,
              .sums_or_chooses = true};
    case OpKind::scale:
      return {.name = "scale",
              .layer = "scale",
              .help = "x times a weight of its channel; has weights, whose name is the layer's own",
              .weights = weights_of_step,
              .meaning = x * constant(0),
              .constants = weight_names};
    case OpKind::multiply:
      return {.name = "multiply", .layer = "multiply", .help = "x times `by`", .meaning = x * constant(0), .constants = by_names};
    case OpKind::square: return {.name = "square", .layer = "square", .help = "x times x", .meaning = x * x, .sign = Sign::non_negative};
    case OpKind::bias:
      return {.name = "bias",
              .layer = "bias",
              .help = "x plus a bias of its channel; has weights",
              .weights = weights_of_step,
              .meaning = x + constant(0),
              .constants = bias_names};
    case OpKind::softmax:
      return {.name = "softmax",
              .layer = "softmax",
              .help = "exp(x) / sum of exp(x) over all channels of each pixel, or over the channels at the same place of each part",
              .type = type_of_softmax,
              .kernel = KernelKind::softmax,
              .sign = Sign::non_negative};
    case OpKind::layer_norm:
      return {
          .name = "layer_norm",
          .layer = "layer_norm",
          .help = "normalises the channels of each pixel, or a vector, by their own mean and variance; has weights unless `affine = false`",
          .type = type_of_norm,
          .weights = weights_of_norm,
          .kernel = KernelKind::layer_norm,
          .weights_step = OpKind::affine};
    case OpKind::group_norm:
      return {.name = "group_norm",
              .layer = "group_norm",
              .help = "normalises each group of channels over all pixels; has weights unless `affine = false`",
              .type = type_of_norm,
              .weights = weights_of_norm,
              .kernel = KernelKind::group_norm,
              .weights_step = OpKind::affine};
    case OpKind::instance_norm:
      return {.name = "instance_norm",
              .layer = "instance_norm",
              .help = "normalises each channel over all pixels; has weights if `affine = true`",
              .type = type_of_norm,
              .weights = weights_of_norm,
              .kernel = KernelKind::group_norm,
              .weights_step = OpKind::affine};
    case OpKind::rms_norm:
      return {.name = "rms_norm",
              .layer = "rms_norm",
              .help =
                  "divides the channels of each pixel, or a vector, by the root of the mean of their squares; has weights unless `affine = "
                  "false`",
              .type = type_of_norm,
              .weights = weights_of_norm,
              .kernel = KernelKind::rms_norm,
              .weights_step = OpKind::scale,
              .sign = Sign::kept};
    case OpKind::mean_norm:
      return {.name = "mean_norm",
              .layer = "mean_norm",
              .help = "divides the channels of each pixel, or a vector, by their mean plus `eps`",
              .type = type_of_norm,
              .kernel = KernelKind::mean_norm};
    case OpKind::max_pool:
      return {.name = "max_pool",
              .layer = "max_pool",
              .help = "the largest of each window; padding never wins",
              .type = type_of_pool,
              .kernel = KernelKind::max_pool,
              .sign = Sign::kept,
              .sums_or_chooses = true};
    case OpKind::avg_pool:
      return {.name = "avg_pool",
              .layer = "avg_pool",
              .help = "the mean of each window; padding counts as zeros, or with `count_pad = false` not at all",
              .type = type_of_pool,
              .kernel = KernelKind::avg_pool,
              .sign = Sign::kept,
              .sums_or_chooses = true};
    case OpKind::global_avg_pool:
      return {.name = "global_avg_pool",
              .layer = "global_avg_pool",
              .help = "the mean of each channel; yields `f32[N, channels]`",
              .type = type_of_global_pool,
              .kernel = KernelKind::global_avg_pool,
              .sign = Sign::kept,
              .sums_or_chooses = true};
    case OpKind::global_max_pool:
      return {.name = "global_max_pool",
              .layer = "global_max_pool",
              .help = "the largest of each channel; yields `f32[N, channels]`",
              .type = type_of_global_pool,
              .kernel = KernelKind::global_max_pool,
              .sign = Sign::kept,
              .sums_or_chooses = true};
    case OpKind::global_l2_pool:
      return {.name = "global_l2_pool",
              .layer = "global_l2_pool",
              .help = "the root of the sum of squares of each channel; yields `f32[N, channels]`",
              .type = type_of_global_pool,
              .kernel = KernelKind::global_l2_pool,
              .sign = Sign::non_negative};
    case OpKind::linear:
      return {.name = "linear",
              .layer = "linear",
              .help = "a matrix product and, unless told otherwise, a bias; takes and yields vectors; has weights",
              .type = type_of_linear,
              .weights = weights_of_linear,
              .kernel = KernelKind::conv2d};
    case OpKind::pad_channels:
      return {.name = "pad_channels",
              .layer = "pad_channels",
              .help = "appends zeros up to `channels`",
              .type = type_of_padding,
              .sign = Sign::kept};
    case OpKind::pad:
      return {.name = "pad",
              .layer = "pad",
              .help =
                  "more pixels on the sides of a picture or line: zeros, or with `reflect = true` its own, mirrored at the first and last; "
                  "fewer where a number is negative",
              .type = type_of_pad,
              .kernel = KernelKind::pad,
              .sign = Sign::kept};
    case OpKind::slice_channels:
      return {.name = "slice_channels",
              .layer = "slice_channels",
              .help = "`channels` channels from `first`, counted from 0",
              .type = type_of_slice,
              .sign = Sign::kept};
    case OpKind::flatten:
      return {.name = "flatten",
              .layer = "flatten",
              .help = "a picture or line as a vector: all elements, channel by channel and row by row",
              .type = type_of_flatten,
              .kernel = KernelKind::flatten,
              .sign = Sign::kept};
    case OpKind::unflatten:
      return {.name = "unflatten",
              .layer = "unflatten",
              .help = "a vector as a picture, or line, of `channels` and `size`: the reverse of `flatten`",
              .type = type_of_unflatten,
              .kernel = KernelKind::unflatten,
              .sign = Sign::kept};
    case OpKind::join_rows:
      return {.name = "join_rows",
              .layer = "join_rows",
              .help = "a picture's rows, one after the other, as a picture of one row",
              .type = type_of_join_rows,
              .kernel = KernelKind::join_rows,
              .sign = Sign::kept};
    case OpKind::transpose:
      return {.name = "transpose",
              .layer = "transpose",
              .help = "channels become pixels and pixels become channels; takes a line or a picture of one row",
              .type = type_of_transpose,
              .kernel = KernelKind::transpose,
              .sign = Sign::kept};
    case OpKind::upsample:
      return {.name = "upsample",
              .layer = "upsample",
              .help = "a picture or line `factor` times as large or of `size`: the nearest pixel, or between neighbours if `bilinear`",
              .type = type_of_upsample,
              .kernel = KernelKind::upsample,
              .sign = Sign::kept};
    case OpKind::pixel_shuffle:
      return {.name = "pixel_shuffle",
              .layer = "pixel_shuffle",
              .help = "`factor` times `factor` channels become as many neighbouring pixels of one channel",
              .type = type_of_pixel_shuffle,
              .kernel = KernelKind::pixel_shuffle,
              .sign = Sign::kept};
    case OpKind::pixel_unshuffle:
      return {.name = "pixel_unshuffle",
              .layer = "pixel_unshuffle",
              .help = "`factor` times `factor` neighbouring pixels of a channel become as many channels of one pixel",
              .type = type_of_pixel_unshuffle,
              .kernel = KernelKind::pixel_unshuffle,
              .sign = Sign::kept};
    case OpKind::channel_shuffle:
      return {.name = "channel_shuffle",
              .layer = "channel_shuffle",
              .help = "the first channel of each of `groups` groups, then the second of each, and so on",
              .type = type_of_channel_shuffle,
              .kernel = KernelKind::channel_shuffle,
              .sign = Sign::kept};
    case OpKind::convert: return {.name = "convert", .sign = Sign::kept};
    case OpKind::fake_quantize:
      return {.name = "fake_quantize", .meaning = meaning::fake_quantize, .constants = scale_and_zero_names, .sign = Sign::kept};
    case OpKind::spread: return {.name = "spread", .type = type_of_spread, .sign = Sign::kept, .sums_or_chooses = true};
    case OpKind::concat: return {.name = "concat", .operands = 2, .type = type_of_concatenation};
    case OpKind::add: return {.name = "add", .operands = 2, .type = type_of_pair, .meaning = x + operand, .sums_or_chooses = true};
    case OpKind::mul: return {.name = "mul", .operands = 2, .type = type_of_pair, .meaning = x * operand};
    case OpKind::project: return {.name = "project", .operands = 2, .constants = project_names};
    case OpKind::rescale: return {.name = "rescale", .constants = factor_names};
    case OpKind::nearest: return {.name = "nearest", .meaning = meaning::nearest_of_range, .constants = limit_names};
    case OpKind::dequantize: return {.name = "dequantize", .meaning = (x - constant(0)) * constant(1), .constants = zero_and_scale_names};
    case OpKind::add_quantized:
      return {
          .name = "add_quantized", .operands = 2, .meaning = x + (operand - constant(0)) * constant(1), .constants = zero_and_scale_names};
    case OpKind::mul_quantized:
      return {.name = "mul_quantized",
              .operands = 2,
              .meaning = x * ((operand - constant(0)) * constant(1)),
              .constants = zero_and_scale_names};
    case OpKind::round: return {.name = "round", .constants = zero_names};
  }
  return {};
}

constexpr auto op_table = table_of<line_of_op>();

}  // namespace

std::span<const OpInfo> all_kinds() { return op_table; }

std::span<const OpInfo> all_ops() { return std::span(op_table).first(static_cast<size_t>(OpKind::project)); }

const OpInfo& info(OpKind kind) { return op_table[static_cast<size_t>(kind)]; }

std::optional<OpKind> op_named(std::string_view ir_name) { return kind_named(all_ops(), ir_name); }

std::optional<OpKind> layer_named(std::string_view language_name) {
  for (const OpInfo& op : all_ops()) {
    if (!op.layer.empty() && op.layer == language_name) return op.kind;
  }
  return std::nullopt;
}

Extent2 default_pad(Extent2 kernel, Extent2 dilation) {
  // Values out of range get no default. infer_type() reports them.
  const auto one = [](int64_t k, int64_t d) {
    return k < 1 || d < 1 || k > max_elements || d > max_elements ? int64_t{0} : d * (k - 1) / 2;
  };
  return {one(kernel.h, dilation.h), one(kernel.w, dilation.w)};
}

bool spreads_over(const TensorType& b, const TensorType& a) {
  if (a.element != b.element || a.is_vector()) return false;
  if (b.is_vector()) return b.channels == a.channels;
  return b == a.with(1, a.height, a.width);
}

bool is_pointwise(const OpAttributes& a) { return a.kernel == Extent2{1, 1} && a.stride == Extent2{1, 1} && a.pad == Sides(); }

std::vector<WeightSpec> weight_specs(OpKind kind, const OpAttributes& attributes, const TensorType& operand) {
  const OpInfo& op = info(kind);
  return op.weights == nullptr ? std::vector<WeightSpec>() : op.weights(op, attributes, operand);
}

bool has_weights(OpKind kind, const OpAttributes& attributes) {
  // A batch norm without `affine` still has its statistics.
  return info(kind).weights != nullptr && (attributes.affine || kind == OpKind::batch_norm);
}

double number_named(std::string_view name, const OpAttributes& attributes) {
  double found = 0;
  for_each_attribute([&](const auto& one) {
    if constexpr (std::is_same_v<decltype(one.field), double OpAttributes::*>) {
      if (one.name == name) found = attributes.*one.field;
    }
  });
  return found;
}

int64_t multiply_adds(OpKind kind, const OpAttributes& attributes, const TensorType& operand, const TensorType& result) {
  if (kind == OpKind::linear) return operand.channels * result.channels;
  if (kind == OpKind::conv_transpose) {
    return operand.elements() * (result.channels / attributes.groups) * attributes.kernel.h * attributes.kernel.w;
  }
  if (kind != OpKind::conv2d) return 0;
  return result.elements() * (operand.channels / attributes.groups) * attributes.kernel.h * attributes.kernel.w;
}

}  // namespace resnetc

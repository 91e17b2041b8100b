/// \file The table of operations, their shapes and their weights.
#include "ir/op.h"

#include <fmt/format.h>

#include <cmath>

#include "support/table.h"

namespace resnetc {

namespace {

constexpr OpInfo line_of(OpKind kind) {
  switch (kind) {
    case OpKind::input: return {.name = "input", .operands = 0};
    case OpKind::conv2d: return {.name = "conv2d", .layer = "conv", .weights = true};
    case OpKind::batch_norm: return {.name = "batch_norm", .layer = "batch_norm", .weights = true};
    case OpKind::affine: return {.name = "affine"};
    case OpKind::relu: return {.name = "relu", .layer = "relu"};
    case OpKind::sigmoid: return {.name = "sigmoid", .layer = "sigmoid"};
    case OpKind::softmax: return {.name = "softmax", .layer = "softmax"};
    case OpKind::max_pool: return {.name = "max_pool", .layer = "max_pool"};
    case OpKind::avg_pool: return {.name = "avg_pool", .layer = "avg_pool"};
    case OpKind::global_avg_pool: return {.name = "global_avg_pool", .layer = "global_avg_pool"};
    case OpKind::linear: return {.name = "linear", .layer = "linear", .weights = true};
    case OpKind::pad_channels: return {.name = "pad_channels", .layer = "pad_channels"};
    case OpKind::add: return {.name = "add", .operands = 2};
    case OpKind::mul: return {.name = "mul", .operands = 2};
  }
  return {};
}

constexpr auto table = table_of<line_of>();

std::string_view shown(OpKind kind) { return info(kind).layer.empty() ? info(kind).name : info(kind).layer; }

/// An attribute's range; the reason where it is out of it.
bool in_range(std::string_view what, int64_t value, int64_t low, std::string& why) {
  if (value >= low && value <= max_elements) return true;
  why = fmt::format("{} = {} is not between {} and {}", what, value, low, max_elements);
  return false;
}

bool in_range(std::string_view what, Extent2 value, int64_t low, std::string& why) {
  const auto one = [low](int64_t v) { return v >= low && v <= max_elements; };
  if (one(value.h) && one(value.w)) return true;
  why = fmt::format("{} = {} is not between {} and {}", what, to_string(value), low, max_elements);
  return false;
}

bool rank_is(OpKind kind, const TensorType& type, int rank, std::string& why) {
  if (type.rank == rank) return true;
  why = fmt::format("{} needs {}, not {}", shown(kind),
                    rank == 4 ? "a picture, f32[N, channels, height, width]" : "a vector, f32[N, features]", to_string(type));
  if (rank == 2) why += "; global_avg_pool makes a vector of a picture";
  return false;
}

std::optional<TensorType> checked(const TensorType& result, std::string& why) {
  if (fits(result)) return result;
  why = fmt::format("the result {} is too large: the limit is {} elements, counting channels in vectors of 16 twice that",
                    to_string(result), max_elements);
  return std::nullopt;
}

bool weights_fit(int64_t rows, int64_t columns, int64_t window, std::string& why) {
  if (columns <= max_elements / window && rows <= max_elements / (columns * window)) return true;
  why = fmt::format("its weight would have more than {} elements", max_elements);
  return false;
}

/// Result extents of a convolution or pool, whose result has `channels` channels.
std::optional<TensorType> infer_window(OpKind kind, const OpAttributes& a, const TensorType& in, int64_t channels, std::string& why) {
  if (!in_range("kernel", a.kernel, 1, why) || !in_range("stride", a.stride, 1, why)) return std::nullopt;
  if (!in_range("pad", a.pad, 0, why)) return std::nullopt;
  const Extent2 dilation = kind == OpKind::conv2d ? a.dilation : Extent2{};
  if (!in_range("dilation", dilation, 1, why)) return std::nullopt;
  const bool pool = kind != OpKind::conv2d;
  if (pool && (a.pad.h > a.kernel.h / 2 || a.pad.w > a.kernel.w / 2)) {
    why = fmt::format("pad = {} is more than half of the {} window", to_string(a.pad), to_string(a.kernel));
    return std::nullopt;
  }
  if (!fits(in, a.pad)) {
    why = fmt::format("{} with pad = {} is too large", to_string(in), to_string(a.pad));
    return std::nullopt;
  }
  const Extent2 covered{dilation.h * (a.kernel.h - 1) + 1, dilation.w * (a.kernel.w - 1) + 1};
  const Extent2 padded{in.height + 2 * a.pad.h, in.width + 2 * a.pad.w};
  if (covered.h > padded.h || covered.w > padded.w) {
    const std::string spread = dilation == Extent2{} ? "" : fmt::format(" with dilation = {}", to_string(dilation));
    why = fmt::format("the {} window{} is larger than the input, which is {} with its padding", to_string(a.kernel), spread,
                      to_string(padded));
    return std::nullopt;
  }
  return checked(TensorType::picture(channels, (padded.h - covered.h) / a.stride.h + 1, (padded.w - covered.w) / a.stride.w + 1), why);
}

std::optional<TensorType> infer_conv2d(const OpAttributes& a, const TensorType& in, std::string& why) {
  if (!in_range("channels", a.channels, 1, why) || !in_range("groups", a.groups, 1, why)) return std::nullopt;
  if (in.channels % a.groups != 0) {
    why = fmt::format("groups = {} does not divide {} input channels", a.groups, in.channels);
    return std::nullopt;
  }
  if (a.channels % a.groups != 0) {
    why = fmt::format("groups = {} does not divide {} output channels", a.groups, a.channels);
    return std::nullopt;
  }
  const std::optional<TensorType> result = infer_window(OpKind::conv2d, a, in, a.channels, why);
  // A window no larger than a padded input of bounded size has a product that cannot overflow.
  if (!result || !weights_fit(a.channels, in.channels / a.groups, a.kernel.h * a.kernel.w, why)) return std::nullopt;
  return result;
}

std::optional<TensorType> infer_pair(OpKind kind, const TensorType& a, const TensorType& b, std::string& why) {
  if (a == b) return a;
  if (kind == OpKind::add) {
    why = fmt::format("add needs two equal types, not {} and {}", to_string(a), to_string(b));
    return std::nullopt;
  }
  if (b.rank == 2 && b.channels == a.channels) return a;
  why = fmt::format("mul of {} needs the same type or f32[N, {}], not {}", to_string(a), a.channels, to_string(b));
  return std::nullopt;
}

}  // namespace

std::span<const OpInfo> all_ops() { return table; }

const OpInfo& info(OpKind kind) { return table[static_cast<size_t>(kind)]; }

std::optional<OpKind> op_named(std::string_view ir_name) {
  for (const OpInfo& op : table) {
    if (op.name == ir_name) return op.kind;
  }
  return std::nullopt;
}

std::optional<OpKind> layer_named(std::string_view language_name) {
  for (const OpInfo& op : table) {
    if (!op.layer.empty() && op.layer == language_name) return op.kind;
  }
  return std::nullopt;
}

Extent2 default_pad(Extent2 kernel, Extent2 dilation) {
  // Values out of range get no default; infer_type says what is wrong with them.
  const auto one = [](int64_t k, int64_t d) {
    return k < 1 || d < 1 || k > max_elements || d > max_elements ? int64_t{0} : d * (k - 1) / 2;
  };
  return {one(kernel.h, dilation.h), one(kernel.w, dilation.w)};
}

std::optional<TensorType> infer_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands, std::string& why) {
  const OpInfo& op = info(kind);
  if (kind == OpKind::input) {
    why = "an input has no operand to take a type from";
    return std::nullopt;
  }
  if (operands.size() != static_cast<size_t>(op.operands)) {
    why = fmt::format("{} takes {} operand{}, not {}", shown(kind), op.operands, op.operands == 1 ? "" : "s", operands.size());
    return std::nullopt;
  }
  for (const TensorType& operand : operands) {
    if (fits(operand) && operand.element == ElementType::f32) continue;
    why = fits(operand) ? fmt::format("there is no kernel for {} of {}", shown(kind), to_string(operand))
                        : fmt::format("the operand {} is empty or too large", to_string(operand));
    return std::nullopt;
  }
  const TensorType& in = operands[0];
  switch (kind) {
    case OpKind::input: break;
    case OpKind::conv2d:
      if (!rank_is(kind, in, 4, why)) return std::nullopt;
      return infer_conv2d(attributes, in, why);
    case OpKind::batch_norm:
      if (!std::isfinite(attributes.eps) || attributes.eps < 0) {
        why = fmt::format("eps = {} is not a number from 0 up", attributes.eps);
        return std::nullopt;
      }
      return in;
    case OpKind::affine:
    case OpKind::relu:
    case OpKind::sigmoid: return in;
    case OpKind::softmax:
      if (!rank_is(kind, in, 2, why)) return std::nullopt;
      return in;
    case OpKind::max_pool:
    case OpKind::avg_pool:
      if (!rank_is(kind, in, 4, why)) return std::nullopt;
      return infer_window(kind, attributes, in, in.channels, why);
    case OpKind::global_avg_pool:
      if (!rank_is(kind, in, 4, why)) return std::nullopt;
      return TensorType::vector(in.channels);
    case OpKind::linear:
      if (!rank_is(kind, in, 2, why) || !in_range("channels", attributes.channels, 1, why)) return std::nullopt;
      if (!weights_fit(attributes.channels, in.channels, 1, why)) return std::nullopt;
      return checked(TensorType::vector(attributes.channels), why);
    case OpKind::pad_channels: {
      if (!in_range("channels", attributes.channels, 1, why)) return std::nullopt;
      if (attributes.channels < in.channels) {
        why = fmt::format("pad_channels({}) is less than the {} channels there are", attributes.channels, in.channels);
        return std::nullopt;
      }
      TensorType result = in;
      result.channels = attributes.channels;
      return checked(result, why);
    }
    case OpKind::add:
    case OpKind::mul: return infer_pair(kind, in, operands[1], why);
  }
  return std::nullopt;
}

std::vector<WeightSpec> weight_specs(OpKind kind, const OpAttributes& attributes, const TensorType& operand) {
  std::vector<WeightSpec> specs;
  switch (kind) {
    case OpKind::conv2d:
      specs.push_back({"weight", {attributes.channels, operand.channels / attributes.groups, attributes.kernel.h, attributes.kernel.w}});
      if (attributes.bias) specs.push_back({"bias", {attributes.channels}});
      break;
    case OpKind::linear:
      specs.push_back({"weight", {attributes.channels, operand.channels}});
      if (attributes.bias) specs.push_back({"bias", {attributes.channels}});
      break;
    case OpKind::batch_norm:
      if (attributes.affine) specs.insert(specs.end(), {{"weight", {operand.channels}}, {"bias", {operand.channels}}});
      specs.insert(specs.end(), {{"running_mean", {operand.channels}}, {"running_var", {operand.channels}}});
      break;
    case OpKind::input:
    case OpKind::affine:
    case OpKind::relu:
    case OpKind::sigmoid:
    case OpKind::softmax:
    case OpKind::max_pool:
    case OpKind::avg_pool:
    case OpKind::global_avg_pool:
    case OpKind::pad_channels:
    case OpKind::add:
    case OpKind::mul: break;
  }
  return specs;
}

int64_t multiply_adds(OpKind kind, const OpAttributes& attributes, const TensorType& operand, const TensorType& result) {
  if (kind == OpKind::linear) return operand.channels * result.channels;
  if (kind != OpKind::conv2d) return 0;
  return result.elements() * (operand.channels / attributes.groups) * attributes.kernel.h * attributes.kernel.w;
}

}  // namespace resnetc

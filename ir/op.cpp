/// \file The table of operations, their shape rules and their weights.
#include "ir/op.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace resnetc {
namespace {

//   kind                        IR name            layer             operands channels window dgb  eps   pointwise
constexpr std::array<OpInfo, 14> table{{
    {OpKind::input, "input", "", 0, false, false, false, false, false},
    {OpKind::conv2d, "conv2d", "conv", 1, true, true, true, false, false},
    {OpKind::batch_norm, "batch_norm", "batch_norm", 1, false, false, false, true, true},
    {OpKind::affine, "affine", "", 1, false, false, false, false, true},
    {OpKind::relu, "relu", "relu", 1, false, false, false, false, true},
    {OpKind::sigmoid, "sigmoid", "sigmoid", 1, false, false, false, false, true},
    {OpKind::softmax, "softmax", "softmax", 1, false, false, false, false, false},
    {OpKind::max_pool, "max_pool", "max_pool", 1, false, true, false, false, false},
    {OpKind::avg_pool, "avg_pool", "avg_pool", 1, false, true, false, false, false},
    {OpKind::global_avg_pool, "global_avg_pool", "global_avg_pool", 1, false, false, false, false, false},
    {OpKind::linear, "linear", "linear", 1, true, false, false, false, false},
    {OpKind::pad_channels, "pad_channels", "pad_channels", 1, true, false, false, false, false},
    {OpKind::add, "add", "", 2, false, false, false, false, true},
    {OpKind::mul, "mul", "", 2, false, false, false, false, true},
}};

constexpr bool table_is_in_order() {
  for (size_t i = 0; i < table.size(); ++i) {
    if (static_cast<size_t>(table[i].kind) != i) return false;
  }
  return true;
}
static_assert(table_is_in_order());

bool within(int64_t value, int64_t low) { return value >= low && value <= max_elements; }

/// One axis of a window: the number of positions, or nothing and the reason.
std::optional<int64_t> positions(int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation, const char* axis,
                                 std::string& why) {
  int64_t reach = dilation * (kernel - 1) + 1;
  if (reach > in + 2 * pad) {
    why = fmt::format("the window covers {} pixels of {}, and with its padding the input has only {}", reach, axis, in + 2 * pad);
    return std::nullopt;
  }
  return (in + 2 * pad - reach) / stride + 1;
}

bool window_is_sane(const OpAttributes& a, bool pool, std::string& why) {
  struct {
    const char* what;
    Extent2 extent;
    int64_t low;
  } const parts[] = {{"kernel", a.kernel, 1}, {"stride", a.stride, 1}, {"pad", a.pad, 0}, {"dilation", a.dilation, 1}};
  constexpr int64_t most = 1 << 14;
  for (const auto& p : parts) {
    if (p.extent.h < p.low || p.extent.w < p.low) {
      why = fmt::format("{} {} is too small: at least {} is needed", p.what, to_string(p.extent), p.low);
      return false;
    }
    if (p.extent.h > most || p.extent.w > most) {
      why = fmt::format("{} {} is too large: at most {} is possible", p.what, to_string(p.extent), most);
      return false;
    }
  }
  if (pool && (a.pad.h * 2 > a.kernel.h || a.pad.w * 2 > a.kernel.w)) {
    why = fmt::format("pad {} is more than half of the kernel {}", to_string(a.pad), to_string(a.kernel));
    return false;
  }
  return true;
}

std::optional<TensorType> infer_window(OpKind kind, const OpAttributes& a, const TensorType& in, std::string& why) {
  if (in.rank != 4) {
    why = fmt::format("{} needs a picture, f32[N, C, H, W], and gets {}", info(kind).layer, to_string(in));
    return std::nullopt;
  }
  if (!window_is_sane(a, kind != OpKind::conv2d, why)) return std::nullopt;
  TensorType out = in;
  if (kind == OpKind::conv2d) {
    if (!within(a.channels, 1)) {
      why = fmt::format("{} output channels are not possible", a.channels);
      return std::nullopt;
    }
    if (a.groups < 1 || in.channels % a.groups != 0) {
      why = fmt::format("groups = {} does not divide {} input channels", a.groups, in.channels);
      return std::nullopt;
    }
    if (a.channels % a.groups != 0) {
      why = fmt::format("groups = {} does not divide {} output channels", a.groups, a.channels);
      return std::nullopt;
    }
    out.channels = a.channels;
    // Each factor is at most 2^28, 2^28 and 2^28: two products are checked before the third.
    int64_t window = a.kernel.h * a.kernel.w;
    int64_t per_group = in.channels / a.groups;
    if (window > max_elements / per_group || window * per_group > max_elements / a.channels) {
      why = "the weight has too many elements";
      return std::nullopt;
    }
  }
  auto h = positions(in.height, a.kernel.h, a.stride.h, a.pad.h, a.dilation.h, "height", why);
  if (!h) return std::nullopt;
  auto w = positions(in.width, a.kernel.w, a.stride.w, a.pad.w, a.dilation.w, "width", why);
  if (!w) return std::nullopt;
  out.height = *h;
  out.width = *w;
  return out;
}

bool fits(const TensorType& t) {
  return within(t.channels, 1) && within(t.height, 1) && within(t.width, 1) && t.channels <= max_elements / t.height &&
         t.channels * t.height <= max_elements / t.width;
}

std::optional<TensorType> infer_unchecked(OpKind kind, const OpAttributes& a, std::span<const TensorType> operands, std::string& why) {
  const TensorType& in = operands[0];
  switch (kind) {
    case OpKind::input: break;
    case OpKind::conv2d:
    case OpKind::max_pool:
    case OpKind::avg_pool: return infer_window(kind, a, in, why);
    case OpKind::batch_norm:
      if (!(a.eps >= 0) || !std::isfinite(a.eps)) {
        why = fmt::format("eps = {} is not a number of at least 0", a.eps);
        return std::nullopt;
      }
      return in;
    case OpKind::affine:
    case OpKind::relu:
    case OpKind::sigmoid: return in;
    case OpKind::softmax:
      if (in.rank == 2) return in;
      why = fmt::format("softmax needs a vector, f32[N, C], and gets {}", to_string(in));
      return std::nullopt;
    case OpKind::global_avg_pool:
      if (in.rank == 4) return TensorType::vector(in.channels);
      why = fmt::format("global_avg_pool needs a picture, f32[N, C, H, W], and gets {}", to_string(in));
      return std::nullopt;
    case OpKind::linear:
      if (in.rank != 2) {
        why = fmt::format("linear needs a vector, f32[N, C], and gets {}", to_string(in));
        return std::nullopt;
      }
      if (!within(a.channels, 1)) {
        why = fmt::format("{} features are not possible", a.channels);
        return std::nullopt;
      }
      if (a.channels > max_elements / in.channels) {
        why = "the weight has too many elements";
        return std::nullopt;
      }
      return TensorType::vector(a.channels);
    case OpKind::pad_channels: {
      if (a.channels < in.channels) {
        why = fmt::format("pad_channels({}) cannot drop channels: the input has {}", a.channels, in.channels);
        return std::nullopt;
      }
      TensorType out = in;
      out.channels = a.channels;
      return out;
    }
    case OpKind::add:
      if (operands[1] == in) return in;
      why = fmt::format("the values differ: {} and {}", to_string(in), to_string(operands[1]));
      return std::nullopt;
    case OpKind::mul:
      if (operands[1] == in || operands[1] == TensorType::vector(in.channels)) return in;
      why = fmt::format("the gate's list makes {}, which is neither {} nor {}", to_string(operands[1]), to_string(in),
                        to_string(TensorType::vector(in.channels)));
      return std::nullopt;
  }
  why = "this operation has no shape rule";
  return std::nullopt;
}

}  // namespace

std::span<const OpInfo> all_ops() { return table; }

const OpInfo& info(OpKind kind) { return table[static_cast<size_t>(kind)]; }

std::optional<OpKind> op_named(std::string_view ir_name) {
  for (const OpInfo& i : table) {
    if (i.name == ir_name) return i.kind;
  }
  return std::nullopt;
}

std::optional<OpKind> layer_named(std::string_view language_name) {
  for (const OpInfo& i : table) {
    if (!i.layer.empty() && i.layer == language_name) return i.kind;
  }
  return std::nullopt;
}

Extent2 default_pad(Extent2 kernel, Extent2 dilation) { return {dilation.h * (kernel.h - 1) / 2, dilation.w * (kernel.w - 1) / 2}; }

std::optional<TensorType> infer_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands, std::string& why) {
  if (static_cast<int>(operands.size()) != info(kind).operands || operands.empty()) {
    why = fmt::format("{} takes {} operands, not {}", info(kind).name, info(kind).operands, operands.size());
    return std::nullopt;
  }
  for (const TensorType& t : operands) {
    if (!fits(t)) {
      why = fmt::format("{} is not a possible size", to_string(t));
      return std::nullopt;
    }
  }
  std::optional<TensorType> out = infer_unchecked(kind, attributes, operands, why);
  if (out && !fits(*out)) {
    why = fmt::format("the result, {}, is too large: a value may have at most {} elements a picture", to_string(*out), max_elements);
    return std::nullopt;
  }
  return out;
}

std::vector<WeightSpec> weight_specs(OpKind kind, const OpAttributes& a, const TensorType& operand) {
  int64_t c = operand.channels;
  switch (kind) {
    case OpKind::conv2d: {
      std::vector<WeightSpec> specs{{"weight", {a.channels, c / a.groups, a.kernel.h, a.kernel.w}}};
      if (a.bias) specs.push_back({"bias", {a.channels}});
      return specs;
    }
    case OpKind::linear: return {{"weight", {a.channels, c}}, {"bias", {a.channels}}};
    case OpKind::batch_norm: return {{"weight", {c}}, {"bias", {c}}, {"running_mean", {c}}, {"running_var", {c}}};
    default: return {};
  }
}

int64_t multiply_adds(OpKind kind, const OpAttributes& a, const TensorType& operand, const TensorType& result) {
  if (kind == OpKind::linear) return operand.channels * result.channels;
  if (kind != OpKind::conv2d) return 0;
  return result.elements() * (operand.channels / a.groups) * a.kernel.h * a.kernel.w;
}

}  // namespace resnetc

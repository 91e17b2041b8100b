/// \file Which operands and attributes fit each operation, and the type of its result.
#include "ir/op_rules.h"

#include <fmt/format.h>

#include <cmath>

#include "ir/normalisation.h"
#include "ir/transposed.h"
#include "ir/window.h"

namespace resnetc::op_rules {

namespace {

std::string_view shown(const OpInfo& op) { return op.layer.empty() ? op.name : op.layer; }

/// Checks an attribute's range. The failure gives the reason.
Result<> in_range(std::string_view what, int64_t value, int64_t low) {
  if (value >= low && value <= max_elements) return {};
  return Failure{fmt::format("{} = {} is not between {} and {}", what, value, low, max_elements)};
}

Result<> in_range(std::string_view what, Extent2 value, int64_t low) {
  const auto one = [low](int64_t v) { return v >= low && v <= max_elements; };
  if (one(value.h) && one(value.w)) return {};
  return Failure{fmt::format("{} = {} is not between {} and {}", what, to_string(value), low, max_elements)};
}

Result<> in_range(std::string_view what, const Sides& value, int64_t low) {
  const auto one = [low](int64_t v) { return v >= low && v <= max_elements; };
  if (one(value.top) && one(value.left) && one(value.bottom) && one(value.right)) return {};
  return Failure{fmt::format("{} = {} is not between {} and {}", what, to_string(value), low, max_elements)};
}

Result<> has_pixels(const OpInfo& op, const TensorType& type) {
  if (!type.is_vector()) return {};
  return Failure{fmt::format("{} needs a picture, f32[N, channels, height, width], or a line, f32[N, channels, length], not {}", shown(op),
                             to_string(type))};
}

Result<> is_vector(const OpInfo& op, const TensorType& type) {
  if (type.is_vector()) return {};
  return Failure{fmt::format("{} needs a vector, f32[N, features], not {}; global_avg_pool and flatten make a vector of a {}", shown(op),
                             to_string(type), type.is_line() ? "line" : "picture")};
}

/// Checks that no attribute concerns rows, of which a line has only one.
Result<> is_along_line(const OpAttributes& attributes) {
  std::string fault;
  for_each_attribute([&](const auto& one) {
    const auto& value = attributes.*one.field;
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, Extent2> || std::is_same_v<Value, Sides>) {
      bool rows = false;
      if constexpr (std::is_same_v<Value, Extent2>) rows = value.h != 1 && value.h != (OpAttributes{}.*one.field).h;
      if constexpr (std::is_same_v<Value, Sides>) rows = value.top != 0 || value.bottom != 0;
      if (rows)
        fault = fmt::format("{} = {} is for pictures: a line has one row, with nothing above and below", one.name, to_string(value));
    }
  });
  if (fault.empty()) return {};
  return Failure{std::move(fault)};
}

std::string window_in_words(const OpAttributes& a, const TensorType& in) {
  return in.is_line() ? fmt::format("window of {}", a.kernel.w) : fmt::format("{} window", to_string(a.kernel));
}

Result<TensorType> checked(const TensorType& result) {
  if (fits(result)) return result;
  return Failure{fmt::format("the result {} is too large: the limit is {} elements, counting channels in vectors of 16 twice that",
                             to_string(result), max_elements)};
}

Result<> weights_fit(int64_t rows, int64_t columns, int64_t window) {
  if (columns <= max_elements / window && rows <= max_elements / (columns * window)) return {};
  return Failure{fmt::format("its weight would have more than {} elements", max_elements)};
}

/// The type of a convolution or pool whose result has `channels` channels.
Result<TensorType> type_of_window(const OpInfo& op, const OpAttributes& a, const TensorType& in, int64_t channels) {
  if (Result<> good = in_range("kernel", a.kernel, 1); !good) return good.failure();
  if (Result<> good = in_range("stride", a.stride, 1); !good) return good.failure();
  if (Result<> good = in_range("pad", a.pad, 0); !good) return good.failure();
  if (Result<> good = in_range("dilation", a.dilation, 1); !good) return good.failure();
  if (a.same_pad && a.pad != Sides()) return Failure{fmt::format("pad = {} stands beside same_pad", to_string(a.pad))};
  const Sides pad = padding_of(a, in);
  const Extent2 most = pad.largest();
  if (op.kind != OpKind::conv2d && (most.h > a.kernel.h / 2 || most.w > a.kernel.w / 2)) {
    return Failure{fmt::format("pad = {} is more than half of the {}", as_written(pad, in), window_in_words(a, in))};
  }
  if (!fits(in, most)) return Failure{fmt::format("{} with pad = {} is too large", to_string(in), as_written(pad, in))};
  const WindowAxis rows = rows_of(a, in), columns = columns_of(a, in);
  if (rows.count() < 1 || columns.count() < 1) {
    const std::string spread = a.dilation == Extent2{} ? "" : fmt::format(" with dilation = {}", as_written(a.dilation, in));
    return Failure{fmt::format("the {}{} is larger than the input, which is {} with its padding", window_in_words(a, in), spread,
                               as_written(Extent2{rows.padded(), columns.padded()}, in))};
  }
  return checked(in.with(channels, rows.count(), columns.count()));
}

/// Checks the operand, channels and groups of a convolution, transposed or not.
Result<> has_channels_in_groups(const OpInfo& op, const OpAttributes& a, const TensorType& in) {
  if (Result<> good = has_pixels(op, in); !good) return good;
  if (Result<> good = in_range("channels", a.channels, 1); !good) return good;
  if (Result<> good = in_range("groups", a.groups, 1); !good) return good;
  if (in.channels % a.groups != 0) return Failure{fmt::format("groups = {} does not divide {} input channels", a.groups, in.channels)};
  if (a.channels % a.groups != 0) return Failure{fmt::format("groups = {} does not divide {} output channels", a.groups, a.channels)};
  return {};
}

}  // namespace

Result<TensorType> type_of_convolution(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  const TensorType& in = operands[0];
  if (Result<> good = has_channels_in_groups(op, a, in); !good) return good.failure();
  const Result<TensorType> result = type_of_window(op, a, in, a.channels);
  if (!result) return result;
  // The window is not larger than the padded input, whose size is bounded, so the product cannot overflow.
  if (Result<> good = weights_fit(a.channels, in.channels / a.groups, a.kernel.h * a.kernel.w); !good) return good.failure();
  return result;
}

Result<TensorType> type_of_transposed(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  const TensorType& in = operands[0];
  if (Result<> good = has_channels_in_groups(op, a, in); !good) return good.failure();
  if (Result<> good = in_range("kernel", a.kernel, 1); !good) return good.failure();
  if (Result<> good = in_range("stride", a.stride, 1); !good) return good.failure();
  if (Result<> good = in_range("pad", a.pad, 0); !good) return good.failure();
  if (Result<> good = in_range("output_pad", a.output_pad, 0); !good) return good.failure();
  if (a.output_pad.h >= a.stride.h || a.output_pad.w >= a.stride.w) {
    return Failure{fmt::format("output_pad = {} is not less than stride = {}", as_written(a.output_pad, in), as_written(a.stride, in))};
  }
  // Each number is at most max_elements, so the products do not overflow.
  const Extent2 all{(in.height - 1) * a.stride.h + a.kernel.h + a.output_pad.h, (in.width - 1) * a.stride.w + a.kernel.w + a.output_pad.w};
  const TensorType result = in.with(a.channels, all.h - a.pad.top - a.pad.bottom, all.w - a.pad.left - a.pad.right);
  if (result.height < 1 || result.width < 1) {
    return Failure{fmt::format("pad = {} leaves nothing of {}", as_written(a.pad, in), as_written(all, in))};
  }
  if (!fits(result)) return checked(result);
  if (Result<> good = weights_fit(in.channels, a.channels / a.groups, a.kernel.h * a.kernel.w); !good) return good.failure();
  // It is computed as a convolution, whose channels are those of all phases.
  if (a.stride.h > max_elements / a.stride.w || a.channels > max_elements / (a.stride.h * a.stride.w)) {
    return Failure{fmt::format("with stride = {}, its phases have more than {} channels", as_written(a.stride, in), max_elements)};
  }
  const Phases phases = phases_of(a, in, result);
  const Result<TensorType> computed = type_of_convolution(info(OpKind::conv2d), phases.convolution, operands);
  if (!computed) return Failure{fmt::format("as a convolution of its phases: {}", computed.failure().text)};
  return result;
}

Result<TensorType> type_of_batch_norm(const OpInfo&, const OpAttributes& a, std::span<const TensorType> operands) {
  if (a.eps < 0) return Failure{fmt::format("eps = {} is not a number from 0 up", a.eps)};
  return operands[0];
}

Result<TensorType> type_of_softmax(const OpInfo&, const OpAttributes& a, std::span<const TensorType> operands) {
  const int64_t channels = operands[0].channels;
  if (a.parts == 0) return operands[0];
  // Of a single part, each share would be 1.
  if (Result<> good = in_range("parts", a.parts, 2); !good) return good.failure();
  if (channels % a.parts != 0) return Failure{fmt::format("parts = {} does not divide {} channels", a.parts, channels)};
  if (channels / a.parts > most_channels_of_chunk) {
    return Failure{fmt::format("each of {} parts has {} channels, more than {}", a.parts, channels / a.parts, most_channels_of_chunk)};
  }
  return operands[0];
}

Result<TensorType> type_of_pool(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  if (Result<> good = has_pixels(op, operands[0]); !good) return good.failure();
  return type_of_window(op, a, operands[0], operands[0].channels);
}

Result<TensorType> type_of_global_pool(const OpInfo& op, const OpAttributes&, std::span<const TensorType> operands) {
  if (Result<> good = has_pixels(op, operands[0]); !good) return good.failure();
  return TensorType::vector(operands[0].channels);
}

Result<TensorType> type_of_linear(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  if (Result<> good = is_vector(op, operands[0]); !good) return good.failure();
  if (Result<> good = in_range("channels", a.channels, 1); !good) return good.failure();
  if (Result<> good = weights_fit(a.channels, operands[0].channels, 1); !good) return good.failure();
  return checked(TensorType::vector(a.channels));
}

Result<TensorType> type_of_padding(const OpInfo&, const OpAttributes& a, std::span<const TensorType> operands) {
  TensorType result = operands[0];
  if (Result<> good = in_range("channels", a.channels, 1); !good) return good.failure();
  if (a.channels < result.channels) {
    return Failure{fmt::format("pad_channels({}) is less than the {} channels there are", a.channels, result.channels)};
  }
  result.channels = a.channels;
  return checked(result);
}

Result<TensorType> type_of_pair(const OpInfo& op, const OpAttributes&, std::span<const TensorType> operands) {
  const TensorType &a = operands[0], &b = operands[1];
  if (a == b || spreads_over(b, a)) return a;
  const std::string one_channel =
      a.is_vector() ? "" : fmt::format(", f32[N, {}] or {}", a.channels, to_string(a.with(1, a.height, a.width)));
  return Failure{fmt::format("{} of {} needs the same type{}, not {}", op.name, to_string(a), one_channel, to_string(b))};
}

Result<TensorType> type_of_slice(const OpInfo&, const OpAttributes& a, std::span<const TensorType> operands) {
  TensorType result = operands[0];
  if (Result<> good = in_range("first", a.first, 0); !good) return good.failure();
  if (Result<> good = in_range("channels", a.channels, 1); !good) return good.failure();
  if (a.first + a.channels > result.channels) {
    return Failure{fmt::format("channels {} to {} are not among the {} channels there are, which are counted from 0", a.first,
                               a.first + a.channels - 1, result.channels)};
  }
  result.channels = a.channels;
  return result;
}

Result<TensorType> type_of_flatten(const OpInfo& op, const OpAttributes&, std::span<const TensorType> operands) {
  if (Result<> good = has_pixels(op, operands[0]); !good) return good.failure();
  return checked(TensorType::vector(operands[0].elements()));
}

Result<TensorType> type_of_unflatten(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  if (Result<> good = is_vector(op, operands[0]); !good) return good.failure();
  if (Result<> good = in_range("channels", a.channels, 1); !good) return good.failure();
  if (Result<> good = in_range("size", a.size, 1); !good) return good.failure();
  const TensorType result = a.line ? TensorType::line(a.channels, a.size.w) : TensorType::picture(a.channels, a.size.h, a.size.w);
  // A picture that fits has few enough elements for their number not to overflow.
  if (Result<TensorType> good = checked(result); !good) return good.failure();
  if (result.elements() == operands[0].channels) return result;
  return Failure{fmt::format("a {} of {} channels and {} pixels is made of {} features, not {}", a.line ? "line" : "picture", a.channels,
                             as_written(a.size, result), result.elements(), operands[0].channels)};
}

Result<TensorType> type_of_join_rows(const OpInfo& op, const OpAttributes&, std::span<const TensorType> operands) {
  if (Result<> good = has_pixels(op, operands[0]); !good) return good.failure();
  return operands[0].with(operands[0].channels, 1, operands[0].pixels());
}

Result<TensorType> type_of_transpose(const OpInfo& op, const OpAttributes&, std::span<const TensorType> operands) {
  const TensorType& in = operands[0];
  if (Result<> good = has_pixels(op, in); !good) return good.failure();
  if (in.height != 1) {
    return Failure{fmt::format("{} needs one row of pixels, and a picture of {} x {} has {}; join_rows makes one of them", op.name,
                               in.height, in.width, in.height)};
  }
  return checked(in.with(in.width, 1, in.channels));
}

Result<TensorType> type_of_pad(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  TensorType result = operands[0];
  if (Result<> good = has_pixels(op, result); !good) return good.failure();
  for (const int64_t side : {a.pad.top, a.pad.left, a.pad.bottom, a.pad.right}) {
    if (Result<> good = in_range("pad", side, -max_elements); !good) return good.failure();
  }
  // What negative numbers leave. Only that is reflected, so it does not matter which is done first.
  const auto cut = [](int64_t one, int64_t other) { return std::min<int64_t>(one, 0) + std::min<int64_t>(other, 0); };
  const Extent2 left{result.height + cut(a.pad.top, a.pad.bottom), result.width + cut(a.pad.left, a.pad.right)};
  if (left.h < 1 || left.w < 1) {
    return Failure{
        fmt::format("pad = {} leaves nothing of {}", as_written(a.pad, result), as_written(Extent2{result.height, result.width}, result))};
  }
  const Extent2 most = a.pad.largest();
  if (a.reflect && (most.h >= left.h || most.w >= left.w)) {
    const std::string size = result.is_line() ? fmt::format("{}", left.w) : fmt::format("{} x {}", left.h, left.w);
    const bool whole = left == Extent2{result.height, result.width};
    const std::string_view what = result.is_line() ? "line" : "picture";
    const std::string reflected =
        whole ? fmt::format("a {} of {} pixels", what, size) : fmt::format("what is left of the {}, {} pixels,", what, size);
    return Failure{fmt::format("{} cannot be reflected by pad = {}", reflected, std::max(most.h, most.w))};
  }
  result.height += a.pad.top + a.pad.bottom;
  result.width += a.pad.left + a.pad.right;
  return checked(result);
}

Result<TensorType> type_of_upsample(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  TensorType result = operands[0];
  if (Result<> good = has_pixels(op, result); !good) return good.failure();
  if (Result<> good = in_range("factor", a.factor, 1); !good) return good.failure();
  if (a.align_corners && !a.bilinear) return Failure{"align_corners is for a bilinear upsample only"};
  if (a.size != Extent2{0, 0}) {
    if (Result<> good = in_range("size", a.size, 1); !good) return good.failure();
    if (a.factor != Extent2{}) return Failure{"an upsample has a size or a factor, not both"};
    result.height = a.size.h;
    result.width = a.size.w;
    return checked(result);
  }
  // Each factor is at most max_elements, so the products do not overflow.
  result.height *= a.factor.h;
  result.width *= a.factor.w;
  return checked(result);
}

Result<TensorType> type_of_pixel_shuffle(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  TensorType result = operands[0];
  if (Result<> good = has_pixels(op, result); !good) return good.failure();
  if (Result<> good = in_range("factor", a.factor, 1); !good) return good.failure();
  if (result.channels % a.factor.h != 0 || result.channels / a.factor.h % a.factor.w != 0) {
    return Failure{fmt::format("factor = {} does not divide {} channels into pixels", as_written(a.factor, result), result.channels)};
  }
  result.channels /= a.factor.h * a.factor.w;
  result.height *= a.factor.h;
  result.width *= a.factor.w;
  if (a.size != Extent2{0, 0}) {
    const auto part = [](int64_t size, int64_t all, int64_t factor) { return size <= all && size > all - factor; };
    if (!part(a.size.h, result.height, a.factor.h) || !part(a.size.w, result.width, a.factor.w)) {
      return Failure{
          fmt::format("size = {} leaves out more than the last rows and columns of {}", as_written(a.size, result), to_string(result))};
    }
    result.height = a.size.h;
    result.width = a.size.w;
  }
  return checked(result);
}

Result<TensorType> type_of_pixel_unshuffle(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  TensorType result = operands[0];
  if (Result<> good = has_pixels(op, result); !good) return good.failure();
  if (Result<> good = in_range("factor", a.factor, 1); !good) return good.failure();
  if (result.height % a.factor.h != 0 || result.width % a.factor.w != 0) {
    const std::string size = result.is_line() ? fmt::format("{}", result.width) : fmt::format("{} x {}", result.height, result.width);
    return Failure{fmt::format("factor = {} does not divide {} pixels", as_written(a.factor, result), size)};
  }
  result.height /= a.factor.h;
  result.width /= a.factor.w;
  // Each factor divides an extent that fits, so the product does not overflow.
  result.channels *= a.factor.h * a.factor.w;
  return checked(result);
}

Result<TensorType> type_of_channel_shuffle(const OpInfo&, const OpAttributes& a, std::span<const TensorType> operands) {
  if (Result<> good = in_range("groups", a.groups, 1); !good) return good.failure();
  if (operands[0].channels % a.groups == 0) return operands[0];
  return Failure{fmt::format("groups = {} does not divide {} channels", a.groups, operands[0].channels)};
}

Result<TensorType> type_of_spread(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  if (Result<> good = is_vector(op, operands[0]); !good) return good.failure();
  if (Result<> good = in_range("size", a.size, 1); !good) return good.failure();
  return checked(a.line ? TensorType::line(operands[0].channels, a.size.w) : TensorType::picture(operands[0].channels, a.size.h, a.size.w));
}

Result<TensorType> type_of_concatenation(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands) {
  const TensorType &a = operands[0], &b = operands[1];
  TensorType result = a;
  result.channels = b.channels;
  if (result != b)
    return Failure{fmt::format("concat of {} needs a value of the same {}, not {}", to_string(a),
                               a.is_line() ? "length" : "height and width", to_string(b))};
  result.channels += a.channels;
  return checked(result);
}

Result<TensorType> type_of_clip(const OpInfo&, const OpAttributes& a, std::span<const TensorType> operands) {
  if (a.low <= a.high) return operands[0];
  return Failure{fmt::format("low = {} is more than high = {}", a.low, a.high)};
}

Result<TensorType> type_of_norm(const OpInfo& op, const OpAttributes& a, std::span<const TensorType> operands) {
  const TensorType& in = operands[0];
  if (a.eps < 0) return Failure{fmt::format("eps = {} is negative", a.eps)};
  if (op.kind == OpKind::layer_norm || op.kind == OpKind::rms_norm || op.kind == OpKind::mean_norm) return in;
  if (Result<> good = in_range("groups", a.groups, 1); !good) return good.failure();
  const int64_t groups = op.kind == OpKind::instance_norm ? in.channels : a.groups;
  if (in.channels % groups != 0) return Failure{fmt::format("groups = {} does not divide {} channels", groups, in.channels)};
  if (channels_of_chunk(in.channels, groups) > most_channels_of_chunk) {
    return Failure{fmt::format("{} groups of {} channels are normalised together, more than {} channels", groups, in.channels / groups,
                               most_channels_of_chunk)};
  }
  return in;
}

}  // namespace resnetc::op_rules

namespace resnetc {

Result<TensorType> infer_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands) {
  const OpInfo& op = info(kind);
  if (kind == OpKind::input) return Failure{"an input has no operand to take a type from"};
  if (operands.size() != static_cast<size_t>(op.operands)) {
    return Failure{
        fmt::format("{} takes {} operand{}, not {}", op_rules::shown(op), op.operands, op.operands == 1 ? "" : "s", operands.size())};
  }
  for (const TensorType& operand : operands) {
    if (!fits(operand)) return Failure{fmt::format("the operand {} is empty or too large", to_string(operand))};
    if (operand.element != ElementType::f32)
      return Failure{fmt::format("there is no kernel for {} of {}", op_rules::shown(op), to_string(operand))};
  }
  std::string fault;
  for_each_attribute([&](const auto& one) {
    if constexpr (std::is_same_v<decltype(one.field), double OpAttributes::*>) {
      if (std::isfinite(attributes.*one.field)) return;
      fault = fmt::format("{} = {} is not a finite number", one.name, attributes.*one.field);
    }
  });
  if (!fault.empty()) return Failure{std::move(fault)};
  if (attributes.line || operands[0].is_line()) {
    if (Result<> good = op_rules::is_along_line(attributes); !good) return good.failure();
  }
  return op.type == nullptr ? operands[0] : op.type(op, attributes, operands);
}

}  // namespace resnetc

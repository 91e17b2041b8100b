/// \file The table of operations, their shapes and their weights.
#include "ir/op.h"

#include <fmt/format.h>

#include <cmath>

#include "ir/normalisation.h"
#include "ir/transposed.h"
#include "ir/window.h"
#include "support/table.h"

namespace resnetc {

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

/// The shape of the weights of a convolution, whose window has one number along lines.
std::vector<int64_t> window_of_weights(int64_t rows, int64_t columns, Extent2 kernel, const TensorType& operand) {
  return operand.is_line() ? std::vector{rows, columns, kernel.w} : std::vector{rows, columns, kernel.h, kernel.w};
}

std::vector<WeightSpec> weights_of_convolution(const OpInfo&, const OpAttributes& a, const TensorType& operand) {
  std::vector<WeightSpec> specs{{"weight", window_of_weights(a.channels, operand.channels / a.groups, a.kernel, operand)}};
  if (a.bias) specs.push_back({"bias", {a.channels}});
  return specs;
}

std::vector<WeightSpec> weights_of_transposed(const OpInfo&, const OpAttributes& a, const TensorType& operand) {
  std::vector<WeightSpec> specs{{"weight", window_of_weights(operand.channels, a.channels / a.groups, a.kernel, operand)}};
  if (a.bias) specs.push_back({"bias", {a.channels}});
  return specs;
}

std::vector<WeightSpec> weights_of_linear(const OpInfo&, const OpAttributes& a, const TensorType& operand) {
  std::vector<WeightSpec> specs{{"weight", {a.channels, operand.channels}}};
  if (a.bias) specs.push_back({"bias", {a.channels}});
  return specs;
}

std::vector<WeightSpec> weights_of_batch_norm(const OpInfo&, const OpAttributes& a, const TensorType& operand) {
  std::vector<WeightSpec> specs;
  if (a.affine) specs = {{"weight", {operand.channels}}, {"bias", {operand.channels}}};
  specs.insert(specs.end(), {{"running_mean", {operand.channels}}, {"running_var", {operand.channels}}});
  return specs;
}

Result<TensorType> type_of_clip(const OpInfo&, const OpAttributes& a, std::span<const TensorType> operands) {
  if (a.low <= a.high) return operands[0];
  return Failure{fmt::format("low = {} is more than high = {}", a.low, a.high)};
}

/// The weights of an element-wise layer: one vector with the name of the step's constant.
std::vector<WeightSpec> weights_of_step(const OpInfo& op, const OpAttributes&, const TensorType& operand) {
  return {{op.constants[0], {operand.channels}}};
}

std::vector<WeightSpec> weights_of_norm(const OpInfo& op, const OpAttributes& a, const TensorType& operand) {
  if (!a.affine) return {};
  if (op.kind == OpKind::rms_norm) return {{"weight", {operand.channels}}};
  return {{"weight", {operand.channels}}, {"bias", {operand.channels}}};
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

constexpr std::string_view weight_names[] = {"weight"};
constexpr std::string_view slope_names[] = {"slope"};
constexpr std::string_view alpha_names[] = {"alpha"};
constexpr std::string_view slope_and_offset_names[] = {"slope", "offset"};
constexpr std::string_view limit_names[] = {"low", "high"};
constexpr std::string_view by_names[] = {"by"};
constexpr std::string_view bias_names[] = {"bias"};
constexpr std::string_view affine_names[] = {"scale", "shift"};
constexpr std::string_view project_names[] = {"weight"};

// The meanings of activations. Comparisons are written so that NaN stays NaN.
namespace meaning {

using namespace spelled;

constexpr Expression below_zero(const Expression& then) { return select(x < 0, then, x); }
constexpr Expression limited(const Expression& value, const Expression& low, const Expression& high) {
  return select(value < low, low, select(high < value, high, value));
}

constexpr Expression leaky = below_zero(x * constant(0));
constexpr Expression elu = below_zero(constant(0) * (exp(x) - 1));
constexpr double selu_alpha = 1.6732632423543772, selu_gamma = 1.0507009873554805;
constexpr Expression selu = select(x < 0, (exp(x) - 1) * (selu_alpha * selu_gamma), x* selu_gamma);
constexpr Expression gelu = x * 0.5 * (1 + erf(x * 0.70710678118654752));
// (1 + tanh(u)) / 2 is the sigmoid of 2 u.
constexpr Expression gelu_tanh = x / (1 + exp(x * (-1.5957691216057308 - 0.07135481627260025 * x * x)));
constexpr Expression silu = x / (1 + exp(-x));
// With e = exp(x), tanh(log(1 + e)) is n / (n + 2) for n = e (e + 2). From 20 on it is 1 in float32, and n would overflow later.
constexpr Expression mish_n = exp(x) * (exp(x) + 2);
constexpr Expression mish = select(20 < x, x, x* mish_n / (mish_n + 2));
// exp of the negative magnitude is at most 1, so nothing overflows: log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)).
constexpr Expression softplus = select(x < 0, 0, x) + log_1p(exp(select(x < 0, x, -x)));
constexpr Expression softsign = x / (1 + select(x < 0, -x, x));
constexpr Expression hard_sigmoid = limited(x * constant(0) + constant(1), 0, 1);
constexpr Expression hard_swish = x * limited(x * (1.0 / 6) + 0.5, 0, 1);
constexpr Expression tanh = 1 - 2 / (1 + exp(x * 2));
constexpr Expression clip = limited(x, constant(0), constant(1));

}  // namespace meaning

constexpr OpInfo line_of_op(OpKind kind) {
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
              .constants = limit_names};
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
    case OpKind::spread: return {.name = "spread", .type = type_of_spread, .sign = Sign::kept, .sums_or_chooses = true};
    case OpKind::concat: return {.name = "concat", .operands = 2, .type = type_of_concatenation};
    case OpKind::add: return {.name = "add", .operands = 2, .type = type_of_pair, .meaning = x + operand, .sums_or_chooses = true};
    case OpKind::mul: return {.name = "mul", .operands = 2, .type = type_of_pair, .meaning = x * operand};
    case OpKind::project: return {.name = "project", .operands = 2, .constants = project_names};
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

Result<TensorType> infer_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands) {
  const OpInfo& op = info(kind);
  if (kind == OpKind::input) return Failure{"an input has no operand to take a type from"};
  if (operands.size() != static_cast<size_t>(op.operands)) {
    return Failure{fmt::format("{} takes {} operand{}, not {}", shown(op), op.operands, op.operands == 1 ? "" : "s", operands.size())};
  }
  for (const TensorType& operand : operands) {
    if (!fits(operand)) return Failure{fmt::format("the operand {} is empty or too large", to_string(operand))};
    if (operand.element != ElementType::f32) return Failure{fmt::format("there is no kernel for {} of {}", shown(op), to_string(operand))};
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
    if (Result<> good = is_along_line(attributes); !good) return good.failure();
  }
  return op.type == nullptr ? operands[0] : op.type(op, attributes, operands);
}

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

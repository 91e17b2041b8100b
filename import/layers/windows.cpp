/// \file Convolutions and pools.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "import/shapes.h"
#include "import/translate.h"
#include "ir/window.h"

namespace resnetc::importer {
namespace {

/// The number of axes that windows have.
size_t axes_of(const TensorType& type) { return type.is_line() ? 1 : 2; }

/// Two numbers, of rows and columns, or one along lines.
Extent2 extent_of(const std::vector<int64_t>& numbers) {
  return numbers.size() == 1 ? Extent2{1, numbers[0]} : Extent2{numbers[0], numbers[1]};
}

std::vector<int64_t> numbers_of(Extent2 extent, size_t axes) { return axes == 1 ? std::vector{extent.w} : std::vector{extent.h, extent.w}; }

Sides sides_of(const Pads& pads) {
  const auto &before = pads.before, &after = pads.after;
  return before.size() == 1 ? Sides(0, before[0], 0, after[0]) : Sides(before[0], before[1], after[0], after[1]);
}

constexpr std::string_view counts[] = {"no", "one number", "two numbers"};

/// Sets stride, dilation and padding.
Result<> set_window(OpAttributes& a, const flat::Node& node, const TensorType& in) {
  const size_t axes = axes_of(in);
  const auto strides = spatial(node, "strides", axes), dilations = spatial(node, "dilations", axes);
  if (!strides || !dilations) return Failure{fmt::format("its strides or dilations are not {} from 1 up", counts[axes])};
  const auto pads = pads_of(node, numbers_of({in.height, in.width}, axes), numbers_of(a.kernel, axes), *strides, *dilations);
  if (!pads) return Failure{fmt::format("its pads are not {} from 0 up for each side", counts[axes])};
  a.stride = extent_of(*strides);
  a.dilation = extent_of(*dilations);
  a.pad = sides_of(*pads);
  return {};
}

/// Adds the bias of a convolution, if the node has one, to the weights and the attributes, whose channels are known.
Result<> add_bias(Translation& t, const flat::Node& node, OpAttributes& a, std::vector<LayerWeight>& weights) {
  if (node.inputs.size() <= 2 || node.inputs[2] == flat::no_value) return {};
  const TensorPtr bias = t.graph().constant(node, 2);
  if (!bias || bias->size() != static_cast<size_t>(std::max<int64_t>(a.channels, 0))) {
    return Failure{"its bias is no constant of its channels"};
  }
  a.bias = true;
  weights.push_back({"bias", bias});
  return {};
}

/// Sets the kernel, which is that of the weight.
Result<> set_kernel(OpAttributes& a, const flat::Node& node, const Tensor& weight) {
  const std::vector<int64_t> numbers(weight.shape.begin() + 2, weight.shape.end());
  a.kernel = extent_of(numbers);
  if (const auto kernel = flat::list(node, "kernel_shape"); kernel && *kernel != numbers) {
    return Failure{"its kernel_shape is not that of its weight"};
  }
  return {};
}

/// The number of axes of the windows of a convolution with this weight, of which the type must be able to have so many: a vector may be a
/// picture or a line of one pixel in the model.
Result<size_t> axes_of(const Tensor& weight, const TensorType& type) {
  const size_t axes = weight.shape.size() == 3 ? 1 : 2;
  const bool fits = type.is_vector() || axes == axes_of(type);
  if (weight.elements == Elements::real && weight.shape.size() == axes + 2 && fits) return axes;
  return Failure{
      fmt::format("its weight has {} dimensions; resnetc has convolutions of pictures, whose weight has 4, and of lines, whose "
                  "weight has 3",
                  weight.shape.size())};
}

Result<LayerId> conv(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const TensorPtr weight = t.graph().constant(node, 1);
  if (!in || !weight) return Failure{"its weight is computed from the picture"};
  const TensorType& type = t.type(*in);
  if (const Result<size_t> axes = axes_of(*weight, type); !axes) return axes.failure();
  OpAttributes a;
  a.channels = weight->shape[0];
  a.groups = flat::integer(node, "group", 1);
  if (const Result<> good = set_kernel(a, node, *weight); !good) return good.failure();
  std::vector<LayerWeight> weights{{"weight", weight}};
  if (const Result<> good = add_bias(t, node, a, weights); !good) return good.failure();
  if (a.groups < 1 || weight->shape[1] > type.channels || weight->shape[1] * a.groups != type.channels) {
    return Failure{fmt::format("its weight takes {} channels in {} groups, but there are {}", weight->shape[1], a.groups, type.channels)};
  }
  if (type.is_vector()) {
    if (a.groups != 1 && a.kernel == Extent2{1, 1}) {  // a product for each group: a convolution of a picture of one pixel
      const Result<LayerId> picture = t.as_pixel(node, *in);
      a.pad = {};
      const Result<LayerId> sums = picture ? t.add(node, OpKind::conv2d, a, {*picture}, std::move(weights)) : picture;
      return sums ? t.add(node, OpKind::flatten, {}, {*sums}) : sums;
    }
    if (!(a.kernel == Extent2{1, 1})) return Failure{"it is a convolution of a vector with a window"};
    OpAttributes linear;
    linear.channels = a.channels;
    linear.bias = a.bias;
    return t.add(node, OpKind::linear, linear, {*in}, std::move(weights));
  }
  if (const Result<> good = set_window(a, node, type); !good) return good.failure();
  return t.add(node, OpKind::conv2d, a, {*in}, std::move(weights));
}

Result<LayerId> conv_transpose(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const TensorPtr weight = t.graph().constant(node, 1);
  if (!in || !weight) return Failure{"its weight is computed from the picture"};
  const Result<size_t> axes = axes_of(*weight, t.type(*in));
  if (!axes) return axes.failure();
  const int64_t channels = t.type(*in).channels;
  OpAttributes a;
  a.groups = flat::integer(node, "group", 1);
  if (weight->shape[0] != channels || a.groups < 1 || channels % a.groups != 0) {
    return Failure{fmt::format("its weight takes {} channels in {} groups, but there are {}", weight->shape[0], a.groups, channels)};
  }
  if (weight->shape[1] < 1 || weight->shape[1] > max_elements / a.groups) return Failure{"its weight makes too many channels or none"};
  a.channels = weight->shape[1] * a.groups;
  if (const Result<> good = set_kernel(a, node, *weight); !good) return good.failure();
  std::vector<LayerWeight> weights{{"weight", weight}};
  if (const Result<> good = add_bias(t, node, a, weights); !good) return good.failure();
  const auto strides = spatial(node, "strides", *axes), dilations = spatial(node, "dilations", *axes);
  if (!strides || !dilations) return Failure{fmt::format("its strides or dilations are not {} from 1 up", counts[*axes])};
  if (*dilations != std::vector<int64_t>(*axes, 1)) return Failure{"resnetc has no transposed convolutions with dilations"};
  a.stride = extent_of(*strides);
  const Result<LayerId> picture = t.type(*in).is_vector() ? t.as_pixel(node, *in) : *in;
  if (!picture) return picture;
  const TensorType type = t.type(*picture);
  const auto made =
      transposed_pads_of(node, numbers_of({type.height, type.width}, *axes), numbers_of(a.kernel, *axes), *strides, *dilations);
  if (!made) return Failure{"its pads, output_padding, output_shape or auto_pad do not fit its picture"};
  a.pad = sides_of(made->pads);
  a.output_pad = *axes == 1 ? Extent2{0, made->extra[0]} : extent_of(made->extra);
  return t.add(node, OpKind::conv_transpose, a, {*picture}, std::move(weights));
}

/// Whether ceil_mode adds windows to those of the attributes.
bool has_more_windows(OpAttributes a, const TensorType& in) {
  const auto count = [&](bool ceil) {
    a.ceil = ceil;
    return std::pair(rows_of(a, in).count(), columns_of(a, in).count());
  };
  return count(true) != count(false);
}

Result<LayerId> pool(Translation& t, const flat::Node& node, OpKind kind) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  const TensorType type = t.type(*in);
  const auto kernel = flat::list(node, "kernel_shape");
  if (!kernel || type.is_vector() || kernel->size() != axes_of(type)) {
    return Failure{"resnetc has pools of pictures, with a window of rows and columns, and of lines, with a window of one number"};
  }
  if (std::any_of(kernel->begin(), kernel->end(), [](int64_t k) { return k < 1 || k > max_elements; })) {
    return Failure{fmt::format("its kernel_shape is not {} from 1 up", counts[axes_of(type)])};
  }
  OpAttributes a;
  a.kernel = extent_of(*kernel);
  if (const Result<> good = set_window(a, node, type); !good) return good.failure();
  if (!(a.dilation == Extent2{})) return Failure{"resnetc has no pools with dilations"};
  if (t.uses(node, 1) != 0) return Failure{"its indices are used; resnetc's pools give only the elements"};
  if (is_pointwise(a)) return *in;
  const bool average = kind == OpKind::avg_pool;
  if (a.kernel == Extent2{type.height, type.width} && a.pad == Sides{}) {
    return t.add(node, average ? OpKind::global_avg_pool : OpKind::global_max_pool, {}, {*in});
  }
  a.ceil = flat::integer(node, "ceil_mode", 0) != 0 && has_more_windows(a, type);
  a.count_pad = !average || a.pad == Sides{} || flat::integer(node, "count_include_pad", 0) != 0;
  return t.add(node, kind, a, {*in});
}

Result<LayerId> max_pool(Translation& t, const flat::Node& node) { return pool(t, node, OpKind::max_pool); }
Result<LayerId> average_pool(Translation& t, const flat::Node& node) { return pool(t, node, OpKind::avg_pool); }

/// Makes a vector of a picture. A vector that is a picture of one pixel in the model stays as it is.
Result<LayerId> over_all_pixels(Translation& t, const flat::Node& node, OpKind kind) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  return t.type(*in).is_vector() ? Result<LayerId>(*in) : t.add(node, kind, {}, {*in});
}

Result<LayerId> global_average_pool(Translation& t, const flat::Node& node) { return over_all_pixels(t, node, OpKind::global_avg_pool); }
Result<LayerId> global_max_pool(Translation& t, const flat::Node& node) { return over_all_pixels(t, node, OpKind::global_max_pool); }

constexpr const char* other_axes = "resnetc has this over all of a picture's rows and columns or of a line, and over no other dimensions";

Result<LayerId> reduce(Translation& t, const flat::Node& node, OpKind kind) {
  const auto numbers = list_at(t.graph(), node, 1, "axes");
  const auto dims = t.dims(node, 0);
  const auto axes = numbers && dims ? flat::axes_of(*numbers, dims->size()) : std::nullopt;
  std::vector<size_t> pixels;  // all dimensions but those of the batch and the channels
  for (size_t axis = 1; dims && axis < dims->size(); ++axis) {
    if (axis != t.channel_axis(node, 0)) pixels.push_back(axis);
  }
  if (!axes || pixels.empty() || *axes != pixels) return Failure{other_axes};
  return over_all_pixels(t, node, kind);
}

Result<LayerId> reduce_l2(Translation& t, const flat::Node& node) {
  // Of one pixel, it is the absolute value and not the vector.
  const auto in = t.operand(node, 0);
  if (in && t.type(*in).is_vector()) return Failure{other_axes};
  return reduce(t, node, OpKind::global_l2_pool);
}

Result<LayerId> reduce_mean(Translation& t, const flat::Node& node) { return reduce(t, node, OpKind::global_avg_pool); }
Result<LayerId> reduce_max(Translation& t, const flat::Node& node) { return reduce(t, node, OpKind::global_max_pool); }

}  // namespace

Translators window_translators() {
  using enum ChannelsLast;
  return {{"Conv", {conv}},
          {"ConvTranspose", {conv_transpose}},
          {"MaxPool", {max_pool}},
          {"AveragePool", {average_pool}},
          {"GlobalAveragePool", {global_average_pool}},
          {"GlobalMaxPool", {global_max_pool}},
          {"ReduceL2", {reduce_l2, kept}},
          {"ReduceMean", {reduce_mean, kept}},
          {"ReduceMax", {reduce_max, kept}}};
}

}  // namespace resnetc::importer

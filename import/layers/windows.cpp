/// \file Convolutions and pools.
#include <fmt/format.h>

#include <algorithm>

#include "import/shapes.h"
#include "import/translate.h"

namespace resnetc::importer {
namespace {

Extent2 extent_of(const std::vector<int64_t>& numbers) { return {numbers[0], numbers[1]}; }

/// Sets stride, dilation and padding.
Result<> set_window(OpAttributes& a, const flat::Node& node, const TensorType& in) {
  const std::vector<int64_t> kernel{a.kernel.h, a.kernel.w};
  const auto strides = spatial(node, "strides", 2), dilations = spatial(node, "dilations", 2);
  if (!strides || !dilations) return Failure{"its strides or dilations are no two numbers from 1 up"};
  const auto pads = pads_of(node, {in.height, in.width}, kernel, *strides, *dilations);
  if (!pads) return Failure{"its pads are no four numbers from 0 up"};
  a.stride = extent_of(*strides);
  a.dilation = extent_of(*dilations);
  a.pad = Sides(pads->before[0], pads->before[1], pads->after[0], pads->after[1]);
  return {};
}

Result<LayerId> conv(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const TensorPtr weight = t.graph().constant(node, 1);
  if (!in || !weight) return Failure{"its weight is computed from the picture"};
  const TensorType& type = t.type(*in);
  if (weight->elements != Elements::real || weight->shape.size() != 4) {
    return Failure{
        fmt::format("its weight has {} dimensions; resnetc has convolutions of pictures, whose weight has 4", weight->shape.size())};
  }
  OpAttributes a;
  a.channels = weight->shape[0];
  a.kernel = {weight->shape[2], weight->shape[3]};
  a.groups = flat::integer(node, "group", 1);
  if (const auto kernel = flat::list(node, "kernel_shape"); kernel && *kernel != std::vector<int64_t>{a.kernel.h, a.kernel.w}) {
    return Failure{"its kernel_shape is not that of its weight"};
  }
  std::vector<LayerWeight> weights{{"weight", weight}};
  if (node.inputs.size() > 2 && node.inputs[2] != flat::no_value) {
    const TensorPtr bias = t.graph().constant(node, 2);
    if (!bias || bias->size() != static_cast<size_t>(std::max<int64_t>(a.channels, 0)))
      return Failure{"its bias is no constant of its channels"};
    a.bias = true;
    weights.push_back({"bias", bias});
  }
  if (a.groups < 1 || weight->shape[1] > type.channels || weight->shape[1] * a.groups != type.channels) {
    return Failure{fmt::format("its weight takes {} channels in {} groups, but there are {}", weight->shape[1], a.groups, type.channels)};
  }
  if (type.rank == 2) {  // a vector that is a picture of one pixel in the model
    if (!(a.kernel == Extent2{1, 1}) || a.groups != 1) return Failure{"it is a convolution of a vector with a window or groups"};
    OpAttributes linear;
    linear.channels = a.channels;
    linear.bias = a.bias;
    return t.add(node, OpKind::linear, linear, {*in}, std::move(weights));
  }
  if (const Result<> good = set_window(a, node, type); !good) return good.failure();
  return t.add(node, OpKind::conv2d, a, {*in}, std::move(weights));
}

/// The number of rows or columns that a pool makes if it counts only whole windows.
int64_t whole_windows(int64_t padded, int64_t kernel, int64_t stride) { return (padded - kernel) / stride + 1; }

Result<LayerId> pool(Translation& t, const flat::Node& node, OpKind kind) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  const TensorType type = t.type(*in);
  const auto kernel = flat::list(node, "kernel_shape");
  if (!kernel || kernel->size() != 2 || type.rank != 4) return Failure{"resnetc has pools of pictures, with a window of rows and columns"};
  OpAttributes a;
  a.kernel = extent_of(*kernel);
  if (const Result<> good = set_window(a, node, type); !good) return good.failure();
  if (!(a.dilation == Extent2{})) return Failure{"resnetc has no pools with dilations"};
  if (t.uses(node, 1) != 0) return Failure{"its indices are used; resnetc's pools give only the elements"};
  if (is_pointwise(a)) return *in;
  if (a.kernel == Extent2{type.height, type.width} && a.pad == Sides{} && kind == OpKind::avg_pool) {
    return t.add(node, OpKind::global_avg_pool, {}, {*in});
  }
  if (kind == OpKind::avg_pool && !(a.pad == Sides{}) && flat::integer(node, "count_include_pad", 0) == 0) {
    return Failure{"it divides by the pixels of the picture alone; resnetc divides by the whole window as yet"};
  }
  if (flat::integer(node, "ceil_mode", 0) != 0) {
    const std::optional<Dims> made = t.result_dims(node);
    const int64_t rows = whole_windows(type.height + a.pad.top + a.pad.bottom, a.kernel.h, a.stride.h);
    const int64_t columns = whole_windows(type.width + a.pad.left + a.pad.right, a.kernel.w, a.stride.w);
    if (!made || made->size() != 4 || !(*made)[2].known() || !(*made)[3].known())
      return Failure{"the dimensions of its result are not known"};
    const int64_t more_rows = (*made)[2].fixed - rows, more_columns = (*made)[3].fixed - columns;
    if ((more_rows != 0 || more_columns != 0) && (kind == OpKind::avg_pool || more_rows < 0 || more_columns < 0)) {
      return Failure{"its ceil_mode adds windows at the lower or right side, which divide by their pixels alone"};
    }
    // Padding never wins, so a window over the edge is one over padding.
    if (more_rows > 0) a.pad.bottom = ((*made)[2].fixed - 1) * a.stride.h + a.kernel.h - type.height - a.pad.top;
    if (more_columns > 0) a.pad.right = ((*made)[3].fixed - 1) * a.stride.w + a.kernel.w - type.width - a.pad.left;
  }
  return t.add(node, kind, a, {*in});
}

Result<LayerId> max_pool(Translation& t, const flat::Node& node) { return pool(t, node, OpKind::max_pool); }
Result<LayerId> average_pool(Translation& t, const flat::Node& node) { return pool(t, node, OpKind::avg_pool); }

Result<LayerId> global_average_pool(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  return t.as_vector(node, *in);
}

Result<LayerId> reduce_mean(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto numbers = list_at(t.graph(), node, 1, "axes");
  const auto dims = t.dims(node, 0);
  const auto axes = numbers && dims ? flat::axes_of(*numbers, dims->size()) : std::nullopt;
  if (!in || !axes || *axes != std::vector<size_t>{2, 3}) {
    return Failure{"resnetc has the mean over a picture's rows and columns, and no other"};
  }
  return t.as_vector(node, *in);
}

}  // namespace

Translators window_translators() {
  return {{"Conv", conv},
          {"MaxPool", max_pool},
          {"AveragePool", average_pool},
          {"GlobalAveragePool", global_average_pool},
          {"ReduceMean", reduce_mean}};
}

}  // namespace resnetc::importer

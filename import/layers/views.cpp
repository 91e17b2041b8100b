/// \file Operators that change only how a value's elements are counted.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "import/translate.h"

namespace resnetc::importer {
namespace {

/// Whether dimensions are [N, H, W, C] of a picture, or [N, L, C] of a line.
bool is_channels_last(const TensorType& type, const Dims& dims) {
  const size_t rank = type.is_vector() ? 0 : type.is_line() ? 3 : 4;
  return dims.size() == rank && dims[rank - 1] == Whole{type.channels, 0} && dims[rank - 2] == Whole{type.width, 0} &&
         (rank == 3 || dims[1] == Whole{type.height, 0});
}

/// Reshape, Flatten, Squeeze, Unsqueeze, Expand: nothing happens if the result is another view of the same vector or picture. [N, C, H, W]
/// as [N, C, H * W] is the rows one after the other.
Result<LayerId> view(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto from = t.dims(node, 0), to = t.result_dims(node);
  if (!in) return Failure{"it has no input"};
  if (!from || !to) return Failure{"the dimensions of its result are not known"};
  const TensorType type = t.type(*in);
  const bool last = t.channels_last(node, 0), row = to->size() == 2 && (*to)[0] == t.graph().batch && (*to)[1] == Whole{type.elements(), 0};
  if (last && type.channels > 1 && type.pixels() > 1) {
    // The product knows the picture, and the order of its elements.
    if (!row || !t.read_only_by(node, {"Gemm", "MatMul"})) return Failure{"its input has its channels last"};
    t.put_channels_last(node);
    return *in;
  }
  if (t.is_view(type, *to)) return *in;
  if (type.channels == 1 && is_channels_last(type, *to)) {
    t.put_channels_last(node);
    return *in;
  }
  // A vector that is repeated at every pixel stays a vector. What reads it spreads it.
  const bool repeated = node.op == "Expand" && type.is_vector() && t.is_view(type, *from) && to->size() == (t.has_lines() ? 3 : 4);
  if (repeated && (*to)[0] == t.graph().batch && (*to)[1] == Whole{type.channels, 0}) return *in;
  if (!type.is_vector() && type.pixels() == 1 && t.is_view(TensorType::vector(type.channels), *to)) return t.as_vector(node, *in);
  if (!type.is_vector() && row && t.read_only_by(node, {"Gemm", "MatMul"})) return *in;  // the product knows the picture
  if (!type.is_vector() && row && t.is_view(type, *from)) return t.add(node, OpKind::flatten, {}, {*in});
  if (to->size() == 3 && t.is_view(type, *from) && t.is_view(TensorType::picture(type.channels, 1, type.pixels()), *to)) {
    return t.add(node, OpKind::join_rows, {}, {*in});
  }
  return Failure{
      fmt::format("it makes {} of {}; resnetc has pictures, lines and vectors, and no other views of them", shown(*to), shown(*from))};
}

/// A Transpose between [N, C, H, W] and [N, H, W, C], or [N, C, L] and [N, L, C], is a matter of the model's order alone: the layers
/// between know which it is. A Transpose of a vector or a picture of one pixel may leave the elements in their order.
Result<LayerId> transpose(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto to = t.result_dims(node);
  if (!in || !to) return Failure{"the dimensions of its result are not known"};
  const auto order = flat::list(node, "perm");
  const auto from = t.dims(node, 0);
  const bool row = from && from->size() == 3;  // a line, or a picture of one row
  if (t.channels_last(node, 0)) {
    if (order == (row ? std::vector<int64_t>{0, 2, 1} : std::vector<int64_t>{0, 3, 1, 2})) return *in;
    return Failure{"it changes the order of dimensions"};
  }
  const std::vector<int64_t> last = row ? std::vector<int64_t>{0, 2, 1} : std::vector<int64_t>{0, 2, 3, 1};
  if (from && from->size() == last.size() && t.is_view(t.type(*in), *from) && order == last) {
    t.put_channels_last(node);
    return *in;
  }
  if (t.type(*in).pixels() == 1 && t.is_view(t.type(*in), *to)) return *in;
  return Failure{"it changes the order of dimensions"};
}

/// The channels that a Slice takes, if it takes some of them and nothing else.
std::optional<OpAttributes> sliced_channels(const Translation& t, const flat::Node& node, const Dims& from, const Dims& to) {
  const auto starts = list_at(t.graph(), node, 1, "starts"), axes = list_at(t.graph(), node, 3, "axes"),
             steps = list_at(t.graph(), node, 4, "steps");
  if (!starts || !axes || starts->size() != 1 || axes->size() != 1 || (steps && *steps != std::vector<int64_t>{1})) return std::nullopt;
  const size_t axis = t.channel_axis(node, 0);
  if (flat::axis_of((*axes)[0], from.size()) != axis || !from[axis].known() || !to[axis].known()) return std::nullopt;
  OpAttributes a;
  const int64_t start = (*starts)[0], channels = from[axis].fixed;
  a.first = std::clamp<int64_t>(start < 0 ? std::max(start, -channels) + channels : start, 0, channels);
  a.channels = to[axis].fixed;
  return a;
}

/// A Slice that takes every so many rows and columns from the first: the pixels that windows of one pixel take.
Result<LayerId> slice(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto from = t.dims(node, 0), to = t.result_dims(node);
  if (!in || !from || !to) return Failure{"the dimensions of its result are not known"};
  if (from == to) return *in;
  if (const auto channels = sliced_channels(t, node, *from, *to)) {
    if (!t.channels_last(node, 0) && !t.is_view(t.type(*in), *from))
      return Failure{"it takes a part of what is neither picture nor vector"};
    return t.add(node, OpKind::slice_channels, *channels, {*in});
  }
  const auto starts = list_at(t.graph(), node, 1, "starts"), axes = list_at(t.graph(), node, 3, "axes"),
             steps = list_at(t.graph(), node, 4, "steps");
  const TensorType& type = t.type(*in);
  if (type.is_vector() || t.channels_last(node, 0) || !t.is_view(t.type(*in), *from) || !starts || !axes || !steps)
    return Failure{"resnetc has no layer for it yet"};
  OpAttributes a;
  for (size_t i = 0; i < axes->size(); ++i) {
    const auto axis = flat::axis_of((*axes)[i], from->size());
    if (!axis || *axis < 2 || (*starts)[i] != 0) return Failure{"resnetc has no layer for it yet"};
    (*axis + 1 == from->size() ? a.stride.w : a.stride.h) = (*steps)[i];
  }
  const auto taken = [](int64_t size, int64_t stride) { return (size - 1) / stride + 1; };
  if (!t.is_view(type.with(type.channels, taken(type.height, a.stride.h), taken(type.width, a.stride.w)), *to)) {
    return Failure{"resnetc has no layer for it yet"};
  }
  return t.add(node, OpKind::max_pool, a, {*in});
}

/// A Pad that appends channels of zeros, or adds pixels to the sides of a picture or line.
Result<LayerId> pad(Translation& t, const flat::Node& node) {
  constexpr const char* known =
      "resnetc appends channels of zeros, and adds zeros or reflected pixels to the sides of a picture or line, and nothing else";
  const auto in = t.operand(node, 0);
  const auto pads = list_at(t.graph(), node, 1, "pads");
  const TensorPtr value = t.graph().constant(node, 2);
  const bool zeros = value ? uniform(*value) == 0.0 : flat::real(node, "value", 0) == 0;
  const std::string_view mode = flat::text(node, "mode", "constant");
  const auto dims = t.dims(node, 0);
  const bool by_axis = node.inputs.size() > 3 && node.inputs[3] != flat::no_value;
  if (!in || !pads || !dims || pads->size() != 2 * dims->size() || by_axis || !t.is_view(t.type(*in), *dims) ||
      std::any_of(pads->begin(), pads->end(), [](int64_t p) { return p < 0 || p > max_elements; }) ||
      (mode != "reflect" && (mode != "constant" || !zeros))) {
    return Failure{known};
  }
  const size_t rank = dims->size();
  std::vector<int64_t> rest = *pads;
  const int64_t appended = std::exchange(rest[rank + 1], 0);
  OpAttributes sides;
  if (rank == 4) {
    sides.pad = Sides(std::exchange(rest[2], 0), std::exchange(rest[3], 0), std::exchange(rest[6], 0), std::exchange(rest[7], 0));
  } else if (t.type(*in).is_line()) {
    sides.pad = Sides(0, std::exchange(rest[2], 0), 0, std::exchange(rest[5], 0));
  }
  sides.reflect = mode == "reflect";
  if (std::any_of(rest.begin(), rest.end(), [](int64_t p) { return p != 0; }) || (sides.reflect && appended != 0)) return Failure{known};
  LayerId made = *in;
  if (!(sides.pad == Sides{})) {
    const Result<LayerId> padded = t.add(node, OpKind::pad, sides, {made});
    if (!padded) return padded;
    made = *padded;
  }
  if (appended == 0) return made;
  OpAttributes channels;
  channels.channels = t.type(made).channels + appended;
  return t.add(node, OpKind::pad_channels, channels, {made});
}

}  // namespace

Translators view_translators() {
  return {{"Reshape", view}, {"Flatten", view},        {"Squeeze", view}, {"Unsqueeze", view},
          {"Expand", view},  {"Transpose", transpose}, {"Slice", slice},  {"Pad", pad}};
}

}  // namespace resnetc::importer

/// \file Operators that change only how a value's elements are counted.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "import/shapes.h"
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

/// Adds what takes these elements along the rows and columns, or the length, of a picture or line: a pad that cuts off others, then the
/// pixels that windows of one pixel take.
Result<LayerId> taken_pixels(Translation& t, const flat::Node& node, LayerId in, const Taken& rows, const Taken& columns) {
  const TensorType type = t.type(in);
  // As many are left as make the results with this step, so none are cut off behind the last if it makes no others.
  const auto behind = [](const Taken& taken, int64_t size) {
    const int64_t all = (size - taken.first - 1) / taken.step + 1;
    return all == taken.count ? 0 : size - taken.first - (taken.count - 1) * taken.step - 1;
  };
  OpAttributes cut, window;
  cut.pad = {-rows.first, -columns.first, -behind(rows, type.height), -behind(columns, type.width)};
  window.stride = {rows.step, columns.step};
  Result<LayerId> made = in;
  if (!(cut.pad == Sides{})) made = t.add(node, OpKind::pad, cut, {*made});
  if (made && !(window.stride == Extent2{})) made = t.add(node, OpKind::max_pool, window, {*made});
  return made;
}

/// A Slice of channels, rows and columns.
Result<LayerId> slice(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto from = t.dims(node, 0), to = t.result_dims(node);
  if (!in || !from || !to) return Failure{"the dimensions of its result are not known"};
  if (from == to) return *in;
  const auto all = taken_by(t.graph(), node, *from);
  if (!all) return Failure{"the dimensions of its result are not known"};
  const bool last = t.channels_last(node, 0);
  if (!last && !t.is_view(t.type(*in), *from)) return Failure{"it takes a part of what is no picture, line or vector"};
  const TensorType type = t.type(*in);
  const size_t channel_axis = t.channel_axis(node, 0), column_axis = t.column_axis(node, 0);
  Taken rows{0, 1, type.height}, columns{0, 1, type.width}, channels{0, 1, type.channels};
  for (size_t axis = 0; axis < from->size(); ++axis) {
    const std::optional<Taken>& taken = (*all)[axis];
    if (!taken || Whole{taken->count, 0} == (*from)[axis]) continue;
    if (taken->count < 1) return Failure{"it takes nothing"};
    if (axis == 0) return Failure{"it takes some pictures of the batch"};
    if (axis != channel_axis && type.is_vector()) return Failure{"it takes a part of what is no picture, line or vector"};
    (axis == channel_axis ? channels : axis == column_axis ? columns : rows) = *taken;
  }
  if (channels.step != 1) return Failure{"it takes some channels and leaves out others between them"};
  Result<LayerId> made = *in;
  if (channels.count != type.channels) {
    OpAttributes part;
    part.first = channels.first;
    part.channels = channels.count;
    made = t.add(node, OpKind::slice_channels, part, {*made});
  }
  return made ? taken_pixels(t, node, *made, rows, columns) : made;
}

/// A Pad that appends channels of zeros, or adds pixels to the sides of a picture or line or cuts them off.
Result<LayerId> pad(Translation& t, const flat::Node& node) {
  constexpr const char* known =
      "resnetc appends channels of zeros, adds zeros or reflected pixels to the sides of a picture or line, or cuts pixels off there, and "
      "nothing else";
  const auto in = t.operand(node, 0);
  const auto dims = t.dims(node, 0);
  const auto added = dims ? added_by(t.graph(), node, dims->size()) : std::nullopt;
  if (!in || !added || (!t.channels_last(node, 0) && !t.is_view(t.type(*in), *dims))) return Failure{known};
  const auto each = [&](auto holds) {
    return std::all_of(added->before.begin(), added->before.end(), holds) && std::all_of(added->after.begin(), added->after.end(), holds);
  };
  if (!each([](int64_t p) { return p >= -max_elements && p <= max_elements; })) return Failure{known};
  const bool given = node.inputs.size() > 2 && node.inputs[2] != flat::no_value;
  const TensorPtr value = t.graph().constant(node, 2);
  const bool zeros = given ? value && uniform(*value) == 0.0 : flat::real(node, "value", 0) == 0;
  const std::string_view mode = flat::text(node, "mode", "constant");
  const bool only_cuts = each([](int64_t p) { return p <= 0; });  // what would be added does not matter
  if (!only_cuts && mode != "reflect" && (mode != "constant" || !zeros)) return Failure{known};
  Pads rest = *added;
  const auto taken = [&rest](size_t axis) { return std::pair(std::exchange(rest.before[axis], 0), std::exchange(rest.after[axis], 0)); };
  const int64_t appended = std::exchange(rest.after[t.channel_axis(node, 0)], 0);
  OpAttributes sides;
  if (!t.type(*in).is_vector()) {
    const size_t columns = t.column_axis(node, 0);
    const auto [left, right] = taken(columns);
    const auto [top, bottom] = dims->size() == 4 ? taken(columns - 1) : std::pair<int64_t, int64_t>();  // else one row
    sides.pad = {top, left, bottom, right};
  }
  sides.reflect = !only_cuts && mode == "reflect";
  const auto none = [](int64_t p) { return p == 0; };
  const bool more = !std::all_of(rest.before.begin(), rest.before.end(), none) || !std::all_of(rest.after.begin(), rest.after.end(), none);
  if (more || appended < 0 || (sides.reflect && appended != 0)) return Failure{known};
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
  using enum ChannelsLast;
  return {{"Reshape", {view, told}}, {"Flatten", {view, kept}},        {"Squeeze", {view}},      {"Unsqueeze", {view}},
          {"Expand", {view}},        {"Transpose", {transpose, told}}, {"Slice", {slice, kept}}, {"Pad", {pad, kept}}};
}

}  // namespace resnetc::importer

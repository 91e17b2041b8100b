/// \file Operators that make larger pictures and lines.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "import/translate.h"

namespace resnetc::importer {
namespace {

constexpr const char* sampling = "resnetc has the nearest pixel at floor(place * scale), and bilinear ones with aligned edges or corners";

/// Whether the scales that an operator was given are those of its sizes: else the places between pixels differ.
bool exact(const TensorPtr& scales, const Dims& from, const Dims& to) {
  if (!scales || scales->elements != Elements::real || scales->size() == 0) return true;
  if (scales->size() != from.size()) return false;
  for (size_t axis = 0; axis < from.size(); ++axis) {
    const double made = static_cast<double>(from[axis].fixed) * scales->real(axis);
    if (std::abs(made - static_cast<double>(to[axis].fixed)) > 1e-4) return false;
  }
  return true;
}

/// Resize and Upsample.
Result<LayerId> resize(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto from = t.dims(node, 0), to = t.result_dims(node);
  if (!in || !from || !to || from->size() != to->size() || from->size() < 3 || from->size() > 4) {
    return Failure{"the dimensions of its result are not known"};
  }
  const bool line = from->size() == 3;  // or a picture of one row
  const size_t columns = t.column_axis(node, 0), rows = columns - 1;
  for (size_t axis = 0; axis < from->size(); ++axis) {
    const bool resized = axis == columns || (axis == rows && !line);
    if (resized ? !(*to)[axis].known() : (*from)[axis] != (*to)[axis]) return Failure{"it resizes more than rows and columns"};
  }
  const std::string_view mode = flat::text(node, "mode", "nearest");
  if (mode != "nearest" && mode != "linear" && mode != "bilinear") return Failure{fmt::format("its mode is '{}'; {}", mode, sampling)};
  if (flat::integer(node, "antialias", 0) != 0) return Failure{fmt::format("it smooths what it makes smaller; {}", sampling)};
  const TensorType type = t.type(*in);
  // One pixel at every place: the vector stands for them all, and what reads it spreads it.
  if (type.pixels() == 1) return t.as_vector(node, *in);
  const bool old = node.op == "Upsample" || t.graph().opset < 11;
  const std::string_view places = flat::text(node, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
  const int64_t height = line ? 1 : (*to)[rows].fixed, width = (*to)[columns].fixed;
  const bool whole = height % type.height == 0 && width % type.width == 0;
  if (!exact(t.graph().constant(node, old ? 1 : 2), *from, *to))
    return Failure{fmt::format("its scales make no whole sizes; {}", sampling)};
  OpAttributes a;
  a.bilinear = mode != "nearest";
  a.align_corners = a.bilinear && places == "align_corners";
  if (a.bilinear) {
    const bool edges = places == "half_pixel" || (places == "pytorch_half_pixel" && (height > 1 || line) && width > 1);
    if (!edges && !a.align_corners) return Failure{fmt::format("its coordinates are '{}'; {}", places, sampling)};
  } else {
    const std::string_view rounding = flat::text(node, "nearest_mode", old ? "floor" : "round_prefer_floor");
    // With whole scales, the middle of a new pixel never lies between two old ones.
    const bool middle = whole && (((places == "half_pixel" || places == "pytorch_half_pixel") && rounding.starts_with("round")) ||
                                  (places == "tf_half_pixel_for_nn" && rounding == "floor"));
    if (!middle && (places != "asymmetric" || rounding != "floor")) {
      return Failure{fmt::format("its coordinates are '{}', rounded by '{}'; {}", places, rounding, sampling)};
    }
  }
  if (height == type.height && width == type.width) return *in;
  if (whole) {
    a.factor = {height / type.height, width / type.width};
  } else {
    a.size = {height, width};
  }
  return t.add(node, OpKind::upsample, a, {*in});
}

/// Pixels that are repeated beside themselves, one axis after the other or both at once.
Result<LayerId> repeat(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto dims = t.dims(node, 0);
  const auto times = flat::list(node, "times"), order = flat::list(node, "perm");
  if (!in || !dims || !times || !order || times->size() != dims->size()) return Failure{"it has no input"};
  if (std::any_of(times->begin(), times->end(), [](int64_t n) { return n < 1 || n > max_elements; }))
    return Failure{"its result is too large"};
  const TensorType type = t.type(*in);
  const bool last = t.channels_last(node, 0);
  if (!last && !t.is_view(type, *dims)) return Failure{"it repeats elements of what is no picture, line or vector"};
  const size_t columns = t.column_axis(node, 0), rows = columns - 1;
  if ((*times)[0] != 1 || (*times)[t.channel_axis(node, 0)] != 1) return Failure{"it repeats pictures or channels; resnetc repeats pixels"};
  const bool kept = std::is_sorted(order->begin(), order->end());
  const std::vector<int64_t> to_last = dims->size() == 4 ? std::vector<int64_t>{0, 2, 3, 1} : std::vector<int64_t>{0, 2, 1};
  if (!kept && (last || type.is_vector() || *order != to_last)) return Failure{"it changes the order of dimensions"};
  if (!kept) t.put_channels_last(node);
  // One pixel at every place: the vector stands for them all, and what reads it spreads it.
  if (type.pixels() == 1 && !last && kept) return t.as_vector(node, *in);
  OpAttributes a;
  a.factor = {dims->size() == 4 ? (*times)[rows] : 1, (*times)[columns]};
  // Two in a row, of which one repeats rows and one columns, are one layer.
  const Layer before = t.network().node(*in);
  if (before.op != OpKind::upsample || before.attributes.bilinear || before.attributes.size != Extent2{0, 0}) {
    return t.add(node, OpKind::upsample, a, {*in});
  }
  a.factor = {a.factor.h * before.attributes.factor.h, a.factor.w * before.attributes.factor.w};
  return t.add(node, OpKind::upsample, a, before.operands);
}

Result<LayerId> depth_to_space(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  OpAttributes a;
  const int64_t block = flat::integer(node, "blocksize", 1);
  if (block < 1 || block > 1024) return Failure{fmt::format("its blocksize is {}", block)};
  a.factor = {block, block};
  if (flat::text(node, "mode", "DCR") == "CRD") return t.add(node, OpKind::pixel_shuffle, a, {*in});
  // The pixels' numbers stand before the channels'.
  OpAttributes order;
  order.groups = block * block;
  const Result<LayerId> ordered = t.add(node, OpKind::channel_shuffle, order, {*in});
  return ordered ? t.add(node, OpKind::pixel_shuffle, a, {*ordered}) : ordered;
}

/// The pixels' numbers stand before the channels'.
Result<LayerId> space_to_depth(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  OpAttributes a, order;
  const int64_t block = flat::integer(node, "blocksize", 1);
  if (block < 1 || block > 1024) return Failure{fmt::format("its blocksize is {}", block)};
  a.factor = {block, block};
  order.groups = t.type(*in).channels;
  const Result<LayerId> pixels = t.add(node, OpKind::pixel_unshuffle, a, {*in});
  return pixels ? t.add(node, OpKind::channel_shuffle, order, {*pixels}) : pixels;
}

}  // namespace

Translators pixel_translators() {
  using enum ChannelsLast;
  return {{"Resize", {resize, kept}},
          {"Upsample", {resize, kept}},
          {"Repeat", {repeat, kept}},
          {"DepthToSpace", {depth_to_space}},
          {"SpaceToDepth", {space_to_depth}}};
}

}  // namespace resnetc::importer

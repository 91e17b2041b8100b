/// \file Pools, copies, softmax, loads and stores as Halide functions without schedules.
#include "codegen/common/definitions.h"

#include <limits>
#include <span>
#include <string>

#include "codegen/common/arithmetic.h"
#include "codegen/common/epilogue.h"
#include "ir/window.h"

namespace resnetc::codegen::common {

namespace {

RDom window_of(const OpAttributes& a) { return RDom(0, to_int(a.kernel.w), 0, to_int(a.kernel.h), "r"); }

/// The element of `values` for `channel`, where `values` begins at channel `first`. The expression is a binary search, so that its depth is
/// only the logarithm of the number of values.
Expr chosen(std::span<const double> values, const Expr& channel, int first) {
  if (values.size() == 1) return static_cast<float>(values[0]);
  const size_t half = values.size() / 2;
  const int middle = first + to_int(static_cast<int64_t>(half));
  return Halide::select(channel < middle, chosen(values.first(half), channel, first), chosen(values.subspan(half), channel, middle));
}

/// A constant of the network's input for each channel. It is data of the kernel; on a GPU, whose kernels can contain no data, an expression
/// selects it by the channel. If the input has no such numbers, it is `otherwise` for every channel.
Expr per_channel(const std::vector<double>& values, const char* name, float otherwise, const Expr& channel, bool on_gpu) {
  if (values.empty()) return otherwise;
  if (on_gpu) return chosen(values, channel, 0);
  Halide::Buffer<float> buffer(to_int(static_cast<int64_t>(values.size())), name);
  for (size_t c = 0; c < values.size(); ++c) buffer(static_cast<int>(c)) = static_cast<float>(values[c]);
  return buffer(channel);
}

/// The number of places of a window that an average counts along one axis; the window begins at place `begin`.
Expr counted(const WindowAxis& axis, const Expr& begin) {
  return Halide::min(begin + to_int(axis.reach()), to_int(axis.counted_end())) - Halide::max(begin, to_int(axis.counted_begin()));
}

}  // namespace

// Pools clip their windows by clamping coordinates, so they read no halo.
Window define_max_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const OpAttributes& a = spec.attributes;
  const Input in(spec, operands);
  const Expr x = axes.x * to_int(a.stride.w) - to_int(a.pad.left);
  const Expr y = axes.y * to_int(a.stride.h) - to_int(a.pad.top);
  const int right = to_int(spec.in.type.width - 1), bottom = to_int(spec.in.type.height - 1);
  // A clamped coordinate repeats an element of the same window, so it cannot change the maximum.
  auto at = [&](const Expr& column, const Expr& row) {
    return in(axes.c, Halide::clamp(x + column, 0, right), Halide::clamp(y + row, 0, bottom), axes.n);
  };
  Window pool{Func("out"), Func("largest"), window_of(a)};
  Func& largest = pool.reduction;
  largest(axes.c, axes.x, axes.y, axes.n) = at(0, 0);
  const Expr so_far = largest(axes.c, axes.x, axes.y, axes.n), next = at(pool.r.x, pool.r.y);
  largest(axes.c, axes.x, axes.y, axes.n) = next.type().is_float() ? max_keeping_nan(so_far, next) : Halide::max(so_far, next);
  pool.out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, largest(axes.c, axes.x, axes.y, axes.n), axes, operands);
  set_output(pool.out, axes, spec.out, false);
  return pool;
}

// Float32 holds the sums of integers without their zero: graph::max_integer_terms of them are less than 2^24.
Window define_avg_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const OpAttributes& a = spec.attributes;
  const Input in(spec, operands);
  const WindowAxis rows = rows_of(a, spec.in.type), columns = columns_of(a, spec.in.type);
  const auto in_each = [&](auto holds) { return holds(rows) && holds(columns); };
  Window pool{Func("out"), Func("sum"), window_of(a)};
  const Expr left = axes.x * to_int(a.stride.w) - to_int(a.pad.left), top = axes.y * to_int(a.stride.h) - to_int(a.pad.top);
  const Expr x = left + pool.r.x, y = top + pool.r.y;
  const int width = to_int(spec.in.type.width), height = to_int(spec.in.type.height);
  Expr element = in(axes.c, Halide::clamp(x, 0, width - 1), Halide::clamp(y, 0, height - 1), axes.n);
  if (!in_each([](const WindowAxis& axis) { return axis.within(0, axis.size); })) {
    element = Halide::select(x >= 0 && x < width && y >= 0 && y < height, element, 0.0f);
  }
  Func& sum = pool.reduction;
  sum(axes.c, axes.x, axes.y, axes.n) = 0.0f;
  sum(axes.c, axes.x, axes.y, axes.n) += element;
  Expr share = 1.0f / static_cast<float>(a.kernel.h * a.kernel.w);
  // Where all windows count as many places, the share is a constant.
  if (!in_each([](const WindowAxis& axis) { return axis.within(axis.counted_begin(), axis.counted_end()); })) {
    share = 1.0f / Halide::cast<float>(counted(columns, left) * counted(rows, top));
  }
  pool.out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, sum(axes.c, axes.x, axes.y, axes.n) * share, axes, operands);
  set_output(pool.out, axes, spec.out, false);
  return pool;
}

GlobalPool define_global_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const Input in(spec, operands);
  const bool largest = spec.kind == program::KernelKind::global_max_pool, root = spec.kind == program::KernelKind::global_l2_pool;
  const auto joined = [largest](const Expr& a, const Expr& b) { return largest ? max_keeping_nan(a, b) : a + b; };
  const std::string name = largest ? "largest" : "sum";
  const float none = largest ? -std::numeric_limits<float>::infinity() : 0.0f;
  GlobalPool pool{Func("out"), Func(name), Func("row_" + name), RDom(0, to_int(spec.in.type.width), "rx"),
                  RDom(0, to_int(spec.in.type.height), "ry")};
  const Expr element = in(axes.c, pool.rx, pool.row, axes.n);
  pool.of_row(axes.c, pool.row, axes.n) = none;
  pool.of_row(axes.c, pool.row, axes.n) = joined(pool.of_row(axes.c, pool.row, axes.n), root ? element * element : element);
  pool.whole(axes.c, axes.n) = none;
  pool.whole(axes.c, axes.n) = joined(pool.whole(axes.c, axes.n), pool.of_row(axes.c, pool.ry, axes.n));
  Expr result = pool.whole(axes.c, axes.n);
  if (root) result = Halide::sqrt(result);
  if (spec.kind == program::KernelKind::global_avg_pool) result = result * (1.0f / static_cast<float>(spec.in.type.pixels()));
  pool.out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, result, axes, operands);
  set_output(pool.out, axes, spec.out, false);
  return pool;
}

Softmax define_softmax(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const Elements in = operands.tensor("in", spec.in);
  const int channels = to_int(spec.in.type.channels), vector = to_int(lanes);
  Softmax s{Func("out"),          Func("lane_max"), Func("top"), Func("lane_sum"), Func("sum"), RDom(0, to_int(blocks(channels)), "rb"),
            RDom(0, vector, "rl")};
  const Var &l = s.lane, &x = axes.x, &y = axes.y, &n = axes.n;
  auto at = [&](const Expr& c) { return in(c, x, y, n); };
  const Expr lowest = -std::numeric_limits<float>::infinity();
  const Expr channel = s.blocks * vector + l;
  s.lane_max(l, x, y, n) = lowest;
  s.lane_max(l, x, y, n) = max_keeping_nan(s.lane_max(l, x, y, n), Halide::select(channel < channels, at(channel), lowest));
  s.top(x, y, n) = lowest;
  s.top(x, y, n) = max_keeping_nan(s.top(x, y, n), s.lane_max(s.lanes_of_one, x, y, n));
  s.lane_sum(l, x, y, n) = 0.0f;
  s.lane_sum(l, x, y, n) += Halide::select(channel < channels, exponential(at(channel) - s.top(x, y, n)), 0.0f);
  s.sum(x, y, n) = 0.0f;
  s.sum(x, y, n) += s.lane_sum(s.lanes_of_one, x, y, n);
  const Expr share = exponential(at(axes.c) - s.top(x, y, n)) / s.sum(x, y, n);
  s.out(axes.c, x, y, n) = apply_epilogue(spec, share, axes, operands);
  set_output(s.out, axes, spec.out, false);
  return s;
}

PartsSoftmax define_parts_softmax(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const Elements in = operands.tensor("in", spec.in);
  const int64_t parts = spec.attributes.parts;
  PartsSoftmax s{Func("out"),
                 Func("top"),
                 Func("sum"),
                 Func("part_max"),
                 Func("part_sum"),
                 RDom(0, to_int(parts), "rp"),
                 to_int(spec.in.type.channels / parts)};
  const Var &u = s.u, &x = axes.x, &y = axes.y, &n = axes.n;
  const Expr element = in(s.parts * s.channels + u, x, y, n);
  s.part_max(u, x, y, n) = -std::numeric_limits<float>::infinity();
  s.part_max(u, x, y, n) = max_keeping_nan(s.part_max(u, x, y, n), element);
  s.top(u, x, y, n) = s.part_max(u, x, y, n);
  s.part_sum(u, x, y, n) = 0.0f;
  s.part_sum(u, x, y, n) += exponential(element - s.top(u, x, y, n));
  s.sum(u, x, y, n) = s.part_sum(u, x, y, n);
  const Expr place = axes.c % s.channels;
  const Expr share = exponential(in(axes.c, x, y, n) - s.top(place, x, y, n)) / s.sum(place, x, y, n);
  s.out(axes.c, x, y, n) = apply_epilogue(spec, share, axes, operands);
  set_output(s.out, axes, spec.out, false);
  return s;
}

Func define_copy(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const Input in(spec, operands);
  const int channels = to_int(spec.in.type.channels);
  const bool spread = spec.in.type.pixels() == 1;  // over all pixels
  Expr value = spread ? in(axes.c, 0, 0, axes.n) : in(axes.c, axes.x, axes.y, axes.n);
  if (spec.out.type.channels > channels) {
    // Blocks past the input's storage read its last block instead. Nothing uses the elements that they read.
    const Expr block = Halide::min(block_of(axes.c), to_int(spec.in.stored_channels() / lanes - 1));
    value = Halide::select(axes.c < channels, in(block * to_int(lanes) + lane_of(axes.c), axes.x, axes.y, axes.n), in.zero());
  }
  Func out("out");
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands);
  set_output(out, axes, spec.out, false);
  return out;
}

namespace {

/// Where an element of an upsampled row or column comes from: an element, the next one, and the next one's share.
struct Sample {
  Expr at, next, share;
};

Sample sampled_at(const OpAttributes& a, const Expr& i, int64_t in, int64_t out) {
  const int last = to_int(in - 1);
  if (!a.bilinear) {
    if (out % in == 0) return {i / to_int(out / in), {}, {}};  // a whole factor needs no product
    if (in * out <= std::numeric_limits<int32_t>::max()) return {i * to_int(in) / to_int(out), {}, {}};
    return {Halide::cast<int>(Halide::cast<int64_t>(i) * Expr(in) / Expr(out)), {}, {}};
  }
  const Expr index = Halide::cast<float>(i);
  Expr place;
  if (a.align_corners) {
    place = out == 1 ? Expr(0.0f) : index * static_cast<float>(static_cast<double>(in - 1) / static_cast<double>(out - 1));
  } else {
    place = Halide::max((index + 0.5f) * static_cast<float>(static_cast<double>(in) / static_cast<double>(out)) - 0.5f, 0.0f);
  }
  const Expr at = Halide::clamp(Halide::cast<int>(place), 0, last);
  return {at, Halide::min(at + 1, last), place - Halide::cast<float>(at)};
}

}  // namespace

Func define_rearrangement(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const Input in(spec, operands);
  const OpAttributes& a = spec.attributes;
  const TensorType &from = spec.in.type, &to = spec.out.type;
  // Lanes past the last channel take an element of the last channel: nothing uses them, and the operand has no more channels.
  const Expr c = Halide::min(axes.c, to_int(to.channels - 1));
  Expr value;
  if (spec.kind == program::KernelKind::flatten) {
    const int pixels = to_int(from.pixels()), width = to_int(from.width);
    value = in(c / pixels, c % pixels % width, c % pixels / width, axes.n);
  } else if (spec.kind == program::KernelKind::pixel_shuffle) {
    const int rows = to_int(a.factor.h), columns = to_int(a.factor.w);
    value = in((c * rows + axes.y % rows) * columns + axes.x % columns, axes.x / columns, axes.y / rows, axes.n);
  } else if (spec.kind == program::KernelKind::unflatten) {
    value = in((c * to_int(to.height) + axes.y) * to_int(to.width) + axes.x, 0, 0, axes.n);
  } else if (spec.kind == program::KernelKind::join_rows) {
    const int width = to_int(from.width);
    value = in(axes.c, axes.x % width, axes.x / width, axes.n);
  } else if (spec.kind == program::KernelKind::transpose) {
    value = in(axes.x, c, 0, axes.n);
  } else if (spec.kind == program::KernelKind::pixel_unshuffle) {
    const int rows = to_int(a.factor.h), columns = to_int(a.factor.w), place = rows * columns;
    value = in(c / place, axes.x * columns + c % columns, axes.y * rows + c % place / columns, axes.n);
  } else if (spec.kind == program::KernelKind::pad) {
    const auto inside = [&](const Expr& at, int64_t extent) { return at >= 0 && at < to_int(extent); };
    const auto distance = [](const Expr& a, const Expr& b) { return Halide::max(a - b, b - a); };
    const auto nearest = [&](const Expr& at, int64_t extent) {
      const int last = to_int(extent - 1);
      if (a.reflect) return Halide::clamp(last - distance(Expr(last), distance(at, 0)), 0, last);
      return Halide::clamp(at, 0, last);
    };
    const Expr x = axes.x - to_int(a.pad.left), y = axes.y - to_int(a.pad.top);
    value = in(axes.c, nearest(x, from.width), nearest(y, from.height), axes.n);
    if (!a.reflect) value = Halide::select(inside(x, from.width) && inside(y, from.height), value, in.zero());
  } else if (spec.kind == program::KernelKind::channel_shuffle) {
    const int groups = to_int(a.groups);
    value = in(c % groups * to_int(from.channels / a.groups) + c / groups, axes.x, axes.y, axes.n);
  } else {
    const Sample x = sampled_at(a, axes.x, from.width, to.width), y = sampled_at(a, axes.y, from.height, to.height);
    value = in(axes.c, x.at, y.at, axes.n);
    if (a.bilinear) {
      const auto between = [&](const Expr& row) {
        const Expr left = in(axes.c, x.at, row, axes.n);
        return left + (in(axes.c, x.next, row, axes.n) - left) * x.share;
      };
      const Expr above = between(y.at);
      value = above + (between(y.next) - above) * y.share;
    }
  }
  Func out("out");
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands);
  set_output(out, axes, spec.out, false);
  return out;
}

Func define_load(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const TensorType& type = spec.out.type;
  const int channels = to_int(type.channels);
  const bool planar = spec.input.has_planes();
  const Halide::ImageParam in = operands.caller("in", spec.input);
  // The caller's buffer ends with its last channel, but vectors of the arena may go further.
  const bool padded = spec.out.stored_channels() != type.channels;
  const Expr c = padded ? Halide::min(axes.c, channels - 1) : Expr(axes.c);
  Expr value = planar ? in(axes.x, axes.y, c, axes.n) : in(c, axes.x, axes.y, axes.n);
  if (is_normalised(spec.input)) {
    const Expr mean = per_channel(spec.input.mean, "mean", 0, c, operands.on_gpu());
    const Expr deviation = per_channel(spec.input.std, "deviation", 1, c, operands.on_gpu());
    value = (Halide::cast<float>(value) / 255.0f - mean) / deviation;
  }
  if (padded) value = Halide::select(axes.c < channels, value, 0.0f);
  Func out("out");
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands);
  set_output(out, axes, spec.out, false);
  return out;
}

Func define_store(const program::KernelSpec& spec, const Axes& axes, Operands& operands, bool flat) {
  const TensorType& type = spec.in.type;
  const Elements in = operands.tensor("in", spec.in);
  Func out("out");
  if (type.is_vector()) {
    out(axes.c, axes.x, axes.y, axes.n) = in(axes.c, axes.x, axes.y, axes.n);
    set_caller_output(out, {type.channels, 1, 1});
  } else {
    out(axes.x, axes.y, axes.c, axes.n) = in(axes.c, axes.x, axes.y, axes.n);
    set_caller_output(out, {flat ? type.pixels() : type.width, flat ? 1 : type.height, type.channels});
  }
  return out;
}

}  // namespace resnetc::codegen::common

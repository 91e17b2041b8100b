/// \file Direct sums in register tiles. Linear layers are 1x1 convolutions on one pixel.
///
/// A tile is `vectors` vectors of 16 output channels by `pixels` pixels of a row, held in registers while it is summed. Vectors consist of
/// output channels, so that weights need one load and an input element one broadcast. Padding is the producer's halo of zeros.
///
/// In a flat schedule the pixels of all rows form one axis, which is divided into tiles. If rows do not follow one another in memory,
/// because of halos, strides or a window, a task's sums go to scratch memory and from there, row by row, through the epilogue.
///
/// With a depth, the reduction is divided into steps of `depth` input channels of one element of the window. All tiles of a task sum one
/// step before the next begins, so the weights of a step stay in the first-level cache. The sums are kept in scratch memory between steps.
#include "codegen/common/epilogue.h"
#include "codegen/cpu/kernels_internal.h"
#include "codegen/cpu/prefetch.h"

namespace resnetc::codegen::cpu {

namespace {

using Halide::TailStrategy;

/// While one task computes, prefetches the weights of the next channels: `rows` rows of `channels` vectors. The loop is unrolled `unrolled`
/// times, so that each iteration reads as many vectors of a row.
std::shared_ptr<Halide::Internal::IRMutator> prefetch_rows(const std::string& buffer, const std::string& loop, int64_t rows,
                                                           int64_t channels, int unrolled) {
  const int segments = to_int(rows), row_elements = to_int(channels * lanes);
  const auto offset = [=](const Expr&, const Expr& segment) { return (segments + segment) * row_elements; };
  return prefetch_pass({buffer, ".task", loop, rows, offset, unrolled});
}

/// While one step computes, prefetches the weights of the next: of `depth` vectors of each of `rows` rows, which have the vectors of all
/// `steps`. After the last step come the next channels.
std::shared_ptr<Halide::Internal::IRMutator> prefetch_steps(int64_t rows, int64_t depth, int64_t steps, int unrolled) {
  const int step = to_int(depth * lanes), row = to_int(steps) * step, all = to_int(rows) * row, last = to_int(steps) - 1;
  const auto offset = [=](const Expr& at, const Expr& segment) {
    return Halide::select(at == last, all - last * step, step) + segment * row;
  };
  return prefetch_pass({"weight", "rk$x", "r$x", rows, offset, unrolled});
}

/// The Funcs that make the sums.
struct Sums {
  Func tile{"sum"};             ///< the sums of one tile; of one step, if there are several
  Func kept{"sums"};            ///< those of a task over all steps; not used if there is one step
  std::vector<Func> projected;  ///< with several steps, the sums of each projection
  std::vector<RDom> channels;   ///< of each projection
};

}  // namespace

void build_direct(const program::KernelSpec& spec, const Target&, Built& built) {
  const auto& s = std::get<program::DirectSchedule>(spec.schedule);
  const OpAttributes& a = spec.attributes;
  const TensorType& in_type = spec.in.type;
  const TensorType& out_type = spec.out.type;
  const bool staged = is_staged(spec), flat = s.flat && !staged, kept = keeps_sums(spec), deep = s.depth > 0;
  const int64_t width = flat ? out_type.pixels() : out_type.width;
  const int64_t height = flat ? 1 : out_type.height;
  const int64_t channel_blocks = spec.out.stored_channels() / lanes;
  const int64_t vectors = program::divisor_at_most(channel_blocks, s.vectors);
  const int64_t pixels = std::clamp<int64_t>(s.pixels, 1, staged ? out_type.pixels() : width);
  const int64_t units = flat ? (width + pixels - 1) / pixels : height, rows = s.rows <= 0 ? units : std::min(s.rows, units);
  const GroupSpan span = group_span(in_type.channels, out_type.channels, a.groups);
  const int64_t taps = a.kernel.h * a.kernel.w, depth = deep ? s.depth : span.span, steps = deep ? span.span / depth * taps : 1;

  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  const Halide::ImageParam weight = operands.constant("weight");

  // The element of the window and the input channel of a term. The loop over both is r, or rk over steps and r over the terms of one.
  const RDom r = deep ? RDom(0, to_int(depth), "r") : RDom(0, to_int(span.span), 0, to_int(a.kernel.w), 0, to_int(a.kernel.h), "r");
  const RDom rk(0, to_int(steps), "rk");
  Var k("k");
  const int steps_of_tap = to_int(span.span / depth);
  const Expr column = deep ? k / steps_of_tap % to_int(a.kernel.w) : Expr(r.y);
  const Expr row = deep ? k / steps_of_tap / to_int(a.kernel.w) : Expr(r.z);
  const Expr block = block_of(axes.c);
  Expr first_channel = deep ? k % steps_of_tap * to_int(depth) : Expr(0);
  if (a.groups > 1) {
    first_channel += Halide::min(block * vector / to_int(span.co_per_group) * to_int(span.ci_per_group), to_int(span.ci - span.span));
  }
  const Expr term = deep ? k * to_int(depth) + r.x : r.x + to_int(span.span) * (r.y + to_int(a.kernel.w) * r.z);
  // The pixel that is summed. If the last tile of kept sums reaches past the end, it repeats the last pixel.
  Expr x = axes.x, y = axes.y;
  if (staged) {
    const Expr pixel = Halide::min(axes.x, to_int(out_type.pixels() - 1));
    x = pixel % to_int(width);
    y = pixel / to_int(width);
  } else if (kept) {
    if (width % (flat ? rows * pixels : pixels) != 0) x = Halide::min(x, to_int(width - 1));
    if (height % (flat ? 1 : rows) != 0) y = Halide::min(y, to_int(height - 1));
  }
  const Expr in_x = x * to_int(a.stride.w) + column * to_int(a.dilation.w) - to_int(a.pad.w);
  const Expr in_y = y * to_int(a.stride.h) + row * to_int(a.dilation.h) - to_int(a.pad.h);
  const Expr product =
      weight((block * to_int(span.span * taps) + term) * vector + lane_of(axes.c)) * in(first_channel + r.x, in_x, in_y, axes.n);
  Sums sums;
  if (deep) {
    sums.tile(axes.c, axes.x, axes.y, axes.n, k) = 0.0f;
    sums.tile(axes.c, axes.x, axes.y, axes.n, k) += product;
    sums.kept(axes.c, axes.x, axes.y, axes.n) = 0.0f;
    sums.kept(axes.c, axes.x, axes.y, axes.n) += sums.tile(axes.c, axes.x, axes.y, axes.n, rk);
  } else {
    sums.tile(axes.c, axes.x, axes.y, axes.n) = 0.0f;
    sums.tile(axes.c, axes.x, axes.y, axes.n) += product;
  }

  Func out("out");
  // A projection is added to the same sums, as another sum over the channels of another tensor.
  const Project project = [&](const Projection& shortcut) {
    const RDom& channel = sums.channels.emplace_back(0, shortcut.channels(), shortcut.name + "_r");
    const Expr value = shortcut.term(axes, x, y, channel);
    if (deep) {
      Func& one = sums.projected.emplace_back(shortcut.name + "_sum");
      one(axes.c, axes.x, axes.y, axes.n) = 0.0f;
      one(axes.c, axes.x, axes.y, axes.n) += value;
      sums.kept(axes.c, axes.x, axes.y, axes.n) += one(axes.c, axes.x, axes.y, axes.n);
    } else {
      sums.tile(axes.c, axes.x, axes.y, axes.n) += value;
    }
    const int by = unroll_of(vectors * pixels, shortcut.channels());
    if (!s.wide) built.passes.push_back(prefetch_rows(shortcut.name + "_weight", shortcut.name + "_r$x", vectors, shortcut.channels(), by));
    return Expr();
  };
  const Func& all = deep ? sums.kept : sums.tile;
  const Expr value = staged ? all(axes.c, axes.y * to_int(width) + axes.x, 0, axes.n) : all(axes.c, axes.x, axes.y, axes.n);
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands, project);
  set_output(out, axes, spec.out, flat);

  // The loops, innermost first: one tile (c, xi), tiles of a row, rows of a task; then tasks (co, yo, n). If sums are kept, their Func has
  // the loops of the tiles, and `out` goes pixel by pixel.
  Var co("co"), xi("xi"), xo("xo"), yo("yo"), outer("outer"), task("task");
  out.split(axes.c, co, axes.c, to_int(lanes * vectors), TailStrategy::RoundUp);
  if (kept) {
    out.split(axes.x, xo, xi, 1);
  } else {
    out.split(axes.x, xo, xi, to_int(pixels), shift_unless(width % pixels == 0));
  }
  if (s.rows <= 0) {
    // There is too little work to share, so a picture is a task.
    if (s.wide) {
      out.reorder(axes.c, xi, co, xo, axes.y, axes.n).parallel(axes.n);
    } else {
      out.reorder(axes.c, xi, xo, axes.y, co, axes.n).parallel(axes.n);
    }
  } else {
    const int64_t of_task = kept && flat ? rows * pixels : rows, there = kept && flat ? width : units;
    Var& unit = flat ? xo : axes.y;
    out.split(unit, yo, unit, to_int(of_task), guard_unless(there % of_task == 0));
    // The larger of weights and picture stays in the cache while the other is read through.
    const int64_t weight_elements = channel_blocks * lanes * span.span * taps;
    if (s.wide) {
      out.reorder(axes.c, xi, co, xo, axes.y, yo, axes.n).fuse(yo, axes.n, task);
    } else if (weight_elements > in_type.elements()) {
      out.reorder(axes.c, xi, xo, axes.y, yo, axes.n, co).fuse(yo, axes.n, outer).fuse(outer, co, task);
    } else {
      out.reorder(axes.c, xi, xo, axes.y, co, yo, axes.n).fuse(co, yo, outer).fuse(outer, axes.n, task);
    }
    out.parallel(task);
  }
  out.vectorize(axes.c, vector).unroll(axes.c).unroll(xi).never_partition_all();

  // The Func that has the loops over tiles, and those loops.
  const auto in_tile = [&](Halide::Stage stage, const std::vector<Halide::VarOrRVar>& loops) {
    std::vector<Halide::VarOrRVar> order{axes.c, axes.x};
    order.insert(order.end(), loops.begin(), loops.end());
    stage.reorder(order).vectorize(axes.c, vector).unroll(axes.c).unroll(axes.x).never_partition_all();
  };
  Func tiled = !kept ? out : deep ? sums.kept : sums.tile.in(out);
  if (kept) {
    const program::ScratchBuffer buffer = kept_sums(spec);
    tiled.compute_at(out, s.rows <= 0 ? co : task).store_in(Halide::MemoryType::Heap).never_partition_all();
    bound(tiled, axes.x, buffer);
    bound(tiled, axes.y, buffer);
    tiled.bound_extent(axes.n, 1).vectorize(axes.c, vector);
    const auto over_tiles = [&](Halide::Stage stage, const std::vector<Halide::VarOrRVar>& steps_of_stage) {
      stage.split(axes.x, xo, xi, to_int(pixels), TailStrategy::RoundUp);
      std::vector<Halide::VarOrRVar> order{axes.c, xi, xo, axes.y};
      order.insert(order.end(), steps_of_stage.begin(), steps_of_stage.end());
      order.emplace_back(axes.n);
      stage.reorder(order).vectorize(axes.c, vector).unroll(axes.c).unroll(xi).never_partition_all();
    };
    if (deep) {
      over_tiles(tiled.update(), {rk.x});
      for (size_t i = 0; i < sums.projected.size(); ++i) over_tiles(tiled.update(static_cast<int>(i) + 1), {});
    } else {
      over_tiles(tiled, {});
    }
  }
  const auto in_registers = [&](Func& sum) {
    sum.compute_at(tiled, s.wide ? co : xo).store_in(Halide::MemoryType::Stack).vectorize(axes.c, vector).unroll(axes.c).unroll(axes.x);
    sum.never_partition_all();
  };
  in_registers(sums.tile);
  auto update = sums.tile.update();
  if (deep) {
    in_tile(update, {r.x});
  } else {
    in_tile(update, {r.x, r.y, r.z});
  }
  for (size_t i = 0; i < sums.channels.size(); ++i) {
    const RDom& channel = sums.channels[i];
    if (deep) in_registers(sums.projected[i]);
    Halide::Stage stage = deep ? sums.projected[i].update() : sums.tile.update(static_cast<int>(i) + 1);
    in_tile(stage, {channel.x});
    const int64_t extent = *Halide::Internal::as_const_int(channel.x.extent());
    if (const int by = unroll_of(vectors * pixels, extent); by > 1) stage.unroll(channel.x, by);
  }
  // For a few input channels, a loop over them would cost more than its work.
  if (span.span <= 4) {
    update.unroll(r.x);
    if (span.span * a.kernel.w <= 9) update.unroll(r.y);
  } else {
    const int by = unroll_of(vectors * pixels, depth);
    if (by > 1) update.unroll(r.x, by);
    // The weights of a wide schedule stay in the second-level cache.
    if (!s.wide)
      built.passes.push_back(deep ? prefetch_steps(vectors, depth, steps, by)
                                  : prefetch_rows("weight", "r$x", vectors * taps, span.span, by));
  }

  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu

/// \file Direct sums in register tiles. Linear layers are 1x1 convolutions on one pixel.
///
/// A tile is `vectors` vectors of 16 output channels by `pixels` pixels of a row, held in registers during the whole reduction. Vectors
/// consist of output channels, so that weights need one load and an input element one broadcast. Padding is the producer's halo of zeros.
///
/// In a flat schedule the pixels of all rows form one axis, which is divided into tiles. If rows do not follow one another in memory,
/// because of halos, strides or a window, a task's sums go to scratch memory and from there, row by row, through the epilogue.
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

}  // namespace

void build_direct(const program::KernelSpec& spec, const Target&, Built& built) {
  const auto& s = std::get<program::DirectSchedule>(spec.schedule);
  const OpAttributes& a = spec.attributes;
  const TensorType& in_type = spec.in.type;
  const TensorType& out_type = spec.out.type;
  const bool staged = is_staged(spec), flat = s.flat && !staged;
  const int64_t width = flat ? out_type.pixels() : out_type.width;
  const int64_t height = flat ? 1 : out_type.height;
  const int64_t channel_blocks = spec.out.stored_channels() / lanes;
  const int64_t vectors = program::divisor_at_most(channel_blocks, s.vectors);
  const int64_t pixels = std::clamp<int64_t>(s.pixels, 1, staged ? out_type.pixels() : width);
  const GroupSpan span = group_span(in_type.channels, out_type.channels, a.groups);

  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  const Halide::ImageParam weight = operands.constant("weight");

  RDom r(0, to_int(span.span), 0, to_int(a.kernel.w), 0, to_int(a.kernel.h), "r");
  const Expr block = block_of(axes.c);
  Expr first_channel = 0;
  if (a.groups > 1) {
    first_channel = Halide::min(block * vector / to_int(span.co_per_group) * to_int(span.ci_per_group), to_int(span.ci - span.span));
  }
  const Expr tap = r.x + to_int(span.span) * (r.y + to_int(a.kernel.w) * (r.z + to_int(a.kernel.h) * block));
  // The pixel that is summed. In a staged kernel the last tile may reach past the end of the picture, and then it repeats the last pixel.
  Expr x = axes.x, y = axes.y;
  if (staged) {
    const Expr pixel = Halide::min(axes.x, to_int(out_type.pixels() - 1));
    x = pixel % to_int(width);
    y = pixel / to_int(width);
  }
  const Expr in_x = x * to_int(a.stride.w) + r.y * to_int(a.dilation.w) - to_int(a.pad.w);
  const Expr in_y = y * to_int(a.stride.h) + r.z * to_int(a.dilation.h) - to_int(a.pad.h);
  Func sum("sum");
  sum(axes.c, axes.x, axes.y, axes.n) = 0.0f;
  sum(axes.c, axes.x, axes.y, axes.n) += weight(tap * vector + lane_of(axes.c)) * in(first_channel + r.x, in_x, in_y, axes.n);

  Func out("out");
  // A projection is added to the same accumulators, as another sum over the channels of another tensor.
  std::vector<RDom> projected;
  std::vector<int> projected_unrolled;
  const Project project = [&](const Projection& shortcut) {
    const RDom& channel = projected.emplace_back(0, shortcut.channels(), shortcut.name + "_r");
    const int by = projected_unrolled.emplace_back(unroll_of(vectors * pixels, shortcut.channels()));
    sum(axes.c, axes.x, axes.y, axes.n) += shortcut.term(axes, x, y, channel);
    built.passes.push_back(prefetch_rows(shortcut.name + "_weight", shortcut.name + "_r$x", vectors, shortcut.channels(), by));
    return Expr();
  };
  const Expr value = staged ? sum(axes.c, axes.y * to_int(width) + axes.x, 0, axes.n) : sum(axes.c, axes.x, axes.y, axes.n);
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands, project);
  set_output(out, axes, spec.out, flat);

  // The loops, innermost first: one tile (c, xi), tiles of a row, rows of a task; then tasks (co, yo, n).
  Var co("co"), xi("xi"), xo("xo"), yo("yo"), outer("outer"), task("task");
  out.split(axes.c, co, axes.c, to_int(lanes * vectors), TailStrategy::RoundUp);
  if (staged) {
    out.split(axes.x, xo, xi, 1);  // the loop over tiles is in `sums`
  } else {
    out.split(axes.x, xo, xi, to_int(pixels), shift_unless(width % pixels == 0));
  }
  const int64_t units = flat ? (width + pixels - 1) / pixels : height;
  if (s.rows <= 0) {
    // There is too little work to share, so a picture is a task.
    out.reorder(axes.c, xi, xo, axes.y, co, axes.n).parallel(axes.n);
  } else {
    const int64_t rows = std::min(s.rows, units);
    Var& unit = flat ? xo : axes.y;
    out.split(unit, yo, unit, to_int(rows), guard_unless(units % rows == 0));
    // The larger of weights and picture stays in the cache while the other is read through.
    const int64_t weight_elements = channel_blocks * lanes * span.span * a.kernel.h * a.kernel.w;
    if (weight_elements > in_type.elements()) {
      out.reorder(axes.c, xi, xo, axes.y, yo, axes.n, co).fuse(yo, axes.n, outer).fuse(outer, co, task);
    } else {
      out.reorder(axes.c, xi, xo, axes.y, co, yo, axes.n).fuse(co, yo, outer).fuse(outer, axes.n, task);
    }
    out.parallel(task);
  }
  out.vectorize(axes.c, vector).unroll(axes.c).unroll(xi).never_partition_all();

  Func sums = staged ? sum.in(out) : out;  // the Func that has the loop over tiles
  if (staged) {
    const program::ScratchBuffer kept = staged_sums(spec);
    sums.compute_at(out, s.rows <= 0 ? co : task).store_in(Halide::MemoryType::Heap);
    sums.bound_extent(axes.x, to_int(kept.extent("x"))).bound_extent(axes.n, 1);
    sums.split(axes.x, xo, xi, to_int(pixels), TailStrategy::RoundUp).reorder(axes.c, xi, xo, axes.y, axes.n);
    sums.vectorize(axes.c, vector).unroll(axes.c).unroll(xi).never_partition_all();
  }
  sum.compute_at(sums, xo).store_in(Halide::MemoryType::Stack).vectorize(axes.c, vector).unroll(axes.c).unroll(axes.x);
  const auto in_tile = [&](Halide::Stage stage) { stage.vectorize(axes.c, vector).unroll(axes.c).unroll(axes.x).never_partition_all(); };
  auto update = sum.update();
  update.reorder(axes.c, axes.x, r.x, r.y, r.z);
  in_tile(update);
  for (size_t i = 0; i < projected.size(); ++i) {
    Halide::Stage stage = sum.update(static_cast<int>(i) + 1);
    in_tile(stage.reorder(axes.c, axes.x, projected[i].x));
    if (projected_unrolled[i] > 1) stage.unroll(projected[i].x, projected_unrolled[i]);
  }
  // For a few input channels, a loop over them would cost more than its work.
  if (span.span <= 4) {
    update.unroll(r.x);
    if (span.span * a.kernel.w <= 9) update.unroll(r.y);
  }
  sum.never_partition_all();

  if (span.span > 4) {
    const int by = unroll_of(vectors * pixels, span.span);
    if (by > 1) update.unroll(r.x, by);
    built.passes.push_back(prefetch_rows("weight", "r$x", vectors * a.kernel.h * a.kernel.w, span.span, by));
  }

  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu

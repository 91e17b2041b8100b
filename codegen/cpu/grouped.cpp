/// \file A convolution in narrow groups, depthwise if a group is one channel: each channel is summed over the windows of its own group
/// only, whose channels lie in one vector. So vectors of the input, the weights and the result hold neighbouring channels. For each channel
/// of the groups, the input's vector is shuffled so that each lane has that channel of its own group.
///
/// A tile is a few rows and columns of pixels of one vector of channels, held in registers during the whole window. It loads each element
/// of the input once, or once for each row of the window if the window is too large to be unrolled. After a tile come the neighbouring
/// vectors of the same pixels, which are adjacent in memory, then the next tile of the row. Padding is the producer's halo of zeros. Sums
/// of integers are made in float32, which holds them exactly, with their biases.
#include "ir/algorithms/grouped.h"
#include "codegen/common/epilogue.h"
#include "codegen/cpu/groups.h"
#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

namespace {

/// A window with more columns has a loop over its columns.
constexpr int64_t most_unrolled_columns = 11;

}  // namespace

void build_grouped(const program::KernelSpec& spec, const Target&, Built& built) {
  using Halide::TailStrategy;
  const auto& s = std::get<program::GroupedSchedule>(spec.schedule);
  const OpAttributes& a = spec.attributes;
  const TensorType& type = spec.out.type;
  const int64_t tile_h = std::min(s.tiles.h, type.height), tile_w = std::min(s.tiles.w, type.width);
  const int64_t blocks = spec.out.stored_channels() / lanes, vectors = program::divisor_at_most(blocks, s.vectors);
  const int width = to_int(s.channels), group = to_int(type.channels / a.groups);

  Axes axes;
  Operands operands;
  const Elements in = operands.tensor("in", spec.in);
  const Halide::ImageParam weight = operands.constant("weight", spec.weight);
  RDom r(0, to_int(a.kernel.w), 0, to_int(a.kernel.h), 0, group, "r");
  const Expr tap = r.x + to_int(a.kernel.w) * (r.y + to_int(a.kernel.h) * block_of(axes.c));
  const Expr in_x = axes.x * to_int(a.stride.w) + r.x * to_int(a.dilation.w) - to_int(a.pad.left);
  const Expr in_y = axes.y * to_int(a.stride.h) + r.y * to_int(a.dilation.h) - to_int(a.pad.top);
  Func sum("sum"), out("out");
  const Expr bias = first_bias(spec, axes, operands, Halide::Float(32));
  sum(axes.c, axes.x, axes.y, axes.n) = bias.defined() ? bias : Expr(0.0f);
  sum(axes.c, axes.x, axes.y, axes.n) += Halide::cast<float>(weight((tap * group + r.z) * vector + lane_of(axes.c))) *
                                         Halide::cast<float>(member_of_group(in(axes.c, in_x, in_y, axes.n), r.z, group));
  std::vector<RDom> projected;
  const Project project = [&](const Projection& shortcut) {
    const RDom& channel = projected.emplace_back(0, shortcut.channels(), shortcut.name + "_r");
    sum(axes.c, axes.x, axes.y, axes.n) += shortcut.term(axes, axes.x, axes.y, channel);
    return Expr();
  };
  const Expr value = sum(axes.c, axes.x, axes.y, axes.n);
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands, project, bias.defined() ? 1 : 0);
  set_output(out, axes, spec.out, false);

  // The loops, innermost first: one tile (c, xi, yi), the vectors of its channels, tiles of a row, rows of tiles; then tasks.
  Var part("part"), block("block"), half("half"), xi("xi"), yi("yi"), rows("rows"), task("task");
  out.split(axes.c, part, axes.c, to_int(vectors * lanes), TailStrategy::RoundUp).split(axes.c, block, axes.c, vector);
  out.split(axes.c, half, axes.c, width);
  out.split(axes.x, axes.x, xi, to_int(tile_w), shift_unless(type.width % tile_w == 0));
  out.split(axes.y, axes.y, yi, to_int(tile_h), shift_unless(type.height % tile_h == 0));
  const int64_t tiles_down = program::ceil_div(type.height, tile_h);
  if (s.rows <= 0 || s.rows >= tiles_down) {
    out.reorder({axes.c, xi, yi, half, block, axes.x, axes.y, part, axes.n});
    if (s.rows <= 0) {
      out.parallel(axes.n);
    } else {
      out.fuse(part, axes.n, task).parallel(task);
    }
  } else {
    out.split(axes.y, rows, axes.y, to_int(s.rows), guard_unless(tiles_down % s.rows == 0));
    out.reorder({axes.c, xi, yi, half, block, axes.x, axes.y, part, rows, axes.n}).fuse(part, rows, task).fuse(task, axes.n, task);
    out.parallel(task);
  }
  out.vectorize(axes.c).unroll(xi).unroll(yi).never_partition_all();

  const auto in_tile = [&](Halide::Stage stage) { stage.vectorize(axes.c, width).unroll(axes.x).unroll(axes.y).never_partition_all(); };
  sum.compute_at(out, half).store_in(Halide::MemoryType::Stack);
  in_tile(sum);
  Halide::Stage update = sum.update();
  update.reorder(axes.c, axes.x, axes.y, r.x, r.z, r.y).unroll(r.z);
  built.passes.push_back(group_pass());
  in_tile(update);
  if (a.kernel.w <= most_unrolled_columns) update.unroll(r.x);
  if (is_window_unrolled(spec)) update.unroll(r.y);
  for (size_t i = 0; i < projected.size(); ++i) {
    Halide::Stage stage = sum.update(static_cast<int>(i) + 1);
    in_tile(stage.reorder(axes.c, axes.x, axes.y, projected[i].x));
  }

  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu

/// \file Convolutions by Winograd's transforms (ir/winograd.h).
///
/// A task is a few rows of tiles of one picture and a part of the output channels. It transforms its part of the input into scratch memory.
/// Then, for each `vectors` vectors of output channels: for each element of the transform and each group of tiles it sums the products over
/// all input channels in registers, and then it transforms back, with the epilogue. Tiles that reach past the picture read zeros (the
/// halo's last line, again and again) and store only what lies inside.
///
/// Weights are packed as transformed (depth 0), or transformed here, for `depth` input channels at a time; the choice is
/// passes/winograd_schedule.h's. The products of all tiles are kept (`wide`) where that has each transformed weight read once: if they come
/// from memory, or are made for a part of the input channels only. Otherwise one group of tiles is finished after the other, in the
/// first-level cache.
#include "ir/winograd.h"
#include "codegen/cpu/arithmetic.h"
#include "codegen/cpu/epilogue.h"
#include "codegen/cpu/kernels_internal.h"
#include "codegen/cpu/prefetch.h"

namespace resnetc::codegen::cpu {

namespace {

using Halide::MemoryType;
using Halide::TailStrategy;

/// sum of row[k] * term(k), zeros left out and ones not multiplied by.
template <class Term>
Expr dot(const std::vector<double>& row, Term term) {
  Expr sum;
  for (size_t k = 0; k < row.size(); ++k) {
    if (row[k] == 0) continue;
    const Expr value = term(to_int(static_cast<int64_t>(k)));
    const Expr weighted = row[k] == 1 ? value : row[k] == -1 ? -value : static_cast<float>(row[k]) * value;
    sum = sum.defined() ? sum + weighted : weighted;
  }
  return sum;
}

/// Element `i` of matrix times vector; `i` becomes a constant when its loop is unrolled, and the rest goes.
template <class Term>
Expr product(const Matrix& matrix, const Expr& i, Term term) {
  std::vector<Expr> rows;
  for (const std::vector<double>& row : matrix) rows.push_back(dot(row, term));
  return Halide::mux(i, rows);
}

TailStrategy guard_unless(bool divides) { return divides ? TailStrategy::RoundUp : TailStrategy::GuardWithIf; }

}  // namespace

void build_winograd(const program::KernelSpec& spec, Built& built) {
  const OpAttributes& a = spec.attributes;
  const program::Schedule& s = spec.schedule;
  const WinogradForm form = *winograd_form(a, spec.in.type.channels);
  const Winograd& by = *winograd(form, s.output);
  const TensorType out_type = computed_type(spec);
  const int m = to_int(by.output), vector = to_int(lanes), step = to_int(by.output * by.stride);
  const int64_t across = (out_type.width + m - 1) / m, down = (out_type.height + m - 1) / m;
  const int64_t tiles_x = std::min(s.tiles.w, across);
  const int64_t rows = s.rows > 0 ? s.rows : (down + s.tiles.h - 1) / s.tiles.h * s.tiles.h;
  const int64_t channels = form.channels, channel_blocks = spec.out.channel_stride / lanes;
  const int64_t vectors = divisor_at_most(channel_blocks, s.vectors);
  const int64_t groups = channel_blocks / vectors, groups_a_part = (groups + s.parts - 1) / s.parts;
  const bool packed = s.depth == 0;
  const int64_t depth = packed ? channels : s.depth, steps = channels / depth;
  const bool wide = keeps_all_products(spec);
  // With a pool a task computes rows in terms of its first, and `n` counts the blocks of rows of all pictures.
  const bool pooled = spec.pool.has_value();
  const OpAttributes pool = spec.pool.value_or(OpAttributes{});
  const int64_t pool_rows = pooled ? pooled_rows(spec) : 0;
  const int row_blocks = pooled ? to_int((spec.out.type.height + pool_rows - 1) / pool_rows) : 1;

  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  const Halide::ImageParam weight = operands.constant("weight");
  const int pad_x = to_int(form.pad.w), pad_y = to_int(form.pad.h);
  const bool whole =
      !pooled && across % tiles_x == 0 && down % rows == 0 && out_type.width % m == 0 && out_type.height % m == 0 && by.stride == 1;

  Var i("i"), j("j"), x("x"), tx("tx"), ty("ty"), ci("ci"), cb("cb"), p("p"), k("k");
  Func phases("phases"), half("half"), transformed("transformed"), half_weights("half_weights"), weights("weights"), sum("sum"),
      products("products");
  Func back("back"), out("out");
  // What lies past the halo is read for no result: the last line stands for it.
  const auto last = [&](int64_t extent, int64_t pad, int64_t halo) {
    return to_int(form.phases ? (extent + halo - 3) / 2 : extent - 1 + pad);
  };
  const int last_x = last(spec.in.type.width, a.pad.w, spec.in.halo.w), last_y = last(spec.in.type.height, a.pad.h, spec.in.halo.h);
  const int first_y = -to_int(form.phases ? spec.in.halo.h / 2 : a.pad.h);
  const Expr picture = pooled ? axes.n / row_blocks : Expr(axes.n);
  const Expr first_row = pooled ? (axes.n % row_blocks) * to_int(pool_rows * pool.stride.h) - to_int(pool.pad.h) : Expr(0);
  const auto source = [&](const Expr& channel, const Expr& column, const Expr& row) {
    const Expr at_x = whole ? column : Halide::min(column, last_x), at_y = whole ? row : Halide::min(row, last_y);
    if (!form.phases) return in(channel, at_x, pooled ? Halide::max(at_y, first_y) : at_y, picture);
    const int half_lanes = to_int(phase_lanes);
    return in(channel % half_lanes, 2 * at_x, 2 * (pooled ? Halide::max(at_y, first_y) : at_y) + channel / half_lanes, picture);
  };
  const Expr first_line = first_row * to_int(by.stride);
  phases(ci, x, ty, axes.n) = source(ci, x, ty + first_line);
  // BT d, then (BT d) B.
  half(ci, cb, i, x, ty, axes.n) = product(by.bt, i, [&](int at) {
    const Expr row = step * ty + at - pad_y;
    return form.phases ? phases(ci, x, row, axes.n) : source(cb * vector + ci, x, row + first_line);
  });
  transformed(ci, tx, ty, cb, j, i, axes.n) =
      product(by.bt, j, [&](int at) { return half(ci, cb, i, step * tx + at - pad_x, ty, axes.n); });
  // G g, then (G g) GT.
  half_weights(axes.c, ci, x, i, cb) = product(by.g, i, [&](int at) {
    const Expr tap = cb * vector + ci + to_int(channels) * (x + 3 * (at + 3 * block_of(axes.c)));
    return weight(tap * vector + lane_of(axes.c));
  });
  const int kinds = to_int(by.weights());
  if (packed) {
    const Expr element = cb * vector + ci + to_int(channels) * (j + kinds * (i + kinds * block_of(axes.c)));
    weights(axes.c, ci, j, i, cb) = weight(element * vector + lane_of(axes.c));
  } else {
    weights(axes.c, ci, j, i, cb) = product(by.g, j, [&](int at) { return half_weights(axes.c, ci, at, i, cb); });
  }
  // The first rows of products may share the first row of weights.
  const int shared = to_int(by.products() - by.weights());
  const auto weights_of = [&](const Expr& at) { return shared == 0 ? at : Halide::max(at - shared, 0); };
  // The lanes of a vector that are channels, and the vectors; of phases, the lanes of each.
  const int64_t inner = form.phases ? form.summed / 2 : lanes, outer = form.phases ? 2 : depth / lanes;
  RDom r(0, to_int(inner), 0, to_int(outer), "r"), rk(0, to_int(steps), "rk");
  const Expr channel = form.phases ? r.x + to_int(phase_lanes) * r.y : Expr(r.x);
  const Expr channel_block = form.phases ? Expr(0) : k * to_int(depth / lanes) + r.y;
  sum(axes.c, tx, ty, j, i, axes.n, k) = 0.0f;
  sum(axes.c, tx, ty, j, i, axes.n, k) +=
      weights(axes.c, channel, weights_of(j), weights_of(i), channel_block) * transformed(channel, tx, ty, channel_block, j, i, axes.n);
  if (steps == 1) {
    products(axes.c, tx, ty, j, i, axes.n) = sum(axes.c, tx, ty, j, i, axes.n, 0);
  } else {
    products(axes.c, tx, ty, j, i, axes.n) = 0.0f;
    products(axes.c, tx, ty, j, i, axes.n) += sum(axes.c, tx, ty, j, i, axes.n, rk);
  }
  // M A, then AT (M A).
  back(axes.c, p, i, tx, ty, axes.n) = product(by.at, p, [&](int at) { return products(axes.c, tx, ty, at, i, axes.n); });
  const Expr value = product(by.at, axes.y % m, [&](int at) { return back(axes.c, axes.x % m, at, axes.x / m, axes.y / m, axes.n); });
  // A projection is summed for a row of groups of tiles, into scratch memory.
  struct Projected {
    Func sum, row;
    RDom channel;
  };
  std::vector<Projected> projections;
  const Project project = [&](const Projection& shortcut) {
    const Projected& one = projections.emplace_back(
        Projected{Func(shortcut.name + "_sum"), Func(shortcut.name + "_row"), RDom(0, shortcut.channels(), shortcut.name + "_r")});
    const Expr px = Halide::min(axes.x, to_int(out_type.width) - 1), py = Halide::min(axes.y, to_int(out_type.height) - 1);
    Func sums = one.sum, row = one.row;
    sums(axes.c, axes.x, axes.y, axes.n) = 0.0f;
    sums(axes.c, axes.x, axes.y, axes.n) += shortcut.term(axes, px, py, one.channel);
    row(axes.c, axes.x, axes.y, axes.n) = sums(axes.c, axes.x, axes.y, axes.n);
    return row(axes.c, axes.x, axes.y, axes.n);
  };
  Func result = pooled ? Func("result") : out;
  result(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands, project);
  if (pooled) {
    const Expr block_of_rows = axes.y / to_int(pool_rows);
    Expr largest;
    for (int dy = 0; dy < pool.kernel.h; ++dy) {
      for (int dx = 0; dx < pool.kernel.w; ++dx) {
        // A clamped coordinate repeats an element of the same window, so it cannot change the maximum.
        const Expr column = Halide::clamp(axes.x * to_int(pool.stride.w) + dx - to_int(pool.pad.w), 0, to_int(out_type.width) - 1);
        const Expr row = Halide::clamp(axes.y * to_int(pool.stride.h) + dy - to_int(pool.pad.h), 0, to_int(out_type.height) - 1);
        const Expr from_first = row - block_of_rows * to_int(pool_rows * pool.stride.h) + to_int(pool.pad.h);
        const Expr element = result(axes.c, column, from_first, axes.n * row_blocks + block_of_rows);
        largest = largest.defined() ? max_keeping_nan(largest, element) : element;
      }
    }
    out(axes.c, axes.x, axes.y, axes.n) = largest;
  }
  set_output(out, axes, spec.out, false);

  Var co("co"), part("part"), xi("xi"), yi("yi"), txo("txo"), tyo("tyo"), block("block"), task("task"), cv("cv");
  out.split(axes.c, co, axes.c, to_int(lanes * vectors), TailStrategy::RoundUp);
  if (pooled) {
    out.split(axes.y, block, axes.y, to_int(pool_rows), guard_unless(spec.out.type.height % pool_rows == 0));
    out.reorder(axes.c, axes.x, axes.y, co, block, axes.n).fuse(block, axes.n, task);
    result.compute_at(out, co).store_in(MemoryType::Heap).bound(axes.x, 0, to_int(out_type.width)).bound(axes.y, 0, to_int(rows) * m);
    for (Func* func : {&result, &phases, &transformed, &products}) func->bound_extent(axes.n, 1);
  }
  result.split(axes.y, ty, yi, m, guard_unless(pooled || out_type.height % m == 0));
  result.split(axes.x, tx, xi, m, guard_unless(out_type.width % m == 0));
  if (!pooled) result.split(ty, block, ty, to_int(rows), guard_unless(down % rows == 0));
  result.split(ty, tyo, ty, to_int(s.tiles.h), TailStrategy::RoundUp);
  result.split(tx, txo, tx, to_int(tiles_x), guard_unless(across % tiles_x == 0));
  if (pooled) {
    result.reorder(axes.c, xi, yi, tx, ty, txo, tyo, axes.n);
  } else {
    out.split(co, part, co, to_int(groups_a_part), guard_unless(groups % groups_a_part == 0));
    // Threads take runs of tasks: each its own part of the larger, weights or picture.
    out.reorder(axes.c, xi, yi, tx, ty, txo, tyo, co, block, part, axes.n);
    if (a.kernel.h * a.kernel.w * spec.in.type.channels * spec.out.channel_stride > spec.in.type.elements()) {
      out.fuse(block, axes.n, task).fuse(task, part, task);
    } else {
      out.fuse(block, part, task).fuse(task, axes.n, task);
    }
  }
  out.parallel(task);
  if (pooled) out.vectorize(axes.c, vector).unroll(axes.c).never_partition_all();
  result.vectorize(axes.c, vector).unroll(axes.c).unroll(xi).unroll(yi).never_partition_all();

  const auto whole_tiles_x = to_int((across + tiles_x - 1) / tiles_x * tiles_x);
  transformed.compute_at(out, task).store_in(MemoryType::Heap).bound_extent(tx, whole_tiles_x).bound_extent(ty, to_int(rows));
  // Elements that lie a large power of two of bytes apart would share cache sets.
  transformed.reorder_storage(ci, tx, ty, j, i, cb, axes.n);
  if (whole_tiles_x * rows % 4 == 0) transformed.align_storage(tx, whole_tiles_x + 1);
  transformed.reorder(ci, j, i, cb, tx, ty, axes.n).vectorize(ci, vector).unroll(j).unroll(i).never_partition_all();
  if (form.phases) {
    phases.compute_at(out, task).store_in(MemoryType::Heap).split(ci, cv, ci, to_int(phase_lanes));
    phases.vectorize(ci).unroll(cv).never_partition_all();
    // Whole vectors, though not all of their lanes are summed.
    for (Func* func : {&phases, &half, &transformed}) func->bound(ci, 0, vector);
  }
  half.compute_at(transformed, cb).store_in(MemoryType::Stack).vectorize(ci, vector).unroll(i).unroll(x).never_partition_all();

  const auto in_tiles = [&](Halide::Stage stage, const std::vector<Halide::VarOrRVar>& loops) {
    std::vector<Halide::VarOrRVar> order{axes.c, tx, ty};
    order.insert(order.end(), loops.begin(), loops.end());
    stage.reorder(order).vectorize(axes.c, vector).unroll(axes.c).unroll(tx).unroll(ty).never_partition_all();
  };
  if (wide) {
    products.compute_at(out, co).store_in(MemoryType::Heap).bound_extent(tx, whole_tiles_x).bound_extent(ty, to_int(rows));
    Halide::Stage stage = steps == 1 ? Halide::Stage(products) : products.update();
    stage.split(tx, txo, tx, to_int(tiles_x), TailStrategy::RoundUp).split(ty, tyo, ty, to_int(s.tiles.h), TailStrategy::RoundUp);
    if (steps == 1) {
      in_tiles(stage, {txo, tyo, j, i, axes.n});
    } else {
      products.vectorize(axes.c, vector).never_partition_all();
      in_tiles(stage, {txo, tyo, j, i, rk.x, axes.n});
      weights.compute_at(products, rk.x);
    }
    sum.compute_at(products, txo);
  } else {
    // Beyond 16 KiB Halide would keep what it calls a stack to the task's end.
    const int64_t bytes = by.products() * by.products() * s.tiles.h * tiles_x * vectors * lanes * 4;
    products.compute_at(result, txo).store_in(bytes <= 16384 ? MemoryType::Stack : MemoryType::Heap);
    products.bound_extent(tx, to_int(tiles_x)).bound_extent(ty, to_int(s.tiles.h));
    in_tiles(products, {j, i, axes.n});
    sum.compute_at(products, j);
    if (!packed) weights.compute_at(out, co);
  }
  if (!packed) {
    weights.store_in(MemoryType::Heap).align_storage(ci, vector + 1);  // tiles that lie powers of two of bytes apart would share cache sets
    weights.split(axes.c, cv, axes.c, vector).reorder(axes.c, j, i, cv, ci, cb).vectorize(axes.c).unroll(j).unroll(i).never_partition_all();
    half_weights.compute_at(weights, cv).store_in(MemoryType::Stack).vectorize(axes.c, vector).unroll(x).unroll(i).never_partition_all();
  }

  sum.store_in(MemoryType::Stack).vectorize(axes.c, vector).unroll(axes.c).unroll(tx).unroll(ty).never_partition_all();
  auto add = sum.update();
  add.reorder(axes.c, tx, ty, r.x, r.y, j, i, axes.n, k)
      .vectorize(axes.c, vector)
      .unroll(axes.c)
      .unroll(tx)
      .unroll(ty)
      .never_partition_all();
  if (form.phases) add.unroll(r.x).unroll(r.y);
  // One tile: behind the guards Halide would not know.
  back.compute_at(result, tx)
      .store_in(MemoryType::Stack)
      .bound_extent(tx, 1)
      .bound_extent(ty, 1)
      .reorder(axes.c, p, i)
      .vectorize(axes.c, vector)
      .unroll(axes.c)
      .unroll(p)
      .unroll(i);
  back.never_partition_all();

  for (Projected& one : projections) {
    const int64_t columns = whole_tiles_x * m, pixels = std::min(columns, tiles_x * s.tiles.h);
    one.row.compute_at(result, tyo)
        .store_in(MemoryType::Heap)
        .bound_extent(axes.x, to_int(columns))
        .bound_extent(axes.y, to_int(s.tiles.h * m));
    one.row.split(axes.x, txo, axes.x, to_int(pixels), columns % pixels == 0 ? TailStrategy::RoundUp : TailStrategy::ShiftInwards);
    one.row.vectorize(axes.c, vector).reorder(axes.c, axes.x, txo, axes.y, axes.n).unroll(axes.c).unroll(axes.x).never_partition_all();
    one.sum.compute_at(one.row, txo)
        .store_in(MemoryType::Stack)
        .vectorize(axes.c, vector)
        .unroll(axes.c)
        .unroll(axes.x)
        .never_partition_all();
    Halide::Stage stage = one.sum.update();
    stage.reorder(axes.c, axes.x, one.channel.x).vectorize(axes.c, vector).unroll(axes.c).unroll(axes.x).never_partition_all();
  }

  // A segment: 16 input channels of one tap, or element of the transform.
  const int element = to_int(channels * lanes), depth_blocks = to_int(depth / lanes), last_step = to_int(steps) - 1;
  const int elements = packed ? kinds * kinds : 9, all = to_int(vectors) * elements * element, ahead = to_int(depth * lanes);
  const auto place = [=](const Expr& segment, int between) {
    return segment / depth_blocks * between + segment % depth_blocks * (vector * vector);
  };
  if (packed && wide) {
    built.passes.push_back(prefetch_pass({"weight", "products.s0.j", "r$x", vectors * depth_blocks,
                                          [=](const Expr&, const Expr& segment) { return element + place(segment, elements * element); }}));
  } else if (!packed) {
    const auto offset = [=](const Expr& at, const Expr& segment) {
      if (last_step == 0) return all + place(segment, element);
      return Halide::select(at == last_step, all - last_step * ahead, ahead) + place(segment, element);
    };
    built.passes.push_back(prefetch_pass({"weight", steps == 1 ? ".co" : "rk$x", "r$x", vectors * 9 * depth_blocks, offset}));
  }
  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu

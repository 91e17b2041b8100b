/// \file A 1x1 convolution as Strassen's multiplication of matrices of halves (ir/strassen.h): seven products instead of eight, each of
/// half the input channels by half the output channels for half the pixels.
///
/// A task is a few rows of one picture and a part of the output channels. It combines the halves of its input into scratch memory: the
/// pixels of a pair are neighbours in a row, and the vectors of channels belong to the two halves in turn. Then it does the following for
/// each `vectors` vectors of half the output channels and each group of pairs. It sums each of the seven products over half the input
/// channels in registers and keeps the sums in the first-level cache. From there they are combined and go through the epilogue. The halves
/// of the weights are combined when they are packed. Packing divides each row by its magnitude, and the kernel multiplies the sums by it. A
/// projection is one more sum in each product.
///
/// The pairs are neighbours because they are copied for each product: then they do not share sets of the cache, whatever the distance of
/// the input's pixels.
#include "ir/strassen.h"

#include <algorithm>

#include "codegen/common/epilogue.h"
#include "codegen/cpu/kernels_internal.h"
#include "codegen/cpu/prefetch.h"

namespace resnetc::codegen::cpu {

namespace {

using Halide::MemoryType;
using Halide::TailStrategy;
using strassen::products;

/// The sum of terms with factors of 0, 1 and -1.
template <class Factors, class Term>
Expr dot(const Factors& factors, Term term) {
  Expr sum;
  for (size_t k = 0; k < factors.size(); ++k) {
    if (factors[k] == 0) continue;
    const Expr value = term(static_cast<int>(k));
    if (!sum.defined()) {
      sum = factors[k] > 0 ? value : -value;
    } else {
      sum = factors[k] > 0 ? sum + value : sum - value;
    }
  }
  return sum;
}

/// Element `i` of a matrix times a vector. `i` becomes a constant when its loop is unrolled, and then only one of the cases remains.
template <class Matrix, class Term>
Expr product(const Matrix& matrix, const Expr& i, Term term) {
  std::vector<Expr> rows;
  for (const auto& row : matrix) rows.push_back(dot(row, term));
  return Halide::mux(i, rows);
}

/// A tensor whose channels are summed: the input, or the operand of a projection.
struct Operand {
  std::string weight;  ///< the name of its weights' buffer
  int half;            ///< channels of a half
  Func combined;       ///< (channel of a half, pair, row, product, n)
  RDom r;              ///< channels of a half
  program::ScratchBuffer kept;
};

}  // namespace

void build_strassen(const program::KernelSpec& spec, const Target&, Built& built) {
  const auto& s = std::get<program::StrassenSchedule>(spec.schedule);
  const TensorType& type = spec.out.type;
  const program::ScratchBuffer tile = strassen_products(spec);
  const int64_t pairs = (type.width + 1) / 2, across = tile.extent("pair");
  const int64_t rows = s.rows > 0 ? s.rows : program::rounded(type.height, s.tiles.h);
  const int64_t blocks = spec.out.stored_channels() / (2 * lanes), vectors = tile.extent("c") / lanes;
  const bool whole_rows = type.width % 2 == 0 && pairs % across == 0 && type.height % rows == 0;

  Axes axes;
  Operands operands;
  Var pair("pair"), e("e"), ci("ci"), cb("cb");
  std::vector<Operand> summed;
  Func sum("sum"), out("out");
  sum(axes.c, pair, axes.y, e, axes.n) = 0.0f;
  const auto add = [&](const std::string& name, const Elements& in, const Halide::ImageParam& weight, int64_t channels) {
    const int half = to_int(channels / 2);
    Operand one{weight.name(), half, Func(name + "_halves"), RDom(0, half, name + "_r"), combined_halves(spec, name, channels)};
    // No result depends on elements past the last pixel, so the last pixel is read instead of them.
    const auto at = [&](const Expr& place, int64_t extent) { return whole_rows ? place : Halide::min(place, to_int(extent - 1)); };
    one.combined(ci, pair, axes.y, e, axes.n) = product(strassen::bt, e, [&](int k) {
      return in(strassen::channel_of<Expr>(ci, k % 2), at(2 * pair + k / 2, type.width), at(axes.y, type.height), axes.n);
    });
    const Expr row = (block_of(axes.c) * to_int(products) + e) * half + one.r.x;
    sum(axes.c, pair, axes.y, e, axes.n) += weight(row * vector + lane_of(axes.c)) * one.combined(one.r.x, pair, axes.y, e, axes.n);
    summed.push_back(one);
  };
  const Elements in = operands.tensor("in", spec.in);
  const Halide::ImageParam weight = operands.constant("weight");
  add("in", in, weight, spec.in.type.channels);
  const Expr channel = axes.c / (2 * vector) * vector + lane_of(axes.c);
  const Expr value =
      product(strassen::at, axes.x % 2 * 2 + block_of(axes.c) % 2, [&](int k) { return sum(channel, axes.x / 2, axes.y, k, axes.n); });
  const Expr magnitude = weight(axes.c + to_int(strassen::weights(spec.in.type.channels, spec.out.stored_channels())));
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value * magnitude, axes, operands, [&](const Projection& shortcut) {
    add(shortcut.name, shortcut.in, shortcut.weight, shortcut.channels());
    return Expr();
  });
  set_output(out, axes, spec.out, false);

  Var group("group"), part("part"), half("half"), out_half("out_half"), row("row"), rows_of_tiles("tyo"), block("block"),
      tiles_of_row("txo"), task("task");
  const int64_t groups = blocks / vectors, groups_a_part = (groups + s.parts - 1) / s.parts;
  out.split(axes.y, block, row, to_int(rows), guard_unless(type.height % rows == 0));
  out.split(row, rows_of_tiles, row, to_int(s.tiles.h), TailStrategy::RoundUp);
  out.split(axes.x, pair, half, 2, guard_unless(type.width % 2 == 0));
  out.split(pair, tiles_of_row, pair, to_int(across), guard_unless(pairs % across == 0));
  out.split(axes.c, group, axes.c, to_int(2 * lanes * vectors), TailStrategy::RoundUp);
  out.split(axes.c, cb, axes.c, 2 * vector).split(axes.c, out_half, axes.c, vector);
  out.split(group, part, group, to_int(groups_a_part), guard_unless(groups % groups_a_part == 0));
  // Each thread takes consecutive tasks, so it works on its own part of the weights or of the picture, whichever is larger.
  out.reorder({axes.c, out_half, half, cb, pair, row, tiles_of_row, rows_of_tiles, group, block, part, axes.n});
  if (spec.in.type.channels * spec.out.stored_channels() > spec.in.type.elements()) {
    out.fuse(block, axes.n, task).fuse(task, part, task);
  } else {
    out.fuse(block, part, task).fuse(task, axes.n, task);
  }
  out.parallel(task).vectorize(axes.c).unroll(out_half).unroll(half).unroll(cb).never_partition_all();

  const int products_count = to_int(products), tile_h = to_int(s.tiles.h), tile_w = to_int(across);
  for (Operand& one : summed) {
    Func& f = one.combined;
    f.compute_at(out, task).store_in(MemoryType::Heap).bound(e, 0, products_count).bound(ci, 0, one.half).bound_extent(axes.n, 1);
    f.bound_extent(pair, to_int(one.kept.extent("pair"))).bound_extent(axes.y, to_int(one.kept.extent("y")));
    // Pixels lie an odd number of lines apart, so that they do not share sets of the cache.
    f.align_storage(ci, one.half / vector % 2 == 0 ? to_int(one.kept.axis("ci").stored()) : one.half);
    f.split(ci, cb, ci, vector).reorder({ci, e, cb, pair, axes.y, axes.n}).vectorize(ci).unroll(e).never_partition_all();
  }
  Func kept = sum.in(out);
  // A buffer of more than 16 KiB on Halide's stack would be kept until the end of the task.
  const auto in_tile = [&](Halide::Stage stage, const std::vector<Halide::VarOrRVar>& loops) {
    std::vector<Halide::VarOrRVar> order{axes.c, pair, axes.y};
    order.insert(order.end(), loops.begin(), loops.end());
    stage.reorder(order).vectorize(axes.c, vector).unroll(axes.c).unroll(pair).unroll(axes.y).never_partition_all();
  };
  kept.compute_at(out, tiles_of_row).store_in(tile.bytes() <= 16384 ? MemoryType::Stack : MemoryType::Heap);
  kept.bound_extent(pair, tile_w).bound_extent(axes.y, tile_h).bound(e, 0, products_count).bound_extent(axes.n, 1);
  in_tile(kept, {e, axes.n});
  sum.compute_at(kept, e).store_in(MemoryType::Stack);
  in_tile(sum, {e, axes.n});
  for (size_t k = 0; k < summed.size(); ++k) {
    const Operand& one = summed[k];
    Halide::Stage update = sum.update(static_cast<int>(k));
    in_tile(update, {one.r.x, e, axes.n});
    const int by = unroll_of(s.tiles.h * across * vectors, one.half);
    if (by > 1) update.unroll(one.r.x, by);
    // While one group of channels is computed, the next one's weights are fetched.
    const int segments = to_int(vectors * products), row_elements = one.half * vector;
    const auto offset = [=](const Expr&, const Expr& segment) { return (segments + segment) * row_elements; };
    built.passes.push_back(prefetch_pass({one.weight, ".group", one.r.x.name(), segments, offset, by}));
  }

  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu

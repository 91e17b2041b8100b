/// \file 3x3 convolutions of stride 1 by Winograd's transforms (ir/winograd.h).
///
/// A task is a few rows of tiles of one picture. It transforms its part of the input into scratch memory, once for all output channels.
/// Then, for each `vectors` vectors of output channels and each group of tiles: one small matrix product per element of the transform, in
/// registers over all input channels, and the transform back with the epilogue. Tiles that reach past the picture read zeros (the halo's
/// last line, again and again) and store only what lies inside.
#include "ir/winograd.h"
#include "codegen/cpu/epilogue.h"
#include "codegen/cpu/kernels_internal.h"

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
  const Winograd& by = *winograd(s.output);
  const TensorType& out_type = spec.out.type;
  const int m = to_int(by.output), n = to_int(by.input), vector = to_int(lanes);
  const int64_t across = (out_type.width + m - 1) / m, down = (out_type.height + m - 1) / m;
  const int64_t tiles_x = std::min(s.tiles.w, across);
  const int64_t rows = s.rows > 0 ? s.rows : (down + s.tiles.h - 1) / s.tiles.h * s.tiles.h;
  const int64_t channel_blocks = spec.out.channel_stride / lanes;
  int64_t vectors = std::clamp<int64_t>(s.vectors, 1, channel_blocks);
  while (channel_blocks % vectors != 0) --vectors;

  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  const Halide::ImageParam weight = operands.constant("weight");
  const int last_x = to_int(spec.in.type.width - 1 + a.pad.w), last_y = to_int(spec.in.type.height - 1 + a.pad.h);
  const int pad_x = to_int(a.pad.w), pad_y = to_int(a.pad.h);
  const bool whole = across % tiles_x == 0 && down % rows == 0 && out_type.width % m == 0 && out_type.height % m == 0;

  Var i("i"), j("j"), x("x"), tx("tx"), ty("ty"), ci("ci"), p("p");
  Func half("half"), transformed("transformed"), products("products"), sums("sums"), back("back"), out("out");
  // BT d, then (BT d) B.
  half(ci, i, x, ty, axes.n) = product(by.bt, i, [&](int k) {
    const Expr row = m * ty + k - pad_y;
    return in(ci, whole ? x : Halide::min(x, last_x), whole ? row : Halide::min(row, last_y), axes.n);
  });
  transformed(ci, j, i, tx, ty, axes.n) = product(by.bt, j, [&](int k) { return half(ci, i, m * tx + k - pad_x, ty, axes.n); });
  RDom r(0, to_int(spec.in.type.channels), "r");
  const Expr element = r + to_int(spec.in.type.channels) * (j + n * (i + n * block_of(axes.c)));
  sums(axes.c, tx, ty, j, i, axes.n) = 0.0f;
  sums(axes.c, tx, ty, j, i, axes.n) += weight(element * vector + lane_of(axes.c)) * transformed(r, j, i, tx, ty, axes.n);
  products(axes.c, tx, ty, j, i, axes.n) = sums(axes.c, tx, ty, j, i, axes.n);
  // M A, then AT (M A).
  back(axes.c, p, i, tx, ty, axes.n) = product(by.at, p, [&](int k) { return products(axes.c, tx, ty, k, i, axes.n); });
  const Expr value = product(by.at, axes.y % m, [&](int k) { return back(axes.c, axes.x % m, k, axes.x / m, axes.y / m, axes.n); });
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands);
  set_output(out, axes, spec.out, false);

  Var co("co"), xi("xi"), yi("yi"), txo("txo"), tyo("tyo"), block("block"), task("task");
  out.split(axes.c, co, axes.c, to_int(lanes * vectors), TailStrategy::RoundUp);
  out.split(axes.y, ty, yi, m, guard_unless(out_type.height % m == 0));
  out.split(axes.x, tx, xi, m, guard_unless(out_type.width % m == 0));
  out.split(ty, block, ty, to_int(rows), guard_unless(down % rows == 0));
  out.split(ty, tyo, ty, to_int(s.tiles.h), TailStrategy::RoundUp);
  out.split(tx, txo, tx, to_int(tiles_x), guard_unless(across % tiles_x == 0));
  out.reorder(axes.c, xi, yi, tx, ty, txo, tyo, co, block, axes.n).fuse(block, axes.n, task).parallel(task);
  out.vectorize(axes.c, vector).unroll(axes.c).unroll(xi).unroll(yi).never_partition_all();

  transformed.compute_at(out, task).store_in(MemoryType::Heap).reorder_storage(ci, tx, ty, j, i, axes.n);
  transformed.bound_extent(tx, to_int((across + tiles_x - 1) / tiles_x * tiles_x)).bound_extent(ty, to_int(rows));
  transformed.vectorize(ci, vector, TailStrategy::RoundUp).unroll(j).unroll(i).reorder(j, i, ci, tx, ty, axes.n).never_partition_all();
  half.compute_at(transformed, ci).store_in(MemoryType::Stack).vectorize(ci, vector, TailStrategy::RoundUp).unroll(i).unroll(x);
  half.never_partition_all();

  products.compute_at(out, txo).store_in(MemoryType::Stack).bound_extent(tx, to_int(tiles_x)).bound_extent(ty, to_int(s.tiles.h));
  products.reorder(axes.c, tx, ty, j, i, axes.n).vectorize(axes.c, vector).unroll(axes.c).unroll(tx).unroll(ty).never_partition_all();
  sums.compute_at(products, j).store_in(MemoryType::Stack).vectorize(axes.c, vector).unroll(axes.c).unroll(tx).unroll(ty);
  sums.never_partition_all();
  auto update = sums.update();
  update.reorder(axes.c, tx, ty, r, j, i, axes.n).vectorize(axes.c, vector).unroll(axes.c).unroll(tx).unroll(ty).never_partition_all();
  // One tile: behind the guards Halide would not know.
  back.compute_at(out, tx)
      .store_in(MemoryType::Stack)
      .bound_extent(tx, 1)
      .bound_extent(ty, 1)
      .reorder(axes.c, p, i)
      .vectorize(axes.c, vector)
      .unroll(axes.c)
      .unroll(p)
      .unroll(i);
  back.never_partition_all();

  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu

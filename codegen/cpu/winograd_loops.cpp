/// \file The loops of a Winograd kernel, the places of its values, and its prefetches.
#include <algorithm>

#include "codegen/cpu/kernels_internal.h"
#include "codegen/cpu/prefetch.h"
#include "codegen/cpu/winograd.h"

namespace resnetc::codegen::cpu {

namespace {

using Halide::MemoryType;
using Halide::TailStrategy;

}  // namespace

void WinogradKernel::schedule_result() {
  const int64_t groups = channel_blocks_ / vectors_, groups_a_part = (groups + s_.parts - 1) / s_.parts;
  out_.split(axes_.y, ty_, yi_, m_, guard_unless(type_.height % m_ == 0));
  out_.split(axes_.x, tx_, xi_, m_, guard_unless(type_.width % m_ == 0));
  out_.split(ty_, block_, ty_, to_int(rows_), guard_unless(down_ % rows_ == 0));
  out_.split(ty_, tyo_, ty_, to_int(s_.tiles.h), TailStrategy::RoundUp);
  out_.split(tx_, txo_, tx_, to_int(tiles_x_), guard_unless(across_ % tiles_x_ == 0));
  out_.split(co_, part_, co_, to_int(groups_a_part), guard_unless(groups % groups_a_part == 0));
  // Each thread takes consecutive tasks, so it works on its own part of the weights or of the picture, whichever is larger.
  out_.split(axes_.c, cr_, axes_.c, together_).reorder({axes_.c, xi_, yi_, cr_, tx_, ty_, txo_, tyo_, co_, block_, part_, axes_.n});
  const OpAttributes& a = spec_.attributes;
  if (a.kernel.h * a.kernel.w * spec_.in.type.channels * spec_.out.stored_channels() > spec_.in.type.elements()) {
    out_.fuse(block_, axes_.n, task_).fuse(task_, part_, task_);
  } else {
    out_.fuse(block_, part_, task_).fuse(task_, axes_.n, task_);
  }
  out_.parallel(task_).vectorize(axes_.c, width_).unroll(axes_.c).unroll(xi_).unroll(yi_).never_partition_all();
}

void WinogradKernel::schedule_pooled_result() {
  out_.split(axes_.y, block_, axes_.y, to_int(pool_rows_), guard_unless(spec_.out.type.height % pool_rows_ == 0));
  out_.reorder({axes_.c, axes_.x, axes_.y, co_, block_, axes_.n}).fuse(block_, axes_.n, task_).parallel(task_);
  out_.vectorize(axes_.c, vector).unroll(axes_.c).never_partition_all();
  result_.compute_at(out_, co_).store_in(MemoryType::Heap).bound(axes_.x, 0, to_int(kept_.unpooled.extent("x")));
  result_.bound(axes_.y, 0, to_int(kept_.unpooled.extent("y")));
  for (Func* func : {&result_, &phases_, &transformed_, &products_}) func->bound_extent(axes_.n, 1);
  result_.split(axes_.y, ty_, yi_, m_, TailStrategy::RoundUp);
  result_.split(axes_.x, tx_, xi_, m_, guard_unless(type_.width % m_ == 0));
  result_.split(ty_, tyo_, ty_, to_int(s_.tiles.h), TailStrategy::RoundUp);
  result_.split(tx_, txo_, tx_, to_int(tiles_x_), guard_unless(across_ % tiles_x_ == 0));
  result_.split(axes_.c, cr_, axes_.c, together_).reorder({axes_.c, xi_, yi_, cr_, tx_, ty_, txo_, tyo_, axes_.n});
  result_.vectorize(axes_.c, width_).unroll(axes_.c).unroll(xi_).unroll(yi_).never_partition_all();
}

void WinogradKernel::schedule_input() {
  const program::ScratchBuffer::Axis& tiles = kept_.transformed.axis("tx");
  transformed_.compute_at(out_, task_).store_in(MemoryType::Heap);
  bound(transformed_, tx_, kept_.transformed);
  bound(transformed_, ty_, kept_.transformed);
  // Elements whose distance is a multiple of a large power of two bytes would share cache sets.
  transformed_.reorder_storage(ci_, tx_, ty_, j_, i_, cb_, axes_.n);
  if (tiles.extent * rows_ % 4 == 0) transformed_.align_storage(tx_, to_int(tiles.stored()));
  transformed_.split(ci_, cr_, ci_, width_)
      .reorder({ci_, j_, i_, tx_, cr_, cb_, ty_, axes_.n})
      .vectorize(ci_)
      .unroll(j_)
      .unroll(i_)
      .never_partition_all();
  if (form_.phases) {
    phases_.compute_at(out_, task_).store_in(MemoryType::Heap).split(ci_, cv_, ci_, to_int(phase_lanes));
    phases_.vectorize(ci_).unroll(cv_).never_partition_all();
    // Compute whole vectors, although not all of their lanes are summed.
    for (Func* func : {&phases_, &transformed_}) func->bound(ci_, 0, vector);
  }
  half_.compute_at(transformed_, tx_).store_in(MemoryType::Stack).vectorize(ci_, width_).unroll(i_).unroll(x_).never_partition_all();
}

void WinogradKernel::schedule_products() {
  const auto in_tiles = [&](Halide::Stage stage, const std::vector<Halide::VarOrRVar>& loops) {
    std::vector<Halide::VarOrRVar> order{axes_.c, tx_, ty_};
    order.insert(order.end(), loops.begin(), loops.end());
    stage.reorder(order).vectorize(axes_.c, vector).unroll(axes_.c).unroll(tx_).unroll(ty_).never_partition_all();
  };
  if (wide_) {
    products_.compute_at(out_, co_).store_in(MemoryType::Heap);
    bound(products_, tx_, kept_.products);
    bound(products_, ty_, kept_.products);
    Halide::Stage stage = steps_ == 1 ? Halide::Stage(products_) : products_.update();
    stage.split(tx_, txo_, tx_, to_int(tiles_x_), TailStrategy::RoundUp).split(ty_, tyo_, ty_, to_int(s_.tiles.h), TailStrategy::RoundUp);
    if (steps_ == 1) {
      in_tiles(stage, {txo_, tyo_, j_, i_, axes_.n});
    } else {
      products_.vectorize(axes_.c, vector).never_partition_all();
      in_tiles(stage, {txo_, tyo_, j_, i_, rk_.x, axes_.n});
    }
    sum_.compute_at(products_, txo_);
  } else {
    // A buffer of more than 16 KiB on Halide's stack would be kept until the end of the task.
    products_.compute_at(result_, txo_).store_in(kept_.products.bytes() <= 16384 ? MemoryType::Stack : MemoryType::Heap);
    bound(products_, tx_, kept_.products);
    bound(products_, ty_, kept_.products);
    in_tiles(products_, {j_, i_, axes_.n});
    sum_.compute_at(products_, j_);
  }
  sum_.store_in(MemoryType::Stack).vectorize(axes_.c, vector).unroll(axes_.c).unroll(tx_).unroll(ty_).never_partition_all();
  Halide::Stage add = sum_.update();
  in_tiles(add, {r_.x, r_.y, j_, i_, axes_.n, k_});
  if (form_.phases) add.unroll(r_.x).unroll(r_.y);
}

void WinogradKernel::schedule_weights() {
  if (wide_) {
    weights_.compute_at(products_, rk_.x);
  } else {
    weights_.compute_at(out_, co_);
  }
  // Tiles whose distance is a power of two bytes would share cache sets.
  weights_.store_in(MemoryType::Heap).align_storage(ci_, to_int(kept_.weights.axis("ci").stored()));
  weights_.split(axes_.c, cv_, axes_.c, width_).reorder({axes_.c, j_, i_, cv_, ci_, cb_}).vectorize(axes_.c);
  weights_.unroll(j_).unroll(i_).never_partition_all();
  half_weights_.compute_at(weights_, cv_).store_in(MemoryType::Stack).vectorize(axes_.c, width_).unroll(x_).unroll(i_);
  half_weights_.never_partition_all();
}

void WinogradKernel::schedule_back() {
  // There is one tile, which Halide cannot know because of the guards.
  back_.compute_at(result_, cr_).store_in(MemoryType::Stack).bound_extent(tx_, 1).bound_extent(ty_, 1);
  back_.reorder(axes_.c, p_, i_).vectorize(axes_.c, width_).unroll(axes_.c).unroll(p_).unroll(i_).never_partition_all();
}

void WinogradKernel::schedule_projections() {
  for (Projected& one : projections_) {
    const int64_t columns = kept_.projection.extent("x"), pixels = std::min(columns, tiles_x_ * s_.tiles.h);
    one.row.compute_at(result_, tyo_).store_in(MemoryType::Heap);
    bound(one.row, axes_.x, kept_.projection);
    bound(one.row, axes_.y, kept_.projection);
    one.row.split(axes_.x, txo_, axes_.x, to_int(pixels), shift_unless(columns % pixels == 0));
    one.row.vectorize(axes_.c, vector).reorder(axes_.c, axes_.x, txo_, axes_.y, axes_.n).unroll(axes_.c).unroll(axes_.x);
    one.row.never_partition_all();
    one.sum.compute_at(one.row, txo_).store_in(MemoryType::Stack).vectorize(axes_.c, vector).unroll(axes_.c).unroll(axes_.x);
    one.sum.never_partition_all();
    Halide::Stage stage = one.sum.update();
    stage.reorder(axes_.c, axes_.x, one.channel.x).vectorize(axes_.c, vector).unroll(axes_.c).unroll(axes_.x).never_partition_all();
  }
}

void WinogradKernel::prefetch_weights(Built& built) const {
  if (packed_ && !wide_) return;  // the weights stay in the second-level cache
  // A segment is 16 input channels of one tap, or of one element of the transform.
  const int element = to_int(form_.channels * lanes), depth_blocks = to_int(depth_ / lanes), last_step = to_int(steps_) - 1;
  const int elements = packed_ ? to_int(by_.weights() * by_.weights()) : 9;
  const int all = to_int(vectors_) * elements * element, ahead = to_int(depth_ * lanes);
  const auto place = [=](const Expr& segment, int between) {
    return segment / depth_blocks * between + segment % depth_blocks * (vector * vector);
  };
  if (packed_) {
    const auto offset = [=](const Expr&, const Expr& segment) { return element + place(segment, elements * element); };
    built.passes.push_back(prefetch_pass({"weight", "products.s0.j", "r$x", vectors_ * depth_blocks, offset}));
  } else {
    const auto offset = [=](const Expr& at, const Expr& segment) {
      if (last_step == 0) return all + place(segment, element);
      return Halide::select(at == last_step, all - last_step * ahead, ahead) + place(segment, element);
    };
    built.passes.push_back(prefetch_pass({"weight", steps_ == 1 ? ".co" : "rk$x", "r$x", vectors_ * 9 * depth_blocks, offset}));
  }
}

}  // namespace resnetc::codegen::cpu

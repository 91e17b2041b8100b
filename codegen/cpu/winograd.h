/// \file A convolution by Winograd's transforms (ir/winograd.h) as a Halide pipeline. winograd.cpp defines what it computes;
/// winograd_loops.cpp defines in which order, and where results are kept.
///
/// A task is a few rows of tiles of one picture and a part of the output channels. It transforms its part of the input into scratch memory.
/// Then it does the following for each `vectors` vectors of output channels. For each element of the transform and each group of tiles, it
/// sums the products over all input channels in registers. After that, it transforms the sums back and applies the epilogue. Tiles that
/// reach past the picture read zeros (the halo's last line, repeatedly) and store only the part inside.
///
/// Weights are packed in transformed form (depth 0), or the kernel transforms them for `depth` input channels at a time;
/// ir/algorithms/winograd.cpp chooses. The products of all tiles are kept (`wide`) if each transformed weight is then read only once: that
/// is so if the weights come from memory, or are transformed for a part of the input channels only. Otherwise one group of tiles is
/// finished after the other, in the first-level cache.
///
/// With a pool, a task computes the rows that its rows of the pool's result need. They are numbered from the task's first row, and `n`
/// counts the blocks of rows of all pictures.
#pragma once

#include <vector>

#include "codegen/common/epilogue.h"
#include "codegen/cpu/build_kernel.h"
#include "ir/winograd.h"

namespace resnetc::codegen::cpu {

class WinogradKernel {
 public:
  WinogradKernel(const program::KernelSpec& spec, const Target& target);
  void build(Built& built);

 private:
  /// A projection, which is summed into scratch memory for a row of groups of tiles.
  struct Projected {
    Func sum, row;
    RDom channel;
  };

  // What the kernel computes.
  Expr source(const Expr& channel, const Expr& column, const Expr& row) const;
  void transform_input();
  void transform_weights();
  void multiply();
  void transform_back();
  Expr project(const Projection& shortcut);
  Expr pooled() const;

  // In which order it computes, and where results are kept.
  void schedule_result();
  void schedule_pooled_result();
  void schedule_input();
  void schedule_products();
  void schedule_weights();
  void schedule_back();
  void schedule_projections();
  void prefetch_weights(Built& built) const;

  const program::KernelSpec& spec_;
  const program::WinogradSchedule& s_;
  const program::WinogradBuffers kept_;
  const WinogradForm form_;
  const Winograd& by_;
  const TensorType type_;         ///< type of the result before the pool
  const int m_, step_;            ///< rows of a tile of the result, and distance between tiles of the input
  const int64_t across_, down_;   ///< number of tiles across and down the picture
  const int64_t tiles_x_, rows_;  ///< tiles of a group in a row; rows of tiles of a task
  const int64_t channel_blocks_, vectors_;
  const bool packed_;
  const int64_t depth_, steps_;  ///< input channels of a step; number of steps
  const bool wide_;
  const OpAttributes pool_;  ///< the pool, if there is one
  const int64_t pool_rows_;  ///< rows of the pool's result in a task; 0: no pool
  const int row_blocks_;     ///< blocks of rows of a picture
  const int width_;          ///< channels that a register holds, which are transformed together
  const int together_;       ///< channels of the result that are transformed back together
  const bool whole_;         ///< whether no tile and no task reaches past the picture

  Axes axes_;
  Operands operands_;
  Elements in_;
  Halide::ImageParam weight_;
  Expr picture_, first_line_;  ///< the picture of the block of rows, and the first line of its input
  Var i_{"i"}, j_{"j"}, x_{"x"}, tx_{"tx"}, ty_{"ty"}, ci_{"ci"}, cb_{"cb"}, p_{"p"}, k_{"k"};
  Var co_{"co"}, part_{"part"}, xi_{"xi"}, yi_{"yi"}, txo_{"txo"}, tyo_{"tyo"}, block_{"block"}, task_{"task"}, cv_{"cv"}, cr_{"cr"};
  Func phases_{"phases"}, half_{"half"}, transformed_{"transformed"}, half_weights_{"half_weights"}, weights_{"weights"}, sum_{"sum"},
      products_{"products"}, back_{"back"}, out_{"out"}, result_;
  RDom r_, rk_;
  std::vector<Projected> projections_;
};

}  // namespace resnetc::codegen::cpu

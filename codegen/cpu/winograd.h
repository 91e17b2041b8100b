/// \file A convolution by Winograd's transforms (ir/winograd.h) as a Halide pipeline: what it computes is in winograd.cpp, in which order
/// and where it is kept in winograd_loops.cpp.
///
/// A task is a few rows of tiles of one picture and a part of the output channels. It transforms its part of the input into scratch memory.
/// Then, for each `vectors` vectors of output channels: for each element of the transform and each group of tiles it sums the products over
/// all input channels in registers, and then it transforms back, with the epilogue. Tiles that reach past the picture read zeros (the
/// halo's last line, again and again) and store only what lies inside.
///
/// Weights are packed as transformed (depth 0), or transformed here, for `depth` input channels at a time; the choice is
/// ir/algorithms/winograd.cpp's. The products of all tiles are kept (`wide`) where that has each transformed weight read once: if they come
/// from memory, or are made for a part of the input channels only. Otherwise one group of tiles is finished after the other, in the
/// first-level cache.
///
/// With a pool a task computes the rows that its rows of the pool need, numbered from its first, and `n` counts the blocks of rows of all
/// pictures.
#pragma once

#include <vector>

#include "codegen/common/epilogue.h"
#include "codegen/cpu/build_kernel.h"
#include "ir/winograd.h"

namespace resnetc::codegen::cpu {

class WinogradKernel {
 public:
  explicit WinogradKernel(const program::KernelSpec& spec);
  void build(Built& built);

 private:
  /// A projection is summed for a row of groups of tiles, into scratch memory.
  struct Projected {
    Func sum, row;
    RDom channel;
  };

  // What is computed.
  Expr source(const Expr& channel, const Expr& column, const Expr& row) const;
  void transform_input();
  void transform_weights();
  void multiply();
  void transform_back();
  Expr project(const Projection& shortcut);
  Expr pooled() const;

  // In which order, and where it is kept.
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
  const TensorType type_;         ///< before the pool
  const int m_, step_;            ///< rows of a tile of the result, and between tiles of the input
  const int64_t across_, down_;   ///< tiles each way
  const int64_t tiles_x_, rows_;  ///< tiles of a group in a row, rows of tiles of a task
  const int64_t channel_blocks_, vectors_;
  const bool packed_;
  const int64_t depth_, steps_;  ///< input channels of a step, and steps
  const bool wide_;
  const OpAttributes pool_;  ///< if there is one
  const int64_t pool_rows_;  ///< of a task; 0: no pool
  const int row_blocks_;     ///< of a picture
  const bool whole_;         ///< no tile and no task reaches past the picture

  Axes axes_;
  Operands operands_;
  Halide::ImageParam in_, weight_;
  Expr picture_, first_line_;  ///< of the block of rows: its picture, and where its input begins
  Var i_{"i"}, j_{"j"}, x_{"x"}, tx_{"tx"}, ty_{"ty"}, ci_{"ci"}, cb_{"cb"}, p_{"p"}, k_{"k"};
  Var co_{"co"}, part_{"part"}, xi_{"xi"}, yi_{"yi"}, txo_{"txo"}, tyo_{"tyo"}, block_{"block"}, task_{"task"}, cv_{"cv"};
  Func phases_{"phases"}, half_{"half"}, transformed_{"transformed"}, half_weights_{"half_weights"}, weights_{"weights"}, sum_{"sum"},
      products_{"products"}, back_{"back"}, out_{"out"}, result_;
  RDom r_, rk_;
  std::vector<Projected> projections_;
};

}  // namespace resnetc::codegen::cpu

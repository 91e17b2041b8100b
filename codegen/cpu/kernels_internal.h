/// \file One builder for each kind of kernel and for each algorithm of a convolution, and the schedule that all kernels except convolutions
/// share.
#pragma once

#include <span>

#include "codegen/common/definitions.h"
#include "codegen/common/operands.h"
#include "codegen/common/tails.h"
#include "codegen/cpu/build_kernel.h"
#include "ir/algorithms/machine_model.h"

namespace resnetc::codegen::cpu {

/// The number of lanes of a vector, as Halide takes it.
inline constexpr int vector = static_cast<int>(lanes);

/// The number of a vector's lanes that a register holds.
inline int register_lanes(const Target& target) { return to_int(program::register_lanes(target)); }

void build_direct(const program::KernelSpec& spec, const Target& target, Built& built);
void build_winograd(const program::KernelSpec& spec, const Target& target, Built& built);
void build_strassen(const program::KernelSpec& spec, const Target& target, Built& built);
void build_grouped(const program::KernelSpec& spec, const Target& target, Built& built);

/// The builder of convolutions with one algorithm.
struct ConvolutionBuilder {
  const program::Implementation* algorithm;
  void (*build)(const program::KernelSpec& spec, const Target& target, Built& built);
};
inline std::span<const ConvolutionBuilder> convolution_builders() {
  static const ConvolutionBuilder all[] = {
      {&implementation_of(program::DirectSchedule{}), build_direct},
      {&implementation_of(program::WinogradSchedule{}), build_winograd},
      {&implementation_of(program::StrassenSchedule{}), build_strassen},
      {&implementation_of(program::GroupedSchedule{}), build_grouped},
  };
  return all;
}

void build_max_pool(const program::KernelSpec& spec, Built& built);
void build_avg_pool(const program::KernelSpec& spec, Built& built);
void build_global_avg_pool(const program::KernelSpec& spec, Built& built);
void build_copy(const program::KernelSpec& spec, Built& built);
void build_softmax(const program::KernelSpec& spec, Built& built);
void build_rearrangement(const program::KernelSpec& spec, Built& built);
void build_layer_norm(const program::KernelSpec& spec, Built& built);
void build_group_norm(const program::KernelSpec& spec, Built& built);
void build_load(const program::KernelSpec& spec, const Target& target, Built& built);
void build_store(const program::KernelSpec& spec, const Target& target, Built& built);

/// The number of rows of a task of a kernel with a GeneralSchedule. 0: a task is a whole picture.
inline int64_t rows_of(const program::KernelSpec& spec) { return std::get<program::GeneralSchedule>(spec.schedule).rows; }

/// The factor by which a sum over channels is unrolled. It is more than 1 if the tile is so small that the loop itself would take a
/// noticeable part of the time.
inline int unroll_of(int64_t registers, int64_t channels) { return registers <= 16 && channels % 2 == 0 ? 2 : 1; }

/// Makes one vector of 16 channels of a pixel the innermost work, `block` the loop over the vectors of a pixel, and groups of rows the
/// tasks. Only for kernels with a GeneralSchedule.
void schedule_vectors(const program::KernelSpec& spec, Func& out, const Axes& axes, const Var& block);

/// Gives an axis of a Func the extent of the buffer's axis with the same name.
inline void bound(Func& func, const Var& axis, const program::ScratchBuffer& buffer) {
  func.bound_extent(axis, to_int(buffer.extent(axis.name())));
}

/// Splits y into tasks of `rows` rows (0: whole pictures) and makes (block of rows, n) the only parallel loop. The loops inside keep their
/// order. y must be the outermost of them, and n must be outside y.
void parallel_rows(Func& out, const Axes& axes, int64_t rows, int64_t height);

}  // namespace resnetc::codegen::cpu

/// \file The epilogue of a kernel: the steps that are applied to each element between its computation and its only store.
#pragma once

#include <functional>
#include <string>

#include "codegen/common/operands.h"

namespace resnetc::codegen::common {

/// A projection step and its operands, as its builder needs them.
struct Projection {
  const program::KernelSpec::StepSpec& step;
  std::string name;  ///< name of the step, for names of loops
  Halide::ImageParam weight, in;

  int channels() const { return to_int(step.operand.type.channels); }
  /// The term of input channel `r` in the sum for the element at `axes`: weight * input.
  Expr term(const Axes& axes, const Expr& x, const Expr& y, const Expr& r) const;
};

/// Sums a projection for the current element. Returns the sum to add to the element's value, or an undefined Expr if the value contains it
/// already.
using Project = std::function<Expr(const Projection&)>;

/// Applies the spec's steps in order to `value`, which is the element at `axes`, and adds their operands to the kernel's arguments. Only
/// convolutions have projections.
Expr apply_epilogue(const program::KernelSpec& spec, Expr value, const Axes& axes, Operands& operands, const Project& project = nullptr);

}  // namespace resnetc::codegen::common

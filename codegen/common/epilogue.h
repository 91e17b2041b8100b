/// \file The epilogue of a kernel: what is done to each element between its computation and its one store.
#pragma once

#include <functional>
#include <string>

#include "codegen/common/operands.h"

namespace resnetc::codegen::common {

/// A projection step: what it reads, as its builder wants it.
struct Projection {
  const program::KernelSpec::StepSpec& step;
  std::string name;  ///< of the step, for loops
  Halide::ImageParam weight, in;

  int channels() const { return to_int(step.operand.type.channels); }
  /// Channel `r` of what is summed for the element at `axes`: weight * input.
  Expr term(const Axes& axes, const Expr& x, const Expr& y, const Expr& r) const;
};

/// Sums a projection for the element at hand; returns what is to be added to its value, or nothing if the value holds it already.
using Project = std::function<Expr(const Projection&)>;

/// Applies the spec's steps in order to `value`, the element at `axes`, and adds their operands to the kernel's arguments. Only a
/// convolution has projections.
Expr apply_epilogue(const program::KernelSpec& spec, Expr value, const Axes& axes, Operands& operands, const Project& project = nullptr);

}  // namespace resnetc::codegen::common

/// \file The epilogue of a kernel: the steps that are applied to each element between its computation and its only store.
#pragma once

#include <functional>
#include <string>

#include "codegen/common/operands.h"

namespace resnetc::codegen::common {

/// The product of a weight and an element of the input as sums of the type take it, which have float32 or integers of 32 bits. `side` is
/// the number of products that are summed together: two are of 16 bits, for which instruction sets without dot products of bytes have an
/// instruction.
Expr product_of(const Expr& weight, const Expr& element, Halide::Type sum, int side);

/// A sum of integers in units of another step: the nearest integer to its product with the factor.
Expr rescaled(const Expr& sum, const Expr& factor);

/// A projection step and its operands, as its builder needs them.
struct Projection {
  const program::KernelSpec::StepSpec& step;
  std::string name;  ///< name of the step, for names of loops
  Halide::ImageParam weight;
  Elements in;
  Expr factor;  ///< of each channel: by what the sum before the projection is multiplied (see rescaled()); undefined if it stays

  int channels() const { return to_int(step.operand.type.channels); }
  /// The term of input channel `r` in the sum for the element at `axes`: weight * input as product_of() makes it. The weight's vectors have
  /// `side` neighbouring channels in each lane.
  Expr term(const Axes& axes, const Expr& x, const Expr& y, const Expr& r, Halide::Type sum = Halide::Float(32), int side = 1) const;
};

/// Sums a projection for the current element. Returns the sum to add to the element's value, or an undefined Expr if the value contains it
/// already.
using Project = std::function<Expr(const Projection&)>;

/// The input of a kernel that sums no products of it. If the spec's first step is `dequantize`, the input has integers, and its elements
/// are read without their zero; the step's scale follows in apply_epilogue().
class Input {
 public:
  Input(const program::KernelSpec& spec, Operands& operands);

  Expr operator()(const Expr& c, const Expr& x, const Expr& y, const Expr& n) const;
  /// What stands where the result has a zero.
  Expr zero() const;

 private:
  Elements in_;
  Expr zero_;  ///< of the integers; undefined if elements are read as they are
};

/// The bias with which sums of integers may begin, which saves an addition for each element, in the arithmetic of the sums; undefined if
/// the first step is no bias of such sums. Where it is used, apply_epilogue() begins at step 1.
Expr first_bias(const program::KernelSpec& spec, const Axes& axes, Operands& operands, Halide::Type sum);

/// What the tensor keeps of a number in float32; integers as they are.
Expr stored(const program::Tensor& tensor, const Expr& value);

/// Applies the spec's steps from `first` on, in order, to `value`, which is the element at `axes`, and adds their operands to the kernel's
/// arguments. The result is as the output stores it, unless a pool follows. Only convolutions have projections.
Expr apply_epilogue(const program::KernelSpec& spec, Expr value, const Axes& axes, Operands& operands, const Project& project = nullptr,
                    size_t first = 0);

}  // namespace resnetc::codegen::common

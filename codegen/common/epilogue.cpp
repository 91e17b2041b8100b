/// \file Epilogue steps as expressions.
#include "codegen/common/epilogue.h"

#include "codegen/common/arithmetic.h"

namespace resnetc::codegen::common {

Expr Projection::term(const Axes& axes, const Expr& x, const Expr& y, const Expr& r) const {
  const Expr element = (r + channels() * block_of(axes.c)) * to_int(lanes) + lane_of(axes.c);
  return weight(element) * in(r, x, y, axes.n);
}

Expr apply_epilogue(const program::KernelSpec& spec, Expr value, const Axes& axes, Operands& operands, const Project& project) {
  int number = 0;
  for (const program::KernelSpec::StepSpec& step : spec.epilogue) {
    const std::string name = "step" + std::to_string(number++);
    switch (step.kind) {
      case graph::StepKind::bias: value = value + operands.constant(name)(axes.c); break;
      case graph::StepKind::affine: {
        const Expr scale = operands.constant(name + "_scale")(axes.c);
        const Expr shift = operands.constant(name + "_shift")(axes.c);
        value = value * scale + shift;
        break;
      }
      case graph::StepKind::add: value = value + operands.tensor(name, step.operand)(axes.c, axes.x, axes.y, axes.n); break;
      case graph::StepKind::mul: {
        const bool spread = step.operand.type.pixels() == 1;
        const Halide::ImageParam factor = operands.tensor(name, step.operand);
        value = value * (spread ? factor(axes.c, 0, 0, axes.n) : factor(axes.c, axes.x, axes.y, axes.n));
        break;
      }
      case graph::StepKind::project: {
        const Halide::ImageParam weight = operands.constant(name + "_weight");
        const Expr projected = project({step, name, weight, operands.tensor(name, step.operand)});
        if (projected.defined()) value = value + projected;
        break;
      }
      case graph::StepKind::relu: value = relu(value); break;
      case graph::StepKind::sigmoid: value = sigmoid(value); break;
    }
  }
  return value;
}

}  // namespace resnetc::codegen::common

/// \file Builds expressions for the steps of an epilogue.
#include "codegen/common/epilogue.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "codegen/common/arithmetic.h"

namespace resnetc::codegen::common {

Expr Projection::term(const Axes& axes, const Expr& x, const Expr& y, const Expr& r) const {
  const Expr element = (r + channels() * block_of(axes.c)) * to_int(lanes) + lane_of(axes.c);
  return Halide::cast<float>(weight(element)) * in(r, x, y, axes.n);
}

namespace {

/// The operands of a step's meaning, for the current element.
struct Element {
  Expr value, other;
  std::vector<Expr> constants;

  Expr element() const { return value; }
  Expr operand() const { return other; }
  Expr constant(size_t i) const { return constants[i]; }
  static Expr number(double number) { return static_cast<float>(number); }
  static Expr exp(const Expr& x) { return exponential(x); }
  static Expr erf(const Expr& x) { return error_function(x); }
  static Expr log_1p(const Expr& x) { return logarithm_of_1_plus(x); }
  static Expr select_less(const Expr& a, const Expr& b, const Expr& then, const Expr& otherwise) {
    return Halide::select(a < b, then, otherwise);
  }
};

/// Whether NaN must be treated as a part says. LLVM may contract sums and products.
bool is_strict(Expression::Kind kind) {
  using enum Expression::Kind;
  switch (kind) {
    case element:
    case operand:
    case constant:
    case number:
    case negate:
    case add:
    case subtract:
    case multiply:
    case divide: return false;
    case exp:
    case erf:
    case log_1p:
    case select_less: return true;
  }
  return true;
}

bool is_strict(const Expression& meaning) {
  return std::any_of(meaning.parts().begin(), meaning.parts().end(), [](const Expression::Part& part) { return is_strict(part.kind); });
}

/// Applies the step with the given name to `value`, which is the element at `axes`.
Expr apply_step(const program::KernelSpec::StepSpec& step, const std::string& name, Expr value, const Axes& axes, Operands& operands) {
  const OpInfo& op = info(step.kind);
  Element element{std::move(value), {}, {}};
  for (const std::string_view constant : op.constants) {
    element.constants.push_back(operands.constant(op.constants.size() == 1 ? name : name + "_" + std::string(constant))(axes.c));
  }
  if (op.joins()) {
    const Halide::ImageParam other = operands.tensor(name, step.operand);
    // An operand of one pixel is spread over all pixels, and one of one channel over all channels.
    const Expr channel = step.operand.type.channels == 1 ? Expr(0) : Expr(axes.c);
    const bool spread = step.operand.type.pixels() == 1;
    element.other = spread ? other(channel, 0, 0, axes.n) : other(channel, axes.x, axes.y, axes.n);
  }
  const Expr result = op.meaning.evaluate<Expr>(element);
  return is_strict(op.meaning) ? Halide::strict_float(result) : result;
}

}  // namespace

Expr apply_epilogue(const program::KernelSpec& spec, Expr value, const Axes& axes, Operands& operands, const Project& project) {
  int number = 0;
  for (const program::KernelSpec::StepSpec& step : spec.epilogue) {
    const std::string name = "step" + std::to_string(number++);
    if (step.kind == graph::StepKind::project) {
      const Halide::ImageParam weight = operands.constant(name + "_weight", step.weight);
      const Expr projected = project({step, name, weight, operands.tensor(name, step.operand)});
      if (projected.defined()) value = value + projected;
    } else {
      value = apply_step(step, name, value, axes, operands);
    }
  }
  return value;
}

}  // namespace resnetc::codegen::common

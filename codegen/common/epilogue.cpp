/// \file Builds expressions for the steps of an epilogue.
#include "codegen/common/epilogue.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "codegen/common/arithmetic.h"

namespace resnetc::codegen::common {

Expr product_of(const Expr& weight, const Expr& element, Halide::Type sum, int side) {
  const bool pairs_of_bytes = side == 2 && !sum.is_float();
  const auto widened = [&](const Expr& e) { return Halide::cast(sum, pairs_of_bytes ? Halide::cast<int16_t>(e) : e); };
  return widened(weight) * widened(element);
}

Expr rescaled(const Expr& sum, const Expr& factor) {
  return Halide::cast(sum.type(), Halide::round(Halide::strict_float(Halide::cast<float>(sum) * factor)));
}

Expr Projection::term(const Axes& axes, const Expr& x, const Expr& y, const Expr& r, Halide::Type sum, int side) const {
  const int groups = (channels() + side - 1) / side;
  const Expr group = side == 1 ? r : r / side;
  Expr element = (group + groups * block_of(axes.c)) * to_int(lanes) + lane_of(axes.c);
  if (side > 1) element = element * side + r % side;
  return product_of(weight(element), in(r, x, y, axes.n), sum, side);
}

Input::Input(const program::KernelSpec& spec, Operands& operands) : in_(operands.tensor("in", spec.in)) {
  if (!spec.epilogue.empty() && spec.epilogue.front().kind == OpKind::dequantize) zero_ = operands.constant("step0_zero")(0);
}

Expr Input::operator()(const Expr& c, const Expr& x, const Expr& y, const Expr& n) const {
  const Expr element = in_(c, x, y, n);
  return zero_.defined() ? Halide::strict_float(Halide::cast<float>(element) - zero_) : element;
}

Expr Input::zero() const { return zero_.defined() ? Expr(0.0f) : Halide::Internal::make_zero(in_.type()); }

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
  static Expr nearest(const Expr& x) { return Halide::round(x); }
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
    case nearest:
    case select_less: return true;
  }
  return true;
}

bool is_strict(const Expression& meaning) {
  return std::any_of(meaning.parts().begin(), meaning.parts().end(), [](const Expression::Part& part) { return is_strict(part.kind); });
}

/// Whether each sum and product is rounded by itself, as ir/quantized.h says.
bool is_exact(const program::KernelSpec& spec) {
  const auto integers = [](const program::Tensor& tensor) { return tensor.type.element == ElementType::u8; };
  const auto rounds = [&](const program::KernelSpec::StepSpec& step) {
    return step.kind == OpKind::nearest || (info(step.kind).joins() && integers(step.operand));
  };
  return spec.kind != program::KernelKind::load &&
         (integers(spec.in) || integers(spec.out) || std::any_of(spec.epilogue.begin(), spec.epilogue.end(), rounds));
}

/// Applies the step with the given name to `value`, which is the element at `axes`. `sum` says whether it is a bias of a sum of integers.
Expr apply_step(const program::KernelSpec::StepSpec& step, const std::string& name, Expr value, bool exact, bool sum, const Axes& axes,
                Operands& operands) {
  const OpInfo& op = info(step.kind);
  if (step.kind == OpKind::round) return to_byte(value, operands.constant(name, ElementType::i32)(0));
  if (!value.type().is_float() && !sum) value = Halide::cast<float>(value);
  Element element{std::move(value), {}, {}};
  // What is the same for all channels takes one register, not one for each vector of a tile.
  const Expr channel = op.only_in_programs() ? Expr(0) : Expr(axes.c);
  for (const std::string_view constant : op.constants) {
    const std::string full = op.constants.size() == 1 ? name : name + "_" + std::string(constant);
    const bool read = step.kind == OpKind::dequantize && constant == op.constants.front();  // by Input
    const Expr there = read ? Expr(0.0f) : operands.constant(full, sum ? ElementType::i32 : ElementType::f32)(channel);
    element.constants.push_back(sum ? Halide::cast(element.value.type(), there) : there);
  }
  if (op.joins()) {
    const Elements other = operands.tensor(name, step.operand);
    // An operand of one pixel is spread over all pixels, and one of one channel over all channels.
    const Expr of = step.operand.type.channels == 1 ? Expr(0) : Expr(axes.c);
    const bool spread = step.operand.type.pixels() == 1;
    element.other = spread ? other(of, 0, 0, axes.n) : other(of, axes.x, axes.y, axes.n);
    if (!element.other.type().is_float()) element.other = Halide::cast<float>(element.other);
  }
  const Expr result = step.kind == OpKind::dequantize ? element.value * element.constants.back() : op.meaning.evaluate<Expr>(element);
  return (exact && !sum) || is_strict(op.meaning) ? Halide::strict_float(result) : result;
}

}  // namespace

Expr first_bias(const program::KernelSpec& spec, const Axes& axes, Operands& operands, Halide::Type sum) {
  if (!program::sums_integers(spec) || spec.epilogue.empty() || spec.epilogue.front().kind != OpKind::bias) return {};
  return Halide::cast(sum, operands.constant("step0", ElementType::i32)(axes.c));
}

Expr stored(const program::Tensor& tensor, const Expr& value) {
  return tensor.type.element == ElementType::bf16 ? Halide::cast(Halide::BFloat(16), value) : value;
}

Expr apply_epilogue(const program::KernelSpec& spec, Expr value, const Axes& axes, Operands& operands, const Project& project,
                    size_t first) {
  const bool exact = is_exact(spec);
  bool sums = program::sums_integers(spec);  // while the value is a sum of integers, of 32 bits or in float32
  Expr factor;                               // of a `rescale`, until the projection that follows
  for (size_t number = first; number < spec.epilogue.size(); ++number) {
    const program::KernelSpec::StepSpec& step = spec.epilogue[number];
    const std::string name = "step" + std::to_string(number);
    if (step.kind == graph::StepKind::project) {
      const Halide::ImageParam weight = operands.constant(name + "_weight", step.weight);
      const Expr projected = project({step, name, weight, operands.tensor(name, step.operand), std::exchange(factor, Expr())});
      if (projected.defined()) value = value + projected;
    } else if (step.kind == graph::StepKind::rescale) {
      factor = operands.constant(name)(axes.c);
    } else {
      sums = sums && step.kind == OpKind::bias;
      value = apply_step(step, name, value, exact, sums, axes, operands);
    }
  }
  return spec.pool ? value : stored(spec.out, value);
}

}  // namespace resnetc::codegen::common

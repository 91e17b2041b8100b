/// \file Follows the value that passes through a kernel's epilogue.
#include "ir/integer_checks.h"

#include <fmt/format.h>

#include "ir/quantized.h"

namespace resnetc::program {

namespace {

bool is_float(ElementType element) { return element != ElementType::i8 && element != ElementType::i32 && element != ElementType::u8; }

/// Whether all elements that the recipe packs are one number.
bool is_uniform(const Recipe& constant) {
  const Recipe* recipe = &constant;
  while (recipe->kind == RecipeKind::pack_vector || recipe->kind == RecipeKind::narrow) recipe = recipe->args[0].get();
  return recipe->kind == RecipeKind::fill;
}

class Checking {
 public:
  Checking(const Program& program, const Kernel& kernel)
      : p_(program),
        kernel_(kernel),
        reads_(integers(kernel.in)),
        makes_(integers(kernel.out)),
        sums_(kernel.kind == KernelKind::conv2d && reads_) {}

  Fault run() const {
    if (reads_ && !sums_ && !reads_integers(kernel_.kind)) return fmt::format("a {} cannot read integers", to_string(kernel_.kind));
    if (reads_ && makes_ && kernel_.epilogue.empty() && moves_elements(kernel_.kind)) return check_move();
    if (Fault fault = check_steps()) return fault;
    if (kernel_.weight == none) return std::nullopt;
    const ElementType element = p_.constant(kernel_.weight).element;
    if (sums_ ? element == ElementType::i8 : is_float(element)) return std::nullopt;
    return fmt::format("its weight is {} for sums of {}", to_string(element), sums_ ? "integers" : "floats");
  }

 private:
  bool integers(TensorId id) const { return id != none && p_.tensor(id).type.is_quantized(); }

  Fault check_move() const {
    const TensorType &in = p_.tensor(kernel_.in).type, &out = p_.tensor(kernel_.out).type;
    if (in.quantization != out.quantization) return "it moves integers to where they mean other numbers";
    const bool appends = kernel_.kind == KernelKind::copy && in.channels < out.channels;
    const bool zeros = (kernel_.kind == KernelKind::pad && !kernel_.attributes.reflect) || appends;
    if (zeros && in.quantization.zero != 0) return "it adds zeros to integers of which another means 0";
    return std::nullopt;
  }

  Fault check_steps() const {
    const std::vector<Step>& steps = kernel_.epilogue;
    if (Fault fault = checks::rescaling(steps, sums_)) return fault;
    bool summing = sums_;  // while the value is a sum of integers
    for (size_t i = 0; i < steps.size(); ++i) {
      const Step& step = steps[i];
      if (summing && !graph::integer_sums.has(step.kind)) {
        if (step.kind != OpKind::scale) break;
        summing = false;
      }
      if ((step.kind == OpKind::dequantize) != (i == 0 && reads_ && !sums_)) {
        return "'dequantize' is the first step of a kernel that reads integers";
      }
      if ((step.kind == OpKind::round) != (i + 1 == steps.size() && makes_))
        return "'round' is the last step of a kernel that makes integers";
      if (Fault fault = check_operand(step, summing)) return fault;
      if (Fault fault = check_constants(step, summing)) return fault;
    }
    if (summing) return "sums of integers need a step 'scale' that makes numbers of them, behind nothing but bias, rescale and project";
    if (makes_ && steps.empty()) return "it makes integers without a step 'round'";
    if (reads_ && !sums_ && steps.empty()) return "it reads integers without a step 'dequantize'";
    return std::nullopt;
  }

  Fault check_operand(const Step& step, bool summing) const {
    const bool wanted =
        step.kind == OpKind::add_quantized || step.kind == OpKind::mul_quantized || (step.kind == OpKind::project && summing);
    if (step.operand == none || integers(step.operand) == wanted) return std::nullopt;
    return fmt::format("its step {} reads {} as its operand", info(step.kind).name, wanted ? "floats" : "integers");
  }

  Fault check_constants(const Step& step, bool summing) const {
    for (ConstantId id : step.constants) {
      const ElementType element = p_.constant(id).element;
      const bool integers = (summing && step.kind != OpKind::rescale) || step.kind == OpKind::round;
      const ElementType wanted = !integers ? ElementType::f32 : step.kind == OpKind::project ? ElementType::i8 : ElementType::i32;
      if (info(step.kind).only_in_programs() && !is_uniform(*p_.constant(id).recipe)) {
        return fmt::format("a constant of its step {} is not the same for all channels", info(step.kind).name);
      }
      const bool narrow = step.kind == OpKind::project && !summing && is_float(element);
      if (element == wanted || narrow) continue;
      return fmt::format("a constant of its step {} is {} where {} is needed", info(step.kind).name, to_string(element), to_string(wanted));
    }
    return std::nullopt;
  }

  const Program& p_;
  const Kernel& kernel_;
  bool reads_, makes_;  ///< integers
  bool sums_;           ///< whether it sums products of integers
};

}  // namespace

Fault check_integers(const Program& program, const Kernel& kernel) { return Checking(program, kernel).run(); }

}  // namespace resnetc::program

/// \file The properties that a kernel's machine code depends on, and their text form. The text names objects and identifies them in the
/// cache, so it contains every field of the spec.
#include <fmt/format.h>

#include <algorithm>

#include "ir/forms/text_forms.h"
#include "ir/program.h"

namespace resnetc::program {

namespace {

/// A caller's buffer is dense: it has no separate stride. Kernels know no lines.
Tensor callers_side(const TensorType& type) {
  Tensor tensor;
  tensor.type = type.as_picture().of_elements();
  return tensor;
}

Tensor layout_of(const Tensor& tensor) {
  Tensor layout = callers_side(tensor.type);
  layout.channel_stride = tensor.channel_stride;
  layout.halo = tensor.halo;
  layout.first_channel = tensor.first_channel % lanes;  // aligned parts share their kernels with whole tensors
  return layout;
}

std::string layout_text(const Tensor& tensor) {
  const std::string shifted = tensor.first_channel == 0 ? "" : fmt::format(" from={}", tensor.first_channel);
  return fmt::format("{} stride={} halo={}{}", to_string(tensor.type), tensor.channel_stride, to_string(tensor.halo), shifted);
}

std::string without_schedule(const KernelSpec& spec) {
  // A new field stops the build here until the text contains it.
  [[maybe_unused]] const auto& [kind, attributes, input, in, to, epilogue, pool, weight, schedule, in_place] = spec;
  std::string out(to_string(spec.kind));
  out += text::attributes(spec.attributes);
  out += text::input_details(spec.input);
  out += " in " + layout_text(spec.in) + (spec.in_place ? " in_place" : "");
  for (size_t i = 0; i < spec.epilogue.size(); ++i) {
    const KernelSpec::StepSpec& step = spec.epilogue[i];
    out += i == 0 ? " then " : ", ";
    out += info(step.kind).name;
    if (info(step.kind).joins()) {
      const std::string elements = step.weight == ElementType::f32 ? "" : fmt::format(" weight {}", to_string(step.weight));
      out += fmt::format("({}{}{})", layout_text(step.operand), step.in_place ? " in_place" : "", elements);
    }
  }
  if (spec.weight != ElementType::f32) out += fmt::format(" weight {}", to_string(spec.weight));
  if (spec.pool) out += " pool" + text::attributes(*spec.pool);
  return out + " out " + layout_text(spec.out);
}

}  // namespace

KernelSpec spec_of(const Program& program, const Kernel& kernel) {
  KernelSpec spec;
  spec.kind = kernel.kind;
  spec.attributes = kernel.attributes;
  for_each_attribute([&](const auto& one) {
    if (one.reach != Reach::kernel) one.reset(spec.attributes);
  });
  if (kernel.kind == KernelKind::load) {
    spec.input = program.input;
    spec.input.type = spec.input.type.as_picture();
  }
  spec.in = kernel.in == none ? callers_side(program.input.type) : layout_of(program.tensor(kernel.in));
  spec.out =
      kernel.out == none ? callers_side(program.outputs[static_cast<size_t>(kernel.port)].type) : layout_of(program.tensor(kernel.out));
  for (const Step& step : kernel.epilogue) {
    KernelSpec::StepSpec& s = spec.epilogue.emplace_back();
    s.kind = step.kind;
    if (step.operand == none) continue;
    s.operand = layout_of(program.tensor(step.operand));
    s.in_place = in_place(program, kernel, step.operand);
    if (step.kind == graph::StepKind::project && !step.constants.empty()) s.weight = program.constant(step.constants[0]).element;
  }
  spec.pool = kernel.pool;
  if (kernel.weight != none) spec.weight = program.constant(kernel.weight).element;
  spec.schedule = kernel.schedule;
  spec.in_place = in_place(program, kernel, kernel.in);
  return spec;
}

bool sums_integers(const KernelSpec& spec) { return spec.kind == KernelKind::conv2d && spec.in.type.element == ElementType::u8; }

TensorType computed_type(const KernelSpec& spec) {
  if (!spec.pool) return spec.out.type;
  const TensorType operand[] = {spec.in.type};
  const Result<TensorType> computed = infer_type(OpKind::conv2d, spec.attributes, operand);
  return computed ? *computed : spec.out.type;
}

bool has_one_axis(const KernelSpec& spec) {
  if (spec.kind != KernelKind::conv2d || !is_pointwise(spec.attributes)) return false;
  const auto dense = [](const KernelSpec::StepSpec& step) { return step.operand.dense(); };
  return spec.in.dense() && spec.out.dense() && std::all_of(spec.epilogue.begin(), spec.epilogue.end(), dense);
}

std::string work_of(const KernelSpec& spec) {
  KernelSpec work = spec;
  work.weight = ElementType::f32;
  work.in_place = false;  // places come from the memory plan, which comes from the schedules
  for (KernelSpec::StepSpec& step : work.epilogue) {
    step.in_place = false;
    step.weight = ElementType::f32;
  }
  return without_schedule(work);
}

std::string to_string(const KernelSpec& spec) { return without_schedule(spec) + text::schedule(spec.schedule); }

}  // namespace resnetc::program

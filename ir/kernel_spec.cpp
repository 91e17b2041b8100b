/// \file What a kernel's machine code depends on, and its text form, which names and caches objects: every field of the spec is in it.
#include <fmt/format.h>

#include <algorithm>

#include "ir/program.h"
#include "ir/text_forms.h"
#include "ir/winograd.h"

namespace resnetc::program {

namespace {

/// A caller's buffer is dense: it has no stride of its own.
Tensor callers_side(const TensorType& type) {
  Tensor tensor;
  tensor.type = type;
  return tensor;
}

Tensor layout_of(const Tensor& tensor) {
  Tensor layout = callers_side(tensor.type);
  layout.channel_stride = tensor.channel_stride;
  layout.halo = tensor.halo;
  return layout;
}

std::string layout_text(const Tensor& tensor) {
  return fmt::format("{} stride={} halo={}", to_string(tensor.type), tensor.channel_stride, to_string(tensor.halo));
}

std::string without_schedule(const KernelSpec& spec) {
  std::string out(to_string(spec.kind));
  out += text::attributes(spec.attributes);
  if (spec.kind == KernelKind::load) out += " input" + text::input_format(spec.input.format, spec.input.mean, spec.input.std);
  out += " in " + layout_text(spec.in) + (spec.in_place ? " in_place" : "");
  for (size_t i = 0; i < spec.epilogue.size(); ++i) {
    const KernelSpec::StepSpec& step = spec.epilogue[i];
    out += i == 0 ? " then " : ", ";
    out += graph::to_string(step.kind);
    if (graph::info(step.kind).operand) {
      out += fmt::format("({}{})", layout_text(step.operand), step.in_place ? " in_place" : "");
    }
  }
  return out + " out " + layout_text(spec.out);
}

}  // namespace

KernelSpec spec_of(const Program& program, const Kernel& kernel) {
  KernelSpec spec;
  spec.kind = kernel.kind;
  spec.attributes = kernel.attributes;
  // Where constants come from is no matter of the code.
  spec.attributes.bias = OpAttributes{}.bias;
  spec.attributes.eps = OpAttributes{}.eps;
  if (kernel.kind == KernelKind::load) spec.input = program.input;
  spec.in = kernel.in == none ? callers_side(program.input_type) : layout_of(program.tensor(kernel.in));
  spec.out =
      kernel.out == none ? callers_side(program.outputs[static_cast<size_t>(kernel.port)].type) : layout_of(program.tensor(kernel.out));
  for (const Step& step : kernel.epilogue) {
    KernelSpec::StepSpec& s = spec.epilogue.emplace_back();
    s.kind = step.kind;
    if (step.operand == none) continue;
    s.operand = layout_of(program.tensor(step.operand));
    s.in_place = in_place(program, kernel, step.operand);
  }
  spec.schedule = kernel.schedule;
  spec.in_place = in_place(program, kernel, kernel.in);
  return spec;
}

bool can_be_flat(const KernelSpec& spec) {
  const OpAttributes& a = spec.attributes;
  if (spec.kind != KernelKind::conv2d || a.kernel != Extent2{1, 1} || a.stride != Extent2{1, 1} || a.pad != Extent2{0, 0}) return false;
  const auto dense = [](const KernelSpec::StepSpec& step) { return step.operand.dense(); };
  return spec.in.dense() && spec.out.dense() && std::all_of(spec.epilogue.begin(), spec.epilogue.end(), dense);
}

bool can_be_winograd(const OpAttributes& a) {
  const bool strides = a.stride == Extent2{1, 1} || a.stride == Extent2{2, 2};
  return a.kernel == Extent2{3, 3} && strides && a.dilation == Extent2{1, 1} && a.groups == 1;
}

bool can_be_winograd(const KernelSpec& spec) {
  return spec.kind == KernelKind::conv2d && spec.in.type.rank == 4 && spec.in.type.channels % lanes == 0 &&
         can_be_winograd(spec.attributes);
}

int64_t scratch_bytes(const KernelSpec& spec) {
  if (spec.schedule.algorithm != Algorithm::winograd) return 0;
  const Schedule& s = spec.schedule;
  const Winograd& by = *winograd(s.output, spec.attributes.stride.w);
  // The transformed input of one task, for whole groups of tiles; then weights, and the products where they outlive a step of `depth`.
  const auto rounded = [](int64_t value, int64_t step) { return (value + step - 1) / step * step; };
  const int64_t across = rounded((spec.out.type.width + s.output - 1) / s.output, s.tiles.w);
  const int64_t down = rounded(s.rows > 0 ? s.rows : (spec.out.type.height + s.output - 1) / s.output, s.tiles.h);
  const int64_t channels = whole_vectors(spec.in.type.channels), vectors = s.vectors * lanes;
  const int64_t input = by.products() * by.products() * (across + 1) * down * channels;
  const int64_t weights = by.weights() * by.weights() * (s.depth + s.depth / lanes) * vectors;
  const int64_t tiles = s.depth < spec.in.type.channels ? (across + 1) * down : s.tiles.h * s.tiles.w;
  const int64_t products = by.products() * by.products() * tiles * vectors;
  constexpr int64_t slack = 1024;  // for alignment, and what Halide asks for to read past the end
  return (input + weights + products) * 4 + slack;
}

std::string work_of(const KernelSpec& spec) {
  KernelSpec work = spec;
  work.in_place = false;  // places come from the memory plan, and that from the schedules
  for (KernelSpec::StepSpec& step : work.epilogue) step.in_place = false;
  return without_schedule(work);
}

std::string to_string(const KernelSpec& spec) { return without_schedule(spec) + text::schedule(spec.schedule); }

}  // namespace resnetc::program

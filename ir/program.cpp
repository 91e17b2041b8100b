/// \file Questions asked of a program's kernels, and the part of a kernel that its machine code depends on.
#include "ir/program.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace resnetc::program {

std::vector<TensorId> reads(const Kernel& kernel) {
  std::vector<TensorId> ids;
  if (kernel.in != none) ids.push_back(kernel.in);
  for (const Step& s : kernel.epilogue) {
    if (s.operand != none) ids.push_back(s.operand);
  }
  return ids;
}

bool writes_once(const Program& program, const Kernel& kernel) {
  if (kernel.out == none) return false;
  const Tensor& out = program.tensor(kernel.out);
  const Schedule& s = kernel.schedule;
  int64_t axis = s.flat ? out.type.pixels() : out.type.width;
  int64_t blocks = (out.type.channels + lanes - 1) / lanes;
  return axis % s.pixels == 0 && blocks % s.vectors == 0;
}

bool in_place(const Program& program, const Kernel& kernel, TensorId operand) {
  if (kernel.out == none || operand == none || operand == kernel.out) return false;
  const Tensor& a = program.tensor(operand);
  const Tensor& b = program.tensor(kernel.out);
  if (a.offset == none || b.offset == none) return false;
  return a.offset < b.offset + b.picture_bytes() && b.offset < a.offset + a.picture_bytes();
}

namespace {

Tensor layout_of(const Tensor& tensor) {
  Tensor layout = tensor;
  layout.name.clear();
  layout.offset = none;
  layout.at = {};
  return layout;
}

Tensor caller_side(const TensorType& type) {
  Tensor layout;
  layout.type = type;
  return layout;
}

std::string text(const Tensor& t) {
  return fmt::format("{} stride={} halo={}", to_string(t.type), t.channel_stride, to_string(t.halo));
}

constexpr std::array<std::string_view, 8> kind_names{"load",     "store",           "conv2d", "max_pool",
                                                    "avg_pool", "global_avg_pool", "copy",   "softmax"};
constexpr std::array<std::string_view, 6> step_names{"bias", "affine", "add", "mul", "relu", "sigmoid"};
constexpr std::array<std::string_view, 3> format_names{"planar_f32", "vector_f32", "packed_u8"};

}  // namespace

KernelSpec spec_of(const Program& program, const Kernel& kernel) {
  KernelSpec spec;
  spec.kind = kernel.kind;
  spec.attributes = kernel.attributes;
  if (kernel.kind == KernelKind::load) spec.input = program.input;
  spec.in = kernel.in != none ? layout_of(program.tensor(kernel.in)) : caller_side(program.input_type);
  spec.out = kernel.out != none ? layout_of(program.tensor(kernel.out))
                                : caller_side(program.outputs[static_cast<size_t>(kernel.port)].type);
  for (const Step& s : kernel.epilogue) {
    KernelSpec::StepSpec step{s.kind, {}, false};
    if (s.operand != none) {
      step.operand = layout_of(program.tensor(s.operand));
      step.in_place = in_place(program, kernel, s.operand);
    }
    spec.epilogue.push_back(std::move(step));
  }
  spec.schedule = kernel.schedule;
  return spec;
}

std::string to_string(const KernelSpec& spec) {
  const OpAttributes& a = spec.attributes;
  std::string out = fmt::format("{} in {}", kind_names[static_cast<size_t>(spec.kind)], text(spec.in));
  if (spec.kind == KernelKind::load) {
    out += fmt::format(" {} mean={} std={}", format_names[static_cast<size_t>(spec.input.format)], fmt::join(spec.input.mean, ","),
                       fmt::join(spec.input.std, ","));
  }
  out += fmt::format(" channels={} kernel={} stride={} pad={} dilation={} groups={}", a.channels, resnetc::to_string(a.kernel),
                     resnetc::to_string(a.stride), resnetc::to_string(a.pad), resnetc::to_string(a.dilation), a.groups);
  for (const KernelSpec::StepSpec& s : spec.epilogue) {
    out += fmt::format(" then {}", step_names[static_cast<size_t>(s.kind)]);
    if (s.operand.channel_stride != 0) out += fmt::format("({}{})", text(s.operand), s.in_place ? " in place" : "");
  }
  const Schedule& s = spec.schedule;
  return out + fmt::format(" out {} schedule {} vectors={} pixels={} rows={} flat={}", text(spec.out), s.algorithm, s.vectors, s.pixels,
                           s.rows, s.flat ? 1 : 0);
}

}  // namespace resnetc::program

/// \file What a kernel's machine code depends on, and its text form, which names and caches objects: every field of the spec is in it.
#include <fmt/format.h>

#include <algorithm>

#include "ir/program.h"
#include "ir/strassen.h"
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
  // A new field stops the build here, until it is in the text.
  [[maybe_unused]] const auto& [kind, attributes, input, in, to, epilogue, pool, schedule, in_place] = spec;
  std::string out(to_string(spec.kind));
  out += text::attributes(spec.attributes);
  out += text::input_details(spec.input);
  out += " in " + layout_text(spec.in) + (spec.in_place ? " in_place" : "");
  for (size_t i = 0; i < spec.epilogue.size(); ++i) {
    const KernelSpec::StepSpec& step = spec.epilogue[i];
    out += i == 0 ? " then " : ", ";
    out += info(step.kind).name;
    if (info(step.kind).joins()) {
      out += fmt::format("({}{})", layout_text(step.operand), step.in_place ? " in_place" : "");
    }
  }
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
  if (kernel.kind == KernelKind::load) spec.input = program.input;
  spec.in = kernel.in == none ? callers_side(program.input.type) : layout_of(program.tensor(kernel.in));
  spec.out =
      kernel.out == none ? callers_side(program.outputs[static_cast<size_t>(kernel.port)].type) : layout_of(program.tensor(kernel.out));
  for (const Step& step : kernel.epilogue) {
    KernelSpec::StepSpec& s = spec.epilogue.emplace_back();
    s.kind = step.kind;
    if (step.operand == none) continue;
    s.operand = layout_of(program.tensor(step.operand));
    s.in_place = in_place(program, kernel, step.operand);
  }
  spec.pool = kernel.pool;
  spec.schedule = kernel.schedule;
  spec.in_place = in_place(program, kernel, kernel.in);
  return spec;
}

TensorType computed_type(const KernelSpec& spec) {
  if (!spec.pool) return spec.out.type;
  const TensorType operand[] = {spec.in.type};
  const Result<TensorType> computed = infer_type(OpKind::conv2d, spec.attributes, operand);
  return computed ? *computed : spec.out.type;
}

int64_t pooled_rows(const KernelSpec& spec) {
  const OpAttributes& pool = *spec.pool;
  return std::max<int64_t>(spec.schedule.rows * spec.schedule.output - pool.kernel.h, 0) / pool.stride.h + 1;
}

bool has_one_axis(const KernelSpec& spec) {
  const OpAttributes& a = spec.attributes;
  if (spec.kind != KernelKind::conv2d || a.kernel != Extent2{1, 1} || a.stride != Extent2{1, 1} || a.pad != Extent2{0, 0}) return false;
  const auto dense = [](const KernelSpec::StepSpec& step) { return step.operand.dense(); };
  return spec.in.dense() && spec.out.dense() && std::all_of(spec.epilogue.begin(), spec.epilogue.end(), dense);
}

bool is_staged(const KernelSpec& spec) { return spec.schedule.algorithm == Algorithm::direct && spec.schedule.flat && !has_one_axis(spec); }

int64_t rows_of_task(const KernelSpec& spec) {
  const int64_t height = spec.out.type.height, rows = spec.schedule.rows;
  return rows <= 0 ? height : std::min(rows, height);
}

Extent2 halo_of(const OpAttributes& a, Algorithm algorithm, int64_t channels) {
  const std::optional<WinogradForm> form = winograd_form(a, channels);
  if (algorithm != Algorithm::winograd || !form || !form->phases) return a.pad;
  return {(a.pad.h + 2) / 2 * 2, (a.pad.w + 2) / 2 * 2};
}

bool can_be_winograd(const KernelSpec& spec) {
  if (spec.kind != KernelKind::conv2d || spec.in.type.rank != 4) return false;
  const int64_t channels = spec.in.type.channels;
  const std::optional<WinogradForm> form = winograd_form(spec.attributes, channels);
  if (!form || (form->phases ? spec.in.channel_stride != channels : channels % lanes != 0)) return false;
  const Extent2 halo = halo_of(spec.attributes, Algorithm::winograd, channels);
  return spec.in.halo.h >= halo.h && spec.in.halo.w >= halo.w;
}

bool can_be_strassen(const KernelSpec& spec) {
  const OpAttributes& a = spec.attributes;
  if (spec.kind != KernelKind::conv2d || spec.in.type.rank != 4 || a.groups != 1) return false;
  if (a.kernel != Extent2{1, 1} || a.stride != Extent2{1, 1} || a.pad != Extent2{0, 0}) return false;
  const auto has_halves = [](const KernelSpec::StepSpec& step) {
    return step.kind != graph::StepKind::project || strassen::has_halves(step.operand.type.channels);
  };
  return strassen::has_halves(spec.in.type.channels) && strassen::has_halves(whole_vectors(spec.out.type.channels)) &&
         std::all_of(spec.epilogue.begin(), spec.epilogue.end(), has_halves);
}

bool keeps_all_products(const KernelSpec& spec) {
  const WinogradForm form = *winograd_form(spec.attributes, spec.in.type.channels);
  const bool packed = spec.schedule.depth == 0;
  // Weights over phases are few: they stay in the second-level cache.
  return packed ? !form.phases : spec.schedule.depth < form.channels;
}

namespace {

constexpr int64_t rounded(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

/// Of each allocation, for alignment, and what Halide asks for to read past the end.
constexpr int64_t slack = 1024;

int64_t strassen_bytes(const KernelSpec& spec) {
  const Schedule& s = spec.schedule;
  const int64_t across = rounded((spec.out.type.width + 1) / 2, s.tiles.w),
                down = rounded(s.rows > 0 ? s.rows : spec.out.type.height, s.tiles.h);
  int64_t elements = s.tiles.h * s.tiles.w * s.vectors * lanes, tensors = 1;
  const auto add = [&](const Tensor& tensor) {
    elements += across * down * (tensor.type.channels / 2 + lanes);
    ++tensors;
  };
  add(spec.in);
  for (const KernelSpec::StepSpec& step : spec.epilogue) {
    if (step.kind == graph::StepKind::project) add(step.operand);
  }
  return strassen::products * elements * 4 + tensors * slack;
}

int64_t winograd_bytes(const KernelSpec& spec) {
  const Schedule& s = spec.schedule;
  const WinogradForm form = *winograd_form(spec.attributes, spec.in.type.channels);
  const Winograd& by = *winograd(form, s.output);
  // The transformed input of one task, for whole groups of tiles; then weights, products, and what comes before the input's transform.
  const TensorType type = computed_type(spec);
  const int64_t across = rounded((type.width + s.output - 1) / s.output, s.tiles.w);
  const int64_t down = rounded(s.rows > 0 ? s.rows : (type.height + s.output - 1) / s.output, s.tiles.h);
  const int64_t vectors = s.vectors * lanes;
  const int64_t input = by.products() * by.products() * (across + 1) * down * form.channels;
  const int64_t weights = by.weights() * by.weights() * (s.depth + s.depth / lanes) * vectors;
  const int64_t tiles = keeps_all_products(spec) ? (across + 1) * down : s.tiles.h * s.tiles.w;
  const int64_t products = by.products() * by.products() * tiles * vectors;
  const auto window = [&](int64_t count) { return count * s.output + by.window; };
  const int64_t phases = form.phases ? window(across) * window(down) * form.channels : 0;
  const int64_t projections = std::count_if(spec.epilogue.begin(), spec.epilogue.end(),
                                            [](const KernelSpec::StepSpec& step) { return step.kind == graph::StepKind::project; });
  const int64_t projected = projections * across * s.output * s.tiles.h * s.output * vectors;
  const int64_t unpooled = spec.pool ? across * s.output * down * s.output * vectors : 0;
  return (input + weights + products + phases + projected + unpooled) * 4 + (1 + projections) * slack;
}

}  // namespace

int64_t scratch_bytes(const KernelSpec& spec) {
  const Schedule& s = spec.schedule;
  switch (s.algorithm) {
    case Algorithm::winograd: return winograd_bytes(spec);
    case Algorithm::strassen: return strassen_bytes(spec);
    case Algorithm::direct:
      if (is_staged(spec)) return rounded(rows_of_task(spec) * spec.out.type.width, s.pixels) * s.vectors * lanes * 4 + slack;
      break;
    case Algorithm::general:
    case Algorithm::threads: break;
  }
  return 0;
}

std::string work_of(const KernelSpec& spec) {
  KernelSpec work = spec;
  work.in_place = false;  // places come from the memory plan, and that from the schedules
  for (KernelSpec::StepSpec& step : work.epilogue) step.in_place = false;
  return without_schedule(work);
}

std::string to_string(const KernelSpec& spec) { return without_schedule(spec) + text::schedule(spec.schedule); }

}  // namespace resnetc::program

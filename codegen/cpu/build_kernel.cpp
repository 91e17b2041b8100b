/// \file Checks a spec's layouts and hands it to the builder of its kind.
#include "codegen/cpu/build_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/cpu/kernels_internal.h"
#include "ir/winograd.h"

namespace resnetc::codegen::cpu {

namespace {

using program::KernelKind;

bool in_whole_vectors(const program::Tensor& tensor) {
  return tensor.channel_stride % lanes == 0 && tensor.channel_stride >= tensor.type.channels;
}

/// What the builders rely on; select-kernels and the program's verifier see to it, edited IR text may not.
Result<> check_layouts(const program::KernelSpec& spec) {
  const bool any_input = spec.kind == KernelKind::load || spec.kind == KernelKind::conv2d;
  if (!any_input && !in_whole_vectors(spec.in)) {
    return Failure{"only a convolution can read channels that are not padded to whole vectors"};
  }
  const bool any_output = spec.kind == KernelKind::load || spec.kind == KernelKind::store;
  if (!any_output && !in_whole_vectors(spec.out)) {
    return Failure{"only a load can write channels that are not padded to whole vectors"};
  }
  for (const program::KernelSpec::StepSpec& step : spec.epilogue) {
    if (info(step.kind).joins_in_place() && step.operand.channel_stride != spec.out.channel_stride) {
      return Failure{"an epilogue's operand must have the output's channel stride"};
    }
  }
  if (spec.kind == KernelKind::conv2d) {
    const OpAttributes& a = spec.attributes;
    if (spec.in.halo.h < a.pad.h || spec.in.halo.w < a.pad.w) {
      return Failure{"the input's halo is smaller than the convolution's padding"};
    }
    if (spec.schedule.algorithm == program::Algorithm::winograd &&
        (!can_be_winograd(spec) || winograd(*winograd_form(a, spec.in.type.channels), spec.schedule.output) == nullptr)) {
      return Failure{"Winograd's transforms do not apply to it"};
    }
    if (spec.schedule.algorithm == program::Algorithm::strassen && !can_be_strassen(spec)) {
      return Failure{"Strassen's products do not apply to it"};
    }
  }
  return {};
}

Result<> build_convolution(const program::KernelSpec& spec, Built& built) {
  using program::Algorithm;
  switch (spec.schedule.algorithm) {
    case Algorithm::direct: build_conv2d(spec, built); return {};
    case Algorithm::winograd: build_winograd(spec, built); return {};
    case Algorithm::strassen: build_strassen(spec, built); return {};
    case Algorithm::general:
    case Algorithm::threads: break;
  }
  return Failure{fmt::format("a processor's convolution has no schedule of '{}'", to_string(spec.schedule.algorithm))};
}

}  // namespace

int64_t divisor_at_most(int64_t whole, int64_t wanted) {
  int64_t d = std::clamp<int64_t>(wanted, 1, whole);
  while (whole % d != 0) --d;
  return d;
}

void parallel_rows(Func& out, const Axes& axes, int64_t rows, int64_t height) {
  Var block("block"), task("task");
  if (rows <= 0 || rows >= height) {
    out.parallel(axes.n);
  } else {
    out.split(axes.y, block, axes.y, to_int(rows), guard_unless(height % rows == 0)).fuse(block, axes.n, task).parallel(task);
  }
  out.never_partition_all();
}

void schedule_vectors(const program::KernelSpec& spec, Func& out, const Axes& axes, const Var& block) {
  out.split(axes.c, block, axes.c, to_int(lanes), Halide::TailStrategy::RoundUp).reorder(axes.c, block, axes.x, axes.y, axes.n);
  out.vectorize(axes.c);
  parallel_rows(out, axes, spec.schedule.rows, spec.out.type.height);
}

Result<> build_kernel(const program::KernelSpec& spec, Built& built) {
  if (Result<> good = check_layouts(spec); !good) return good;
  switch (spec.kind) {
    case KernelKind::load: build_load(spec, built); break;
    case KernelKind::store: build_store(spec, built); break;
    case KernelKind::conv2d: return build_convolution(spec, built);
    case KernelKind::max_pool: build_max_pool(spec, built); break;
    case KernelKind::avg_pool: build_avg_pool(spec, built); break;
    case KernelKind::global_avg_pool: build_global_avg_pool(spec, built); break;
    case KernelKind::copy: build_copy(spec, built); break;
    case KernelKind::softmax: build_softmax(spec, built); break;
  }
  return {};
}

}  // namespace resnetc::codegen::cpu

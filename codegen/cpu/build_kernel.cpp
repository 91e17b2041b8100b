/// \file Checks a spec's layouts and passes the spec to the builder of its kind.
#include "codegen/cpu/build_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/cpu/kernels_internal.h"
#include "ir/algorithms/implementation.h"

namespace resnetc::codegen::cpu {

namespace {

using program::KernelKind;

bool in_whole_vectors(const program::Tensor& tensor) {
  return tensor.channel_stride % lanes == 0 && tensor.channel_stride >= tensor.type.channels;
}

/// Checks the layouts that the builders need. select-kernels and the program's verifier make sure of them, but edited IR text may violate
/// them.
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
    const bool one_channel = step.operand.type.channels == 1;  // spread over all
    if (info(step.kind).joins_in_place() && !one_channel && step.operand.stored_channels() != spec.out.stored_channels()) {
      return Failure{"an epilogue's operand must have the output's stored channels"};
    }
  }
  if (spec.kind == KernelKind::conv2d) {
    const Extent2 pad = spec.attributes.pad.largest();
    if (spec.in.halo.h < pad.h || spec.in.halo.w < pad.w) {
      return Failure{"the input's halo is smaller than the convolution's padding"};
    }
  }
  return {};
}

}  // namespace

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
  out.split(axes.c, block, axes.c, vector, Halide::TailStrategy::RoundUp).reorder(axes.c, block, axes.x, axes.y, axes.n);
  out.vectorize(axes.c);
  parallel_rows(out, axes, rows_of(spec), spec.out.type.height);
}

Result<> build_kernel(const program::KernelSpec& spec, const Target& target, Built& built) {
  if (Result<> good = check_layouts(spec); !good) return good;
  const program::Implementation& algorithm = implementation_of(spec.schedule);
  if (algorithm.device() != Device::cpu || !algorithm.computes(spec.kind) || !algorithm.applies(spec)) {
    return Failure{fmt::format("a schedule '{}' is not for it", name_of(spec.schedule))};
  }
  switch (spec.kind) {
    case KernelKind::load: build_load(spec, target, built); break;
    case KernelKind::store: build_store(spec, target, built); break;
    case KernelKind::conv2d: {
      const std::span<const ConvolutionBuilder> all = convolution_builders();
      const auto of_algorithm = [&](const ConvolutionBuilder& each) { return each.algorithm == &algorithm; };
      const auto found = std::find_if(all.begin(), all.end(), of_algorithm);
      if (found == all.end()) return Failure{"nothing makes code for this algorithm", Blame::bug};
      found->build(spec, target, built);
      break;
    }
    case KernelKind::max_pool: build_max_pool(spec, built); break;
    case KernelKind::avg_pool: build_avg_pool(spec, built); break;
    case KernelKind::global_avg_pool:
    case KernelKind::global_max_pool:
    case KernelKind::global_l2_pool: build_global_pool(spec, built); break;
    case KernelKind::copy: build_copy(spec, built); break;
    case KernelKind::softmax: build_softmax(spec, built); break;
    case KernelKind::flatten:
    case KernelKind::upsample:
    case KernelKind::pixel_shuffle:
    case KernelKind::unflatten:
    case KernelKind::join_rows:
    case KernelKind::transpose:
    case KernelKind::pad:
    case KernelKind::pixel_unshuffle:
    case KernelKind::channel_shuffle: build_rearrangement(spec, built); break;
    case KernelKind::rms_norm:
    case KernelKind::mean_norm:
    case KernelKind::layer_norm: build_layer_norm(spec, built); break;
    case KernelKind::group_norm: build_group_norm(spec, built); break;
  }
  return {};
}

}  // namespace resnetc::codegen::cpu

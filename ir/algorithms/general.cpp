/// \file The record of a processor's kernels that are no convolutions: how their rows are divided between threads.
#include "ir/algorithms/general.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/algorithms/implementation.h"
#include "ir/algorithms/machine_model.h"

namespace resnetc::program {

namespace {

/// The tensor that a load or store transposes, because the caller's buffer has planes; otherwise null.
const Tensor* transposed(const KernelSpec& spec) {
  if (spec.kind == KernelKind::load) return spec.out.type.is_picture() && spec.input.has_planes() ? &spec.out : nullptr;
  return spec.kind == KernelKind::store && spec.in.type.is_picture() ? &spec.in : nullptr;
}

/// The vectors of channels that are moved at each place. Few planes are read and written fast, because the processor fetches ahead in each.
/// But if the same vector of the next pixel lies 2 KiB further or more, the processor fetches nothing ahead in the arena. Then several
/// vectors at a time are faster, with prefetches in the planes; below, one is as good. 112x112 pixels of 512 channels take 6.4 ms to load
/// and 7.5 ms to store with one vector, and 4.8 ms and 5.7 ms with four; 112x112 of 144 channels take 0.68 and 0.79 ms with one, and 0.64
/// and 0.80 ms with three (Intel Xeon with AVX-512; bench/chains.py, 'resnetc bench --layers --threads 1').
int64_t vectors_of(const KernelSpec& spec) {
  constexpr int64_t far_bytes = 2048, most_vectors = 4;
  const Tensor* tensor = transposed(spec);
  if (tensor == nullptr || tensor->pixel_bytes() < far_bytes) return 1;
  return divisor_at_most(ceil_div(tensor->type.channels, lanes), most_vectors);
}

class General final : public Implementation {
 public:
  bool computes(KernelKind kind) const override { return kind != KernelKind::conv2d; }
  std::string_view algorithm(KernelKind) const override { return GeneralSchedule::name; }

  Fault fault(const KernelSpec& spec) const override {
    const auto& s = std::get<GeneralSchedule>(spec.schedule);
    const Tensor* tensor = transposed(spec);
    const int64_t blocks = tensor == nullptr ? 1 : ceil_div(tensor->type.channels, lanes);
    if (s.vectors < 1 || s.vectors > blocks) return fmt::format("vectors={} is out of range: 1 to {}", s.vectors, blocks);
    if (Fault fault = rows_fault(s.rows, std::max(spec.in.type.height, spec.out.type.height))) return fault;
    return pool_fault(spec);
  }

  ScheduleChoice choose(const Situation& situation, const AlgorithmChoice&) const override {
    const KernelSpec& spec = situation.spec;
    const int64_t read = spec.kind == KernelKind::load ? 0 : spec.in.type.elements();
    const int64_t elements = read + spec.out.type.elements();
    GeneralSchedule schedule;
    schedule.vectors = vectors_of(spec);
    if (elements < sharing::least_elements) {
      schedule.rows = 0;
      return {schedule, "general schedule; too little work to share between threads"};
    }
    schedule.rows = choose_rows(spec.out.type.height, 1, sharing::least_task_multiply_adds * sharing::wanted_tasks);
    return {schedule, "general schedule, shared between threads"};
  }
};

}  // namespace

const Implementation& implementation_of(const GeneralSchedule&) {
  static const General general;
  return general;
}

}  // namespace resnetc::program

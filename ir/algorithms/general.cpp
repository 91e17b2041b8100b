/// \file The record of a processor's kernels that are no convolutions: how their rows are divided between threads.
#include "ir/algorithms/general.h"

#include <algorithm>

#include "ir/algorithms/implementation.h"
#include "ir/algorithms/machine_model.h"

namespace resnetc::program {

namespace {

class General final : public Implementation {
 public:
  bool computes(KernelKind kind) const override { return kind != KernelKind::conv2d; }
  std::string_view algorithm(KernelKind) const override { return GeneralSchedule::name; }

  Fault fault(const KernelSpec& spec) const override {
    const auto& s = std::get<GeneralSchedule>(spec.schedule);
    if (Fault fault = tile_fault(s.vectors, s.pixels)) return fault;
    if (Fault fault = rows_fault(s.rows, std::max(spec.in.type.height, spec.out.type.height))) return fault;
    return pool_fault(spec);
  }

  ScheduleChoice choose(const Situation& situation, const AlgorithmChoice&) const override {
    const Machine& machine = situation.machine;
    const KernelSpec& spec = situation.spec;
    const int64_t read = spec.kind == KernelKind::load ? 0 : spec.in.type.elements();
    const int64_t elements = spec.kind == KernelKind::softmax ? 0 : read + spec.out.type.elements();
    GeneralSchedule schedule;
    if (elements < machine.least_shared_elements) {
      schedule.rows = 0;
      return {schedule, "general schedule; too little work to share between threads"};
    }
    schedule.rows = choose_rows(machine, spec.out.type.height, 1, machine.least_task_multiply_adds * machine.wanted_tasks);
    return {schedule, "general schedule, shared between threads"};
  }
};

}  // namespace

const Implementation& implementation_of(const GeneralSchedule&) {
  static const General general;
  return general;
}

}  // namespace resnetc::program

/// \file The known machines.
#include "ir/machine.h"

#include <algorithm>

namespace resnetc {

const VectorRates& Machine::rates(int64_t register_bytes) const {
  const auto found = std::find_if(vectors.begin(), vectors.end(), [&](const VectorRates& one) { return one.bytes >= register_bytes; });
  return found == vectors.end() ? vectors.back() : *found;
}

double Machine::multiply_adds_a_second() const {
  constexpr double lane_bytes = 4;
  double most = 0;
  for (const VectorRates& one : vectors) most = std::max(most, one.multiply_adds * static_cast<double>(one.bytes) / lane_bytes);
  return most * cycles_a_second;
}

std::span<const Machine> all_machines() {
  static const Machine table[] = {
      {
          .name = "generic",
          .architecture = "x86-64",
          .cycles_a_second = 2.5e9,
          .latency = 4,
          .vectors = {{16, 2, 2, 1}, {32, 2, 2, 1}, {64, 2, 2, 1}},
          .first = {32 << 10, 3.2e11},
          .second = {1 << 20, 1.2e11},
          .third = {16 << 20, 8e10},
          .first_ways = 8,
          .third_bytes_a_second_of_all = 1.6e11,
          .memory_bytes_a_second = 2.5e10,
          .memory_bytes_a_second_of_all = 5e10,
          .hidden = 0.9,
          .crowding = 1.7,
          .source = "between the current x86-64 cores that were measured (docs/performance.md)",
      },
  };
  return table;
}

const Machine& default_machine() { return all_machines().front(); }

const Machine* find_machine(std::string_view name) {
  const auto all = all_machines();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Machine& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace resnetc

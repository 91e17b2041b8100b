/// \file The model of a core.
#include "ir/algorithms/machine_model.h"

#include <algorithm>
#include <numeric>

namespace resnetc::program {

RegisterFile registers_of(const Target& target, const Machine& machine) {
  return {bytes_of(ElementType::f32, lanes) / target.registers.bytes, target.registers.count - 1, machine.rates(target.registers.bytes)};
}

int64_t register_lanes(const Target& target) { return target.registers.bytes / bytes_of(ElementType::f32); }

int64_t lines_in_one_set(const Machine& machine, int64_t lines, int64_t stride_bytes) {
  const int64_t distinct = machine.first_period() / std::gcd(stride_bytes, machine.first_period());
  return ceil_div(lines, distinct);
}

int64_t task_bytes(const Machine& machine) { return std::min<int64_t>(machine.second.bytes, 1 << 20); }

bool is_streamed(const Machine& machine, int64_t vectors, int64_t terms) {
  constexpr double room = 0.75;  // of the cache; the input has the rest
  return static_cast<double>(bytes_of(ElementType::f32, vectors * lanes * terms)) > room * static_cast<double>(machine.first.bytes);
}

namespace {

/// The cycles of one term of a tile, if only one thing took time.
struct Cycles {
  double multiply_adds, loads, latency;
  double most() const { return std::max({multiply_adds, loads, latency}); }
};

/// The cycles that the weights of a vector take from the second-level cache.
double cycles_of_fetching(const Machine& machine) {
  return static_cast<double>(bytes_of(ElementType::f32, lanes)) / machine.second.bytes_a_second * machine.cycles_a_second;
}

Cycles cycles_of(const Machine& machine, const RegisterFile& file, const SummedTile& tile) {
  const double loads = static_cast<double>(tile.vectors * file.parts + tile.pixels);
  Cycles cycles{static_cast<double>(tile.vectors * tile.pixels * file.parts) / file.rates.multiply_adds, loads / file.rates.loads,
                chained_cycles(machine)};
  if (is_streamed(machine, tile.vectors, tile.terms)) {
    // Half of the time that the bytes take from the second-level cache. (1x1 convolutions of 1024 and 2048 channels on an Intel Xeon with
    // AVX-512: tiles of 2 x 14 lose nothing, those of 2 x 7, for which the ports for loads are busy all the time, 1.4 cycles of 8.4.)
    constexpr double waiting = 0.5;
    cycles.loads += waiting * static_cast<double>(tile.vectors) * cycles_of_fetching(machine);
  }
  return cycles;
}

}  // namespace

std::string_view limit_of(const Machine& machine, const RegisterFile& file, const SummedTile& tile) {
  const Cycles cycles = cycles_of(machine, file, tile);
  if (cycles.most() == cycles.multiply_adds) return "multiply-adds";
  return cycles.most() == cycles.loads ? "loads" : "the latency of multiply-adds";
}

double efficiency(const Machine& machine, const RegisterFile& file, const SummedTile& tile) {
  constexpr double turn = 0.5;  // cycles that one turn of an inner loop costs beside its arithmetic
  const Cycles alone = cycles_of(machine, file, tile);
  double cycles = alone.most() + turn;
  if (is_streamed(machine, tile.vectors, tile.terms)) {
    // The rows of two vectors are fetched in time; those of more are waited for. (2 x 14: 0.55 ms, 3 x 8: 0.62, 4 x 4: 0.69, 4 x 6: 0.70,
    // for 1024 to 256 channels.)
    constexpr int64_t rows_in_time = 2;
    const auto late = static_cast<double>(std::max<int64_t>(tile.vectors - rows_in_time, 0));
    cycles += late * cycles_of_fetching(machine) * 2 * (1 - machine.hidden);
  }
  if (lines_in_one_set(machine, tile.pixels, tile.stride_bytes) > machine.first_ways) cycles *= machine.crowding;
  return alone.multiply_adds / cycles * static_cast<double>(tile.axis) / static_cast<double>(rounded(tile.axis, tile.pixels));
}

double imbalance(int64_t units, int64_t rows, int64_t channel_tasks) {
  const int64_t tasks = (units + rows - 1) / rows * channel_tasks;
  const int64_t even = (tasks + 1) / 2 * 2;
  return static_cast<double>(even * rows) / static_cast<double>(units * channel_tasks);
}

int64_t choose_rows(int64_t units, int64_t channel_tasks, int64_t multiply_adds) {
  if (multiply_adds < sharing::least_multiply_adds) return 0;
  const int64_t tasks = std::clamp<int64_t>(multiply_adds / sharing::least_task_multiply_adds, 2, sharing::wanted_tasks);
  const int64_t fewest = std::clamp<int64_t>((tasks + channel_tasks - 1) / channel_tasks, 1, units);
  int64_t best = (units + fewest - 1) / fewest;
  double least = imbalance(units, best, channel_tasks);
  for (int64_t blocks = fewest + 1; blocks <= std::min(units, 2 * fewest + 2); ++blocks) {
    const int64_t rows = (units + blocks - 1) / blocks;
    const double now = imbalance(units, rows, channel_tasks);
    if (now < least - 1e-9) {
      least = now;
      best = rows;
    }
  }
  return best;
}

}  // namespace resnetc::program

/// \file The model behind Winograd's transforms: operations and bytes, with figures measured on two kinds of x86-64 cores.
#include "passes/winograd_schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/winograd.h"
#include "passes/machine_model.h"

namespace resnetc::passes {

namespace {

/// Multiply-adds of one lane, or what takes as long.
struct Work {
  double products = 0;
  double input = 0;    ///< transforming the input
  double weights = 0;  ///< transforming the weights once
  double output = 0;   ///< transforming back
};

/// Of a matrix times a matrix with `columns`: zeros cost nothing.
double operations(const Matrix& matrix, int64_t columns) {
  int64_t nonzero = 0;
  for (const std::vector<double>& row : matrix) nonzero += static_cast<int64_t>(row.size()) - std::count(row.begin(), row.end(), 0.0);
  return static_cast<double>(nonzero * columns);
}

Work work_of(const Winograd& by, const TensorType& in, const TensorType& out) {
  const auto tiles = static_cast<double>(ceil_div(out.height, by.output) * ceil_div(out.width, by.output));
  const auto ci = static_cast<double>(in.channels), co = static_cast<double>(whole_vectors(out.channels));
  const auto n = static_cast<double>(by.products());
  // Transformed weights go to the second-level cache and come back: measured, about twice their arithmetic.
  return {n * n * tiles * ci * co, tiles * ci * operations(by.bt, by.input() + by.products()),
          2 * ci * co * operations(by.g, 3 + by.weights()), tiles * co * operations(by.at, by.products() + by.output)};
}

/// Seconds of `work` multiply-adds that read `weights` elements from memory; the shorter is mostly hidden behind the longer.
double seconds(double work, double weights) {
  constexpr double multiply_adds_a_second = 8e10, bytes_a_second = 2.5e10;
  const double arithmetic = work / multiply_adds_a_second, memory = 4 * weights / bytes_a_second;
  return std::max(arithmetic, memory) + 0.1 * std::min(arithmetic, memory);
}

double checkpoint_elements(const Convolution& c) {
  const OpAttributes& a = c.attributes;
  const int64_t per_group = c.in.channels / a.groups;
  return static_cast<double>(c.out.channels * per_group * a.kernel.h * a.kernel.w);
}

/// Elements of the packed weights.
double packed_elements(const Convolution& c, const WinogradChoice& choice) {
  const auto channels = static_cast<double>(c.in.channels) * static_cast<double>(whole_vectors(c.out.channels));
  if (!choice.packed) return checkpoint_elements(c);
  const auto weights = static_cast<double>(winograd(choice.output, c.attributes.stride.w)->weights());
  return channels * weights * weights;
}

}  // namespace

double expected_seconds(const Convolution& c, const WinogradChoice& choice) {
  constexpr double direct_efficiency = 0.95, transformed_efficiency = 0.85;
  const double weights = packed_elements(c, choice);
  if (choice.output == 0) return seconds(static_cast<double>(c.out.pixels()) * checkpoint_elements(c) / direct_efficiency, weights);
  const Work work = work_of(*winograd(choice.output, c.attributes.stride.w), c.in, c.out);
  const double once = work.products / transformed_efficiency + work.input + work.output;
  return seconds(once + (choice.packed ? 0 : work.weights), weights);
}

namespace {

bool can_be_transformed(const Convolution& c) { return program::can_be_winograd(c.attributes) && c.in.channels % lanes == 0; }

/// A convolution whose weights would better be packed as transformed, if the weights file had room for it.
struct Wish {
  size_t index = 0;
  WinogradChoice choice;
  double saved = 0;  ///< seconds
  double added = 0;  ///< elements
};

}  // namespace

std::vector<WinogradChoice> choose_winograd(std::span<const Convolution> convolutions) {
  std::vector<WinogradChoice> choices(convolutions.size());
  std::vector<Wish> wishes;
  double room = 0;
  for (size_t i = 0; i < convolutions.size(); ++i) {
    const Convolution& c = convolutions[i];
    const double checkpoint = checkpoint_elements(c);
    room += 2 * checkpoint;
    if (can_be_transformed(c)) {
      WinogradChoice best, modest;
      for (int64_t output : {2, 4}) {
        for (bool packed : {true, false}) {
          const WinogradChoice now{output, packed};
          if (expected_seconds(c, now) < expected_seconds(c, best)) best = now;
          if (packed_elements(c, now) <= 2 * checkpoint && expected_seconds(c, now) < expected_seconds(c, modest)) modest = now;
        }
      }
      choices[i] = modest;
      const double added = packed_elements(c, best) - packed_elements(c, modest);
      if (best != modest && added > 0) wishes.push_back({i, best, expected_seconds(c, modest) - expected_seconds(c, best), added});
    }
    room -= packed_elements(c, choices[i]);
  }
  // What saves most time an element comes first.
  std::sort(wishes.begin(), wishes.end(), [](const Wish& a, const Wish& b) {
    const double first = a.saved * b.added, second = b.saved * a.added;
    return first != second ? first > second : a.index < b.index;
  });
  for (const Wish& wish : wishes) {
    if (wish.added > room) continue;
    room -= wish.added;
    choices[wish.index] = wish.choice;
  }
  return choices;
}

WinogradChoice choice_of(const program::Schedule& schedule) {
  if (schedule.algorithm != program::Algorithm::winograd) return {};
  return {schedule.output, schedule.depth == 0};
}

void prefer(std::span<const std::optional<WinogradChoice>> wanted, std::span<const Convolution> convolutions, bool limited,
            std::vector<WinogradChoice>& choices) {
  double room = 0;
  for (size_t i = 0; i < choices.size(); ++i)
    room += 2 * checkpoint_elements(convolutions[i]) - packed_elements(convolutions[i], choices[i]);
  for (bool grows : {false, true}) {  // what shrinks makes room for what grows
    for (size_t i = 0; i < choices.size(); ++i) {
      if (!wanted[i]) continue;
      const double added = packed_elements(convolutions[i], *wanted[i]) - packed_elements(convolutions[i], choices[i]);
      if ((added > 0) != grows || (limited && added > std::max(room, 0.0))) continue;
      room -= added;
      choices[i] = *wanted[i];
    }
  }
}

namespace {

/// A register tile of the products.
struct Tile {
  int64_t vectors = 1;
  Extent2 tiles{1, 1};
  double efficiency = 0;
};

/// The most efficient first.
std::vector<Tile> rank_tiles(const Winograd& by, const program::Tensor& out, const std::string& target) {
  const RegisterFile file = registers_of(target);
  const int64_t across = ceil_div(out.type.width, by.output), down = ceil_div(out.type.height, by.output);
  const int64_t blocks = out.channel_stride / lanes;
  std::vector<Tile> tiles;
  for (int64_t vectors = 1; vectors <= 4; ++vectors) {
    if (blocks % vectors != 0) continue;
    for (int64_t h = 1; h <= down && file.holds(vectors, h); ++h) {
      for (int64_t w = 1; w <= across && file.holds(vectors, h * w); ++w) {
        const double used = static_cast<double>(across * down) / static_cast<double>(ceil_div(across, w) * w * ceil_div(down, h) * h);
        tiles.push_back({vectors, {h, w}, used * efficiency(file, vectors, h * w, h * w, lanes * 4)});
      }
    }
  }
  return most_efficient_first(tiles);
}

/// What one task does: so many rows of tiles of one of so many parts of the output channels.
struct Tasks {
  int64_t rows = 1, parts = 1;
  double cost = 0;
};

/// The cheapest first.
std::vector<Tasks> rank_tasks(const Winograd& by, const Tile& tile, const program::Tensor& in, const program::Tensor& out,
                              const OpAttributes& a, const WinogradChoice& choice) {
  const int64_t across = ceil_div(out.type.width, by.output), down = ceil_div(out.type.height, by.output);
  const int64_t blocks = out.channel_stride / lanes;
  // Each block of rows reads its weights anew, or transforms them, and each part of the output channels its input.
  const Work work = work_of(by, in.type, out.type);
  const double weight_bytes = 4 * packed_elements({in.type, out.type, a}, choice);
  constexpr double multiply_adds_a_byte = 1;  // from the third-level cache: two for one from memory
  constexpr int64_t task_bytes = 1 << 20;     // what a core's second-level cache holds
  const int64_t row_bytes = by.products() * by.products() * across * in.channel_stride * 4;
  std::vector<Tasks> all_tasks;
  for (int64_t rows = tile.tiles.h; rows < down + tile.tiles.h; rows += tile.tiles.h) {
    if (rows > tile.tiles.h && rows * row_bytes > task_bytes) break;
    for (int64_t parts = 1; parts <= 4 && blocks / tile.vectors % parts == 0; parts *= 2) {
      const int64_t row_blocks = ceil_div(down, rows);
      const double all = work.products + work.output + work.input * static_cast<double>(parts) +
                         static_cast<double>(row_blocks) * (choice.packed ? multiply_adds_a_byte * weight_bytes : work.weights);
      // Of equals, the one with more tasks: there may be more than two threads.
      all_tasks.push_back({rows, parts, all * imbalance(down, rows, parts) * (1 + 0.02 / static_cast<double>(row_blocks * parts))});
    }
  }
  return ranked(all_tasks, [](const Tasks& tasks) { return tasks.cost; });
}

/// Input channels whose weights are transformed together.
int64_t choose_depth(const Winograd& by, int64_t channels, int64_t vectors) {
  // All at once need no sums in memory; where they do not leave room in the second-level cache, a quarter of it.
  const int64_t vector_bytes = by.weights() * by.weights() * lanes * vectors * lanes * 4;
  int64_t depth = channels;
  if (depth / lanes * vector_bytes > 640 << 10) {
    do depth -= lanes;
    while (channels % depth != 0 || (depth > lanes && depth / lanes * vector_bytes > 256 << 10));
  }
  return depth;
}

program::Schedule make_schedule(const Winograd& by, const Tile& tile, const Tasks& tasks, int64_t channels, const WinogradChoice& choice) {
  program::Schedule schedule;
  schedule.algorithm = program::Algorithm::winograd;
  schedule.output = by.output;
  schedule.vectors = tile.vectors;
  schedule.tiles = tile.tiles;
  schedule.rows = tasks.rows;
  schedule.parts = tasks.parts;
  schedule.depth = choice.packed ? 0 : choose_depth(by, channels, tile.vectors);
  return schedule;
}

}  // namespace

ScheduleChoice choose_winograd_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& a,
                                        const WinogradChoice& choice, const std::string& target) {
  const Winograd& by = *winograd(choice.output, a.stride.w);
  const Tile tile = rank_tiles(by, out, target).front();
  const Tasks tasks = rank_tasks(by, tile, in, out, a, choice).front();
  const int64_t down = ceil_div(out.type.height, by.output);
  return {make_schedule(by, tile, tasks, in.type.channels, choice),
          fmt::format("Winograd's transforms with tiles of {0}x{0} results, {1} x {2} tiles in registers, weights transformed {3}; "
                      "{4} tasks",
                      by.output, tile.vectors * lanes, to_string(tile.tiles), choice.packed ? "when they are packed" : "in each run",
                      ceil_div(down, tasks.rows) * tasks.parts)};
}

std::vector<program::Schedule> winograd_candidates(const program::Tensor& in, const program::Tensor& out, const OpAttributes& a,
                                                   const WinogradChoice& choice, const std::string& target) {
  const Winograd& by = *winograd(choice.output, a.stride.w);
  const std::vector<Tile> tiles = rank_tiles(by, out, target);
  constexpr size_t most_tiles = 4, most_tasks = 4;
  std::vector<program::Schedule> candidates;
  // The sum of both ranks says what comes first.
  for (size_t rank = 0; rank < std::max(most_tiles, most_tasks); ++rank) {
    for (size_t t = 0; t <= rank && t < std::min(most_tiles, tiles.size()); ++t) {
      const std::vector<Tasks> tasks = rank_tasks(by, tiles[t], in, out, a, choice);
      if (rank - t >= std::min(most_tasks, tasks.size())) continue;
      candidates.push_back(make_schedule(by, tiles[t], tasks[rank - t], in.type.channels, choice));
    }
  }
  if (!choice.packed && candidates.front().depth % (2 * lanes) == 0) {
    candidates.push_back(candidates.front());
    candidates.back().depth /= 2;
  }
  return candidates;
}

}  // namespace resnetc::passes

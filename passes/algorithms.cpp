/// \file The model behind the choice: operations and bytes, with figures measured on two kinds of x86-64 cores.
#include "passes/algorithms.h"

#include <algorithm>
#include <numeric>

#include "ir/strassen.h"
#include "passes/machine_model.h"

namespace resnetc::passes {

using program::Algorithm;

namespace {

/// Of a matrix times a matrix with `columns`: zeros cost nothing.
double operations(const Matrix& matrix, int64_t columns) {
  int64_t nonzero = 0;
  for (const std::vector<double>& row : matrix) nonzero += static_cast<int64_t>(row.size()) - std::count(row.begin(), row.end(), 0.0);
  return static_cast<double>(nonzero * columns);
}

int64_t projected_channels(const Convolution& c) { return std::accumulate(c.projected.begin(), c.projected.end(), int64_t{0}); }

/// Strassen's sums for each pixel and each channel of the input and of the result, in multiply-adds of one lane or what takes as long: all
/// seven vectors of two go through the caches. Fitted to the 1x1 convolutions of ResNet-50 on Zen 5 (docs/decisions/0012).
constexpr double combining_input = 16, combining_products = 10;

}  // namespace

WinogradWork winograd_work(const WinogradForm& form, const Winograd& by, const TensorType& out) {
  const auto tiles = static_cast<double>(ceil_div(out.height, by.output) * ceil_div(out.width, by.output));
  const auto ci = static_cast<double>(form.channels), co = static_cast<double>(whole_vectors(out.channels));
  const auto n = static_cast<double>(by.products());
  // Transformed weights go to the second-level cache and come back: measured, about twice their arithmetic.
  return {n * n * tiles * static_cast<double>(form.summed) * co, tiles * ci * operations(by.bt, by.input() + by.products()),
          2 * ci * co * operations(by.g, 3 + by.weights()), tiles * co * operations(by.at, by.products() + by.output)};
}

StrassenWork strassen_work(const Convolution& c) {
  const auto pixels = static_cast<double>(2 * ceil_div(c.out.width, 2) * c.out.height),
             ci = static_cast<double>(c.in.channels + projected_channels(c));
  const auto co = static_cast<double>(whole_vectors(c.out.channels));
  return {pixels * ci * co * strassen::products / 8, pixels * ci * combining_input, pixels * co * combining_products};
}

namespace {

/// Seconds of `work` multiply-adds that read `weights` elements from memory; the shorter is mostly hidden behind the longer.
double seconds(double work, double weights) {
  constexpr double multiply_adds_a_second = 8e10, bytes_a_second = 2.5e10;
  const double arithmetic = work / multiply_adds_a_second, memory = 4 * weights / bytes_a_second;
  return std::max(arithmetic, memory) + 0.1 * std::min(arithmetic, memory);
}

double checkpoint_elements(const Convolution& c) {
  const OpAttributes& a = c.attributes;
  const int64_t per_group = c.in.channels / a.groups;
  return static_cast<double>(c.out.channels * (per_group * a.kernel.h * a.kernel.w + projected_channels(c)));
}

}  // namespace

double packed_elements(const Convolution& c, const AlgorithmChoice& choice) {
  switch (choice.algorithm) {
    case Algorithm::strassen:
      return static_cast<double>(strassen::weights(c.in.channels + projected_channels(c), whole_vectors(c.out.channels)));
    case Algorithm::winograd:
      if (choice.packed) {
        const WinogradForm form = *winograd_form(c.attributes, c.in.channels);
        const auto channels = static_cast<double>(form.channels) * static_cast<double>(whole_vectors(c.out.channels));
        const auto weights = static_cast<double>(winograd(form, choice.output)->weights());
        return channels * weights * weights + static_cast<double>(projected_channels(c) * c.out.channels);
      }
      break;
    case Algorithm::general:
    case Algorithm::direct:
    case Algorithm::threads: break;
  }
  return checkpoint_elements(c);
}

double expected_seconds(const Convolution& c, const AlgorithmChoice& choice) {
  constexpr double direct_efficiency = 0.95, transformed_efficiency = 0.85;
  const double weights = packed_elements(c, choice);
  const auto pixels = static_cast<double>(c.out.pixels());
  switch (choice.algorithm) {
    case Algorithm::strassen: {
      const StrassenWork work = strassen_work(c);
      return seconds(work.products / direct_efficiency + work.input + work.output, weights);
    }
    case Algorithm::winograd: {
      const WinogradForm form = *winograd_form(c.attributes, c.in.channels);
      const WinogradWork work = winograd_work(form, *winograd(form, choice.output), c.out);
      const double projections = pixels * static_cast<double>(projected_channels(c) * c.out.channels) / direct_efficiency;
      const double once = work.products / transformed_efficiency + work.input + work.output + projections;
      return seconds(once + (choice.packed ? 0 : work.weights), weights);
    }
    case Algorithm::general:
    case Algorithm::direct:
    case Algorithm::threads: break;
  }
  return seconds(pixels * checkpoint_elements(c) / direct_efficiency, weights);
}

int64_t row_of_halves(const Convolution& c) {
  return strassen::products * ceil_div(c.out.width, 2) * (c.in.channels + projected_channels(c)) / 2 * 4;
}

namespace {

/// Whether Strassen's products apply and may gain: as program::can_be_strassen(), and a row of pixels stays in the second-level cache.
bool can_be_halved(const Convolution& c) {
  const OpAttributes& a = c.attributes;
  const bool one_by_one = a.kernel == Extent2{1, 1} && a.stride == Extent2{1, 1} && a.pad == Extent2{0, 0} && a.groups == 1;
  return one_by_one && row_of_halves(c) <= most_halves && strassen::has_halves(c.in.channels) &&
         std::all_of(c.projected.begin(), c.projected.end(), strassen::has_halves) && strassen::has_halves(whole_vectors(c.out.channels));
}

/// Of one row of tiles, transformed, and of its products: beyond this, caches are of no use and a task's scratch memory has an end.
bool row_fits(const Convolution& c, const WinogradForm& form, const Winograd& by) {
  constexpr int64_t most_bytes = 16 << 20;
  const int64_t tiles = ceil_div(c.out.width, by.output) + 1, channels = form.channels + whole_vectors(c.out.channels);
  return by.products() * by.products() * tiles * channels * 4 <= most_bytes;
}

}  // namespace

std::vector<AlgorithmChoice> faster_algorithms(const Convolution& c, int64_t largest_tile) {
  std::vector<AlgorithmChoice> found;
  if (largest_tile > 0 && can_be_halved(c)) found.push_back({Algorithm::strassen, 0, false});
  const std::optional<WinogradForm> form = winograd_form(c.attributes, c.in.channels);
  if (!form || (form->phases ? !c.dense : c.in.channels % lanes != 0)) return found;
  for (int64_t output : {2, 4}) {
    if (output > largest_tile || winograd(*form, output) == nullptr || !row_fits(c, *form, *winograd(*form, output))) continue;
    for (bool packed : {true, false}) {
      if (packed || !form->phases) found.push_back({Algorithm::winograd, output, packed});
    }
  }
  return found;
}

namespace {

/// A convolution whose weights would better be packed as transformed or combined, if the weights file had room for it.
struct Wish {
  size_t index = 0;
  AlgorithmChoice choice;
  double saved = 0;  ///< seconds
  double added = 0;  ///< elements
};

}  // namespace

std::vector<AlgorithmChoice> choose_algorithms(std::span<const Convolution> convolutions, int64_t largest_tile) {
  std::vector<AlgorithmChoice> choices(convolutions.size());
  std::vector<Wish> wishes;
  double room = 0;
  for (size_t i = 0; i < convolutions.size(); ++i) {
    const Convolution& c = convolutions[i];
    const double checkpoint = checkpoint_elements(c);
    room += 2 * checkpoint;
    AlgorithmChoice best, modest;
    for (const AlgorithmChoice& now : faster_algorithms(c, largest_tile)) {
      if (expected_seconds(c, now) < expected_seconds(c, best)) best = now;
      if (packed_elements(c, now) <= 2 * checkpoint && expected_seconds(c, now) < expected_seconds(c, modest)) modest = now;
    }
    choices[i] = modest;
    const double added = packed_elements(c, best) - packed_elements(c, modest);
    if (best != modest && added > 0) wishes.push_back({i, best, expected_seconds(c, modest) - expected_seconds(c, best), added});
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

AlgorithmChoice choice_of(const program::Schedule& schedule) {
  switch (schedule.algorithm) {
    case Algorithm::strassen: return {Algorithm::strassen, 0, false};
    case Algorithm::winograd: return {Algorithm::winograd, schedule.output, schedule.depth == 0};
    case Algorithm::general:
    case Algorithm::direct:
    case Algorithm::threads: break;
  }
  return {};
}

void prefer(std::span<const std::optional<AlgorithmChoice>> wanted, std::span<const Convolution> convolutions, bool limited,
            std::vector<AlgorithmChoice>& choices) {
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

}  // namespace resnetc::passes

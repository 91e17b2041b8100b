/// \file The methods. Numbers above and below zero are two sides, each with an end that is counted in bins from zero. An end of the side
/// below zero is the absolute value of a range's low end. Exact zeros have no error with any range, because integers have an exact zero.
#include "driver/range_methods.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "ir/element_type.h"

namespace resnetc::driver {

namespace {

using Bins = std::span<const uint64_t>;

constexpr std::array<std::string_view, 4> method_names = {"minmax", "percentile", "mse", "entropy"};
/// The number of different int8 numbers.
constexpr int int8_levels = 256;

/// The ends of a range, in bins.
struct RangeEnds {
  double below = 0, above = 0;
};

/// The elements beyond `end`.
double beyond(Bins bins, double end) {
  double sum = 0;
  for (size_t i = bins.size(); i-- > 0;) {
    const auto first = static_cast<double>(i);
    if (first + 1 <= end) break;
    sum += static_cast<double>(bins[i]) * std::min(1.0, first + 1 - end);
  }
  return sum;
}

/// The end with `cut` elements beyond it, or 0 if there are fewer.
double end_without(Bins bins, double cut) {
  for (size_t i = bins.size(); i-- > 0;) {
    const auto count = static_cast<double>(bins[i]);
    if (count > cut) return static_cast<double>(i + 1) - cut / count;
    cut -= count;
  }
  return 0;
}

/// For each end from 0 to the last bin's, the sum of the squared distances, in bins, of the elements beyond it.
std::vector<double> clipping_costs(Bins bins) {
  const size_t size = bins.size();
  std::vector<double> costs(size + 1);
  double count = 0, distance = 0, square = 0;  // of the elements beyond the end
  for (size_t i = size; i-- > 0;) {
    // The end moves by a bin towards zero, and the elements of this bin come to lie beyond it, 1/2 on average. 1/3 is the mean square.
    const auto more = static_cast<double>(bins[i]);
    square += 2 * distance + count + more / 3;
    distance += count + more / 2;
    count += more;
    costs[i] = square;
  }
  return costs;
}

/// Rounding to the levels of a range of the length L has the mean square (L / 255)^2 / 12, because every place between two
/// levels is equally likely. Elements that are clipped count too: otherwise it would pay to clip an element that comes very often by a
/// hair. The cost is convex in both ends together. So the best end above zero moves away from zero, or stays, as the one below approaches
/// zero.
RangeEnds ends_by_mse(const Histogram& seen) {
  const std::vector<double> below = clipping_costs(seen.below()), above = clipping_costs(seen.above());
  const double rounding = static_cast<double>(seen.count() - seen.zeros()) / ((int8_levels - 1.0) * (int8_levels - 1.0) * 12.0);
  const auto cost = [&](size_t b, size_t a) {
    const auto length = static_cast<double>(b + a);
    return rounding * length * length + below[b] + above[a];
  };
  size_t best_below = below.size() - 1, best_above = above.size() - 1;
  double best = cost(best_below, best_above);
  size_t a = 0;
  for (size_t b = below.size(); b-- > 0;) {
    while (a + 1 < above.size() && cost(b, a + 1) <= cost(b, a)) ++a;
    if (cost(b, a) >= best) continue;
    best = cost(b, a);
    best_below = b;
    best_above = a;
  }
  return {static_cast<double>(best_below), static_cast<double>(best_above)};
}

/// The bins of one side, `step` of them together, `size` in all.
std::vector<double> steps_of(Bins bins, size_t step, size_t size) {
  std::vector<double> counts(size);
  for (size_t i = 0; i < bins.size(); ++i) counts[i / step] += static_cast<double>(bins[i]);
  return counts;
}

/// The divergence from `counts`, in which what lies outside [begin, end) was added to the outermost steps, to what the levels over
/// [begin, end) keep of it: each has the elements of its steps, spread evenly over those that had any.
double divergence(const std::vector<double>& counts, size_t begin, size_t end) {
  /// What takes the place of nothing where clipped elements came to lie: a ten-thousandth of an element, as in ONNX Runtime.
  constexpr double almost_none = 1e-4;
  std::vector<double> kept(counts.begin() + static_cast<std::ptrdiff_t>(begin), counts.begin() + static_cast<std::ptrdiff_t>(end));
  std::vector<double> reference = kept;
  for (size_t i = 0; i < begin; ++i) reference.front() += counts[i];
  for (size_t i = end; i < counts.size(); ++i) reference.back() += counts[i];
  const size_t size = kept.size();
  double of_kept = 0, of_reference = 0;
  for (size_t level = 0; level < int8_levels; ++level) {
    const size_t first = level * size / int8_levels, last = (level + 1) * size / int8_levels;
    double sum = 0, places = 0;
    for (size_t i = first; i < last; ++i) {
      sum += kept[i];
      places += reference[i] > 0 ? 1 : 0;
    }
    for (size_t i = first; i < last; ++i) {
      kept[i] = reference[i] > 0 ? std::max(sum / places, almost_none) : 0;
      of_kept += kept[i];
      of_reference += reference[i];
    }
  }
  double result = 0;
  for (size_t i = 0; i < size; ++i) {
    if (reference[i] > 0) result += reference[i] / of_reference * std::log(reference[i] / of_reference * of_kept / kept[i]);
  }
  return result;
}

/// As "8-bit Inference with TensorRT" (S. Migacz, GTC 2017) and ONNX Runtime's calibrator (onnxruntime/quantization/calibrate.py) do it:
/// both ends are as far from zero, and the end with the least divergence is taken, of those that leave a level at least one step. Numbers
/// of one sign have all levels for themselves here.
RangeEnds ends_by_entropy(const Histogram& seen) {
  constexpr size_t most_steps = 2048, most_tries = 512;
  const size_t bins = std::max(seen.below().size(), seen.above().size());
  const size_t step = (bins + most_steps - 1) / most_steps, size = step == 0 ? 0 : (bins + step - 1) / step;
  const bool both = !seen.below().empty() && !seen.above().empty();
  const size_t least = both ? int8_levels / 2 : int8_levels;
  if (size <= least) return {-seen.least() / seen.width(), seen.most() / seen.width()};
  std::vector<double> counts = steps_of(seen.above().empty() ? seen.below() : seen.above(), step, size);
  if (both) {
    std::vector<double> below = steps_of(seen.below(), step, size);
    std::reverse(below.begin(), below.end());
    counts.insert(counts.begin(), below.begin(), below.end());
  }
  size_t best = size;
  double lost = std::numeric_limits<double>::infinity();
  const size_t stride = (size - least + most_tries - 1) / most_tries;
  for (size_t tried = size;; tried -= stride) {
    const double now = both ? divergence(counts, size - tried, size + tried) : divergence(counts, 0, tried);
    if (now < lost) {
      lost = now;
      best = tried;
    }
    if (tried < least + stride) break;
  }
  const auto end = static_cast<double>(best * step);
  return {end, end};
}

RangeEnds ends_by(const Histogram& seen, RangeMethod method, double kept) {
  switch (method) {
    case RangeMethod::minmax: break;
    case RangeMethod::percentile: {
      const double cut = static_cast<double>(seen.count()) * (100 - kept) / 200;
      return {end_without(seen.below(), cut), end_without(seen.above(), cut)};
    }
    case RangeMethod::mse: return ends_by_mse(seen);
    case RangeMethod::entropy: return ends_by_entropy(seen);
  }
  return {-seen.least() / seen.width(), seen.most() / seen.width()};
}

}  // namespace

std::span<const std::string_view> range_method_names() { return method_names; }

std::optional<RangeMethod> range_method_named(std::string_view name) {
  const auto* found = std::find(method_names.begin(), method_names.end(), name);
  if (found == method_names.end()) return std::nullopt;
  return static_cast<RangeMethod>(found - method_names.begin());
}

ChosenRange choose_range(const Histogram& seen, RangeMethod method, double kept) {
  const double width = seen.width();
  const RangeEnds ends = ends_by(seen, method, kept);
  ChosenRange chosen;
  // What was seen is float32, so that rounding cannot lead out of it.
  chosen.low = nearest(ElementType::f32, std::max(seen.least(), -ends.below * width)) + 0.0;
  chosen.high = nearest(ElementType::f32, std::min(seen.most(), ends.above * width));
  if (seen.count() == 0) return chosen;
  double outside = 0;
  if (chosen.low > seen.least()) outside += beyond(seen.below(), -chosen.low / width);
  if (chosen.high < seen.most()) outside += beyond(seen.above(), chosen.high / width);
  chosen.outside = outside / static_cast<double>(seen.count());
  return chosen;
}

}  // namespace resnetc::driver

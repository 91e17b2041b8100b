/// \file "did you mean": the nearest of the names that would have been right.
#include "support/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace resnetc {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The number of letters, of any case, to insert, leave out, change or swap with their neighbour.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  std::iota(previous.begin(), previous.end(), size_t{0});
  const auto same = [&](size_t i, size_t j) { return lower(a[i - 1]) == lower(b[j - 1]); };
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same(i, j) ? 0 : 1)});
      if (i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j)) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, row);
  }
  return previous[b.size()];
}

}  // namespace

std::string suggestion(std::string_view wrong, const std::vector<std::string_view>& candidates, std::span<const std::string_view> others) {
  if (wrong.size() > 100) return {};
  const std::string_view* best = nullptr;
  size_t best_distance = std::max<size_t>(1, wrong.size() / 3) + 1;
  for (size_t i = 0; i < std::min<size_t>(candidates.size(), 1000); ++i) {
    const std::string_view candidate = candidates[i];
    if (candidate.size() > 100 || candidate == wrong) continue;
    const size_t d = distance(wrong, candidate);
    if (d < best_distance && d < candidate.size()) {
      best_distance = d;
      best = &candidates[i];
    }
  }
  const auto nearer = [&](std::string_view other) { return distance(wrong, other) < best_distance; };
  if (best && std::any_of(others.begin(), others.end(), nearer)) best = nullptr;
  return best ? fmt::format("; did you mean '{}'?", *best) : std::string();
}

}  // namespace resnetc

/// \file Chooses the fastest algorithm of each convolution for which there is room for packed weights.
#include "passes/algorithms.h"

#include <algorithm>

namespace resnetc::passes {

using program::AlgorithmChoice;
using program::checkpoint_bytes;
using program::Convolution;
using program::packed_bytes;

namespace {

/// A convolution that would be faster with transformed or combined weights, if the weights file has room for them.
struct Wish {
  size_t index = 0;
  AlgorithmChoice choice;
  double saved = 0;  ///< seconds saved
  double added = 0;  ///< bytes added to the weights
};

}  // namespace

std::vector<AlgorithmChoice> choose_algorithms(std::span<const Convolution> convolutions, const Machine& machine, int64_t largest_tile) {
  std::vector<AlgorithmChoice> choices(convolutions.size());
  std::vector<Wish> wishes;
  double room = 0;
  const double rate = weight_bytes_a_second(machine, convolutions);
  for (size_t i = 0; i < convolutions.size(); ++i) {
    const Convolution& c = convolutions[i];
    const double checkpoint = checkpoint_bytes(c);
    room += 2 * checkpoint;
    const auto seconds = [&](const AlgorithmChoice& choice) { return expected_seconds(c, choice, machine, rate); };
    AlgorithmChoice best, modest;
    for (const AlgorithmChoice& now : all_choices(c, machine, largest_tile)) {
      if (seconds(now) < seconds(best)) best = now;
      if (packed_bytes(c, now) <= 2 * checkpoint && seconds(now) < seconds(modest)) modest = now;
    }
    choices[i] = modest;
    const double added = packed_bytes(c, best) - packed_bytes(c, modest);
    if (best != modest && added > 0) wishes.push_back({i, best, seconds(modest) - seconds(best), added});
    room -= packed_bytes(c, choices[i]);
  }
  // The wish that saves the most time for each byte comes first.
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

void prefer(std::span<const std::optional<AlgorithmChoice>> wanted, std::span<const Convolution> convolutions, bool limited,
            std::vector<AlgorithmChoice>& choices) {
  double room = 0;
  for (size_t i = 0; i < choices.size(); ++i) room += 2 * checkpoint_bytes(convolutions[i]) - packed_bytes(convolutions[i], choices[i]);
  for (bool grows : {false, true}) {  // wishes that shrink the weights make room for those that grow them
    for (size_t i = 0; i < choices.size(); ++i) {
      if (!wanted[i]) continue;
      const double added = packed_bytes(convolutions[i], *wanted[i]) - packed_bytes(convolutions[i], choices[i]);
      if ((added > 0) != grows || (limited && added > std::max(room, 0.0))) continue;
      room -= added;
      choices[i] = *wanted[i];
    }
  }
}

}  // namespace resnetc::passes

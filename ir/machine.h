/// \file What schedules are chosen by: what a CPU computes and moves in a time, and how large its caches are. A Machine says nothing of
/// instruction sets, which are the target's (ir/target.h). Figures of an algorithm, such as what its transforms cost, stand with it.
#pragma once

#include <cstdint>

namespace resnetc {

/// Defaults: between current x86-64 cores.
struct Machine {
  /// Multiply-adds for each byte of weights, from which on a picture's arithmetic takes longer than its weights take to come from memory:
  /// cores compute 60 to 130 billion multiply-adds a second, and memory gives 20 to 40 billion bytes.
  int64_t picture_multiply_adds = 4;
  /// Multiply-adds of a picture, at most half a millisecond for one thread, for which no thread is woken.
  int64_t brief_multiply_adds = 50'000'000;
};

const Machine& default_machine();

}  // namespace resnetc

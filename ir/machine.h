/// \file Properties of a CPU that decide the choice of schedules: its speed of arithmetic and memory, and the sizes of its caches. A
/// Machine has no instruction sets: these belong to the target (ir/target.h). Numbers of an algorithm, such as the cost of its transforms,
/// stand with the algorithm.
#pragma once

#include <cstdint>

namespace resnetc {

/// The defaults lie between those of current x86-64 cores.
struct Machine {
  /// The number of multiply-adds for each byte of weights from which a picture's arithmetic takes longer than loading its weights from
  /// memory. Cores compute 60 to 130 billion multiply-adds a second, and memory delivers 20 to 40 billion bytes.
  int64_t picture_multiply_adds = 4;
  /// The largest number of a picture's multiply-adds for which no thread is woken. One thread needs at most half a millisecond for them.
  int64_t brief_multiply_adds = 50'000'000;
};

const Machine& default_machine();

}  // namespace resnetc

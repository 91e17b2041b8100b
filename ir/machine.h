/// \file The description of a machine by which schedules are chosen: how much a CPU computes and moves in a given time, and how large its
/// caches are. A Machine says nothing of instruction sets and registers, which the target has (ir/target.h). What an algorithm's own
/// transforms cost stands with the algorithm. GPUs have a description of their own (ir/algorithms/gpu_model.h).
#pragma once

#include <cstdint>

namespace resnetc {

/// The defaults lie between those of the current x86-64 cores that were measured (docs/performance.md). A value is chosen for all of them,
/// so that the same input gives the same schedule everywhere.
struct Machine {
  // A core, in each cycle.
  double vector_operations = 2;  ///< multiply-adds of one vector register that begin
  double vector_loads = 2;       ///< loads of one vector register
  double latency = 4.5;          ///< cycles from a multiply-add to the next on the same accumulator, with what reordering loses
  double loop_cycles = 0.5;      ///< cycles that one turn of an inner loop costs beside its arithmetic

  // Caches of a core.
  int64_t first_cache_bytes = 48 << 10;     ///< the first-level data cache
  int64_t first_cache_period = 4096;        ///< bytes between two addresses that share a set of the first-level cache
  int64_t first_cache_ways = 8;             ///< lines of a set of the first-level cache
  int64_t second_cache_bytes = 1024 << 10;  ///< the part of the second-level cache that a task may fill

  // Rates of one thread.
  double multiply_adds_a_second = 8e10;      ///< multiply-adds of one lane
  double third_cache_bytes_a_second = 8e10;  ///< bytes that come from the third-level cache
  double memory_bytes_a_second = 2.5e10;     ///< bytes that come from memory

  /// Multiply-adds that take as long as a byte takes to come from the third-level cache.
  double multiply_adds_of_third_cache_byte() const { return multiply_adds_a_second / third_cache_bytes_a_second; }

  // Threads.
  int64_t least_shared_multiply_adds = 500'000;  ///< a kernel with fewer takes a few microseconds: waking a thread for a part does not pay
  int64_t least_shared_elements = 65'536;        ///< a kernel that only moves elements, and fewer, ends before a second thread has woken
  int64_t least_task_multiply_adds = 200'000;    ///< no task is made smaller
  int64_t wanted_tasks = 16;                     ///< this number of tasks loads two to eight threads evenly

  // A whole run.
  /// Multiply-adds for each byte of weights, from which on a picture's arithmetic takes longer than its weights take to come from memory:
  /// cores compute 60 to 130 billion multiply-adds a second, and memory gives 20 to 40 billion bytes.
  int64_t picture_multiply_adds = 4;
  /// The largest number of a picture's multiply-adds for which no thread is woken. Bytes of tensors count as the multiply-adds that take as
  /// long as the bytes take to come from memory. One thread needs at most half a millisecond for them.
  int64_t brief_multiply_adds = 50'000'000;
};

const Machine& default_machine();

}  // namespace resnetc

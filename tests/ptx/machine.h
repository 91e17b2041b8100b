/// \file Runs kernels in PTX as a GPU would, a warp of 32 threads at a time, and finds faults that a GPU would not report: accesses out of
/// bounds or not aligned, reads of bytes that were never written, races on shared memory between barriers, barriers and shuffles that not
/// all threads reach, and launches beyond the limits of sm_80.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tests/ptx/memory.h"
#include "tests/ptx/module.h"

namespace resnetc::ptx {

struct Extent3 {
  int64_t x = 1, y = 1, z = 1;
  int64_t volume() const { return x * y * z; }
};

struct Launch {
  Extent3 grid, block;
  int64_t shared_bytes = 0;               ///< in addition to what the kernel declares
  int64_t registers = 32;                 ///< of each thread
  std::span<const std::byte> parameters;  ///< in the layout of Entry::parameters
};

/// Counts of the work, for models of speed.
struct Counts {
  int64_t warp_instructions = 0;
  int64_t warp_multiply_adds = 0;  ///< those that are fma.f32
};

/// Runs all blocks, one after the other. The first fault ends the launch. Returns the fault with its block, thread and line, or an empty
/// text.
std::string run(const Entry& entry, const Launch& launch, GlobalMemory& memory, Counts* counts = nullptr);

}  // namespace resnetc::ptx

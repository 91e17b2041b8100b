/// \file Carries out kernels in PTX as a GPU would, a warp of 32 threads at a time, and checks what a GPU would let pass: accesses out of
/// bounds or not aligned, reads of what was never written, races on shared memory between barriers, barriers and shuffles that not all
/// threads reach, and launches beyond the limits of sm_80.
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
  int64_t shared_bytes = 0;               ///< beside what the kernel declares
  int64_t registers = 32;                 ///< of each thread
  std::span<const std::byte> parameters;  ///< as laid out in Entry::parameters
};

/// What was done, for models of speed.
struct Counts {
  int64_t warp_instructions = 0;
  int64_t warp_multiply_adds = 0;  ///< fma.f32 among them
};

/// Runs all blocks, one after the other. What is wrong, or nothing: the first fault ends the launch, told with its block, thread and line.
std::string run(const Entry& entry, const Launch& launch, GlobalMemory& memory, Counts* counts = nullptr);

}  // namespace resnetc::ptx

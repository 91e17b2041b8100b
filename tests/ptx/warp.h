/// \file 32 threads that run together, and the instructions that use only registers.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/ptx/module.h"

namespace resnetc::ptx {

inline constexpr int warp_size = 32;
using Words = std::array<uint32_t, warp_size>;
using Longs = std::array<uint64_t, warp_size>;
using Mask = uint32_t;

/// The beginnings of the generic addresses of shared and of local memory. Addresses below them are global.
inline constexpr uint64_t shared_window = uint64_t{1} << 60, local_window = uint64_t{1} << 61;

struct Fault {
  std::string text;
  int lane = 0;
};

template <class Function>
inline void each(Mask mask, Function f) {
  if (mask == ~Mask{0}) {
    for (int lane = 0; lane < warp_size; ++lane) f(static_cast<size_t>(lane));
    return;
  }
  for (; mask != 0; mask &= mask - 1) f(static_cast<size_t>(std::countr_zero(mask)));
}

struct Group {
  int32_t at = 0;  ///< index of the next instruction
  Mask mask = 0;
};

struct Warp {
  int32_t number = 0;
  std::vector<Words> words;
  std::vector<Longs> longs;
  std::vector<Mask> predicates;
  std::vector<Group> groups;   ///< running groups; no two are at the same instruction
  std::vector<Group> waiting;  ///< groups that wait at the barrier
  Mask all = 0, exited = 0;
  uint32_t time = 0;  ///< number of barriers of only this warp
  std::vector<std::byte> local;
  std::vector<uint8_t> local_written;
};

inline Words& word(Warp& warp, Slot slot) { return warp.words[static_cast<size_t>(slot)]; }
inline Longs& wide(Warp& warp, Slot slot) { return warp.longs[static_cast<size_t>(slot)]; }

[[noreturn]] void fault(size_t lane, std::string text);

/// Executes an instruction for the threads of `mask`, which is not empty. Instructions that change the control flow or access memory are
/// not allowed. Throws a Fault.
void calculate(Warp& warp, const Instruction& instruction, Mask mask);

}  // namespace resnetc::ptx

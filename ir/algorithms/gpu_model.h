/// \file What a GPU's kernel takes, by a small model of its processors: how fast each can issue instructions, multiply and add, and take
/// in what it loads; how the blocks of a launch fill them, wave after wave; and memory. Nothing is measured: the figures are those of
/// NVIDIA's white papers ("NVIDIA A100 Tensor Core GPU Architecture", 2020; "NVIDIA H100 Tensor Core GPU Architecture", 2022).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ir/program.h"

namespace resnetc::program {

struct Gpu {
  std::string_view name;
  double processors;        ///< streaming multiprocessors
  double clock;             ///< Hz
  double multiply_adds;     ///< of a warp, that one quarter of a processor begins in a cycle
  double memory_bandwidth;  ///< bytes a second
  double cache_bandwidth;   ///< bytes a cycle from the second-level cache to one processor
};
/// A100 (SXM, 80 GB) and H100 (SXM).
std::span<const Gpu> known_gpus();
const Gpu& a100();

/// A kernel's launch, from its schedule and layouts.
struct LaunchCost {
  int64_t blocks = 0;             ///< of one picture
  int64_t threads = 0;            ///< of a block
  int64_t warps = 0;              ///< of a block
  int64_t registers = 0;          ///< of a thread, estimated
  int64_t resident_blocks = 0;    ///< that fit a processor at once
  double occupancy = 0;           ///< warps that fit, over the 64 a processor could hold
  double multiply_add_share = 0;  ///< of the innermost loop's instructions; 0 for what is no convolution
  double loaded_bytes = 0;        ///< into registers of a warp
  double block_bytes = 0;         ///< that a block reads, each byte once
  double warp_multiply_adds = 0;  ///< of a warp in all
  double warp_instructions = 0;   ///< of a warp in all
  double turns = 0;               ///< of the innermost loop
};
LaunchCost launch_cost(const KernelSpec& spec);

/// Bytes that have to come from or go to memory for a batch, each once.
double memory_bytes(const KernelSpec& spec, int64_t batch);
/// Seconds on the GPU, without the time that a launch itself takes.
double predicted_seconds(const Gpu& gpu, const KernelSpec& spec, int64_t batch);
/// The least that its multiply-adds at peak and its bytes at full bandwidth allow, whatever the schedule.
double roofline_seconds(const Gpu& gpu, const KernelSpec& spec, int64_t multiply_adds, int64_t batch);

}  // namespace resnetc::program

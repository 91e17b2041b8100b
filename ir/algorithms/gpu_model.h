/// \file The time of a GPU's kernel, predicted by a small model of the GPU's processors. The model contains how fast a processor issues
/// instructions, multiplies and adds, and loads data, how the blocks of a launch fill the processors wave after wave, and the memory.
/// Nothing is measured: the numbers are those of NVIDIA's white papers ("NVIDIA A100 Tensor Core GPU Architecture", 2020; "NVIDIA H100
/// Tensor Core GPU Architecture", 2022).
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
  double multiply_adds;     ///< multiply-adds of a warp that one quarter of a processor can begin in a cycle
  double memory_bandwidth;  ///< bytes a second
  double cache_bandwidth;   ///< bytes a cycle from the second-level cache to one processor
};
/// The GPUs of the model: A100 (SXM, 80 GB) and H100 (SXM).
std::span<const Gpu> known_gpus();
const Gpu& a100();

/// The size of a kernel's launch, computed from its schedule and layouts.
struct LaunchCost {
  int64_t blocks = 0;             ///< blocks of one picture
  int64_t threads = 0;            ///< threads of a block
  int64_t warps = 0;              ///< warps of a block
  int64_t registers = 0;          ///< registers of a thread, estimated
  int64_t resident_blocks = 0;    ///< blocks that fit a processor at once
  double occupancy = 0;           ///< warps that fit a processor, divided by the 64 that it can hold at most
  double multiply_add_share = 0;  ///< share of multiply-adds among the innermost loop's instructions; 0 if the kernel is no convolution
  double loaded_bytes = 0;        ///< bytes that a warp loads into registers
  double block_bytes = 0;         ///< bytes that a block reads, each counted once
  double warp_multiply_adds = 0;  ///< all multiply-adds of a warp
  double warp_instructions = 0;   ///< all instructions of a warp
  double turns = 0;               ///< iterations of the innermost loop
};
LaunchCost launch_cost(const KernelSpec& spec);

/// The bytes that a batch must move from or to memory, each counted once.
double memory_bytes(const KernelSpec& spec, int64_t batch);
/// The seconds that the kernel takes on the GPU, without the time of the launch itself.
double predicted_seconds(const Gpu& gpu, const KernelSpec& spec, int64_t batch);
/// The least seconds that any schedule could take: those of its multiply-adds at the peak rate or those of its bytes at full bandwidth,
/// whichever are more.
double roofline_seconds(const Gpu& gpu, const KernelSpec& spec, int64_t multiply_adds, int64_t batch);

}  // namespace resnetc::program

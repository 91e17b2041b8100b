/// \file The loops, compiled for each instruction set.
#include "driver/bursts.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "ir/target.h"

namespace resnetc::driver {
namespace {

// The number of independent accumulators: enough for four cycles of latency at two operations a cycle, and few enough for SSE's 16
// registers.
constexpr int chains = 12;
constexpr int64_t rounds = 2000;

#define WIDTH of_16
#define BYTES 16
#define TARGET __attribute__((target("sse4.1")))
#include "driver/burst_loops.inc"
#undef WIDTH
#undef BYTES
#undef TARGET

#define WIDTH of_32
#define BYTES 32
#define TARGET __attribute__((target("avx2,fma")))
#include "driver/burst_loops.inc"
#undef WIDTH
#undef BYTES
#undef TARGET

#define WIDTH of_64
#define BYTES 64
#define TARGET __attribute__((target("avx512f")))
#include "driver/burst_loops.inc"
#undef WIDTH
#undef BYTES
#undef TARGET

}  // namespace

Room::Room(size_t bytes) {
  constexpr size_t huge_page = size_t{2} << 20, page = 4096;
  const size_t alignment = bytes >= huge_page ? huge_page : page, rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) return;
  madvise(memory, rounded, MADV_HUGEPAGE);  // as the libraries' own memory
  std::memset(memory, 0, rounded);
  memory_.reset(static_cast<std::byte*>(memory));
}

void Room::Free::operator()(std::byte* memory) const { std::free(memory); }

std::vector<Bursts> bursts_of(uint64_t features) {
  std::vector<Bursts> found;
  if ((features & feature::sse41) != 0) found.push_back(of_16::all);
  if ((features & feature::avx2) != 0) found.push_back(of_32::all);
  if ((features & feature::avx512) != 0) found.push_back(of_64::all);
  return found;
}

}  // namespace resnetc::driver

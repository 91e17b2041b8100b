/// \file Short loops that keep one kind of a core's units busy, for each width of registers: what a core's speed is measured with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace resnetc::driver {

/// The loops for registers of one width. Each takes some microseconds and returns how much it did.
struct Bursts {
  int64_t bytes;                      ///< of a register
  double (*multiply_adds)();          ///< none waits for another; SSE4.1 has none, so a multiplication and an addition
  double (*chained_multiply_adds)();  ///< each waits for the one before
  double (*cycles)();                 ///< additions of integers, each of which waits for the one before, beside multiply-adds
  /// The same beside loads, which a core may do at another clock. `room` has burst_room bytes and is aligned to registers, here and below.
  double (*cycles_of_loads)(const std::byte* room);
  double (*stores)(std::byte* room);
  double (*read)(const std::byte* from, size_t bytes);  ///< reads once, whole blocks of eight registers; returns bytes
  /// Multiply-adds as a kernel for a small picture does them: each of `groups` groups of weights, which begin `step` bytes apart, is read
  /// several times, while the next one is fetched. `group` is a multiple of two registers and of a line.
  double (*sums)(const std::byte* from, size_t group, size_t step, size_t groups);
  double (*rows)(const std::byte* from, size_t count, size_t stride);  ///< multiply-adds of elements in `count` rows, `stride` bytes apart
};

inline constexpr size_t burst_room = 2048;

/// Memory that is written once and begins at a page, so that reading it reads all of it.
class Room {
 public:
  /// Empty if there is not so much memory.
  explicit Room(size_t bytes);
  std::byte* data() const { return memory_.get(); }
  explicit operator bool() const { return memory_ != nullptr; }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> memory_;
};

/// Those for each width of registers that these instruction sets have (ir/target.h), narrowest first.
std::vector<Bursts> bursts_of(uint64_t features);

}  // namespace resnetc::driver

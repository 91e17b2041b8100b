/// \file Global memory of the machine: allocations with gaps between them, which know what was written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace resnetc::ptx {

class GlobalMemory {
 public:
  /// The address, a multiple of 256; never 0, never given twice.
  uint64_t allocate(size_t bytes);
  /// False if nothing was allocated there.
  bool release(uint64_t address);
  size_t allocation_count() const { return allocations_.size(); }

  /// From and to the host. What is wrong, or nothing; reading what was never written is wrong.
  std::string write(uint64_t to, std::span<const std::byte> from);
  std::string read(uint64_t from, std::span<std::byte> to) const;

  /// For one access by a kernel of `bytes`, a power of two: its place, and its marks of what was written. Null if it is not
  /// aligned or reaches outside of what is allocated: fault() says which.
  struct Place {
    std::byte* data = nullptr;
    uint8_t* written = nullptr;  ///< of each byte, 0 or 1
  };
  Place find(uint64_t address, int64_t bytes);
  static std::string fault(uint64_t address, int64_t bytes);

 private:
  struct Allocation {
    uint64_t begin = 0, bytes = 0;
    std::unique_ptr<std::byte[]> data;
    std::vector<uint8_t> written;
  };
  Allocation* allocation_at(uint64_t address, uint64_t bytes);
  const Allocation* allocation_at(uint64_t address, uint64_t bytes) const;

  std::map<uint64_t, Allocation> allocations_;
  uint64_t next_ = uint64_t{1} << 40;
  Allocation* last_ = nullptr;  ///< where the last access went: most go to the same
};

}  // namespace resnetc::ptx

/// \file Global memory of the machine: allocations with gaps between them. Each records which of its bytes were written.
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
  /// Returns the address: a multiple of 256, never 0, and never one that was returned before.
  uint64_t allocate(size_t bytes);
  /// False if nothing was allocated there.
  bool release(uint64_t address);
  size_t allocation_count() const { return allocations_.size(); }

  /// Copies from and to the host. Returns the fault, or an empty text. Reading bytes that were never written is a fault.
  std::string write(uint64_t to, std::span<const std::byte> from);
  std::string read(uint64_t from, std::span<std::byte> to) const;

  /// Finds the place of one access of `bytes` bytes, a power of two, by a kernel, and its marks of written bytes. Null if the access is not
  /// aligned or leaves the allocation: then fault() says which.
  struct Place {
    std::byte* data = nullptr;
    uint8_t* written = nullptr;  ///< for each byte, 0 or 1
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
  Allocation* last_ = nullptr;  ///< allocation of the last access, because most go to the same one
};

}  // namespace resnetc::ptx

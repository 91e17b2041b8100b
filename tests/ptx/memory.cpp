/// \file Allocations lie 64 KiB apart, so that an index slightly out of range hits no allocation.
#include "tests/ptx/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace resnetc::ptx {

uint64_t GlobalMemory::allocate(size_t bytes) {
  constexpr uint64_t gap = 1 << 16;
  const uint64_t begin = next_;
  next_ = (begin + bytes + gap + 255) / 256 * 256;
  Allocation& made = allocations_[begin];
  made.begin = begin;
  made.bytes = bytes;
  made.data = std::make_unique<std::byte[]>(bytes);
  made.written.resize(bytes);
  return begin;
}

bool GlobalMemory::release(uint64_t address) {
  last_ = nullptr;
  return allocations_.erase(address) == 1;
}

const GlobalMemory::Allocation* GlobalMemory::allocation_at(uint64_t address, uint64_t bytes) const {
  auto after = allocations_.upper_bound(address);
  if (after == allocations_.begin()) return nullptr;
  const Allocation& found = std::prev(after)->second;
  const uint64_t offset = address - found.begin;
  return offset <= found.bytes && bytes <= found.bytes - offset ? &found : nullptr;
}

GlobalMemory::Allocation* GlobalMemory::allocation_at(uint64_t address, uint64_t bytes) {
  return const_cast<Allocation*>(std::as_const(*this).allocation_at(address, bytes));
}

std::string GlobalMemory::write(uint64_t to, std::span<const std::byte> from) {
  Allocation* allocation = allocation_at(to, from.size());
  if (allocation == nullptr) return fmt::format("a copy of {} bytes to {:#x}, which is not allocated", from.size(), to);
  const uint64_t offset = to - allocation->begin;
  std::copy(from.begin(), from.end(), allocation->data.get() + offset);
  std::fill_n(allocation->written.begin() + static_cast<ptrdiff_t>(offset), from.size(), uint8_t{1});
  return "";
}

std::string GlobalMemory::read(uint64_t from, std::span<std::byte> to) const {
  const Allocation* allocation = allocation_at(from, to.size());
  if (allocation == nullptr) return fmt::format("a copy of {} bytes from {:#x}, which is not allocated", to.size(), from);
  const uint64_t offset = from - allocation->begin;
  const auto begin = allocation->written.begin() + static_cast<ptrdiff_t>(offset), end = begin + static_cast<ptrdiff_t>(to.size());
  if (const auto missing = std::find(begin, end, uint8_t{0}); missing != end) {
    return fmt::format("a copy of {} bytes from {:#x}, of which byte {} was never written", to.size(), from, missing - begin);
  }
  std::copy_n(allocation->data.get() + offset, to.size(), to.begin());
  return "";
}

GlobalMemory::Place GlobalMemory::find(uint64_t address, int64_t bytes) {
  const auto size = static_cast<uint64_t>(bytes);
  if (address % size != 0) return {};
  if (last_ == nullptr || address - last_->begin > last_->bytes || size > last_->bytes - (address - last_->begin)) {
    last_ = allocation_at(address, size);
  }
  if (last_ == nullptr) return {};
  const uint64_t offset = address - last_->begin;
  return {last_->data.get() + offset, last_->written.data() + offset};
}

std::string GlobalMemory::fault(uint64_t address, int64_t bytes) {
  const bool aligned = address % static_cast<uint64_t>(bytes) == 0;
  return fmt::format("{} bytes at {:#x}, which is not {}", bytes, address, aligned ? "allocated" : "aligned");
}

}  // namespace resnetc::ptx

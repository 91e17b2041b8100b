/// \file A block's warps take turns at barriers. Within a warp, if threads have diverged, those that are furthest behind run first, so that
/// all threads meet again.
#include "tests/ptx/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "tests/ptx/warp.h"

namespace resnetc::ptx {

namespace {

/// The last threads that accessed a word of shared memory.
struct SharedMark {
  int32_t writer = -1, reader = -1, reader_warp = -1;  ///< a thread or a warp; -1: none, -2: several
  uint32_t write_time = 0, read_time = 0;              ///< numbers of barriers before the accesses
  uint32_t write_warp_time = 0, read_warp_time = 0;    ///< the same for barriers of the warp
  bool written = false;
};

class Block {
 public:
  Block(const Entry& entry, const Launch& launch, Extent3 place, GlobalMemory& memory, Counts& counts)
      : entry_(entry), launch_(launch), place_(place), memory_(memory), counts_(counts) {
    const int64_t bytes = entry.shared_bytes + launch.shared_bytes;
    shared_.resize(static_cast<size_t>(bytes));
    marks_.resize(static_cast<size_t>((bytes + 3) / 4));
    const int64_t threads = launch.block.volume();
    for (int64_t first = 0; first < threads; first += warp_size) start(first, std::min<int64_t>(warp_size, threads - first));
  }

  std::string run() {
    while (true) {
      for (Warp& warp : warps_) {
        try {
          advance(warp);
        } catch (const Fault& fault) {
          return told(warp, fault);
        }
      }
      bool waiting = false, exited = false;
      for (const Warp& warp : warps_) {
        waiting = waiting || !warp.waiting.empty();
        exited = exited || warp.exited != 0;
      }
      if (!waiting) return "";
      if (exited) return fmt::format("block {}: a barrier that not all threads reach: some have ended", place_text());
      for (Warp& warp : warps_) std::swap(warp.groups, warp.waiting);
      for (Warp& warp : warps_) merge(warp);
      ++time_;
    }
  }

 private:
  std::string place_text() const { return fmt::format("({}, {}, {})", place_.x, place_.y, place_.z); }

  std::string told(const Warp& warp, const Fault& fault) const {
    const int64_t thread = warp.number * warp_size + fault.lane;
    const Extent3& b = launch_.block;
    return fmt::format("line {}, block {}, thread ({}, {}, {}): {}", line_, place_text(), thread % b.x, thread / b.x % b.y,
                       thread / b.x / b.y, fault.text);
  }

  void start(int64_t first, int64_t threads) {
    Warp& warp = warps_.emplace_back();
    warp.number = static_cast<int32_t>(first / warp_size);
    warp.words.resize(static_cast<size_t>(entry_.words));
    warp.longs.resize(static_cast<size_t>(entry_.longs));
    warp.predicates.resize(static_cast<size_t>(entry_.predicates));
    warp.all = threads == warp_size ? ~Mask{0} : (Mask{1} << threads) - 1;
    warp.groups = {{0, warp.all}};
    warp.local.resize(static_cast<size_t>(entry_.local_bytes * warp_size));
    warp.local_written.resize(warp.local.size());
    for (Slot slot : entry_.true_predicates) warp.predicates[static_cast<size_t>(slot)] = ~Mask{0};
    for (const auto& [slot, bits] : entry_.constant_words) warp.words[static_cast<size_t>(slot)].fill(bits);
    for (const auto& [slot, bits] : entry_.constant_longs) warp.longs[static_cast<size_t>(slot)].fill(bits);
    for (const auto& [slot, special] : entry_.specials) {
      for (size_t lane = 0; lane < warp_size; ++lane) {
        warp.words[static_cast<size_t>(slot)][lane] = static_cast<uint32_t>(special_value(special, first + static_cast<int64_t>(lane)));
      }
    }
  }

  int64_t special_value(Special special, int64_t thread) const {
    const Extent3 &b = launch_.block, &g = launch_.grid;
    switch (special) {
      case Special::tid_x: return thread % b.x;
      case Special::tid_y: return thread / b.x % b.y;
      case Special::tid_z: return thread / b.x / b.y;
      case Special::ntid_x: return b.x;
      case Special::ntid_y: return b.y;
      case Special::ntid_z: return b.z;
      case Special::ctaid_x: return place_.x;
      case Special::ctaid_y: return place_.y;
      case Special::ctaid_z: return place_.z;
      case Special::nctaid_x: return g.x;
      case Special::nctaid_y: return g.y;
      case Special::nctaid_z: return g.z;
      case Special::laneid: return thread % warp_size;
    }
    return 0;
  }

  static void merge(Warp& warp) {
    std::vector<Group>& groups = warp.groups;
    std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.at < b.at; });
    size_t kept = 0;
    for (size_t i = 1; i < groups.size(); ++i) {
      if (groups[i].at == groups[kept].at) {
        groups[kept].mask |= groups[i].mask;
      } else {
        groups[++kept] = groups[i];
      }
    }
    if (!groups.empty()) groups.resize(kept + 1);
  }

  /// Runs until each thread has ended or waits at the barrier.
  void advance(Warp& warp) {
    while (!warp.groups.empty()) {
      if (warp.groups.size() > 1) merge(warp);
      step(warp);
    }
  }

  /// Runs one instruction of the group that is furthest behind.
  void step(Warp& warp) {
    Group& group = warp.groups.front();
    const Instruction& i = entry_.instructions[static_cast<size_t>(group.at)];
    line_ = i.line;
    Mask mask = group.mask;
    if (i.guard != no_slot) {
      const Mask guard = warp.predicates[static_cast<size_t>(i.guard)];
      mask &= i.negated_guard ? ~guard : guard;
    }
    ++counts_.warp_instructions;
    switch (i.opcode) {
      case Opcode::bra: return branch(warp, i, mask);
      case Opcode::exit: return leave(warp, mask, nullptr);
      case Opcode::bar_sync: return leave(warp, mask, &warp.waiting);
      default: break;
    }
    if (i.opcode == Opcode::fma && i.type == Type::f32) ++counts_.warp_multiply_adds;
    if (mask != 0) i.opcode == Opcode::ld || i.opcode == Opcode::st ? access(warp, i, mask) : calculate(warp, i, mask);
    ++group.at;
  }

  void branch(Warp& warp, const Instruction& i, Mask mask) {
    Group& group = warp.groups.front();
    if (mask == group.mask) {
      group.at = i.target;
      return;
    }
    ++group.at;
    if (mask == 0) return;
    group.mask &= ~mask;
    warp.groups.push_back({i.target, mask});
  }

  /// Removes threads from the running ones: for ever, or until all threads are at the barrier.
  static void leave(Warp& warp, Mask mask, std::vector<Group>* to) {
    Group& group = warp.groups.front();
    ++group.at;
    if (mask == 0) return;
    if (to != nullptr) {
      to->push_back({group.at, mask});
    } else {
      warp.exited |= mask;
    }
    group.mask &= ~mask;
    if (group.mask == 0) warp.groups.erase(warp.groups.begin());
  }

  void access(Warp& warp, const Instruction& i, Mask mask) {
    const int64_t bytes = bytes_of(i.type), all_bytes = bytes * i.width;
    const bool store = i.opcode == Opcode::st;
    Longs addresses;
    addresses.fill(static_cast<uint64_t>(i.offset));
    if (i.address != no_slot) {
      const Longs& base = wide(warp, i.address);
      for (size_t lane = 0; lane < warp_size; ++lane) addresses[lane] += base[lane];
    }
    // Most loads read one place for all threads, so it is looked up once.
    if (!store && i.space == Space::global) {
      const auto first = static_cast<size_t>(std::countr_zero(mask));
      bool same = true;
      each(mask, [&](size_t lane) { same = same && addresses[lane] == addresses[first]; });
      if (same) {
        std::byte* data = global(first, addresses[first], all_bytes, false);
        for (int k = 0; k < i.width; ++k) each(mask, [&](size_t lane) { load_element(warp, i, k, lane, data + k * bytes); });
        return;
      }
    }
    each(mask, [&](size_t lane) {
      uint64_t address = addresses[lane];
      Space space = i.space;
      if (space == Space::generic) {
        space = address >= local_window ? Space::local : address >= shared_window ? Space::shared : Space::global;
        address -= space == Space::local ? local_window : space == Space::shared ? shared_window : 0;
      }
      std::byte* data = nullptr;
      switch (space) {
        case Space::param: data = parameter(lane, address, all_bytes, store); break;
        case Space::shared: data = shared(warp, lane, address, all_bytes, store); break;
        case Space::local: data = local(warp, lane, address, all_bytes, store); break;
        default: data = global(lane, address, all_bytes, store);
      }
      for (int k = 0; k < i.width; ++k) {
        store ? store_element(warp, i, k, lane, data + k * bytes) : load_element(warp, i, k, lane, data + k * bytes);
      }
    });
  }

  /// Registers are at least as wide as the element in memory, and both are little-endian.
  static void store_element(Warp& warp, const Instruction& i, int element, size_t lane, std::byte* data) {
    const Slot slot = i.slots[static_cast<size_t>(element)];
    const uint64_t value = i.wide_elements || bytes_of(i.type) == 8 ? wide(warp, slot)[lane] : word(warp, slot)[lane];
    std::memcpy(data, &value, static_cast<size_t>(bytes_of(i.type)));
  }

  static void load_element(Warp& warp, const Instruction& i, int element, size_t lane, const std::byte* data) {
    const Slot slot = i.slots[static_cast<size_t>(element)];
    uint64_t value = 0;
    std::memcpy(&value, data, static_cast<size_t>(bytes_of(i.type)));
    if (i.type == Type::s8) value = static_cast<uint64_t>(int64_t{static_cast<int8_t>(value)});
    if (i.type == Type::s16) value = static_cast<uint64_t>(int64_t{static_cast<int16_t>(value)});
    if (i.type == Type::s32) value = static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)});
    if (i.wide_elements || bytes_of(i.type) == 8) {
      wide(warp, slot)[lane] = value;
    } else {
      word(warp, slot)[lane] = static_cast<uint32_t>(value);
    }
  }

  static void check_alignment(size_t lane, uint64_t address, int64_t bytes) {
    if (address % static_cast<uint64_t>(bytes) != 0) fault(lane, fmt::format("{} bytes at {:#x}, which is not aligned", bytes, address));
  }

  static void check_range(size_t lane, uint64_t address, int64_t bytes, size_t size, std::string_view what) {
    if (address > size || static_cast<uint64_t>(bytes) > size - address) {
      fault(lane, fmt::format("{} bytes at {:#x} of {}, which has {}", bytes, address, what, size));
    }
  }

  std::byte* parameter(size_t lane, uint64_t address, int64_t bytes, bool store) const {
    if (store) fault(lane, "a store to the parameters");
    check_range(lane, address, bytes, launch_.parameters.size(), "the parameters");
    return const_cast<std::byte*>(launch_.parameters.data() + address);
  }

  std::byte* global(size_t lane, uint64_t address, int64_t bytes, bool store) {
    const GlobalMemory::Place place = memory_.find(address, bytes);
    if (place.data == nullptr) fault(lane, (store ? "a store of " : "a load of ") + GlobalMemory::fault(address, bytes));
    if (store) {
      std::memset(place.written, 1, static_cast<size_t>(bytes));
    } else if (std::memchr(place.written, 0, static_cast<size_t>(bytes)) != nullptr) {
      fault(lane, fmt::format("a load of {} bytes at {:#x}, which nothing has written", bytes, address));
    }
    return place.data;
  }

  static std::byte* local(Warp& warp, size_t lane, uint64_t address, int64_t bytes, bool store) {
    const size_t size = warp.local.size() / warp_size;
    check_alignment(lane, address, bytes);
    check_range(lane, address, bytes, size, "local memory");
    const size_t at = lane * size + address;
    if (store) {
      std::fill_n(warp.local_written.begin() + static_cast<ptrdiff_t>(at), bytes, uint8_t{1});
    } else if (std::memchr(warp.local_written.data() + at, 0, static_cast<size_t>(bytes)) != nullptr) {
      fault(lane, fmt::format("a load of {} bytes at {:#x} of local memory, which nothing has written", bytes, address));
    }
    return warp.local.data() + at;
  }

  std::byte* shared(const Warp& warp, size_t lane, uint64_t address, int64_t bytes, bool store) {
    check_alignment(lane, address, bytes);
    check_range(lane, address, bytes, shared_.size(), "shared memory");
    const int32_t thread = warp.number * warp_size + static_cast<int32_t>(lane);
    for (uint64_t at = address / 4; at <= (address + static_cast<uint64_t>(bytes) - 1) / 4; ++at) {
      SharedMark& mark = marks_[at];
      if (!store && !mark.written) fault(lane, fmt::format("a load at {:#x} of shared memory, which nothing has written", at * 4));
      // The access was after the last barrier of the block, or of a warp that both threads belong to.
      const bool by_other_writer = mark.writer >= 0 && mark.writer != thread && mark.write_time == time_ &&
                                   !(mark.writer / warp_size == warp.number && mark.write_warp_time != warp.time);
      const bool by_other_reader = mark.reader != -1 && mark.reader != thread && mark.read_time == time_ &&
                                   !(mark.reader_warp == warp.number && mark.read_warp_time != warp.time);
      if (by_other_writer || (store && by_other_reader)) {
        fault(lane, fmt::format("a race at {:#x} of shared memory: {} what {} {} without a barrier between", at * 4,
                                store ? "it writes" : "it reads",
                                by_other_writer ? fmt::format("thread {}", mark.writer) : std::string("another thread"),
                                by_other_writer ? "wrote" : "read"));
      }
      if (store) {
        mark.writer = thread, mark.write_time = time_, mark.write_warp_time = warp.time, mark.written = true;
      } else {
        const bool first = mark.read_time != time_ || mark.reader == -1;
        mark.reader = first || mark.reader == thread ? thread : -2;
        mark.reader_warp = first || mark.reader_warp == warp.number ? warp.number : -2;
        mark.read_time = time_, mark.read_warp_time = warp.time;
      }
    }
    return shared_.data() + address;
  }

  const Entry& entry_;
  const Launch& launch_;
  Extent3 place_;
  GlobalMemory& memory_;
  Counts& counts_;
  std::vector<Warp> warps_;
  std::vector<std::byte> shared_;
  std::vector<SharedMark> marks_;
  uint32_t time_ = 1;  ///< number of barriers of the block
  int line_ = 0;
};

/// The fault of a launch beyond the limits of compute capability 8.0 (CUDA C++ programming guide, technical specifications).
std::string limit_fault(const Entry& entry, const Launch& launch) {
  const Extent3 &g = launch.grid, &b = launch.block;
  if (g.x < 1 || g.y < 1 || g.z < 1 || g.x > 0x7fffffff || g.y > 65535 || g.z > 65535) {
    return fmt::format("a grid of {} x {} x {} blocks", g.x, g.y, g.z);
  }
  if (b.x < 1 || b.y < 1 || b.z < 1 || b.x > 1024 || b.y > 1024 || b.z > 64 || b.volume() > 1024) {
    return fmt::format("a block of {} x {} x {} threads", b.x, b.y, b.z);
  }
  const int64_t shared = entry.shared_bytes + launch.shared_bytes;
  if (launch.shared_bytes < 0 || shared > 48 << 10)
    return fmt::format("{} bytes of shared memory, of which a block may have 49152", shared);
  const int64_t threads = (b.volume() + warp_size - 1) / warp_size * warp_size;
  if (launch.registers < 1 || launch.registers > 255 || launch.registers * threads > 65536) {
    return fmt::format("{} registers for each of {} threads, of which a processor has 65536", launch.registers, threads);
  }
  if (static_cast<int64_t>(launch.parameters.size()) != entry.parameter_bytes) {
    return fmt::format("{} bytes of parameters instead of {}", launch.parameters.size(), entry.parameter_bytes);
  }
  return "";
}

}  // namespace

std::string run(const Entry& entry, const Launch& launch, GlobalMemory& memory, Counts* counts) {
  if (const std::string fault = limit_fault(entry, launch); !fault.empty()) return fmt::format("{}: {}", entry.name, fault);
  Counts ignored;
  for (int64_t z = 0; z < launch.grid.z; ++z) {
    for (int64_t y = 0; y < launch.grid.y; ++y) {
      for (int64_t x = 0; x < launch.grid.x; ++x) {
        Block block(entry, launch, {x, y, z}, memory, counts != nullptr ? *counts : ignored);
        if (const std::string fault = block.run(); !fault.empty()) return fmt::format("{}: {}", entry.name, fault);
      }
    }
  }
  return "";
}

}  // namespace resnetc::ptx

/// \file Each figure is the median of many short bursts, spread over all rounds, since clocks drift and neighbours come and go.
#include "driver/measured_machine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <thread>
#include <vector>

#include "driver/bursts.h"
#include "driver/caches.h"
#include "driver/digits.h"
#include "driver/median.h"
#include "runtime/processors.h"
#include "runtime/runtime.h"

namespace resnetc::driver {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t rounds = 120, line = 64, MiB = size_t{1} << 20;
/// Of a size that may be shared with others, this part is measured.
constexpr size_t share = 4;

double seconds_from(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Rates of bursts, each in units a second.
class Series {
 public:
  /// Repeats `burst`, which returns how much it did, for two milliseconds, and at least once.
  template <class Burst>
  void add(const Burst& burst) {
    const auto begin = Clock::now();
    do {
      const auto start = Clock::now();
      const double done = burst();
      rates_.push_back(done / seconds_from(start));
    } while (seconds_from(begin) < 2e-3);
  }
  void add_rate(double rate) { rates_.push_back(rate); }
  double rate() const { return median(rates_); }

 private:
  std::vector<double> rates_;
};

/// What a core begins in a cycle with registers of one width.
class Width {
 public:
  /// Loads are of as much as a kernel reads from the first-level cache: half of it. That is slower than a few lines, again and again.
  Width(const Bursts& bursts, size_t first) : bursts_(bursts), room_(std::max(burst_room, first)), half_(first / 2) {}

  bool good() const { return static_cast<bool>(room_); }

  void measure() {
    cycles_.add(bursts_.cycles);
    multiply_adds_.add(bursts_.multiply_adds);
    chained_.add(bursts_.chained_multiply_adds);
    cycles_of_loads_.add([&] { return bursts_.cycles_of_loads(room_.data()); });
    loads_.add([&] { return bursts_.read(room_.data(), half_) / static_cast<double>(bursts_.bytes); });
    stores_.add([&] { return bursts_.stores(room_.data()); });
  }

  double cycles_a_second() const { return cycles_.rate(); }
  double latency() const { return cycles_.rate() / chained_.rate(); }
  VectorRates rates() const {
    return {bursts_.bytes, three_digits(multiply_adds_.rate() / cycles_.rate()), three_digits(loads_.rate() / cycles_of_loads_.rate()),
            three_digits(stores_.rate() / cycles_of_loads_.rate())};
  }

 private:
  Bursts bursts_;
  Room room_;
  size_t half_;
  Series cycles_, cycles_of_loads_, multiply_adds_, chained_, loads_, stores_;
};

/// Reading again and again what lies in one place: a cache of each core, or memory. Each core reads its own part.
class Reading {
 public:
  Reading(const Bursts& bursts, const std::byte* from, size_t bytes) : bursts_(bursts), from_(from), bytes_(bytes / line * line) {}

  /// One core reads for two milliseconds, or once. What is small stays in its cache from the first reading on.
  void measure_one() {
    one_.add([&] { return bursts_.read(from_, bytes_); });
  }

  /// All cores read their parts once or more often at the same time, `parts` bytes each.
  void measure_all(int cores, size_t part) {
    part = part / line * line;
    const auto repeats = std::max<size_t>(1, MiB * 16 / part);
    std::atomic<int> ready = 0;
    std::atomic<Clock::rep> begin = 0, end = 0;
    const auto read = [&](size_t core) {
      const std::byte* own = from_ + core * part;
      bursts_.read(own, part);  // into this core's cache
      ready.fetch_add(1);
      while (ready.load() < cores) std::this_thread::yield();
      const Clock::rep start = Clock::now().time_since_epoch().count();
      for (size_t i = 0; i < repeats; ++i) bursts_.read(own, part);
      const Clock::rep stop = Clock::now().time_since_epoch().count();
      for (Clock::rep seen = begin.load(); (seen == 0 || start < seen) && !begin.compare_exchange_weak(seen, start);) {
      }
      for (Clock::rep seen = end.load(); stop > seen && !end.compare_exchange_weak(seen, stop);) {
      }
    };
    std::vector<std::thread> others;
    for (int i = 1; i < cores; ++i) others.emplace_back(read, static_cast<size_t>(i));
    read(0);
    for (auto& other : others) other.join();
    const double bytes = static_cast<double>(part) * static_cast<double>(repeats) * cores;
    all_.add_rate(bytes / std::chrono::duration<double>(Clock::duration(end.load() - begin.load())).count());
  }

  double of_one() const { return one_.rate(); }
  double of_all() const { return all_.rate(); }

 private:
  Bursts bursts_;
  const std::byte* from_;
  size_t bytes_;
  Series one_, all_;
};

/// What passes behind multiply-adds: weights that come from memory while others are used.
class Hiding {
 public:
  /// The first group of `from` is used again and again for the comparison.
  Hiding(const Bursts& bursts, const std::byte* from, size_t bytes, size_t second)
      : bursts_(bursts), from_(from), group_(second / 16 / line * line), groups_(bytes / group_ - 1) {}

  void measure() {
    constexpr size_t at_once = 4;  // groups
    next_ = next_ + at_once < groups_ ? next_ : 0;
    const std::byte* from = from_ + next_ * group_;
    const auto start = Clock::now();
    bursts_.sums(from, group_, group_, at_once);
    both_.add_rate(seconds_from(start));
    next_ += at_once;
    bursts_.sums(from_, group_, 0, 1);  // into the cache
    const auto again = Clock::now();
    bursts_.sums(from_, group_, 0, at_once);
    alone_.add_rate(seconds_from(again));
  }

  /// The part of the shorter time that is hidden, if memory gives this number of bytes a second.
  double part(double memory) const {
    constexpr double at_once = 4;
    const double fetching = at_once * static_cast<double>(group_) / memory, alone = alone_.rate();
    return std::clamp((alone + fetching - both_.rate()) / std::min(alone, fetching), 0.0, 1.0);
  }

 private:
  Bursts bursts_;
  const std::byte* from_;
  size_t group_, groups_, next_ = 0;
  Series both_, alone_;  ///< seconds
};

/// What it costs if the pixels of a tile push each other out of their set of the first-level cache.
class Crowding {
 public:
  Crowding(const Bursts& bursts, const std::byte* from, size_t period, size_t ways)
      : bursts_(bursts), from_(from), period_(period), rows_(ways + 2) {}

  void measure() {
    apart_.add([&] { return bursts_.rows(from_, rows_, 17 * line); });
    crowded_.add([&] { return bursts_.rows(from_, rows_, period_); });
  }

  double factor() const { return std::max(apart_.rate() / crowded_.rate(), 1.0); }

 private:
  Bursts bursts_;
  const std::byte* from_;
  size_t period_, rows_;
  Series apart_, crowded_;
};

/// The memory that this process may have: the machine's, or what the control group at the root of its mount allows. Within a container that
/// is the container's.
size_t memory_allowed() {
  auto bytes = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const char* limit : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (size_t most = 0; std::ifstream(limit) >> most) bytes = std::min(bytes, most);  // "max" is no number
  }
  return bytes;
}

constexpr size_t least_room = MiB * 64;

/// Memory past all caches that leaves most of what is allowed alone; less if there is not so much. Empty if there is too little to measure.
Room room_past(uint64_t third, size_t& bytes) {
  const size_t allowed = memory_allowed() / share;
  bytes = std::clamp(std::max(static_cast<size_t>(third) * 2, MiB * 256), least_room, std::max(least_room, std::min(MiB * 1024, allowed)));
  for (; bytes > least_room; bytes = std::max(bytes / 2, least_room)) {
    if (Room room(bytes); room) return room;
  }
  return Room(bytes);
}

/// How much of the processors' time other programs took.
class Disturbance {
 public:
  /// Does work on this many cores.
  template <class Work>
  void watch(int cores, const Work& work) {
    const auto start = Clock::now();
    const double before = used();
    work();
    used_ += used() - before;
    wanted_ += seconds_from(start) * cores;
  }

  std::string doubt() const {
    constexpr double usual = 0.08;  // threads begin and end one after another
    const double lost = wanted_ > 0 ? 1 - used_ / wanted_ : 0;
    return lost <= usual ? "" : fmt::format("other programs used {:.0f} % of the processors: measure again", 100 * lost);
  }

 private:
  /// Seconds of all threads of this process.
  static double used() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  }

  double used_ = 0, wanted_ = 0;
};

}  // namespace

Result<MeasuredMachine> measured_machine(const std::function<void(size_t, size_t)>& progress) {
  const std::vector<Bursts> bursts = bursts_of(rn_this_cpu().features);
  const Caches caches = caches_here();
  if (bursts.empty()) return Failure{"this machine has none of the instruction sets that resnetc compiles for", Blame::limit};
  if (caches.first == 0 || caches.second == 0) return Failure{"the system does not say how large this machine's caches are", Blame::limit};
  const int cores = rn_processors();
  // The third cache may be shared with others, and a part of it is known to be filled by reading.
  size_t past = 0;
  const Room memory = room_past(caches.third, past);
  const size_t third = std::min(past, std::max<size_t>(std::min<size_t>(caches.third / share, MiB * 32), caches.second * 2));
  std::vector<Width> widths;
  for (const Bursts& each : bursts) widths.emplace_back(each, caches.first);
  if (!memory || past < 2 * caches.second || !std::all_of(widths.begin(), widths.end(), [](const Width& width) { return width.good(); })) {
    return Failure{"there is too little memory to measure it", Blame::limit};
  }
  Reading from_first(bursts.back(), memory.data(), caches.first / 2), from_second(bursts.back(), memory.data(), caches.second / 2),
      from_third(bursts.back(), memory.data(), third), from_memory(bursts.back(), memory.data(), past);
  constexpr int64_t usual_ways = 8;
  const bool whole = caches.first_ways > 0 && static_cast<int64_t>(caches.first) % (static_cast<int64_t>(line) * caches.first_ways) == 0;
  const int64_t ways = whole ? caches.first_ways : usual_ways;
  // Beyond a part of the second cache, some cores read more slowly.
  Reading from_most(bursts.back(), memory.data(), caches.second / share * 3);
  Hiding hiding(bursts.back(), memory.data(), past, caches.second);
  Crowding crowding(bursts.back(), memory.data(), caches.first / static_cast<size_t>(ways), static_cast<size_t>(ways));
  Disturbance disturbance;
  for (size_t round = 0; round < rounds; ++round) {
    if (progress) progress(round, rounds);
    disturbance.watch(1, [&] {
      for (Width& width : widths) width.measure();
      for (Reading* reading : {&from_first, &from_second, &from_most, &from_third, &from_memory}) reading->measure_one();
      hiding.measure();
      crowding.measure();
    });
    disturbance.watch(cores, [&] {
      const auto parts = static_cast<size_t>(cores);
      from_third.measure_all(cores, std::min(past / parts, std::max<size_t>(third / parts, caches.second * 2)));
      from_memory.measure_all(cores, past / parts);
    });
  }

  MeasuredMachine measured;
  if (const std::string doubt = disturbance.doubt(); !doubt.empty()) measured.doubts.push_back(doubt);
  if (past <= caches.third) {
    measured.doubts.push_back(
        fmt::format("there was room for {} MiB, and the third-level cache has {}: the memory's speed may be the cache's", past / MiB,
                    caches.third / MiB));
  }
  Machine& machine = measured.machine;
  machine.architecture = info(all_architectures().front().architecture).name;
  machine.cycles_a_second = three_digits(widths.back().cycles_a_second());
  machine.latency = three_digits(widths.back().latency());
  for (const Width& width : widths) machine.vectors.push_back(width.rates());
  machine.first = {static_cast<int64_t>(caches.first), three_digits(from_first.of_one())};
  constexpr double as_fast = 0.85;
  const bool all = from_most.of_one() >= as_fast * from_second.of_one();
  machine.second = {static_cast<int64_t>(all ? caches.second : caches.second / 2), three_digits(from_second.of_one())};
  const Reading& last = caches.third == 0 ? from_memory : from_third;
  machine.third = {static_cast<int64_t>(caches.third), three_digits(last.of_one())};
  machine.third_bytes_a_second_of_all = three_digits(last.of_all());
  machine.memory_bytes_a_second = three_digits(from_memory.of_one());
  machine.memory_bytes_a_second_of_all = three_digits(from_memory.of_all());
  machine.hidden = three_digits(std::max(hiding.part(machine.memory_bytes_a_second), 0.01));
  machine.crowding = three_digits(crowding.factor());
  machine.first_ways = ways;
  return measured;
}

}  // namespace resnetc::driver

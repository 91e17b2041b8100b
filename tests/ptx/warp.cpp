/// \file Executes one instruction for all its threads.
#include "tests/ptx/warp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

namespace resnetc::ptx {

namespace {

// The only hot loop. A fused multiply-add rounds once; without the instruction this takes a function call.
#if defined(__x86_64__)
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
void multiply_add(Words& to, const Words& a, const Words& b, const Words& c) {
  for (size_t lane = 0; lane < warp_size; ++lane) {
    to[lane] =
        std::bit_cast<uint32_t>(std::fma(std::bit_cast<float>(a[lane]), std::bit_cast<float>(b[lane]), std::bit_cast<float>(c[lane])));
  }
}

float flushed(float value, bool flush) { return flush && std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0f, value) : value; }

[[noreturn]] static void unknown(Mask mask) {
  fault(static_cast<size_t>(std::countr_zero(mask)), "an instruction of a type that the machine does not know");
}

/// A lane's value of an integer type, from the register file for this type.
template <class T>
T get(Warp& warp, Slot slot, size_t lane) {
  if constexpr (sizeof(T) == 8) return static_cast<T>(wide(warp, slot)[lane]);
  return static_cast<T>(word(warp, slot)[lane]);
}
template <class T>
void set(Warp& warp, Slot slot, size_t lane, T value) {
  if constexpr (sizeof(T) == 8) {
    wide(warp, slot)[lane] = static_cast<uint64_t>(value);
  } else {
    word(warp, slot)[lane] = static_cast<uint32_t>(static_cast<std::make_unsigned_t<T>>(value));
  }
}

template <class T>
bool compared(Compare by, T a, T b) {
  bool unordered = false;
  if constexpr (std::is_floating_point_v<T>) unordered = std::isnan(a) || std::isnan(b);
  switch (by) {
    case Compare::eq: return a == b;
    case Compare::ne: return !unordered && a != b;
    case Compare::lt: return a < b;
    case Compare::le: return a <= b;
    case Compare::gt: return a > b;
    case Compare::ge: return a >= b;
    case Compare::equ: return unordered || a == b;
    case Compare::neu: return unordered || a != b;
    case Compare::ltu: return unordered || a < b;
    case Compare::leu: return unordered || a <= b;
    case Compare::gtu: return unordered || a > b;
    case Compare::geu: return unordered || a >= b;
    case Compare::num: return !unordered;
    case Compare::nan: return unordered;
  }
  return false;
}

template <class Test>
void set_predicate(Warp& warp, Slot slot, Mask mask, Test test) {
  Mask result = 0;
  each(mask, [&](size_t lane) { result |= Mask{test(lane)} << lane; });
  Mask& to = warp.predicates[static_cast<size_t>(slot)];
  to = (to & ~mask) | result;
}

void predicates(Warp& warp, const Instruction& i, Mask mask) {
  const auto at = [&](int k) { return warp.predicates[static_cast<size_t>(i.slots[static_cast<size_t>(k)])]; };
  Mask result = 0;
  switch (i.opcode) {
    case Opcode::mov: result = at(1); break;
    case Opcode::not_: result = ~at(1); break;
    case Opcode::and_: result = at(1) & at(2); break;
    case Opcode::or_: result = at(1) | at(2); break;
    case Opcode::xor_: result = at(1) ^ at(2); break;
    default: unknown(mask);
  }
  Mask& to = warp.predicates[static_cast<size_t>(i.slots[0])];
  to = (to & ~mask) | (result & mask);
}

void floats(Warp& warp, const Instruction& i, Mask mask) {
  if (i.opcode == Opcode::fma) {
    if (mask == ~Mask{0} && !i.flush && !i.saturate) {
      return multiply_add(word(warp, i.slots[0]), word(warp, i.slots[1]), word(warp, i.slots[2]), word(warp, i.slots[3]));
    }
  }
  const auto at = [&](int k, size_t lane) {
    return flushed(std::bit_cast<float>(word(warp, i.slots[static_cast<size_t>(k)])[lane]), i.flush);
  };
  if (i.opcode == Opcode::setp) {
    return set_predicate(warp, i.slots[0], mask, [&](size_t lane) { return compared(i.compare, at(1, lane), at(2, lane)); });
  }
  const auto results = [&](auto value) {
    each(mask, [&](size_t lane) {
      float result = flushed(value(lane), i.flush);
      if (i.saturate) result = std::isnan(result) ? 0.0f : std::clamp(result, 0.0f, 1.0f);
      word(warp, i.slots[0])[lane] = std::bit_cast<uint32_t>(result);
    });
  };
  switch (i.opcode) {
    case Opcode::mov: return results([&](size_t l) { return at(1, l); });
    case Opcode::add: return results([&](size_t l) { return at(1, l) + at(2, l); });
    case Opcode::sub: return results([&](size_t l) { return at(1, l) - at(2, l); });
    case Opcode::mul: return results([&](size_t l) { return at(1, l) * at(2, l); });
    case Opcode::div: return results([&](size_t l) { return at(1, l) / at(2, l); });
    case Opcode::mad:
    case Opcode::fma: return results([&](size_t l) { return std::fma(at(1, l), at(2, l), at(3, l)); });
    // Of a number and a NaN, the result is the number, as in the hardware.
    case Opcode::min: return results([&](size_t l) { return std::fmin(at(1, l), at(2, l)); });
    case Opcode::max: return results([&](size_t l) { return std::fmax(at(1, l), at(2, l)); });
    case Opcode::neg: return results([&](size_t l) { return -at(1, l); });
    case Opcode::abs: return results([&](size_t l) { return std::fabs(at(1, l)); });
    case Opcode::rcp: return results([&](size_t l) { return 1.0f / at(1, l); });
    case Opcode::sqrt: return results([&](size_t l) { return std::sqrt(at(1, l)); });
    case Opcode::rsqrt: return results([&](size_t l) { return static_cast<float>(1 / std::sqrt(static_cast<double>(at(1, l)))); });
    case Opcode::ex2: return results([&](size_t l) { return std::exp2(at(1, l)); });
    case Opcode::lg2: return results([&](size_t l) { return std::log2(at(1, l)); });
    case Opcode::selp: {
      const Mask by = warp.predicates[static_cast<size_t>(i.slots[3])];
      return results([&](size_t l) { return (by >> l & 1) != 0 ? at(1, l) : at(2, l); });
    }
    default: unknown(mask);
  }
}

template <class T>
void integers(Warp& warp, const Instruction& i, Mask mask) {
  using Unsigned = std::make_unsigned_t<T>;
  const auto at = [&](int k, size_t lane) { return get<T>(warp, i.slots[static_cast<size_t>(k)], lane); };
  const auto bits = [&](int k, size_t lane) { return static_cast<Unsigned>(at(k, lane)); };
  const auto results = [&](auto value) { each(mask, [&](size_t lane) { set<T>(warp, i.slots[0], lane, static_cast<T>(value(lane))); }); };
  if (i.opcode == Opcode::setp) {
    return set_predicate(warp, i.slots[0], mask, [&](size_t lane) { return compared(i.compare, at(1, lane), at(2, lane)); });
  }
  if (i.part == Part::wide) {
    if constexpr (sizeof(T) == 4) {
      using Wide = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
      Longs& to = wide(warp, i.slots[0]);
      return each(mask, [&](size_t l) {
        const auto product = static_cast<uint64_t>(static_cast<Wide>(at(1, l)) * static_cast<Wide>(at(2, l)));
        to[l] = product + (i.opcode == Opcode::mad ? wide(warp, i.slots[3])[l] : 0);
      });
    }
    if constexpr (sizeof(T) == 2) {
      Words& to = word(warp, i.slots[0]);
      return each(mask, [&](size_t l) {
        const auto halves = static_cast<uint32_t>(static_cast<int64_t>(at(1, l)) * static_cast<int64_t>(at(2, l)));
        to[l] = halves + (i.opcode == Opcode::mad ? word(warp, i.slots[3])[l] : 0);
      });
    }
    unknown(mask);
  }
  const auto product = [&](size_t l) {
    if (i.part == Part::low) return static_cast<Unsigned>(static_cast<uint64_t>(bits(1, l)) * bits(2, l));
    if constexpr (std::is_signed_v<T>) {
      return static_cast<Unsigned>((static_cast<__int128>(at(1, l)) * at(2, l)) >> (8 * sizeof(T)));
    } else {
      return static_cast<Unsigned>((static_cast<unsigned __int128>(at(1, l)) * at(2, l)) >> (8 * sizeof(T)));
    }
  };
  const auto divided = [&](size_t l, bool rest) -> T {
    const T a = at(1, l), b = at(2, l);
    if (b == 0) fault(l, "a division by zero");
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return rest ? T{0} : static_cast<T>(Unsigned{0} - static_cast<Unsigned>(a));
    }
    return static_cast<T>(rest ? a % b : a / b);
  };
  // Shifts by the width or more give the same as a shift by width - 1 followed by a shift by 1.
  constexpr uint32_t width = 8 * sizeof(T);
  const auto amount = [&](size_t l) { return word(warp, i.slots[2])[l]; };
  switch (i.opcode) {
    case Opcode::mov: return results([&](size_t l) { return at(1, l); });
    case Opcode::add: return results([&](size_t l) { return bits(1, l) + bits(2, l); });
    case Opcode::sub: return results([&](size_t l) { return bits(1, l) - bits(2, l); });
    case Opcode::mul: return results(product);
    case Opcode::mad: return results([&](size_t l) { return product(l) + bits(3, l); });
    case Opcode::div: return results([&](size_t l) { return divided(l, false); });
    case Opcode::rem: return results([&](size_t l) { return divided(l, true); });
    case Opcode::min: return results([&](size_t l) { return std::min(at(1, l), at(2, l)); });
    case Opcode::max: return results([&](size_t l) { return std::max(at(1, l), at(2, l)); });
    case Opcode::neg: return results([&](size_t l) { return Unsigned{0} - bits(1, l); });
    case Opcode::abs: return results([&](size_t l) { return at(1, l) < T{0} ? Unsigned{0} - bits(1, l) : bits(1, l); });
    case Opcode::not_: return results([&](size_t l) { return ~bits(1, l); });
    case Opcode::and_: return results([&](size_t l) { return bits(1, l) & bits(2, l); });
    case Opcode::or_: return results([&](size_t l) { return bits(1, l) | bits(2, l); });
    case Opcode::xor_: return results([&](size_t l) { return bits(1, l) ^ bits(2, l); });
    case Opcode::shl:
      return results([&](size_t l) { return amount(l) >= width ? Unsigned{0} : static_cast<Unsigned>(bits(1, l) << amount(l)); });
    case Opcode::shr:
      return results([&](size_t l) {
        const T sign = at(1, l) < T{0} ? static_cast<T>(-1) : T{0};
        return amount(l) >= width ? sign : static_cast<T>(at(1, l) >> amount(l));
      });
    // Extracts a field of bits. The last bit of a signed field is copied to the bits above it.
    case Opcode::bfe:
      return results([&](size_t l) {
        const uint32_t begin = amount(l) & 255, length = word(warp, i.slots[3])[l] & 255;
        const T sign = at(1, l) < T{0} ? static_cast<T>(-1) : T{0};
        if (length == 0) return T{0};
        const T field = begin >= width ? sign : static_cast<T>(at(1, l) >> begin);
        if (length >= width) return field;
        const uint32_t above = width - length;
        return static_cast<T>(static_cast<T>(static_cast<Unsigned>(field) << above) >> above);
      });
    case Opcode::selp: {
      const Mask by = warp.predicates[static_cast<size_t>(i.slots[3])];
      return results([&](size_t l) { return (by >> l & 1) != 0 ? at(1, l) : at(2, l); });
    }
    default: unknown(mask);
  }
}

/// The value as a double, which can hold every value of up to 32 bits. Another function handles 64-bit integers.
double value_of(Warp& warp, Slot slot, Type type, size_t lane) {
  switch (type) {
    case Type::f32: return static_cast<double>(std::bit_cast<float>(word(warp, slot)[lane]));
    case Type::f64: return std::bit_cast<double>(wide(warp, slot)[lane]);
    case Type::s8: return static_cast<double>(static_cast<int8_t>(word(warp, slot)[lane]));
    case Type::u8: return static_cast<double>(static_cast<uint8_t>(word(warp, slot)[lane]));
    case Type::s16: return static_cast<double>(static_cast<int16_t>(word(warp, slot)[lane]));
    case Type::u16: return static_cast<double>(static_cast<uint16_t>(word(warp, slot)[lane]));
    case Type::s32: return static_cast<double>(static_cast<int32_t>(word(warp, slot)[lane]));
    case Type::u32: return static_cast<double>(word(warp, slot)[lane]);
    case Type::s64: return static_cast<double>(static_cast<int64_t>(wide(warp, slot)[lane]));
    default: return static_cast<double>(wide(warp, slot)[lane]);
  }
}

bool is_float(Type type) { return type == Type::f32 || type == Type::f64; }

double rounded(double value, Rounding by) {
  switch (by) {
    case Rounding::none: return value;
    case Rounding::nearest: return std::nearbyint(value);
    case Rounding::zero: return std::trunc(value);
    case Rounding::down: return std::floor(value);
    case Rounding::up: return std::ceil(value);
  }
  return value;
}

/// Converts a number. Out of range, the result is the nearest possible value; for NaN it is 0.
template <class T>
T clamped(double value) {
  if (std::isnan(value)) return 0;
  const auto least = static_cast<double>(std::numeric_limits<T>::min()), most = static_cast<double>(std::numeric_limits<T>::max());
  if (value <= least) return std::numeric_limits<T>::min();
  return value >= most ? std::numeric_limits<T>::max() : static_cast<T>(value);
}

template <class T>
void convert_to_integer(Warp& warp, const Instruction& i, Mask mask) {
  each(mask, [&](size_t lane) {
    if (is_float(i.from)) {
      double value = value_of(warp, i.slots[1], i.from, lane);
      if (i.from == Type::f32) value = static_cast<double>(flushed(static_cast<float>(value), i.flush));
      return set<T>(warp, i.slots[0], lane, clamped<T>(rounded(value, i.rounding)));
    }
    uint64_t bits = 0;
    switch (i.from) {
      case Type::s8: bits = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(word(warp, i.slots[1])[lane]))); break;
      case Type::s16: bits = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int16_t>(word(warp, i.slots[1])[lane]))); break;
      case Type::s32: bits = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(word(warp, i.slots[1])[lane]))); break;
      case Type::u8: bits = word(warp, i.slots[1])[lane] & 0xff; break;
      case Type::u16: bits = word(warp, i.slots[1])[lane] & 0xffff; break;
      case Type::u32: bits = word(warp, i.slots[1])[lane]; break;
      default: bits = wide(warp, i.slots[1])[lane];
    }
    set<T>(warp, i.slots[0], lane, static_cast<T>(bits));
  });
}

void convert(Warp& warp, const Instruction& i, Mask mask) {
  if (i.saturate) fault(static_cast<size_t>(std::countr_zero(mask)), "a conversion with .sat, which the machine does not know");
  switch (i.type) {
    case Type::f32:
      return each(mask, [&](size_t lane) {
        const auto value = static_cast<float>(rounded(value_of(warp, i.slots[1], i.from, lane), i.rounding));
        word(warp, i.slots[0])[lane] = std::bit_cast<uint32_t>(flushed(value, i.flush));
      });
    case Type::f64:
      return each(mask, [&](size_t lane) {
        wide(warp, i.slots[0])[lane] = std::bit_cast<uint64_t>(rounded(value_of(warp, i.slots[1], i.from, lane), i.rounding));
      });
    case Type::s8: return convert_to_integer<int8_t>(warp, i, mask);
    case Type::u8: return convert_to_integer<uint8_t>(warp, i, mask);
    case Type::s16: return convert_to_integer<int16_t>(warp, i, mask);
    case Type::u16: return convert_to_integer<uint16_t>(warp, i, mask);
    case Type::s32: return convert_to_integer<int32_t>(warp, i, mask);
    case Type::u32: return convert_to_integer<uint32_t>(warp, i, mask);
    case Type::s64: return convert_to_integer<int64_t>(warp, i, mask);
    case Type::u64: return convert_to_integer<uint64_t>(warp, i, mask);
    default: unknown(mask);
  }
}

/// A lane reads the value that another lane had before. All lanes that the mask names must be present.
void shuffle(Warp& warp, const Instruction& i, Mask mask) {
  const Words from = word(warp, i.slots[1]);
  const Words &by = word(warp, i.slots[2]), &clamp = word(warp, i.slots[3]), &members = word(warp, i.slots[4]);
  Words result = word(warp, i.slots[0]);
  each(mask, [&](size_t lane) {
    if ((members[lane] & warp.all) != mask) fault(lane, "a shuffle that not all threads of its mask reach");
    const auto me = static_cast<int>(lane);
    const auto segment = static_cast<int>(clamp[lane] >> 8 & 31), limit = static_cast<int>(clamp[lane] & 31),
               most = (me & segment) | (limit & ~segment), least = me & segment, other = static_cast<int>(by[lane] & 31);
    int source = me;
    bool good = false;
    switch (i.shuffle) {
      case Shuffle::up: source = me - other, good = source >= most; break;
      case Shuffle::down: source = me + other, good = source <= most; break;
      case Shuffle::bfly: source = me ^ other, good = source <= most; break;
      case Shuffle::idx: source = least | (other & ~segment), good = source <= most; break;
    }
    if (!good) source = me;
    if ((mask >> source & 1) == 0) fault(lane, fmt::format("a shuffle from lane {}, which takes no part", source));
    result[lane] = from[static_cast<size_t>(source)];
  });
  word(warp, i.slots[0]) = result;
}

}  // namespace

void fault(size_t lane, std::string text) { throw Fault{std::move(text), static_cast<int>(lane)}; }

void calculate(Warp& warp, const Instruction& i, Mask mask) {
  switch (i.opcode) {
    case Opcode::shfl: return shuffle(warp, i, mask);
    case Opcode::bar_warp_sync: {
      const Words& members = word(warp, i.slots[0]);
      each(mask, [&](size_t lane) {
        if ((members[lane] & warp.all & ~warp.exited) != mask) fault(lane, "a barrier of a warp that not all its threads reach");
      });
      ++warp.time;
      return;
    }
    case Opcode::trap: return fault(static_cast<size_t>(std::countr_zero(mask)), "a trap");
    case Opcode::cvta: {
      const uint64_t window = i.space == Space::shared ? shared_window : i.space == Space::local ? local_window : 0;
      const Longs& from = wide(warp, i.slots[1]);
      Longs& to = wide(warp, i.slots[0]);
      return each(mask, [&](size_t lane) { to[lane] = i.to ? from[lane] - window : from[lane] + window; });
    }
    case Opcode::pack: {
      const Words &low = word(warp, i.slots[1]), &high = word(warp, i.slots[2]);
      if (bytes_of(i.type) == 4) {
        Words& to = word(warp, i.slots[0]);
        return each(mask, [&](size_t lane) { to[lane] = (low[lane] & 0xffff) | high[lane] << 16; });
      }
      Longs& to = wide(warp, i.slots[0]);
      return each(mask, [&](size_t lane) { to[lane] = low[lane] | static_cast<uint64_t>(high[lane]) << 32; });
    }
    case Opcode::unpack: {
      Words &low = word(warp, i.slots[1]), &high = word(warp, i.slots[2]);
      if (bytes_of(i.type) == 4) {
        const Words& from = word(warp, i.slots[0]);
        return each(mask, [&](size_t lane) {
          const uint32_t bits = from[lane];
          low[lane] = bits & 0xffff, high[lane] = bits >> 16;
        });
      }
      const Longs& from = wide(warp, i.slots[0]);
      return each(mask, [&](size_t lane) {
        const uint64_t bits = from[lane];
        low[lane] = static_cast<uint32_t>(bits), high[lane] = static_cast<uint32_t>(bits >> 32);
      });
    }
    case Opcode::cvt: return convert(warp, i, mask);
    default: break;
  }
  switch (i.type) {
    case Type::pred: return predicates(warp, i, mask);
    case Type::f32: return floats(warp, i, mask);
    case Type::s32: return integers<int32_t>(warp, i, mask);
    case Type::u32: return integers<uint32_t>(warp, i, mask);
    case Type::s64: return integers<int64_t>(warp, i, mask);
    case Type::u64: return integers<uint64_t>(warp, i, mask);
    case Type::s16: return integers<int16_t>(warp, i, mask);
    case Type::u16: return integers<uint16_t>(warp, i, mask);
    default: return unknown(mask);
  }
}

}  // namespace resnetc::ptx

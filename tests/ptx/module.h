/// \file PTX text (NVIDIA's PTX ISA, version 7) as instructions that a program can execute. It covers the subset that LLVM emits for
/// Halide's kernels. All other text is an error that names it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/failure.h"

namespace resnetc::ptx {

enum class Opcode : uint8_t {
  abs,
  add,
  and_,
  bar_sync,
  bar_warp_sync,
  bfe,
  bra,
  cvt,
  cvta,
  div,
  ex2,
  exit,
  fma,
  ld,
  lg2,
  mad,
  max,
  min,
  mov,
  mul,
  neg,
  nop,
  not_,
  or_,
  pack,
  rcp,
  rem,
  rsqrt,
  selp,
  setp,
  shfl,
  shl,
  shr,
  sqrt,
  st,
  sub,
  trap,
  unpack,
  xor_
};

/// The types of values. The bits types b8 ... b64 are unsigned.
enum class Type : uint8_t { pred, u8, s8, u16, s16, u32, s32, f32, u64, s64, f64 };
int bytes_of(Type type);

enum class Space : uint8_t { generic, param, global, shared, local };
enum class Part : uint8_t { low, high, wide };  ///< part of an integer product
enum class Compare : uint8_t { eq, ne, lt, le, gt, ge, equ, neu, ltu, leu, gtu, geu, num, nan };
enum class Shuffle : uint8_t { up, down, bfly, idx };
enum class Rounding : uint8_t { none, nearest, zero, down, up };  ///< rounding of cvt; other instructions round to nearest
enum class Special : uint8_t {
  tid_x,
  tid_y,
  tid_z,
  ntid_x,
  ntid_y,
  ntid_z,
  ctaid_x,
  ctaid_y,
  ctaid_z,
  nctaid_x,
  nctaid_y,
  nctaid_z,
  laneid
};

/// The place of a register, a constant or a special register in one of three register files: predicates, values of up to 32 bits, values of
/// 64 bits.
using Slot = int32_t;
inline constexpr Slot no_slot = -1;

struct Instruction {
  Opcode opcode = Opcode::nop;
  Type type = Type::u32;  ///< type of the operands; for shifts, of the shifted operand; for ld and st, of the value in memory; for cvt, of
                          ///< the result
  Type from = Type::u32;  ///< cvt: type of its operand
  Space space = Space::generic;
  Part part = Part::low;
  Compare compare = Compare::eq;
  Shuffle shuffle = Shuffle::idx;
  Rounding rounding = Rounding::none;
  bool flush = false;  ///< whether denormals count as zeros (.ftz)
  bool saturate = false;
  bool to = false;  ///< cvta: whether it converts from generic addresses
  bool negated_guard = false;
  Slot guard = no_slot;        ///< a predicate
  int width = 1;               ///< ld, st: number of elements of a vector
  bool wide_elements = false;  ///< ld, st: whether the registers have 64 bits but the elements fewer
  std::array<Slot, 5> slots{no_slot, no_slot, no_slot, no_slot, no_slot};  ///< results first; for ld and st, the elements
  Slot address = no_slot;                                                  ///< a register of 64 bits; none: only `offset`
  int64_t offset = 0;
  int32_t target = 0;  ///< bra: index of an instruction
  int32_t line = 0;    ///< line in the text, from 1
};

struct Parameter {
  std::string name;
  int64_t offset = 0, bytes = 0;
};

struct Entry {
  std::string name;
  std::vector<Parameter> parameters;
  int64_t parameter_bytes = 0, local_bytes = 0, shared_bytes = 0;  ///< shared: declared bytes; a launch adds others
  Slot predicates = 0, words = 0, longs = 0;                       ///< sizes of the three register files
  std::vector<Slot> true_predicates;                               ///< constants; nothing sets the predicates that are constant and false
  std::vector<std::pair<Slot, uint32_t>> constant_words;
  std::vector<std::pair<Slot, uint64_t>> constant_longs;
  std::vector<std::pair<Slot, Special>> specials;  ///< registers of 32 bits
  std::vector<Instruction> instructions;
};

struct Module {
  std::string target;  ///< "sm_80"
  std::vector<Entry> entries;
  const Entry* find(std::string_view name) const;
};

/// Fails, with the line, if the text is not in this subset.
Result<Module> parse(std::string_view text);

}  // namespace resnetc::ptx

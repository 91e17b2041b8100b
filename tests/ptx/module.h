/// \file PTX text (NVIDIA's PTX ISA, version 7) as instructions that a program can carry out: the subset that LLVM emits for Halide's
/// kernels. Anything else is an error that names it.
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

/// Of values; the bits types b8 ... b64 are unsigned.
enum class Type : uint8_t { pred, u8, s8, u16, s16, u32, s32, f32, u64, s64, f64 };
int bytes_of(Type type);

enum class Space : uint8_t { generic, param, global, shared, local };
enum class Part : uint8_t { low, high, wide };  ///< of an integer product
enum class Compare : uint8_t { eq, ne, lt, le, gt, ge, equ, neu, ltu, leu, gtu, geu, num, nan };
enum class Shuffle : uint8_t { up, down, bfly, idx };
enum class Rounding : uint8_t { none, nearest, zero, down, up };  ///< of cvt; others round to nearest
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

/// The place of a register, a constant or a special register in one of three files: of predicates, of 32 bits (narrower ones too), of 64.
using Slot = int32_t;
inline constexpr Slot no_slot = -1;

struct Instruction {
  Opcode opcode = Opcode::nop;
  Type type = Type::u32;  ///< of the operands; of shifts, the shifted; of ld and st, what is in memory; of cvt, the result
  Type from = Type::u32;  ///< cvt: of its operand
  Space space = Space::generic;
  Part part = Part::low;
  Compare compare = Compare::eq;
  Shuffle shuffle = Shuffle::idx;
  Rounding rounding = Rounding::none;
  bool flush = false;  ///< denormals count as zeros (.ftz)
  bool saturate = false;
  bool to = false;  ///< cvta: from generic addresses
  bool negated_guard = false;
  Slot guard = no_slot;                                                    ///< a predicate
  int width = 1;                                                           ///< ld, st: elements of a vector
  bool wide_elements = false;                                              ///< ld, st: registers of 64 bits for elements of fewer
  std::array<Slot, 5> slots{no_slot, no_slot, no_slot, no_slot, no_slot};  ///< results first; of ld and st, the elements
  Slot address = no_slot;                                                  ///< of 64 bits; none: `offset` alone
  int64_t offset = 0;
  int32_t target = 0;  ///< bra: an index
  int32_t line = 0;    ///< in the text, from 1
};

struct Parameter {
  std::string name;
  int64_t offset = 0, bytes = 0;
};

struct Entry {
  std::string name;
  std::vector<Parameter> parameters;
  int64_t parameter_bytes = 0, local_bytes = 0, shared_bytes = 0;  ///< shared: what is declared, beside what a launch adds
  Slot predicates = 0, words = 0, longs = 0;                       ///< sizes of the three files
  std::vector<Slot> true_predicates;                               ///< constants; a constant that is false is a predicate that nothing sets
  std::vector<std::pair<Slot, uint32_t>> constant_words;
  std::vector<std::pair<Slot, uint64_t>> constant_longs;
  std::vector<std::pair<Slot, Special>> specials;  ///< of 32 bits
  std::vector<Instruction> instructions;
};

struct Module {
  std::string target;  ///< "sm_80"
  std::vector<Entry> entries;
  const Entry* find(std::string_view name) const;
};

/// Fails, with the line, if the text is not of this subset.
Result<Module> parse(std::string_view text);

}  // namespace resnetc::ptx

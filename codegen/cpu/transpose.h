/// \file A pass for copies that turn rows into columns.
#pragma once

#include <Halide.h>

#include <memory>
#include <string>

namespace resnetc::codegen::cpu {

/// The rows and columns of the smallest block that is transposed in registers: the elements of 128 bits.
inline constexpr int smallest_block = 4;
/// How far ahead transpose_pass() fetches. 2 lines are best and 8 are worse than none: 4.8 ms, 6.1 ms and 5.9 ms for the load of 112x112
/// pixels of 512 channels (Intel Xeon with AVX-512; bench/chains.py, 'resnetc bench --layers --threads 1').
inline constexpr int lines_ahead = 2;

/// A pass over the lowered statement for a loop that makes W neighbouring columns of a matrix from its W rows. Each iteration loads a
/// vector whose lanes lie in different rows, and the next iteration loads those to the right of it. Halide loads such a vector lane by
/// lane. The pass unrolls the loop, loads the rows as vectors and transposes them in registers. It takes the innermost loops of 4, 8 or 16
/// iterations around vectors of 4, 8 or 16 elements of 32 bits, and leaves all others as they are.
///
/// `ahead` names the buffer, read or written, whose parts that a loop touches are fetched `lines_ahead` cache lines ahead; empty: none. The
/// processor fetches ahead by itself if a loop walks along few rows, but not along the rows of many planes in turn.
std::shared_ptr<Halide::Internal::IRMutator> transpose_pass(std::string ahead = {});

}  // namespace resnetc::codegen::cpu

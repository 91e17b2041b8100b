/// \file Copies that turn rows into columns.
#pragma once

#include <Halide.h>

#include <memory>

namespace resnetc::codegen::cpu {

/// The rows and columns of the smallest block that is transposed in registers: the elements of 128 bits.
inline constexpr int smallest_block = 4;

/// A pass over the lowered statement for a loop that makes W neighbouring columns of a matrix from its W rows. Each iteration loads a
/// vector whose lanes lie in different rows, and the next iteration loads those to the right of it. Halide loads such a vector lane by
/// lane. The pass unrolls the loop, loads the rows as vectors and transposes them in registers. It takes the innermost loops of 4, 8 or 16
/// iterations around vectors of 4, 8 or 16 elements of 32 bits, and leaves all others as they are.
std::shared_ptr<Halide::Internal::IRMutator> transpose_pass();

}  // namespace resnetc::codegen::cpu

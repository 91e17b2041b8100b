/// \file Prefetches: a pass that asks for weights before they are needed, and the instruction itself, which others use too.
#pragma once

#include <Halide.h>

#include <functional>
#include <memory>
#include <string>

namespace resnetc::codegen::cpu {

/// The bytes of a cache line of every target.
inline constexpr int cache_line_bytes = 64;

/// The cache that a line is fetched into: the first level, or only the second.
enum class Into { first, second };
/// Fetches the cache line of an element of a buffer, whose index has 64 bits. The address need not lie in the buffer.
Halide::Internal::Stmt prefetch_line(const std::string& buffer, const Halide::Expr& index, int element_bytes, Into into = Into::first);

/// The weights to prefetch. One iteration of the loop `step` reads its weights repeatedly, and the next iteration reads others. While one
/// iteration computes, the weights of the next are fetched: each iteration of the innermost loop `loop` fetches cache lines, evenly over
/// all loops between the two. At batch 1 each weight comes from memory once for each picture, and the processor's own prefetchers do not
/// look beyond memory that is used repeatedly.
struct Prefetch {
  std::string buffer;
  std::string step, loop;  ///< loops, given by the end of their lowered names
  int64_t segments = 0;    ///< number of pieces of the next step's weights; each has `unrolled` lines for each iteration of `loop`
  /// The beginning of a segment of the next step, in elements from the first element that this step reads. `at` is the iteration of this
  /// step.
  std::function<Halide::Expr(Halide::Expr at, Halide::Expr segment)> offset;
  int unrolled = 1;  ///< number of lines of each segment that an iteration of `loop` reads
};

/// The pass over the lowered statement that adds the prefetches. It adds none if `step` or `loop` has one iteration, because Halide then
/// makes no loop.
std::shared_ptr<Halide::Internal::IRMutator> prefetch_pass(Prefetch prefetch);

}  // namespace resnetc::codegen::cpu

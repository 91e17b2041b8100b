/// \file Asking for weights before they are needed.
#pragma once

#include <Halide.h>

#include <functional>
#include <memory>
#include <string>

namespace resnetc::codegen::cpu {

/// What to ask for. One iteration of the loop `step` reads its weights again and again, the next one reads others: while the one computes,
/// the other's are fetched, a cache line an iteration of the innermost loop `loop`, evenly over all loops between the two. At batch 1
/// each weight comes from memory once a picture, and the processor's own prefetchers do not look beyond what is used again and again.
struct Prefetch {
  std::string buffer;
  std::string step, loop;  ///< loops by the end of their lowered names
  int64_t segments = 0;    ///< pieces of what the next step reads; each `unrolled` lines for each iteration of `loop`
  /// Where a segment of the next step's begins, in elements from the first that this step reads. `at` is this step's iteration.
  std::function<Halide::Expr(Halide::Expr at, Halide::Expr segment)> offset;
  int unrolled = 1;  ///< an iteration of `loop` reads so many lines of each segment
};

/// A pass over the lowered statement.
std::shared_ptr<Halide::Internal::IRMutator> prefetch_pass(Prefetch prefetch);

}  // namespace resnetc::codegen::cpu

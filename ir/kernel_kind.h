/// \file The kinds of kernels: what each computes. How is its algorithm's to say (ir/program.h).
#pragma once

#include <string_view>

namespace resnetc::program {

enum class KernelKind {
  load,    ///< the caller's input to an arena tensor: layout, and for u8 the normalisation
  store,   ///< an arena tensor to a caller's output, f32[N, C, H, W] or f32[N, C]
  conv2d,  ///< also linear layers, as 1x1 on one pixel
  max_pool,
  avg_pool,
  global_avg_pool,
  copy,  ///< its operand as it is (more channels become zeros): the carrier of element-wise epilogues
  softmax,
};

/// What to_string() calls a kind or an algorithm past the last.
inline constexpr std::string_view no_name = "?";

/// As in the text form.
std::string_view to_string(KernelKind kind);

}  // namespace resnetc::program

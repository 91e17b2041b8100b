/// \file The kinds of kernels: what each kernel computes. Its algorithm decides how (ir/program.h).
#pragma once

#include <string_view>

namespace resnetc::program {

enum class KernelKind {
  load,    ///< copies the caller's input to an arena tensor: changes the layout, and normalises u8
  store,   ///< copies an arena tensor to a caller's output, f32[N, C, H, W] or f32[N, C]
  conv2d,  ///< also computes linear layers, as 1x1 on one pixel
  max_pool,
  avg_pool,
  global_avg_pool,
  global_max_pool,
  global_l2_pool,
  copy,  ///< copies its operand (additional channels become zeros); carries element-wise epilogues
  softmax,
  flatten,
  unflatten,
  pad,
  upsample,
  pixel_shuffle,
  pixel_unshuffle,
  channel_shuffle,
  layer_norm,  ///< the weights of normalisations are a step of the epilogue
  group_norm,
  rms_norm,
  mean_norm,
};

/// The result of to_string() for a number past the last kind or algorithm.
inline constexpr std::string_view no_name = "?";

/// Whether there are kernels of the kind for GPUs.
constexpr bool runs_on_gpus(KernelKind kind) {
  return kind != KernelKind::layer_norm && kind != KernelKind::group_norm && kind != KernelKind::rms_norm && kind != KernelKind::mean_norm;
}

/// The name in the text form.
std::string_view to_string(KernelKind kind);

}  // namespace resnetc::program

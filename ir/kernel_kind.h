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
  join_rows,
  transpose,
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

/// What kinds have in common.
enum class KernelFamily {
  port,         ///< between a caller's buffer and the arena
  product,      ///< with weights
  pool,         ///< of windows
  global_pool,  ///< of all pixels
  copy,
  rearrangement,  ///< each element of the result is made of few elements, which stand elsewhere
  norm,           ///< measures what it normalises
  softmax,
};
constexpr KernelFamily family_of(KernelKind kind) {
  switch (kind) {
    case KernelKind::load:
    case KernelKind::store: return KernelFamily::port;
    case KernelKind::conv2d: return KernelFamily::product;
    case KernelKind::max_pool:
    case KernelKind::avg_pool: return KernelFamily::pool;
    case KernelKind::global_avg_pool:
    case KernelKind::global_max_pool:
    case KernelKind::global_l2_pool: return KernelFamily::global_pool;
    case KernelKind::copy: return KernelFamily::copy;
    case KernelKind::softmax: return KernelFamily::softmax;
    case KernelKind::flatten:
    case KernelKind::unflatten:
    case KernelKind::join_rows:
    case KernelKind::transpose:
    case KernelKind::pad:
    case KernelKind::upsample:
    case KernelKind::pixel_shuffle:
    case KernelKind::pixel_unshuffle:
    case KernelKind::channel_shuffle: return KernelFamily::rearrangement;
    case KernelKind::layer_norm:
    case KernelKind::group_norm:
    case KernelKind::rms_norm:
    case KernelKind::mean_norm: return KernelFamily::norm;
  }
  return KernelFamily::copy;
}

/// Whether there are kernels of the kind for GPUs.
constexpr bool runs_on_gpus(KernelKind kind) { return family_of(kind) != KernelFamily::norm; }

/// Whether each element of the result is one element of the operand, or zero: integers may then stay integers.
constexpr bool moves_elements(KernelKind kind) {
  const KernelFamily family = family_of(kind);
  const bool rearranges = family == KernelFamily::rearrangement && kind != KernelKind::upsample;
  return rearranges || family == KernelFamily::copy || kind == KernelKind::max_pool;
}
/// Whether kernels of the kind, besides convolutions, can read integers.
constexpr bool reads_integers(KernelKind kind) {
  return moves_elements(kind) || kind == KernelKind::avg_pool || kind == KernelKind::global_avg_pool;
}

/// The name in the text form.
std::string_view to_string(KernelKind kind);

}  // namespace resnetc::program

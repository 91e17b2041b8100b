/// \file What a pass is given beside the IR, and what it says: passes include this, and nothing of the pipeline that runs them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/machine.h"
#include "ir/op.h"
#include "ir/ranges.h"
#include "ir/recipe.h"
#include "ir/target.h"
#include "ir/tuning.h"
#include "ir/winograd.h"
#include "support/diagnostics.h"

namespace resnetc::passes {

/// A remark of a pass: what it did, or refused to do, and why.
struct Remark {
  std::string pass;
  std::string value;  ///< the layer's value name
  std::string text;
  Location at;
};

struct PassContext {
  Diagnostics* diagnostics = nullptr;           ///< required
  const WeightSource* weights = nullptr;        ///< elide-identities acts only if there are weights
  const Target* target = nullptr;               ///< for select-kernels, which requires it
  const Machine* machine = &default_machine();  ///< select-kernels chooses schedules for it
  /// The largest tile of Winograd's transforms that select-kernels may choose: 4, 2 or 0. With 0 there are only direct sums, so no
  /// Strassen's products either. Larger tiles have larger rounding errors.
  int64_t winograd_tile = largest_winograd_tile;
  const program::Tuning* tuned = nullptr;          ///< schedules for this target, which select-kernels prefers to its own; may be null
  ElementType weights_element = ElementType::f32;  ///< to which narrow-weights rounds weights: f32, bf16 or f16
  ElementType values_element = ElementType::f32;   ///< to which narrow-values rounds values: f32 or bf16
  const Ranges* ranges = nullptr;                  ///< quantize acts only if there are ranges
  ValueNames keep_float;                           ///< layers that quantize leaves in float, by their values' names
  int64_t batch = 32;                              ///< on a GPU: number of pictures of a run for which schedules are chosen
  bool weights_limited = true;                     ///< whether the limit of the packed weights holds for `tuned` too; not while measuring
  std::vector<Remark> remarks;                     ///< filled by the passes
  bool depends_on_values = false;                  ///< set when a rewrite used the weights' values
};

}  // namespace resnetc::passes

/// \file Sizes of channels, from an interpreter's values.
#include "driver/channel_sizes.h"

#include <algorithm>
#include <cmath>

namespace resnetc::driver {

namespace {

/// Whether each element of the result is one of its operands' elements in its channel, or a sum of them.
bool sums_or_chooses(OpKind kind) {
  switch (kind) {
    case OpKind::relu:
    case OpKind::add:
    case OpKind::max_pool:
    case OpKind::avg_pool:
    case OpKind::global_avg_pool: return true;
    case OpKind::input:
    case OpKind::conv2d:
    case OpKind::batch_norm:
    case OpKind::affine:
    case OpKind::sigmoid:
    case OpKind::softmax:
    case OpKind::linear:
    case OpKind::pad_channels:
    case OpKind::mul: break;
  }
  return false;
}

}  // namespace

const std::vector<double>& ChannelSizes::add(const graph::Op& op, const Values& values) {
  std::vector<double>& sizes = sizes_[static_cast<size_t>(&op - graph_.ops.data())];
  sizes.assign(static_cast<size_t>(op.type.channels), 0.0);
  const size_t pixels = values.size() / sizes.size();
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) sizes[i / pixels] = std::max(sizes[i / pixels], std::abs(values[i]));
  }
  if (!sums_or_chooses(op.kind)) return sizes;
  for (const graph::ValueId operand : op.operands) {
    for (size_t c = 0; c < sizes.size(); ++c) sizes[c] = std::max(sizes[c], of(operand)[c]);
  }
  return sizes;
}

}  // namespace resnetc::driver

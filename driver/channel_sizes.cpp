/// \file Computes the sizes of channels from an interpreter's values.
#include "driver/channel_sizes.h"

#include <algorithm>
#include <cmath>

namespace resnetc::driver {

const std::vector<double>& ChannelSizes::add(const graph::Op& op, const Values& values) {
  std::vector<double>& sizes = sizes_[static_cast<size_t>(&op - graph_.ops.data())];
  sizes.assign(static_cast<size_t>(op.type.channels), 0.0);
  const size_t pixels = values.size() / sizes.size();
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) sizes[i / pixels] = std::max(sizes[i / pixels], std::abs(values[i]));
  }
  if (!info(op.kind).sums_or_chooses) return sizes;
  for (const graph::ValueId operand : op.operands) {
    const std::vector<double>& theirs = of(operand);
    // An operand of one channel is spread over all channels.
    for (size_t c = 0; c < sizes.size(); ++c) sizes[c] = std::max(sizes[c], theirs[theirs.size() == 1 ? 0 : c]);
  }
  return sizes;
}

}  // namespace resnetc::driver

/// \file The arithmetic of phases, axis by axis.
#include "ir/transposed.h"

#include <algorithm>

namespace resnetc {

namespace {

/// The convolution of the phases along one axis.
struct Axis {
  int64_t kernel, before, after, count;
};

Axis phases_along(int64_t kernel, int64_t stride, int64_t pad, int64_t in, int64_t out) {
  const int64_t count = (out + stride - 1) / stride;
  // Phase r meets tap r + pad - stride * d at d places from q. The taps that exist, 0 to kernel - 1, bound d.
  const auto floor_div = [](int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); };
  const int64_t most = floor_div(stride - 1 + pad, stride);
  const int64_t least = -floor_div(kernel - 1 - pad, stride);
  // Neither side has less than no padding: a place without a tap costs less than a crop of the input would.
  const int64_t before = std::max<int64_t>(-least, 0);
  int64_t window = std::max<int64_t>(most, -before) + before + 1;
  // count = before + in + after - window + 1
  window = std::max(window, before + in + 1 - count);
  return {window, before, count - 1 - before - in + window, count};
}

}  // namespace

Phases phases_of(const OpAttributes& a, const TensorType& in, const TensorType& out) {
  const Axis rows = phases_along(a.kernel.h, a.stride.h, a.pad.top, in.height, out.height);
  const Axis columns = phases_along(a.kernel.w, a.stride.w, a.pad.left, in.width, out.width);
  Phases phases;
  phases.convolution.channels = out.channels * a.stride.h * a.stride.w;
  phases.convolution.kernel = {rows.kernel, columns.kernel};
  phases.convolution.pad = {rows.before, columns.before, rows.after, columns.after};
  phases.convolution.groups = a.groups;
  phases.type = in.with(phases.convolution.channels, rows.count, columns.count);
  phases.taps = {
      a.groups, a.stride, {a.pad.top + a.stride.h * rows.before, a.pad.left + a.stride.w * columns.before}, phases.convolution.kernel};
  phases.cropped = rows.count * a.stride.h != out.height || columns.count * a.stride.w != out.width;
  return phases;
}

}  // namespace resnetc

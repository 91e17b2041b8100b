/// \file Counts windows.
#include "ir/window.h"

#include <algorithm>

namespace resnetc {

namespace {

WindowAxis padded_for_all(WindowAxis axis) {
  const int64_t last = (axis.size - 1) / axis.stride * axis.stride;  // where the last window begins, counted from the first
  const int64_t padding = std::max<int64_t>(last + axis.reach() - axis.size, 0);
  axis.before = padding / 2;
  axis.after = padding - axis.before;
  return axis;
}

}  // namespace

int64_t WindowAxis::count() const { return padded() < reach() ? 0 : (padded() - reach()) / stride + 1; }

WindowAxis rows_of(const OpAttributes& a, const TensorType& picture) {
  const WindowAxis axis{picture.height, a.kernel.h, a.stride.h, a.dilation.h, a.pad.top, a.pad.bottom};
  return a.same_pad ? padded_for_all(axis) : axis;
}

WindowAxis columns_of(const OpAttributes& a, const TensorType& picture) {
  const WindowAxis axis{picture.width, a.kernel.w, a.stride.w, a.dilation.w, a.pad.left, a.pad.right};
  return a.same_pad ? padded_for_all(axis) : axis;
}

Sides padding_of(const OpAttributes& attributes, const TensorType& picture) {
  const WindowAxis rows = rows_of(attributes, picture), columns = columns_of(attributes, picture);
  return {rows.before, columns.before, rows.after, columns.after};
}

}  // namespace resnetc

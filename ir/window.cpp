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

// The rule of PyTorch's pooling_output_shape().
int64_t WindowAxis::count() const {
  const int64_t room = padded() - reach() + (ceil ? stride - 1 : 0);  // for the first place of the last window
  if (room < 0) return 0;
  const int64_t all = room / stride + 1;
  const bool last_is_beyond = ceil && (all - 1) * stride >= before + size;
  return last_is_beyond ? all - 1 : all;
}

bool WindowAxis::within(int64_t begin, int64_t end) const { return -before >= begin && (count() - 1) * stride - before + reach() <= end; }

WindowAxis rows_of(const OpAttributes& a, const TensorType& picture) {
  const WindowAxis axis{picture.height, a.kernel.h, a.stride.h, a.dilation.h, a.pad.top, a.pad.bottom, a.ceil, a.count_pad};
  return a.same_pad ? padded_for_all(axis) : axis;
}

WindowAxis columns_of(const OpAttributes& a, const TensorType& picture) {
  const WindowAxis axis{picture.width, a.kernel.w, a.stride.w, a.dilation.w, a.pad.left, a.pad.right, a.ceil, a.count_pad};
  return a.same_pad ? padded_for_all(axis) : axis;
}

Sides padding_of(const OpAttributes& attributes, const TensorType& picture) {
  const WindowAxis rows = rows_of(attributes, picture), columns = columns_of(attributes, picture);
  return {rows.before, columns.before, rows.after, columns.after};
}

}  // namespace resnetc

/// \file Counts windows.
#include "ir/window.h"

namespace resnetc {

int64_t WindowAxis::count() const { return padded() < reach() ? 0 : (padded() - reach()) / stride + 1; }

WindowAxis rows_of(const OpAttributes& a, const TensorType& picture) {
  return {picture.height, a.kernel.h, a.stride.h, a.dilation.h, a.pad.top, a.pad.bottom};
}

WindowAxis columns_of(const OpAttributes& a, const TensorType& picture) {
  return {picture.width, a.kernel.w, a.stride.w, a.dilation.w, a.pad.left, a.pad.right};
}

}  // namespace resnetc

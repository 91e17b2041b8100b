/// \file Where the windows of a convolution or a pool lie. Each axis of the picture has windows of its own.
#pragma once

#include "ir/op.h"

namespace resnetc {

/// One axis of a picture and the windows along it. Places are counted from the picture's first pixel, so those of the padding before it are
/// negative.
struct WindowAxis {
  int64_t size = 1;  ///< of the picture
  int64_t kernel = 1, stride = 1, dilation = 1;
  int64_t before = 0, after = 0;  ///< padding

  int64_t padded() const { return before + size + after; }
  /// The pixels from the first element of a window to its last.
  int64_t reach() const { return dilation * (kernel - 1) + 1; }
  /// The number of windows; 0 if the picture with its padding is smaller than one.
  int64_t count() const;
};

/// The axes of a picture, with the padding of same_pad if the attributes have that. The attributes must be in range.
WindowAxis rows_of(const OpAttributes& attributes, const TensorType& picture);
WindowAxis columns_of(const OpAttributes& attributes, const TensorType& picture);

/// The padding of a picture in numbers: `pad`, or that of same_pad. For size n and stride s, same_pad makes ceil(n / s) results of as few
/// pixels of padding as these need, of which the smaller half comes first.
Sides padding_of(const OpAttributes& attributes, const TensorType& picture);

}  // namespace resnetc

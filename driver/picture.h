/// \file PNG, JPEG, PPM and PGM pictures, as packed 8-bit pixels.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/failure.h"

namespace resnetc::driver {

struct Picture {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;  ///< [height][width][channels]
};

/// Decodes a picture with any number of channels to 1 or 3. A picture has at most 64 million pixels.
Result<Picture> decode_picture(std::string_view file, int64_t channels);

/// Scales the picture until it covers height x width, then cuts out the middle.
Picture resize_to(const Picture& picture, int64_t height, int64_t width);

}  // namespace resnetc::driver

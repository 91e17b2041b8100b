/// \file Pictures, through stb_image and stb_image_resize.
#include "driver/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_PNM
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 32768
#include <stb/stb_image.h>

#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <stb/stb_image_resize.h>

namespace resnetc::driver {
namespace {

/// Whether a PNM file holds all the samples its header announces; true for every other format. stb_image (2.27) does not look: what a file
/// lacks it leaves uninitialised.
bool pnm_is_whole(std::string_view file, int64_t samples) {
  if (!file.starts_with("P5") && !file.starts_with("P6")) return true;
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  size_t at = 2;
  int64_t number = 0;
  for (int field = 0; field < 3; ++field) {  // width, height, largest sample
    while (at < file.size() && (blank(file[at]) || file[at] == '#')) {
      at = file[at] == '#' ? std::min(file.find_first_of("\r\n", at), file.size()) : at + 1;
    }
    for (number = 0; at < file.size() && file[at] >= '0' && file[at] <= '9'; ++at)
      number = std::min<int64_t>(number * 10 + file[at] - '0', 1 << 24);
  }
  ++at;  // the one blank before the samples
  return at <= file.size() && static_cast<int64_t>(file.size() - at) >= samples * (number > 255 ? 2 : 1);
}

}  // namespace

std::optional<Picture> decode_picture(std::string_view file, int64_t channels, std::string& why) {
  constexpr int64_t max_pixels = int64_t{1} << 26;
  const auto* bytes = reinterpret_cast<const stbi_uc*>(file.data());
  if (file.size() > (size_t{1} << 30)) {
    why = "it is too large";
    return std::nullopt;
  }
  int length = static_cast<int>(file.size());
  int width = 0, height = 0, has = 0;
  if (stbi_info_from_memory(bytes, length, &width, &height, &has) == 0) {
    why = fmt::format("it is not a PNG, JPEG, PPM or PGM picture ({})", stbi_failure_reason());
    return std::nullopt;
  }
  if (int64_t{width} * height > max_pixels) {
    why = fmt::format("{}x{} pixels are too many", width, height);
    return std::nullopt;
  }
  if (!pnm_is_whole(file, int64_t{width} * height * has)) {
    why = "the picture is cut short";
    return std::nullopt;
  }
  std::unique_ptr<stbi_uc, void (*)(void*)> pixels(stbi_load_from_memory(bytes, length, &width, &height, &has, static_cast<int>(channels)),
                                                   stbi_image_free);
  if (!pixels) {
    why = fmt::format("the picture is damaged ({})", stbi_failure_reason());
    return std::nullopt;
  }
  Picture picture{height, width, channels, {}};
  picture.pixels.assign(pixels.get(), pixels.get() + picture.height * picture.width * channels);
  return picture;
}

Picture resize_to(const Picture& picture, int64_t height, int64_t width) {
  double scale = std::max(static_cast<double>(height) / static_cast<double>(picture.height),
                          static_cast<double>(width) / static_cast<double>(picture.width));
  auto scaled = [&](int64_t from, int64_t at_least) {
    return std::max(at_least, static_cast<int64_t>(std::lround(scale * static_cast<double>(from))));
  };
  Picture large{scaled(picture.height, height), scaled(picture.width, width), picture.channels, {}};
  large.pixels.resize(static_cast<size_t>(large.height * large.width * large.channels));
  stbir_resize_uint8(picture.pixels.data(), static_cast<int>(picture.width), static_cast<int>(picture.height), 0, large.pixels.data(),
                     static_cast<int>(large.width), static_cast<int>(large.height), 0, static_cast<int>(picture.channels));
  Picture result{height, width, picture.channels, {}};
  int64_t top = (large.height - height) / 2;
  int64_t left = (large.width - width) / 2;
  for (int64_t y = 0; y < height; ++y) {
    auto row = large.pixels.begin() + ((top + y) * large.width + left) * large.channels;
    result.pixels.insert(result.pixels.end(), row, row + width * large.channels);
  }
  return result;
}

}  // namespace resnetc::driver

/// \file Pictures, through stb_image and stb_image_resize.
#include "driver/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
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

constexpr int64_t max_pixels = int64_t{1} << 26;

/// What is wrong with a PNM file, before stb_image (2.27) sees it: its header's numbers overflow there, and samples that the file lacks
/// stay uninitialised. Empty for every other format.
std::string pnm_fault(std::string_view file) {
  if (!file.starts_with("P5") && !file.starts_with("P6")) return "";
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  size_t at = 2;
  std::array<int64_t, 3> fields{};  // width, height, largest sample
  for (int64_t& field : fields) {
    while (at < file.size() && (blank(file[at]) || file[at] == '#')) {
      at = file[at] == '#' ? std::min(file.find_first_of("\r\n", at), file.size()) : at + 1;
    }
    const auto [end, error] = std::from_chars(file.data() + at, file.data() + file.size(), field);
    if (error != std::errc() || field < 1) return "its header has not three numbers from 1 up";
    at = static_cast<size_t>(end - file.data());
  }
  const auto [width, height, largest] = fields;
  if (width > max_pixels || height > max_pixels / width) return fmt::format("{}x{} pixels are too many", width, height);
  if (largest > 65535) return "its samples have more than 16 bits";
  ++at;  // the one blank before the samples
  const int64_t bytes = width * height * (file[1] == '6' ? 3 : 1) * (largest > 255 ? 2 : 1);
  if (at > file.size() || static_cast<int64_t>(file.size() - at) < bytes) return "the picture is cut short";
  return "";
}

}  // namespace

std::optional<Picture> decode_picture(std::string_view file, int64_t channels, std::string& why) {
  const auto* bytes = reinterpret_cast<const stbi_uc*>(file.data());
  if (file.size() > (size_t{1} << 30)) {
    why = "it is too large";
    return std::nullopt;
  }
  why = pnm_fault(file);
  if (!why.empty()) return std::nullopt;
  int length = static_cast<int>(file.size());
  int width = 0, height = 0, has = 0;
  if (stbi_info_from_memory(bytes, length, &width, &height, &has) == 0) {
    why = fmt::format("it is not a PNG, JPEG, PPM or PGM picture ({})", stbi_failure_reason());
    return std::nullopt;
  }
  if (width < 1 || height < 1) {
    why = "the picture has no pixels";
    return std::nullopt;
  }
  if (int64_t{width} * height > max_pixels) {
    why = fmt::format("{}x{} pixels are too many", width, height);
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
  // Only the middle of the scaled picture is computed: the whole of a picture one pixel high could be any size.
  const auto middle = [](int64_t whole, int64_t part) {
    const int64_t start = (whole - part) / 2;
    return std::pair(static_cast<float>(start) / static_cast<float>(whole), static_cast<float>(start + part) / static_cast<float>(whole));
  };
  const auto [top, bottom] = middle(scaled(picture.height, height), height);
  const auto [left, right] = middle(scaled(picture.width, width), width);
  Picture result{height, width, picture.channels, {}};
  result.pixels.resize(static_cast<size_t>(height * width * picture.channels));
  stbir_resize_region(picture.pixels.data(), static_cast<int>(picture.width), static_cast<int>(picture.height), 0, result.pixels.data(),
                      static_cast<int>(width), static_cast<int>(height), 0, STBIR_TYPE_UINT8, static_cast<int>(picture.channels),
                      STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP, STBIR_FILTER_DEFAULT, STBIR_FILTER_DEFAULT,
                      STBIR_COLORSPACE_LINEAR, nullptr, left, top, right, bottom);
  return result;
}

}  // namespace resnetc::driver

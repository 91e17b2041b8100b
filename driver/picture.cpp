/// \file Reads pictures through libpng, libjpeg-turbo and stb_image_resize.
#include "driver/picture.h"

#include <fmt/format.h>
#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>

#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <stb/stb_image_resize.h>

namespace resnetc::driver {
namespace {

/// A picture with memory for its pixels. Fails if there are none or too many.
Result<Picture> sized(int64_t height, int64_t width, int64_t channels) {
  constexpr int64_t max_pixels = int64_t{1} << 26;
  if (height < 1 || width < 1) return Failure{"the picture has no pixels"};
  if (width > max_pixels || height > max_pixels / width) {
    return Failure{fmt::format("{}x{} pixels are too many", width, height), Blame::limit};
  }
  return Picture{height, width, channels, std::vector<uint8_t>(static_cast<size_t>(height * width * channels))};
}

Result<Picture> decode_png(std::string_view file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, void (*)(png_image*)> owner(&image, png_image_free);
  const auto failed = [&] { return Failure{fmt::format("the picture is damaged ({})", image.message)}; };
  if (png_image_begin_read_from_memory(&image, file.data(), file.size()) == 0) return failed();
  image.format = PNG_FORMAT_RGBA;  // transparency is ignored, because there is nothing behind the picture
  Result<Picture> picture = sized(image.height, image.width, 4);
  if (!picture) return picture;
  if (png_image_finish_read(&image, nullptr, picture->pixels.data(), 0, nullptr) == 0) return failed();
  return picture;
}

Result<Picture> decode_jpeg(std::string_view file) {
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
  const auto failed = [&] { return Failure{fmt::format("the picture is damaged ({})", tjGetErrorStr2(decoder.get()))}; };
  const auto* bytes = reinterpret_cast<const unsigned char*>(file.data());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (!decoder || tjDecompressHeader3(decoder.get(), bytes, file.size(), &width, &height, &subsampling, &colours) != 0) return failed();
  Result<Picture> picture = sized(height, width, 3);
  if (!picture) return picture;
  // A few superfluous bytes between two parts do no harm, but a missing part does.
  constexpr int flags = TJFLAG_LIMITSCANS | TJFLAG_NOREALLOC;
  if (tjDecompress2(decoder.get(), bytes, file.size(), picture->pixels.data(), width, 0, height, TJPF_RGB, flags) != 0 &&
      (tjGetErrorCode(decoder.get()) == TJERR_FATAL || std::strstr(tjGetErrorStr2(decoder.get()), "extraneous") == nullptr)) {
    return failed();
  }
  return picture;
}

/// Reads PGM and PPM (https://netpbm.sourceforge.net/doc/ppm.html), binary, 8 or 16 bits a sample.
Result<Picture> decode_pnm(std::string_view file) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  size_t at = 2;
  std::array<int64_t, 3> fields{};  // width, height, largest sample
  for (int64_t& field : fields) {
    while (at < file.size() && (blank(file[at]) || file[at] == '#')) {
      at = file[at] == '#' ? std::min(file.find_first_of("\r\n", at), file.size()) : at + 1;
    }
    const auto [end, error] = std::from_chars(file.data() + at, file.data() + file.size(), field);
    if (error != std::errc() || field < 0) return Failure{"the picture's header has not three numbers"};
    at = static_cast<size_t>(end - file.data());
  }
  const auto [width, height, largest] = fields;
  Result<Picture> picture = sized(height, width, file[1] == '6' ? 3 : 1);
  if (!picture) return picture;
  if (largest < 1 || largest > 65535) {
    return Failure{fmt::format("the picture's largest sample is {}, which is not between 1 and 65535", largest)};
  }
  ++at;  // the only blank before the samples
  const size_t bytes = largest > 255 ? 2 : 1;
  if (at > file.size() || file.size() - at < picture->pixels.size() * bytes) {
    return Failure{"the picture is cut short"};
  }
  for (uint8_t& pixel : picture->pixels) {
    int64_t sample = static_cast<uint8_t>(file[at++]);
    if (bytes == 2) sample = sample << 8 | static_cast<uint8_t>(file[at++]);
    pixel = static_cast<uint8_t>((std::min(sample, largest) * 255 + largest / 2) / largest);
  }
  return picture;
}

/// Converts grey to three equal channels, and colours to their luminance (ITU-R BT.601). A fourth channel is dropped.
Picture with_channels(Picture from, int64_t channels) {
  if (from.channels == channels) return from;
  Picture to{from.height, from.width, channels, {}};
  to.pixels.reserve(static_cast<size_t>(from.height * from.width * channels));
  for (auto pixel = from.pixels.begin(); pixel != from.pixels.end(); pixel += from.channels) {
    if (channels == 1) {
      to.pixels.push_back(static_cast<uint8_t>((pixel[0] * 299 + pixel[1] * 587 + pixel[2] * 114 + 500) / 1000));
    } else {
      const int64_t step = from.channels == 1 ? 0 : 1;
      for (int64_t c = 0; c < 3; ++c) to.pixels.push_back(pixel[c * step]);
    }
  }
  return to;
}

}  // namespace

Result<Picture> decode_picture(std::string_view file, int64_t channels) {
  Result<Picture> picture = Failure{"it is not a PNG, JPEG, PPM or PGM picture"};
  if (file.starts_with("\x89PNG")) {
    picture = decode_png(file);
  } else if (file.starts_with("\xff\xd8\xff")) {
    picture = decode_jpeg(file);
  } else if (file.starts_with("P5") || file.starts_with("P6")) {
    picture = decode_pnm(file);
  }
  if (!picture) return picture;
  return with_channels(std::move(*picture), channels);
}

Picture resize_to(const Picture& picture, int64_t height, int64_t width) {
  double scale = std::max(static_cast<double>(height) / static_cast<double>(picture.height),
                          static_cast<double>(width) / static_cast<double>(picture.width));
  auto scaled = [&](int64_t from, int64_t at_least) {
    return std::max(at_least, static_cast<int64_t>(std::lround(scale * static_cast<double>(from))));
  };
  // Only the middle of the scaled picture is computed, because the whole could have any size if the picture is one pixel high.
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

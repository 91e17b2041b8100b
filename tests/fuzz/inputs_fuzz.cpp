/// \file Fuzzes what reads a network's inputs: arrays and pictures.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "driver/npy.cpp"  // the driver is a program, not a library
#include "driver/picture.cpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace resnetc::driver;
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  if (const auto array = parse_npy(file)) {
    double sum = 0;
    for (int64_t i = 0; i < array->elements(); ++i) sum += array->at(i);
    if (array->data.empty() && sum != 0) std::abort();
  } else if (array.failure().text.empty()) {
    std::abort();
  }
  for (int64_t channels : {1, 3}) {
    const auto picture = decode_picture(file, channels);
    if (!picture && picture.failure().text.empty()) std::abort();
    if (!picture) continue;
    if (picture->pixels.size() != static_cast<size_t>(picture->height * picture->width * channels)) std::abort();
    if (picture->pixels.size() < 10'000) resize_to(*picture, 7, 5);
  }
  return 0;
}

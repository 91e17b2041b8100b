/// \file Checks that pictures and arrays fit a network, and converts their elements.
#include "driver/picture_input.h"

#include <fmt/format.h>

#include <cmath>

#include "driver/command_line.h"
#include "driver/picture.h"

namespace resnetc::driver {

namespace {

/// One value for each channel: the user's (one for all channels, or one for each) or the default.
Result<std::vector<double>> per_channel(const std::vector<double>& given, const std::vector<double>& fallback, int64_t channels,
                                        const char* flag) {
  std::vector<double> values = given.empty() ? fallback : given;
  if (values.size() == 1) values.resize(static_cast<size_t>(channels), values.front());
  if (values.size() == static_cast<size_t>(channels)) return values;
  return Failure{fmt::format("{} has {} values, the network has {} channels", flag, values.size(), channels), Blame::command};
}

}  // namespace

void add_picture_options(Command command, PictureOptions& options) {
  command.add_flag("--resize", options.resize, "scale a picture to cover the network's size and cut out the middle");
  command.add_option("--mean", options.mean, "for float networks: subtracted from x / 255 (ImageNet's for 3 channels, else 0)")
      .type_name("M[,M...]")
      .delimiter(',');
  command.add_option("--std", options.std, "for float networks: the divisor of that difference (ImageNet's for 3 channels, else 1)")
      .type_name("S[,S...]")
      .delimiter(',');
}

std::string picture_options_fault(const PictureOptions& options) {
  for (double value : options.std) {
    if (!(value > 0 && std::isfinite(value))) return "--std takes finite values above 0";
  }
  for (double value : options.mean) {
    if (!std::isfinite(value)) return "--mean takes finite values";
  }
  return "";
}

std::string picture_options_fault(const PictureOptions& options, const std::string& network, ElementType element) {
  if (element != ElementType::u8 || (options.mean.empty() && options.std.empty())) return "";
  return fmt::format("'{}' takes 8-bit pixels and normalises them itself; --mean and --std are for networks of floats", network);
}

Result<PictureInput> PictureInput::make(const PictureOptions& options, const InputForm& form) {
  if (form.dims.size() == 2) {
    return Failure{fmt::format("the network takes lines of shape {}, not pictures: give it a .npy file", shape_text(form.dims))};
  }
  if (form.dims.size() != 3) {
    return Failure{fmt::format("the network takes vectors of {} values, not pictures: give it a .npy file", form.dims.front())};
  }
  PictureInput input;
  const bool last = form.order == DimensionOrder::channels_last;
  input.channels_ = last ? form.dims[2] : form.dims[0];
  input.height_ = last ? form.dims[0] : form.dims[1];
  input.width_ = last ? form.dims[1] : form.dims[2];
  input.element_ = form.element;
  input.resize_ = options.resize;
  if (input.channels_ != 1 && input.channels_ != 3) {
    return Failure{fmt::format("the network takes pictures of {} channels: give it a .npy file", input.channels_)};
  }
  if (form.element == ElementType::u8) return input;
  const bool colours = input.channels_ == 3;
  auto mean = per_channel(options.mean, colours ? std::vector{0.485, 0.456, 0.406} : std::vector{0.0}, input.channels_, "--mean");
  if (!mean) return mean.failure();
  auto std = per_channel(options.std, colours ? std::vector{0.229, 0.224, 0.225} : std::vector{1.0}, input.channels_, "--std");
  if (!std) return std.failure();
  input.mean_ = std::move(*mean);
  input.std_ = std::move(*std);
  input.imagenet_ = colours && options.mean.empty() && options.std.empty();
  return input;
}

Result<std::string> PictureInput::bytes(std::string_view file) const {
  Result<Picture> picture = decode_picture(file, channels_);
  if (!picture) return picture.failure();
  if (picture->height != height_ || picture->width != width_) {
    if (!resize_) {
      return Failure{fmt::format("the picture has {}x{} pixels (height x width), the network takes {}x{}: --resize fits it",
                                 picture->height, picture->width, height_, width_)};
    }
    picture = resize_to(*picture, height_, width_);
  }
  std::string bytes;
  if (element_ == ElementType::u8) {
    bytes.assign(picture->pixels.begin(), picture->pixels.end());
    return bytes;
  }
  const auto pixels = static_cast<size_t>(height_ * width_), channels = static_cast<size_t>(channels_);
  bytes.reserve(static_cast<size_t>(bytes_of(element_, height_ * width_ * channels_)));
  for (size_t c = 0; c < channels; ++c) {
    for (size_t p = 0; p < pixels; ++p) {
      append_element(element_, (picture->pixels[p * channels + c] / 255.0 - mean_[c]) / std_[c], bytes);
    }
  }
  return bytes;
}

std::string PictureInput::rule() const {
  if (mean_.empty()) return "";
  return fmt::format("pixels as (x / 255 - mean) / std with mean {} and std {}{}", fmt::join(mean_, ", "), fmt::join(std_, ", "),
                     imagenet_ ? " (ImageNet's)" : "");
}

Result<ArrayInput> ArrayInput::make(ArrayView array, const InputForm& form) {
  ArrayInput input;
  input.element_ = form.element;
  std::vector<int64_t> shape = array.shape;
  if (shape.size() == form.dims.size() + 1) {
    input.count_ = shape.front();
    shape.erase(shape.begin());
  }
  if (shape != form.dims) {
    return Failure{fmt::format("the array's shape is {}, the network takes {}{}, with or without a batch before it",
                               shape_text(array.shape), to_string(form.element), shape_text(form.dims))};
  }
  if (form.element == ElementType::u8 && array.type != ArrayView::Type::u8) {
    return Failure{"the network takes 8-bit pixels, the array holds floats"};
  }
  input.elements_ = input.count_ == 0 ? 0 : array.elements() / input.count_;
  input.array_ = std::move(array);
  return input;
}

void ArrayInput::append(int64_t picture, std::string& bytes) const {
  const int64_t first = picture * elements_;
  if (element_ == ElementType::u8) {
    bytes += array_.data.substr(static_cast<size_t>(first), static_cast<size_t>(elements_));
    return;
  }
  for (int64_t i = first; i < first + elements_; ++i) append_element(element_, array_.at(i), bytes);
}

}  // namespace resnetc::driver

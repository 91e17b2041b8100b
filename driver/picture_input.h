/// \file A library's input from what users have: pictures, and arrays. Shared by run and calibrate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "driver/npy.h"
#include "ir/input_buffer.h"
#include "support/failure.h"

namespace resnetc::driver {

class Command;

/// How a picture becomes a network's input.
struct PictureOptions {
  bool resize = false;            ///< scale it to the network's size
  std::vector<double> mean, std;  ///< of networks of floats: one number for all channels, or one for each; empty: the default

  bool given() const { return resize || !mean.empty() || !std.empty(); }
};
/// Adds --resize, --mean and --std.
void add_picture_options(Command command, PictureOptions& options);
/// What is wrong with the numbers of the options; empty if nothing is.
std::string picture_options_fault(const PictureOptions& options);
/// Why the options mean nothing for a network with this name and elements of its input; empty if they mean something.
std::string picture_options_fault(const PictureOptions& options, const std::string& network, ElementType element);

/// What a library takes.
struct InputForm {
  ElementType element = ElementType::f32;
  DimensionOrder order = DimensionOrder::planar;
  std::vector<int64_t> dims;  ///< in memory order, without the batch: {C, H, W}, {H, W, C}, {C, L}, {L, C} or {C}
};

/// Makes pictures a network's input.
class PictureInput {
 public:
  /// Fails if the network takes no pictures, or if the options do not fit its channels.
  static Result<PictureInput> make(const PictureOptions& options, const InputForm& form);
  /// The input's bytes for one picture, from the bytes of its file, which are untrusted.
  Result<std::string> bytes(std::string_view file) const;
  /// What is done to pixels, in words for the user; empty if nothing is.
  std::string rule() const;

 private:
  PictureInput() = default;

  int64_t channels_ = 0, height_ = 0, width_ = 0;
  ElementType element_ = ElementType::f32;
  bool resize_ = false;
  bool imagenet_ = false;           ///< whether mean and deviation are the default ones of ImageNet
  std::vector<double> mean_, std_;  ///< of each channel
};

/// Makes the pictures of an array a network's input.
class ArrayInput {
 public:
  /// Fails unless the array holds one input or, in a further dimension, several. The bytes of `array` must outlive the object.
  static Result<ArrayInput> make(ArrayView array, const InputForm& form);
  /// The number of pictures.
  int64_t count() const { return count_; }
  /// Appends the input's bytes for one of the pictures.
  void append(int64_t picture, std::string& bytes) const;

 private:
  ArrayInput() = default;

  ArrayView array_;
  ElementType element_ = ElementType::f32;
  int64_t count_ = 1;
  int64_t elements_ = 0;  ///< of a picture
};

}  // namespace resnetc::driver

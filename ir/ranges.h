/// \file The ranges of a network's values, which a network with integers is made by. `resnetc calibrate` measures them.
///
/// The text form has one line for each value, in the network's order. People may edit the numbers. A comment goes from `#` to the end of
/// the line:
///
///     ranges 1 "resnet18"
///     # chosen by mse from 500 pictures of 'train.npy'
///     value "image" low=-2.117904 high=2.64 because "seen -2.1179 to 2.64; 0 % outside"
///     value "relu" low=0 high=4.7312 because "seen 0 to 5.9021; 0.013 % outside"
///
/// A model that was quantized elsewhere says more: what each integer of a value means, to which the value is always rounded, and which
/// tensor of the weights holds the steps of the integers that another tensor was made from:
///
///     value "relu" scale=0.0186 zero=3
///     weights "conv1.weight" steps="conv1.weight_scale"
///     weights "conv2.weight" in_float
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/tensor_type.h"
#include "support/diagnostics.h"

namespace resnetc {

/// The largest number of values, and of weights: no network has more.
inline constexpr size_t max_value_ranges = 50'000;
inline constexpr size_t max_ranges_bytes = size_t{1} << 24;

/// What integers are to tell apart of a value; what lies outside becomes the nearest end. The range holds 0. Both ends are finite float32
/// numbers, in the value's unit.
struct ValueRange {
  std::string name;  ///< of the value in graphs
  double low = 0, high = 0;
  std::string reason;  ///< what was measured; only for people
  Location at;         ///< place of the name, if it was read from a file
  /// What the integers mean, of a value that is always rounded to them. Then they reach from low to high.
  std::optional<Quantization> fixed{};
};

/// The tensors' names in the checkpoint. Each row of the weights was made from integers from -128 to 127 times its step. Without steps, the
/// layer of the weights stays in float.
struct WeightSteps {
  std::string weights;
  std::string steps;  ///< one for each row, f32; empty: there are none
  Location at;        ///< place of the first name, if it was read from a file
};

/// How the names of tensors of steps end, behind those of the weights.
inline constexpr std::string_view steps_ending = "_scale";

struct Ranges {
  std::string network;  ///< its name
  std::string source;   ///< where the ranges are from, for people; a comment in the text form, so parse_ranges() leaves it empty
  std::vector<ValueRange> values;
  std::vector<WeightSteps> weights;

  /// The range of the value with this name, or null. The time is proportional to the number of ranges.
  const ValueRange* find(std::string_view name) const;
};

/// The range that integers with this meaning reach.
ValueRange fixed_range(std::string name, const Quantization& quantization);

/// The text form. Each number has the fewest digits that read back as the same float32.
std::string print(const Ranges& ranges);
/// Reads the text form, which is untrusted. Nothing, and one error in its place, if a line cannot be read, a value has two ranges, or a
/// range is not as ValueRange says. Whether the network has the values is not known here.
std::optional<Ranges> parse_ranges(FileId file, Diagnostics& diagnostics);

}  // namespace resnetc

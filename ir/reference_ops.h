/// \file The plain loops of the reference interpreter: operations on whole values for one picture, by their definitions, in float64. Values
/// are planar (ir/interpreter.h), and of the types that the graph's verifier has checked.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.h"
#include "ir/interpreter.h"

namespace resnetc::reference {

/// Makes an average of a sum and the number of its terms.
using Average = double (*)(double sum, int64_t count);

Values convolve(const OpAttributes& a, const TensorType& in_type, const TensorType& t, const Values& in, const std::vector<double>& weight);
/// Adds each element of the input, times the weights of its channel, to the window of the result that begins at stride times its place.
Values convolve_transposed(const OpAttributes& a, const TensorType& in_type, const TensorType& t, const Values& in,
                           const std::vector<double>& weight);
Values multiply_matrix(const graph::Op& op, const Values& in, const std::vector<double>& weight);
/// Of one row of pixels.
Values transpose(const TensorType& in_type, const Values& in);
/// A max_pool or avg_pool. Of a window's places only those in the picture have values. An average counts them, and with count_pad the
/// places in the picture and its padding. If the window contains a NaN, the result is NaN.
Values pool(const graph::Op& op, const TensorType& in_type, const Values& in, Average average);
Values global_average(const TensorType& in_type, const Values& in, Average average);
Values global_maximum(const TensorType& in_type, const Values& in);
/// The root of each channel's sum of squares.
Values global_norm(const TensorType& in_type, const Values& in);
Values upsample(const graph::Op& op, const TensorType& in_type, const Values& in);
Values shuffle_pixels(const graph::Op& op, const TensorType& in_type, const Values& in);
Values unshuffle_pixels(const graph::Op& op, const TensorType& in_type, const Values& in);
Values pad(const graph::Op& op, const TensorType& in_type, const Values& in);
/// The softmax of `count` values from `first` on, `apart` from one another. If one of them is NaN, all results are NaN.
void softmax(Values& values, size_t first, size_t apart, size_t count);
/// Normalises `count` values from `first` on, `apart` from one another, by their variance and, if `a` says so, their mean.
void normalise(Values& values, size_t first, size_t apart, size_t count, const OpAttributes& a);
/// Divides `count` values from `first` on, `apart` from one another, by the root of the mean of their squares, or by their mean.
void divide(Values& values, size_t first, size_t apart, size_t count, double eps, bool by_mean);
/// The value of the type `from` over the dimensions of `to`: a vector at every pixel, or one channel in all channels.
Values spread_over(const TensorType& to, const TensorType& from, const Values& value);

}  // namespace resnetc::reference

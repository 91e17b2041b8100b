/// \file The arithmetic of operations that read or make quantized values. (The scheme is that of Jacob et al., "Quantization and training
/// of neural networks for efficient integer-arithmetic-only inference", arXiv:1712.05877, with a float32 multiplier.)
///
/// An operation reads the integer q of a quantized value as q - zero, so that padding, which means 0, adds nothing.
/// - A conv2d or linear with a quantized operand has a weight of integers from -128 to 127. Its sums are exact integers of 32 bits, and so
/// are
///   the constants of the `bias` steps that may follow. A projection may have steps of its own: `rescale` before it makes the sums count
///   those, as the nearest integers. Then a `scale` step makes numbers of the sums.
/// - Any other operation first multiplies q - zero by the value's scale; a pool that averages does so with the exact sum.
/// From there on each sum and product is rounded to float32, to the nearest and ties to even. A result of u8 becomes the nearest integer,
/// ties to even, plus its zero, and at least 0 and at most 255. NaN becomes the zero.
///
/// The numbers count units: a unit is the scale of the result if all steps mean the same in every unit, and else 1. So a convolution with
/// bias, skip edge and relu needs one product for each element and one for each element of the skip edge. A step `fake_quantize` rounds
/// before others follow. What stands before it counts units of its scale in the same way.
#pragma once

#include <optional>
#include <vector>

#include "ir/checks.h"
#include "ir/graph.h"

namespace resnetc::graph {

/// The largest number of terms of an integer sum: 65536 products of 255 and -128, with the largest bias, are -2^31.
inline constexpr int64_t max_integer_terms = int64_t{1} << 16;
/// Weights are made from -127 to 127. Those that others made may be one less.
inline constexpr int64_t largest_weight = 127, least_weight = -128;
/// The largest constant of a bias of integer sums, in absolute value: it and the sum fit in 32 bits together, and in float32 if the sum is
/// of few terms.
inline constexpr int64_t largest_bias = int64_t{1} << 23;

/// What can be computed with quantized values besides single elements: sums of products, averages, and what only moves or chooses elements,
/// besides zeros.
inline constexpr OpSet summing_ops{OpKind::conv2d, OpKind::linear};
inline constexpr OpSet averaging_ops{OpKind::avg_pool, OpKind::global_avg_pool};
inline constexpr OpSet moving_ops{OpKind::max_pool,        OpKind::concat,         OpKind::pad,       OpKind::pad_channels,
                                  OpKind::slice_channels,  OpKind::flatten,        OpKind::unflatten, OpKind::pixel_shuffle,
                                  OpKind::pixel_unshuffle, OpKind::channel_shuffle};
/// Those of them whose operands or results lie where they are parts of another value.
inline constexpr OpSet part_ops{OpKind::concat, OpKind::slice_channels};
/// The steps that make integer sums of integer sums.
inline constexpr OpSet integer_sums{OpKind::bias, OpKind::project, OpKind::rescale};
/// The largest product of a value's integer and a weight's in absolute value, and the least integer that no sum of 32 bits may reach.
inline constexpr int64_t largest_product = -255 * least_weight, end_of_sums = int64_t{1} << 31;

/// The terms of each sum of a conv2d or linear, with those of its projections, or of an average.
int64_t terms_of(const Graph& graph, const Op& op);
/// The operation itself, if it is a step, and its epilogue.
std::vector<Step> steps_with(const Op& op);
/// The quantization of a `fake_quantize`; nothing for other steps.
std::optional<Quantization> quantization_of(StepKind kind, const std::vector<RecipePtr>& constants);
/// Whether an operation or a step of its epilogue reads a quantized value, or the operation makes one.
bool mixes_integers(const Graph& graph, const Op& op);
/// Whether that is so, or a step rounds to integers.
bool is_quantized(const Graph& graph, const Op& op);
/// Whether an operation sums integers: it is a conv2d or linear with a quantized operand.
bool sums_integers(const Graph& graph, const Op& op);
/// Whether float32 gives the operation and the first `steps` of steps_with() as this file says, so that the numbers behind them are equal
/// everywhere. Others may differ: activations with an exponential are approximated, and so are sums of floats.
bool is_exact(const Graph& graph, const Op& op, size_t steps);
/// Whether the operation makes integers that are equal everywhere. The integers of others may differ by one.
bool has_exact_integers(const Graph& graph, const Op& op);
/// Makes the numbers that a quantized value means of its integers, in place; leaves other values as they are.
void to_numbers(const TensorType& type, std::vector<double>& values);
/// Makes the nearest integers of numbers, in place, if the type is quantized.
void to_integers(const TensorType& type, std::vector<double>& values);
/// The number of steps that the operation's integer sums go through before they become numbers: biases, projections
/// and what rescales before them.
size_t integer_steps(const Graph& graph, const Op& op);
/// Whether kernels of such an operation can make integers.
bool can_make_integers(OpKind kind);
/// Whether the first operand of the operation is quantized.
bool reads_integers(const Graph& graph, const Op& op);
/// The number of operands that the kernel of an operation has beyond most_operands() because it reads or makes integers, at most: zeros and
/// scales, and a bias for the zeros of what is summed.
int integer_operands(const Graph& graph, const Op& op);
/// Checks that a kernel has room for what the operation needs with integers.
Fault check_room(const Graph& graph, const Op& op);
/// The units that the numbers of an operation count before each step of steps_with(), and behind the last.
std::vector<float> units_of(const Graph& graph, const Op& op);
/// The factor that makes units of the integers of a quantized value.
float factor_of(const Quantization& quantization, float unit);
/// A step whose constants count units: biases and limits are divided, and so is the scale that makes numbers of integer sums. `first` says
/// whether the step is that scale.
Step in_units(Step step, bool first, float unit);

}  // namespace resnetc::graph

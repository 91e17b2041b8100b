/// \file The meanings of activations, as expressions. Comparisons are written so that NaN stays NaN.
#pragma once

#include "ir/expression.h"

namespace resnetc::meaning {

using namespace spelled;

constexpr Expression below_zero(const Expression& then) { return select(x < 0, then, x); }
constexpr Expression limited(const Expression& value, const Expression& low, const Expression& high) {
  return select(value < low, low, select(high < value, high, value));
}

constexpr Expression leaky = below_zero(x * constant(0));
constexpr Expression elu = below_zero(constant(0) * (exp(x) - 1));
constexpr double selu_alpha = 1.6732632423543772, selu_gamma = 1.0507009873554805;
constexpr Expression selu = select(x < 0, (exp(x) - 1) * (selu_alpha * selu_gamma), x* selu_gamma);
constexpr Expression gelu = x * 0.5 * (1 + erf(x * 0.70710678118654752));
// (1 + tanh(u)) / 2 is the sigmoid of 2 u.
constexpr Expression gelu_tanh = x / (1 + exp(x * (-1.5957691216057308 - 0.07135481627260025 * x * x)));
constexpr Expression silu = x / (1 + exp(-x));
// With e = exp(x), tanh(log(1 + e)) is n / (n + 2) for n = e (e + 2). From 20 on it is 1 in float32, and n would overflow later.
constexpr Expression mish_n = exp(x) * (exp(x) + 2);
constexpr Expression mish = select(20 < x, x, x* mish_n / (mish_n + 2));
// exp of the negative magnitude is at most 1, so nothing overflows: log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)).
constexpr Expression softplus = select(x < 0, 0, x) + log_1p(exp(select(x < 0, x, -x)));
constexpr Expression softsign = x / (1 + select(x < 0, -x, x));
constexpr Expression hard_sigmoid = limited(x * constant(0) + constant(1), 0, 1);
constexpr Expression hard_swish = x * limited(x * (1.0 / 6) + 0.5, 0, 1);
constexpr Expression tanh = 1 - 2 / (1 + exp(x * 2));
constexpr Expression clip = limited(x, constant(0), constant(1));
constexpr Expression nearest_of_range = limited(nearest(x), constant(0), constant(1));
constexpr Expression fake_quantize = limited(nearest(x / constant(0)), -constant(1), 255 - constant(1)) * constant(0);

}  // namespace resnetc::meaning

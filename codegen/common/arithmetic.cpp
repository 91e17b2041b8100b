/// \file NaN-aware scalar functions. `strict_float` keeps LLVM from assuming that there are no NaNs and from merging the two halves of
/// ln 2.
#include "codegen/common/arithmetic.h"

#include <limits>

namespace resnetc::codegen::common {

using Halide::Expr;
using Halide::strict_float;

// Only `<` may be used here, because Halide 21 lowers `<=` to a comparison that is true for NaN.
Expr max_keeping_nan(const Expr& a, const Expr& b) { return strict_float(Halide::select(a < b || Halide::is_nan(b), b, a)); }

// Cody and Waite's reduction by a two-part ln 2, then Cephes' polynomial on [-ln 2 / 2, ln 2 / 2]. Past the limits, `scale` has the
// exponent bits of zero or infinity, and so the result is zero or infinity.
Expr exponential(const Expr& x) {
  const Expr clamped = Halide::clamp(x, -88.0f, 89.0f);
  const Expr power = Halide::floor(clamped * 1.44269504088896341f + 0.5f);
  const Expr rest = clamped - power * 0.693359375f - power * -2.12194440e-4f;
  Expr series = 1.9875691500e-4f;
  for (float factor : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f}) {
    series = series * rest + factor;
  }
  series = series * rest * rest + rest + 1.0f;
  const Expr scale = Halide::reinterpret<float>((Halide::cast<int>(power) + 127) << 23);
  return strict_float(Halide::select(Halide::is_nan(x), x, series * scale));
}

// Within the limits, the sum with 1.5 * 2^23 has a unit of 1 in its last place, so it rounds to an integer, which its lowest bits hold.
// Five instructions for a vector with AVX-512; Halide::round takes two for each half, and a conversion.
Expr to_byte(const Expr& x, const Expr& zero) {
  constexpr float whole = 12582912.0f;
  const Expr low = Halide::cast<float>(-zero), high = Halide::cast<float>(255 - zero);
  const Expr above = Halide::select(x < low, low, x), within = Halide::select(high < above, high, above);
  return Halide::cast<uint8_t>(Halide::reinterpret<int32_t>(strict_float(within + whole)) + zero);
}

// x P(x^2) / Q(x^2) on [-4, 4], with the coefficients of Eigen's `generic_fast_erf_float`. erf(4) is 1 - 1.5e-8.
Expr error_function(const Expr& x) {
  const Expr clamped = Halide::clamp(x, -4.0f, 4.0f);
  const Expr square = clamped * clamped;
  Expr above = -2.72614225801306e-10f;
  for (float factor : {2.77068142495902e-08f, -2.10102402082508e-06f, -5.69250639462346e-05f, -7.34990630326855e-04f,
                       -2.95459980854025e-03f, -1.60960333262415e-02f}) {
    above = above * square + factor;
  }
  Expr below = -1.45660718464996e-05f;
  for (float factor : {-2.13374055278905e-04f, -1.68282697438203e-03f, -7.37332916720468e-03f, -1.42647390514189e-02f}) {
    below = below * square + factor;
  }
  return strict_float(Halide::select(Halide::is_nan(x), x, clamped * above / below));
}

// 1 + x is m * 2^power with m between sqrt(1 / 2) and sqrt(2). log(m) is Cephes' polynomial. What the rounding of 1 + x lost is added
// again, by the derivative: so a small x stays itself.
Expr logarithm_of_1_plus(const Expr& x) {
  constexpr int bits_of_root = 0x3f3504f3;  // of sqrt(1 / 2)
  const Expr sum = x + 1.0f;
  const Expr bits = Halide::reinterpret<int>(sum);
  const Expr power = (bits - bits_of_root) >> 23;
  const Expr rest = Halide::reinterpret<float>(bits - (power << 23)) - 1.0f;
  Expr series = 7.0376836292e-2f;
  for (float factor : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f,
                       -2.4999993993e-1f, 3.3333331174e-1f}) {
    series = series * rest + factor;
  }
  const Expr square = rest * rest, scale = Halide::cast<float>(power);
  const Expr small = series * rest * square + scale * -2.12194440e-4f - square * 0.5f;
  const Expr result = rest + small + scale * 0.693359375f + (x - (sum - 1.0f)) / sum;
  return strict_float(Halide::select(x < std::numeric_limits<float>::infinity(), result, x));
}

}  // namespace resnetc::codegen::common

/// \file NaN-aware scalar functions. `strict_float` keeps LLVM from assuming that there are no NaNs and from merging the two halves of
/// ln 2.
#include "codegen/common/arithmetic.h"

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

}  // namespace resnetc::codegen::common

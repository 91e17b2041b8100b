/// \file The matrices of the transforms.
#include "ir/winograd.h"

namespace resnetc {

namespace {

// clang-format off
const Winograd f2{3, 2, 1,
  {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
  {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
  {{1, 1, 1, 0}, {0, 1, -1, -1}}};

const Winograd f4{3, 4, 1,
  {{4, 0, -5, 0, 1, 0}, {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0}, {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}},
  {{1. / 4, 0, 0}, {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6}, {1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1}},
  {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}};

const Winograd f4_of_4{4, 4, 1,
  {{-4, 8, 5, -10, -1, 2, 0}, {0, 4, -4, -9, 1, 2, 0}, {0, -4, 12, -7, -3, 2, 0}, {0, 2, -3, -4, 3, 2, 0}, {0, -2, 5, 0, -5, 2, 0},
   {0, 4, 0, -5, 0, 1, 0}, {0, -4, 8, 5, -10, -1, 2}},
  {{-1. / 4, 0, 0, 0}, {-1. / 6, -1. / 6, -1. / 6, -1. / 6}, {1. / 18, -1. / 18, 1. / 18, -1. / 18}, {1. / 72, 1. / 36, 1. / 18, 1. / 9},
   {-1. / 120, 1. / 60, -1. / 30, 1. / 15}, {32. / 45, 16. / 45, 8. / 45, 4. / 45}, {0, 0, 0, 1. / 2}},
  {{1, 1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0.5, 0}, {0, 1, 1, 4, 4, 0.25, 0}, {0, 1, -1, 8, -8, 0.125, 1}}};

// Stride 2: first the odd elements unchanged, then the transform of the even ones.
const Winograd f2_strided{3, 2, 2,
  {{0, 1, 0, 0, 0}, {0, 0, 0, 1, 0},
   {-1, 0, 1, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, -1, 0, 1}},
  {{0, 1, 0}, {-1, 0, 0}, {1, 0, 1}, {0, 0, 1}},
  {{1, 0, 1, 1, 0}, {0, 1, 0, 1, 1}}};

const Winograd f4_strided{3, 4, 2,
  {{0, 1, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 1, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 1, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 1, 0},
   {2, 0, -1, 0, -2, 0, 1, 0, 0}, {0, 0, -2, 0, -1, 0, 1, 0, 0}, {0, 0, 2, 0, -3, 0, 1, 0, 0}, {0, 0, -1, 0, 0, 0, 1, 0, 0},
   {0, 0, 2, 0, -1, 0, -2, 0, 1}},
  {{0, 1, 0}, {1. / 2, 0, 0}, {-1. / 2, 0, -1. / 2}, {-1. / 6, 0, 1. / 6}, {1. / 6, 0, 1. / 3}, {0, 0, 1}},
  {{1, 0, 0, 0, 1, 1, 1, 1, 0}, {0, 1, 0, 0, 0, 1, -1, 2, 0}, {0, 0, 1, 0, 0, 1, 1, 4, 0}, {0, 0, 0, 1, 0, 1, -1, 8, 1}}};
// clang-format on

}  // namespace

std::optional<WinogradForm> winograd_form(const OpAttributes& a, int64_t channels) {
  if (a.stride.h != a.stride.w || a.kernel.h != a.kernel.w || a.dilation != Extent2{1, 1} || a.groups != 1) return std::nullopt;
  const int64_t k = a.kernel.w, stride = a.stride.w;
  if (k == 3 && stride <= 2) return WinogradForm{3, stride, channels, channels, false, {a.pad.top, a.pad.left}};
  if ((k != 5 && k != 7) || stride != 2 || 2 * channels > phase_lanes || a.pad != default_pad(a.kernel, a.dilation)) return std::nullopt;
  const int64_t before = (a.pad.left + 1) / 2;
  return WinogradForm{(k + 1) / 2, 1, 2 * phase_lanes, 4 * channels, true, {before, before}};
}

const Winograd* winograd(int64_t window, int64_t output, int64_t stride) {
  for (const Winograd* known : {&f2, &f4, &f4_of_4, &f2_strided, &f4_strided}) {
    if (known->window == window && known->output == output && known->stride == stride) return known;
  }
  return nullptr;
}

}  // namespace resnetc

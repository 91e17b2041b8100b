/// \file Computes operations by their definitions.
#include "ir/reference_ops.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace resnetc::reference {

using graph::Op;

namespace {

/// out[x] over one row += weight * in row, for the columns where the input exists.
void accumulate_row(double* out, int64_t out_width, const double* in, int64_t in_width, double weight, int64_t stride, int64_t offset) {
  int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  int64_t last = offset >= in_width ? 0 : std::min(out_width, (in_width - 1 - offset) / stride + 1);
  for (int64_t x = first; x < last; ++x) out[x] += weight * in[x * stride + offset];
}

/// The place in a row or column of `in` elements from which element `i` of `out` is taken, as in PyTorch's `interpolate`.
double sampled_at(const OpAttributes& a, int64_t i, int64_t in, int64_t out) {
  const auto at = static_cast<double>(i), from = static_cast<double>(in), to = static_cast<double>(out);
  if (!a.bilinear) return std::floor(at * from / to);
  if (a.align_corners) return out == 1 ? 0 : at * (from - 1) / (to - 1);
  return std::max((at + 0.5) * from / to - 0.5, 0.0);
}

/// The picture, or vector, of the type whose elements `element` gives by channel, row and column.
template <class Element>
Values filled(const TensorType& type, Element element) {
  Values out;
  for (int64_t c = 0; c < type.channels; ++c) {
    for (int64_t y = 0; y < type.height; ++y) {
      for (int64_t x = 0; x < type.width; ++x) out.push_back(element(c, y, x));
    }
  }
  return out;
}

double element_at(const TensorType& type, const Values& values, int64_t c, int64_t y, int64_t x) {
  return values[static_cast<size_t>((c * type.height + y) * type.width + x)];
}

}  // namespace

Values convolve(const OpAttributes& a, const TensorType& in_type, const TensorType& t, const Values& in,
                const std::vector<double>& weight) {
  int64_t per_group = in_type.channels / a.groups, co_per_group = t.channels / a.groups;
  Values out(static_cast<size_t>(t.elements()), 0.0);
  for (int64_t o = 0; o < t.channels; ++o) {
    double* plane = &out[static_cast<size_t>(o * t.pixels())];
    for (int64_t i = 0; i < per_group; ++i) {
      const double* source = &in[static_cast<size_t>((o / co_per_group * per_group + i) * in_type.pixels())];
      const double* taps = &weight[static_cast<size_t>((o * per_group + i) * a.kernel.h * a.kernel.w)];
      for (int64_t y = 0; y < t.height; ++y) {
        for (int64_t ky = 0; ky < a.kernel.h; ++ky) {
          int64_t in_y = y * a.stride.h + ky * a.dilation.h - a.pad.top;
          if (in_y < 0 || in_y >= in_type.height) continue;
          for (int64_t kx = 0; kx < a.kernel.w; ++kx) {
            accumulate_row(plane + y * t.width, t.width, source + in_y * in_type.width, in_type.width, taps[ky * a.kernel.w + kx],
                           a.stride.w, kx * a.dilation.w - a.pad.left);
          }
        }
      }
    }
  }
  return out;
}

Values convolve_transposed(const OpAttributes& a, const TensorType& in_type, const TensorType& t, const Values& in,
                           const std::vector<double>& weight) {
  const int64_t ci_per_group = in_type.channels / a.groups, co_per_group = t.channels / a.groups;
  Values out(static_cast<size_t>(t.elements()), 0.0);
  for (int64_t i = 0; i < in_type.channels; ++i) {
    for (int64_t o = 0; o < co_per_group; ++o) {
      double* plane = &out[static_cast<size_t>((i / ci_per_group * co_per_group + o) * t.pixels())];
      const double* taps = &weight[static_cast<size_t>((i * co_per_group + o) * a.kernel.h * a.kernel.w)];
      for (int64_t y = 0; y < in_type.height; ++y) {
        for (int64_t x = 0; x < in_type.width; ++x) {
          const double value = in[static_cast<size_t>((i * in_type.height + y) * in_type.width + x)];
          for (int64_t ky = 0; ky < a.kernel.h; ++ky) {
            for (int64_t kx = 0; kx < a.kernel.w; ++kx) {
              const int64_t row = y * a.stride.h + ky - a.pad.top, column = x * a.stride.w + kx - a.pad.left;
              if (row < 0 || column < 0 || row >= t.height || column >= t.width) continue;
              plane[row * t.width + column] += value * taps[ky * a.kernel.w + kx];
            }
          }
        }
      }
    }
  }
  return out;
}

Values multiply_matrix(const Op& op, const Values& in, const std::vector<double>& weight) {
  Values out(static_cast<size_t>(op.type.channels), 0.0);
  for (size_t o = 0; o < out.size(); ++o) {
    for (size_t i = 0; i < in.size(); ++i) out[o] += weight[o * in.size() + i] * in[i];
  }
  return out;
}

Values transpose(const TensorType& in_type, const Values& in) {
  const auto pixels = static_cast<size_t>(in_type.width), channels = static_cast<size_t>(in_type.channels);
  Values out(in.size());
  for (size_t c = 0; c < channels; ++c) {
    for (size_t x = 0; x < pixels; ++x) out[x * channels + c] = in[c * pixels + x];
  }
  return out;
}

Values pool(const Op& op, const TensorType& in_type, const Values& in, Average average) {
  const OpAttributes& a = op.attributes;
  const TensorType& t = op.type;
  bool max = op.kind == OpKind::max_pool;
  Values out(static_cast<size_t>(t.elements()));
  for (int64_t c = 0; c < t.channels; ++c) {
    const double* plane = &in[static_cast<size_t>(c * in_type.pixels())];
    for (int64_t y = 0; y < t.height; ++y) {
      for (int64_t x = 0; x < t.width; ++x) {
        double value = max ? -std::numeric_limits<double>::infinity() : 0;
        int64_t counted = 0;
        for (int64_t ky = 0; ky < a.kernel.h; ++ky) {
          for (int64_t kx = 0; kx < a.kernel.w; ++kx) {
            int64_t in_y = y * a.stride.h + ky - a.pad.top, in_x = x * a.stride.w + kx - a.pad.left;
            if (in_y >= in_type.height + a.pad.bottom || in_x >= in_type.width + a.pad.right) continue;
            bool inside = in_y >= 0 && in_x >= 0 && in_y < in_type.height && in_x < in_type.width;
            if (inside || a.count_pad) ++counted;
            if (!inside) continue;
            double v = plane[in_y * in_type.width + in_x];
            if (!max) {
              value += v;
            } else if (v > value || std::isnan(v)) {
              value = v;
            }
          }
        }
        if (!max) value = average(value, counted);
        out[static_cast<size_t>((c * t.height + y) * t.width + x)] = value;
      }
    }
  }
  return out;
}

Values global_average(const TensorType& in_type, const Values& in, Average average) {
  Values out(static_cast<size_t>(in_type.channels), 0.0);
  auto pixels = static_cast<size_t>(in_type.pixels());
  for (size_t i = 0; i < in.size(); ++i) out[i / pixels] += in[i];
  for (double& v : out) v = average(v, in_type.pixels());
  return out;
}

Values global_maximum(const TensorType& in_type, const Values& in) {
  Values out(static_cast<size_t>(in_type.channels), -std::numeric_limits<double>::infinity());
  auto pixels = static_cast<size_t>(in_type.pixels());
  for (size_t i = 0; i < in.size(); ++i) {
    double& largest = out[i / pixels];
    if (in[i] > largest || std::isnan(in[i])) largest = in[i];
  }
  return out;
}

Values global_norm(const TensorType& in_type, const Values& in) {
  Values out(static_cast<size_t>(in_type.channels), 0.0);
  auto pixels = static_cast<size_t>(in_type.pixels());
  for (size_t i = 0; i < in.size(); ++i) out[i / pixels] += in[i] * in[i];
  for (double& v : out) v = std::sqrt(v);
  return out;
}

Values upsample(const Op& op, const TensorType& in_type, const Values& in) {
  const TensorType& t = op.type;
  Values out(static_cast<size_t>(t.elements()));
  for (int64_t c = 0; c < t.channels; ++c) {
    const auto pixel = [&](int64_t y, int64_t x) {
      y = std::min(y, in_type.height - 1);
      x = std::min(x, in_type.width - 1);
      return in[static_cast<size_t>((c * in_type.height + y) * in_type.width + x)];
    };
    for (int64_t y = 0; y < t.height; ++y) {
      for (int64_t x = 0; x < t.width; ++x) {
        const double row = sampled_at(op.attributes, y, in_type.height, t.height),
                     column = sampled_at(op.attributes, x, in_type.width, t.width);
        const auto top = static_cast<int64_t>(row), left = static_cast<int64_t>(column);
        const double down = row - static_cast<double>(top), right = column - static_cast<double>(left);
        double& value = out[static_cast<size_t>((c * t.height + y) * t.width + x)];
        value = pixel(top, left);
        if (!op.attributes.bilinear) continue;
        const double above = value * (1 - right) + pixel(top, left + 1) * right;
        const double below = pixel(top + 1, left) * (1 - right) + pixel(top + 1, left + 1) * right;
        value = above * (1 - down) + below * down;
      }
    }
  }
  return out;
}

Values shuffle_pixels(const Op& op, const TensorType& in_type, const Values& in) {
  const Extent2 by = op.attributes.factor;
  return filled(op.type, [&](int64_t c, int64_t y, int64_t x) {
    return element_at(in_type, in, (c * by.h + y % by.h) * by.w + x % by.w, y / by.h, x / by.w);
  });
}

Values unshuffle_pixels(const Op& op, const TensorType& in_type, const Values& in) {
  const Extent2 by = op.attributes.factor;
  return filled(op.type, [&](int64_t c, int64_t y, int64_t x) {
    return element_at(in_type, in, c / (by.h * by.w), y * by.h + c / by.w % by.h, x * by.w + c % by.w);
  });
}

Values pad(const Op& op, const TensorType& in_type, const Values& in) {
  // The place in a row or column of `extent` elements; none where a zero stands.
  const auto place = [&](int64_t at, int64_t extent) -> std::optional<int64_t> {
    if (at >= 0 && at < extent) return at;
    if (!op.attributes.reflect) return std::nullopt;
    return at < 0 ? -at : 2 * (extent - 1) - at;
  };
  return filled(op.type, [&](int64_t c, int64_t y, int64_t x) {
    const std::optional<int64_t> row = place(y - op.attributes.pad.top, in_type.height),
                                 column = place(x - op.attributes.pad.left, in_type.width);
    return row && column ? element_at(in_type, in, c, *row, *column) : 0;
  });
}

void softmax(Values& values, size_t first, size_t apart, size_t count) {
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  for (size_t i = 0; i < count; ++i) most = std::max(most, values[first + i * apart]);
  for (size_t i = 0; i < count; ++i) sum += values[first + i * apart] = std::exp(values[first + i * apart] - most);
  for (size_t i = 0; i < count; ++i) values[first + i * apart] /= sum;
}

void normalise(Values& values, size_t first, size_t apart, size_t count, const OpAttributes& a) {
  double mean = 0, variance = 0;
  for (size_t i = 0; i < count; ++i) mean += values[first + i * apart] / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) variance += std::pow(values[first + i * apart] - mean, 2) / static_cast<double>(count);
  const double centre = a.subtract_mean ? mean : 0;
  for (size_t i = 0; i < count; ++i) values[first + i * apart] = (values[first + i * apart] - centre) / std::sqrt(variance + a.eps);
}

void divide(Values& values, size_t first, size_t apart, size_t count, double eps, bool by_mean) {
  double mean = 0;
  for (size_t i = 0; i < count; ++i) {
    const double v = values[first + i * apart];
    mean += (by_mean ? v : v * v) / static_cast<double>(count);
  }
  const double divisor = by_mean ? mean + eps : std::sqrt(mean + eps);
  for (size_t i = 0; i < count; ++i) values[first + i * apart] /= divisor;
}

Values spread_over(const TensorType& to, const TensorType& from, const Values& value) {
  Values out(static_cast<size_t>(to.elements()));
  const auto pixels = static_cast<size_t>(to.pixels());
  for (size_t i = 0; i < out.size(); ++i) out[i] = value[from.is_vector() ? i / pixels : i % pixels];
  return out;
}

}  // namespace resnetc::reference

/// \file Reference loops and random cases for kernels.
#include "tests/unit/codegen/kernels/reference.h"

#include "ir/strassen.h"
#include "ir/winograd.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace resnetc::testing {

namespace {

using program::KernelKind;

/// Element access to a planar batch.
struct View {
  const TensorType& type;
  int64_t index(int64_t n, int64_t c, int64_t y, int64_t x) const { return ((n * type.channels + c) * type.height + y) * type.width + x; }
  double get(const Planar& v, int64_t n, int64_t c, int64_t y, int64_t x) const { return v[static_cast<size_t>(index(n, c, y, x))]; }
  bool holds(int64_t y, int64_t x) const { return y >= 0 && y < type.height && x >= 0 && x < type.width; }
};

double window(const KernelCase& one, int64_t n, int64_t c, int64_t y, int64_t x) {
  const OpAttributes& a = one.spec.attributes;
  const View in{one.spec.in.type};
  const bool conv = one.spec.kind == KernelKind::conv2d, largest = one.spec.kind == KernelKind::max_pool;
  const int64_t co = one.spec.out.type.channels, per_group = conv ? in.type.channels / a.groups : 1;
  const int64_t first = conv ? c / (co / a.groups) * per_group : c;
  double sum = largest ? -std::numeric_limits<double>::infinity() : 0, counted = 0;
  for (int64_t k = 0; k < per_group; ++k) {
    for (int64_t i = 0; i < a.kernel.h; ++i) {
      for (int64_t j = 0; j < a.kernel.w; ++j) {
        const int64_t row = y * a.stride.h - a.pad.top + i * a.dilation.h, column = x * a.stride.w - a.pad.left + j * a.dilation.w;
        const bool padded = row < in.type.height + a.pad.bottom && column < in.type.width + a.pad.right;
        if (in.holds(row, column) || (a.count_pad && padded)) ++counted;
        if (!in.holds(row, column)) continue;
        const double value = in.get(one.input, n, first + k, row, column);
        if (conv) {
          sum += value * one.weight[static_cast<size_t>(((c * per_group + k) * a.kernel.h + i) * a.kernel.w + j)];
        } else if (largest) {
          sum = std::isnan(value) || value > sum ? value : sum;
          if (std::isnan(sum)) return sum;
        } else {
          sum += value;
        }
      }
    }
  }
  return conv || largest ? sum : sum / counted;
}

double softmax(const KernelCase& one, int64_t n, int64_t c, int64_t y, int64_t x) {
  const View in{one.spec.in.type};
  const int64_t parts = one.spec.attributes.parts, step = parts == 0 ? 1 : in.type.channels / parts;
  double top = -std::numeric_limits<double>::infinity(), sum = 0;
  for (int64_t k = c % step; k < in.type.channels; k += step) top = std::max(top, in.get(one.input, n, k, y, x));
  for (int64_t k = c % step; k < in.type.channels; k += step) sum += std::exp(in.get(one.input, n, k, y, x) - top);
  return std::exp(in.get(one.input, n, c, y, x) - top) / sum;
}

/// An element normalised by those of the channels [c0, c1), rows [y0, y1) and columns [x0, x1).
double normalised(const KernelCase& one, int64_t n, int64_t c, int64_t y, int64_t x, int64_t c0, int64_t c1, int64_t y0, int64_t y1,
                  int64_t x0, int64_t x1) {
  const View in{one.spec.in.type};
  double sum = 0, squares = 0;
  const auto count = static_cast<double>((c1 - c0) * (y1 - y0) * (x1 - x0));
  for (int64_t k = c0; k < c1; ++k) {
    for (int64_t i = y0; i < y1; ++i) {
      for (int64_t j = x0; j < x1; ++j) {
        const double value = in.get(one.input, n, k, i, j);
        sum += value;
        squares += value * value;
      }
    }
  }
  const double mean = sum / count;
  return (in.get(one.input, n, c, y, x) - (one.spec.attributes.subtract_mean ? mean : 0)) /
         std::sqrt(squares / count - mean * mean + one.spec.attributes.eps);
}

/// An element divided by the root of the mean of its pixel's squares, or by its pixel's mean.
double divided(const KernelCase& one, int64_t n, int64_t c, int64_t y, int64_t x) {
  const View in{one.spec.in.type};
  const bool squares = one.spec.kind == KernelKind::rms_norm;
  double sum = 0;
  for (int64_t k = 0; k < in.type.channels; ++k) sum += std::pow(in.get(one.input, n, k, y, x), squares ? 2 : 1);
  const double mean = sum / static_cast<double>(in.type.channels) + one.spec.attributes.eps;
  return in.get(one.input, n, c, y, x) / (squares ? std::sqrt(mean) : mean);
}

double upsampled(const KernelCase& one, int64_t n, int64_t c, int64_t y, int64_t x) {
  const View in{one.spec.in.type};
  const OpAttributes& a = one.spec.attributes;
  const TensorType &from = one.spec.in.type, &to = one.spec.out.type;
  if (!a.bilinear) return in.get(one.input, n, c, y * from.height / to.height, x * from.width / to.width);
  const auto place = [&](int64_t i, int64_t small, int64_t large) {
    const auto s = static_cast<double>(small), l = static_cast<double>(large), at = static_cast<double>(i);
    if (a.align_corners) return large == 1 ? 0 : at * (s - 1) / (l - 1);
    return std::max(0.0, s / l * (at + 0.5) - 0.5);
  };
  // Each pixel counts as much as it is near, at most one away; beyond the last one is the last one again.
  const double row = place(y, from.height, to.height), column = place(x, from.width, to.width);
  double sum = 0;
  for (int64_t i = 0; i <= from.height; ++i) {
    for (int64_t j = 0; j <= from.width; ++j) {
      const double near =
          std::max(0.0, 1 - std::abs(row - static_cast<double>(i))) * std::max(0.0, 1 - std::abs(column - static_cast<double>(j)));
      if (near > 0) sum += near * in.get(one.input, n, c, std::min(i, from.height - 1), std::min(j, from.width - 1));
    }
  }
  return sum;
}

double element(const KernelCase& one, int64_t n, int64_t c, int64_t y, int64_t x) {
  const TensorType& type = one.spec.kind == KernelKind::load ? one.spec.out.type : one.spec.in.type;
  const View in{type};
  switch (one.spec.kind) {
    case KernelKind::load: {
      const InputBuffer& input = one.spec.input;
      if (input.type.element != ElementType::u8) return in.get(one.input, n, c, y, x);
      const size_t at = static_cast<size_t>(((n * type.height + y) * type.width + x) * type.channels + c), k = static_cast<size_t>(c);
      return (one.input[at] / 255 - (k < input.mean.size() ? input.mean[k] : 0)) / (k < input.std.size() ? input.std[k] : 1);
    }
    case KernelKind::store: return in.get(one.input, n, c, y, x);
    case KernelKind::copy: {
      const bool spread = type.pixels() == 1;
      return c < type.channels ? in.get(one.input, n, c, spread ? 0 : y, spread ? 0 : x) : 0;
    }
    case KernelKind::softmax: return softmax(one, n, c, y, x);
    case KernelKind::flatten:
      return in.get(one.input, n, c / type.pixels(), c % type.pixels() / type.width, c % type.pixels() % type.width);
    case KernelKind::pixel_shuffle: {
      const Extent2 by = one.spec.attributes.factor;
      return in.get(one.input, n, c * by.h * by.w + y % by.h * by.w + x % by.w, y / by.h, x / by.w);
    }
    case KernelKind::join_rows: return in.get(one.input, n, c, x / type.width, x % type.width);
    case KernelKind::transpose: return in.get(one.input, n, x, 0, c);
    case KernelKind::unflatten: {
      const TensorType& out = one.spec.out.type;
      return in.get(one.input, n, c * out.pixels() + y * out.width + x, 0, 0);
    }
    case KernelKind::pad: {
      const Sides& pad = one.spec.attributes.pad;
      int64_t row = y - pad.top, column = x - pad.left;
      if (!one.spec.attributes.reflect) return in.holds(row, column) ? in.get(one.input, n, c, row, column) : 0;
      if (row < 0) row = -row;
      if (column < 0) column = -column;
      if (row >= type.height) row -= 2 * (row - type.height + 1);
      if (column >= type.width) column -= 2 * (column - type.width + 1);
      return in.get(one.input, n, c, row, column);
    }
    case KernelKind::pixel_unshuffle: {
      const Extent2 by = one.spec.attributes.factor;
      const int64_t place = c % (by.h * by.w);
      return in.get(one.input, n, c / (by.h * by.w), y * by.h + place / by.w, x * by.w + place % by.w);
    }
    case KernelKind::rms_norm:
    case KernelKind::mean_norm: return divided(one, n, c, y, x);
    case KernelKind::global_l2_pool: {
      double sum = 0;
      for (int64_t i = 0; i < type.height; ++i) {
        for (int64_t j = 0; j < type.width; ++j) sum += std::pow(in.get(one.input, n, c, i, j), 2);
      }
      return std::sqrt(sum);
    }
    case KernelKind::channel_shuffle: {
      const int64_t groups = one.spec.attributes.groups, members = type.channels / groups;
      return in.get(one.input, n, c % groups * members + c / groups, y, x);
    }
    case KernelKind::upsample: return upsampled(one, n, c, y, x);
    case KernelKind::layer_norm: return normalised(one, n, c, y, x, 0, type.channels, y, y + 1, x, x + 1);
    case KernelKind::group_norm: {
      const int64_t members = type.channels / one.spec.attributes.groups, first = c / members * members;
      return normalised(one, n, c, y, x, first, first + members, 0, type.height, 0, type.width);
    }
    case KernelKind::global_avg_pool: {
      double sum = 0;
      for (int64_t i = 0; i < type.height; ++i) {
        for (int64_t j = 0; j < type.width; ++j) sum += in.get(one.input, n, c, i, j);
      }
      return sum / static_cast<double>(type.pixels());
    }
    case KernelKind::global_max_pool: {
      double largest = -std::numeric_limits<double>::infinity();
      for (int64_t i = 0; i < type.height; ++i) {
        for (int64_t j = 0; j < type.width; ++j) {
          const double value = in.get(one.input, n, c, i, j);
          if (std::isnan(value)) return value;
          largest = std::max(largest, value);
        }
      }
      return largest;
    }
    case KernelKind::conv2d:
    case KernelKind::max_pool:
    case KernelKind::avg_pool: break;
  }
  return window(one, n, c, y, x);
}

double finish(const KernelCase& one, double value, int64_t n, int64_t c, int64_t y, int64_t x) {
  const int64_t channels = one.spec.out.type.channels;
  for (size_t i = 0; i < one.spec.epilogue.size(); ++i) {
    const program::KernelSpec::StepSpec& step = one.spec.epilogue[i];
    const std::vector<double>& v = one.steps[i];
    const View operand{step.operand.type};
    const bool spread = step.operand.type.rank == 2;
    const int64_t channel = step.operand.type.channels == 1 ? 0 : c;
    switch (step.kind) {
      case graph::StepKind::bias: value += v[static_cast<size_t>(c)]; break;
      case graph::StepKind::affine: value = value * v[static_cast<size_t>(c)] + v[static_cast<size_t>(channels + c)]; break;
      case graph::StepKind::add: value += operand.get(v, n, channel, spread ? 0 : y, spread ? 0 : x); break;
      case graph::StepKind::mul: value *= operand.get(v, n, channel, spread ? 0 : y, spread ? 0 : x); break;
      case graph::StepKind::project: {
        const double* weight = v.data() + operand.type.elements() * one.batch + c * operand.type.channels;
        for (int64_t k = 0; k < operand.type.channels; ++k) value += weight[k] * operand.get(v, n, k, y, x);
        break;
      }
      case graph::StepKind::relu: value = value < 0 ? 0 : value; break;
      case graph::StepKind::sigmoid: value = 1 / (1 + std::exp(-value)); break;
      case OpKind::leaky_relu:
      case OpKind::prelu: value = value < 0 ? value * v[static_cast<size_t>(c)] : value; break;
      case OpKind::elu: value = value < 0 ? v[static_cast<size_t>(c)] * (std::exp(value) - 1) : value; break;
      case OpKind::selu: value = value < 0 ? 1.7580993408473766 * (std::exp(value) - 1) : 1.0507009873554805 * value; break;
      case OpKind::gelu: value *= std::erfc(-value / std::sqrt(2)) / 2; break;
      case OpKind::gelu_tanh: value *= (1 + std::tanh(0.7978845608028654 * (value + 0.044715 * std::pow(value, 3)))) / 2; break;
      case OpKind::silu: value /= 1 + std::exp(-value); break;
      case OpKind::mish: value *= std::tanh(std::log(1 + std::exp(value))); break;
      case OpKind::softplus: value = std::log(1 + std::exp(value)); break;
      case OpKind::softsign: value /= 1 + std::fabs(value); break;
      case OpKind::hard_sigmoid:
        value = value * v[static_cast<size_t>(c)] + v[static_cast<size_t>(channels + c)];
        value = value < 0 ? 0 : value > 1 ? 1 : value;
        break;
      case OpKind::square: value *= value; break;
      case OpKind::hard_swish: value *= value < -3 ? 0 : value > 3 ? 1 : (value + 3) / 6; break;
      case OpKind::tanh: value = std::tanh(value); break;
      case OpKind::clip: {
        const double low = v[static_cast<size_t>(c)], high = v[static_cast<size_t>(channels + c)];
        value = value < low ? low : value > high ? high : value;
        break;
      }
      case OpKind::scale:
      case OpKind::multiply: value *= v[static_cast<size_t>(c)]; break;
      case OpKind::input:
      case OpKind::conv2d:
      case OpKind::conv_transpose:
      case OpKind::linear:
      case OpKind::max_pool:
      case OpKind::avg_pool:
      case OpKind::global_avg_pool:
      case OpKind::global_max_pool:
      case OpKind::batch_norm:
      case OpKind::softmax:
      case OpKind::slice_channels:
      case OpKind::flatten:
      case OpKind::join_rows:
      case OpKind::transpose:
      case OpKind::upsample:
      case OpKind::pixel_shuffle:
      case OpKind::channel_shuffle:
      case OpKind::spread:
      case OpKind::rescale:
      case OpKind::dequantize:
      case OpKind::add_quantized:
      case OpKind::mul_quantized:
      case OpKind::nearest:
      case OpKind::round:  // the interpreter is the reference for integers (random_networks --precision int8)
      case OpKind::convert:
      case OpKind::fake_quantize:
      case OpKind::concat:
      case OpKind::layer_norm:
      case OpKind::group_norm:
      case OpKind::instance_norm:
      case OpKind::rms_norm:
      case OpKind::mean_norm:
      case OpKind::global_l2_pool:
      case OpKind::unflatten:
      case OpKind::pad:
      case OpKind::pixel_unshuffle:
      case OpKind::pad_channels: break;  // these are no steps
    }
  }
  return value;
}

}  // namespace

namespace {

/// The weights of phases, [co][16][r][r], as ir/winograd.h describes them.
std::vector<double> split_naively(const program::KernelSpec& spec, const WinogradForm& form, const std::vector<double>& weight) {
  const int64_t co = spec.out.type.channels, ci = spec.in.type.channels, k = spec.attributes.kernel.w, pad = spec.attributes.pad.left;
  std::vector<double> out;
  for (int64_t row = 0; row < co; ++row) {
    for (int64_t channel = 0; channel < 16; ++channel) {
      const int64_t p = channel / 8, q = channel % 8 / ci, c = channel % 8 % ci;
      for (int64_t ty = 0; ty < form.window; ++ty) {
        for (int64_t tx = 0; tx < form.window; ++tx) {
          const int64_t y = 2 * (ty - form.pad.h) + p + pad, x = 2 * (tx - form.pad.w) + q + pad;
          const bool there = q < 2 && y >= 0 && x >= 0 && y < k && x < k;
          out.push_back(there ? weight[static_cast<size_t>(((row * ci + c) * k + y) * k + x)] : 0);
        }
      }
    }
  }
  return out;
}

/// Packs as pack_winograd() documents: block, row and column of G w GT, input channel, lane.
std::vector<float> transform_weights_naively(const program::KernelSpec& spec, const std::vector<double>& from) {
  const WinogradForm form = *winograd_form(spec.attributes, spec.in.type.channels);
  const Winograd& by = *winograd(form, std::get<program::WinogradSchedule>(spec.schedule).output);
  const std::vector<double> weight = form.phases ? split_naively(spec, form, from) : from;
  const int64_t co = spec.out.type.channels, ci = form.channels;
  const size_t r = static_cast<size_t>(form.window);
  std::vector<float> packed;
  for (int64_t block = 0; block < (co + lanes - 1) / lanes; ++block) {
    for (size_t i = 0; i < by.g.size(); ++i) {
      for (size_t j = 0; j < by.g.size(); ++j) {
        for (int64_t c = 0; c < ci; ++c) {
          for (int64_t row = block * lanes; row < (block + 1) * lanes; ++row) {
            double sum = 0;
            for (size_t tap = 0; tap < r * r && row < co; ++tap) {
              sum += by.g[i][tap / r] * weight[static_cast<size_t>(row * ci + c) * r * r + tap] * by.g[j][tap % r];
            }
            packed.push_back(static_cast<float>(sum));
          }
        }
      }
    }
  }
  return packed;
}

/// Packs as block, element of the window, channel of the group, channel of the block.
std::vector<float> pack_grouped_naively(const program::KernelSpec& spec, const std::vector<double>& weight) {
  const int64_t channels = spec.out.type.channels, taps = spec.attributes.kernel.h * spec.attributes.kernel.w;
  const int64_t group = channels / spec.attributes.groups;
  std::vector<float> packed(static_cast<size_t>((channels + lanes - 1) / lanes * taps * group * lanes), 0.0f);
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t member = 0; member < group; ++member) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        packed[static_cast<size_t>(((c / lanes * taps + tap) * group + member) * lanes + c % lanes)] =
            static_cast<float>(weight[static_cast<size_t>((c * group + member) * taps + tap)]);
      }
    }
  }
  return packed;
}

/// Row-major [co][ci] of a convolution or a projection.
struct Matrix {
  const double* elements;
  int64_t ci;
};

/// The weight of a projection, which is the last constant of its step.
Matrix projection_of(const KernelCase& one, size_t step) {
  const std::vector<double>& values = one.steps[step];
  const int64_t ci = one.spec.epilogue[step].operand.type.channels;
  return {values.data() + static_cast<int64_t>(values.size()) - one.spec.out.type.channels * ci, ci};
}

/// The weights of all sums of a kernel: those of its convolution, then those of its projections.
std::vector<Matrix> summed(const KernelCase& one) {
  std::vector<Matrix> all{{one.weight.data(), one.spec.in.type.channels}};
  for (size_t i = 0; i < one.steps.size(); ++i) {
    if (one.spec.epilogue[i].kind == graph::StepKind::project) all.push_back(projection_of(one, i));
  }
  return all;
}

/// Combines `one` of `all` as pack_strassen() documents.
std::vector<float> combine_halves_naively(int64_t co, const Matrix& one, const std::vector<Matrix>& all) {
  const int64_t ci = one.ci;
  const double* weight = one.elements;
  std::vector<float> packed;
  std::vector<double> magnitudes(static_cast<size_t>((co + lanes - 1) / lanes * lanes), 0.0);
  for (int64_t row = 0; row < co; ++row) {
    double largest = 0;
    for (const Matrix& matrix : all) {
      for (int64_t c = 0; c < matrix.ci; ++c) largest = std::max(largest, std::abs(matrix.elements[row * matrix.ci + c]));
    }
    double& magnitude = magnitudes[static_cast<size_t>(row)];
    for (magnitude = 1; magnitude > largest; magnitude /= 2) {
    }
    for (; 2 * magnitude <= largest; magnitude *= 2) {
    }
  }
  for (int64_t pair = 0; pair < (co + 2 * lanes - 1) / (2 * lanes); ++pair) {
    for (const strassen::Row& factors : strassen::g) {
      for (int64_t i = 0; i < ci / 2; ++i) {
        for (int64_t lane = 0; lane < lanes; ++lane) {
          double sum = 0;
          for (size_t k = 0; k < 4; ++k) {
            const int64_t in_half = static_cast<int64_t>(k) / 2, out_half = static_cast<int64_t>(k) % 2;
            const int64_t c = i / lanes * 2 * lanes + in_half * lanes + i % lanes, row = (2 * pair + out_half) * lanes + lane;
            if (row < co) sum += factors[k] * weight[row * ci + c] / magnitudes[static_cast<size_t>(row)];
          }
          packed.push_back(static_cast<float>(sum));
        }
      }
    }
  }
  packed.insert(packed.end(), magnitudes.begin(), magnitudes.end());
  return packed;
}

}  // namespace

std::vector<float> pack_projection_naively(const KernelCase& one, size_t step) {
  const program::KernelSpec& spec = one.spec;
  const int64_t co = spec.out.type.channels;
  const Matrix matrix = projection_of(one, step);
  if (std::holds_alternative<program::StrassenSchedule>(spec.schedule)) return combine_halves_naively(co, matrix, summed(one));
  std::vector<float> packed(static_cast<size_t>((co + lanes - 1) / lanes * lanes * matrix.ci), 0.0f);
  for (int64_t c = 0; c < co; ++c) {
    for (int64_t k = 0; k < matrix.ci; ++k) {
      packed[static_cast<size_t>((c / lanes * matrix.ci + k) * lanes + c % lanes)] = static_cast<float>(matrix.elements[c * matrix.ci + k]);
    }
  }
  return packed;
}

std::vector<float> pack_weights_naively(const KernelCase& one) {
  const program::KernelSpec& spec = one.spec;
  const std::vector<double>& weight = one.weight;
  if (const auto* transformed = std::get_if<program::WinogradSchedule>(&spec.schedule); transformed != nullptr && transformed->depth == 0) {
    return transform_weights_naively(spec, weight);
  }
  if (std::holds_alternative<program::StrassenSchedule>(spec.schedule)) {
    const std::vector<Matrix> all = summed(one);
    return combine_halves_naively(spec.out.type.channels, all.front(), all);
  }
  if (std::holds_alternative<program::GroupedSchedule>(spec.schedule)) return pack_grouped_naively(spec, weight);
  // Other kernels read plain weights. Those of ThreadSchedules are tested through whole programs (tests/cuda).
  const OpAttributes& a = spec.attributes;
  const int64_t co = spec.out.type.channels, ci = spec.in.type.channels, per_group = ci / a.groups;
  const GroupSpan span = group_span(ci, co, a.groups);
  const int64_t blocks = (co + lanes - 1) / lanes;
  std::vector<float> packed(static_cast<size_t>(blocks * a.kernel.h * a.kernel.w * span.span * lanes), 0.0f);
  for (int64_t c = 0; c < co; ++c) {
    for (int64_t k = 0; k < per_group; ++k) {
      const int64_t block = c / lanes, s = c / (co / a.groups) * per_group + k - span.start(block);
      for (int64_t tap = 0; tap < a.kernel.h * a.kernel.w; ++tap) {
        packed[static_cast<size_t>(((block * a.kernel.h * a.kernel.w + tap) * span.span + s) * lanes + c % lanes)] =
            static_cast<float>(weight[static_cast<size_t>((c * per_group + k) * a.kernel.h * a.kernel.w + tap)]);
      }
    }
  }
  return packed;
}

/// The value that the kernel stores at a place: the result there, or the largest result in the window of the kernel's pool.
double stored(const KernelCase& one, int64_t n, int64_t c, int64_t y, int64_t x) {
  if (!one.spec.pool) return finish(one, element(one, n, c, y, x), n, c, y, x);
  const OpAttributes& pool = *one.spec.pool;
  const TensorType computed = computed_type(one.spec);
  const View view{computed};
  double largest = -std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < pool.kernel.h; ++i) {
    for (int64_t j = 0; j < pool.kernel.w; ++j) {
      const int64_t row = y * pool.stride.h - pool.pad.top + i, column = x * pool.stride.w - pool.pad.left + j;
      if (view.holds(row, column)) largest = std::max(largest, finish(one, element(one, n, c, row, column), n, c, row, column));
    }
  }
  return largest;
}

Planar reference(const KernelCase& one) {
  const TensorType& type = one.spec.kind == KernelKind::store ? one.spec.in.type : one.spec.out.type;
  Planar values;
  for (int64_t n = 0; n < one.batch; ++n) {
    for (int64_t c = 0; c < type.channels; ++c) {
      for (int64_t y = 0; y < type.height; ++y) {
        for (int64_t x = 0; x < type.width; ++x) values.push_back(stored(one, n, c, y, x));
      }
    }
  }
  return values;
}

KernelCase finished(KernelCase one) {
  one.expected = reference(one);
  return one;
}

KernelCase make_case(std::string name, program::KernelSpec spec, int64_t batch, uint32_t seed) {
  std::mt19937 random(seed);
  KernelCase one;
  one.name = std::move(name);
  one.spec = std::move(spec);
  one.batch = batch;
  const program::KernelSpec& s = one.spec;
  one.input = random_values(s.kind == KernelKind::load ? s.out.type : s.in.type, batch, random);
  if (s.kind == KernelKind::load && s.input.type.element == ElementType::u8) {
    for (double& v : one.input) v = std::floor((v + 1) * 127.5);
  }
  if (s.kind == KernelKind::conv2d) {
    const TensorType shape =
        TensorType::picture(s.out.type.channels * (s.in.type.channels / s.attributes.groups), s.attributes.kernel.h, s.attributes.kernel.w);
    one.weight = random_values(shape, 1, random);
    for (double& v : one.weight) v = nearest(s.weight, v);
  }
  for (const program::KernelSpec::StepSpec& step : s.epilogue) {
    std::vector<double>& values = one.steps.emplace_back();
    const auto append = [&](const TensorType& type, int64_t count) {
      const Planar made = random_values(type, count, random);
      values.insert(values.end(), made.begin(), made.end());
    };
    if (info(step.kind).joins()) append(step.operand.type, batch);
    const int64_t rows = step.kind == graph::StepKind::project ? step.operand.type.channels : 1;
    append(TensorType::vector(s.out.type.channels * rows), static_cast<int64_t>(info(step.kind).constants.size()));
    if (step.kind != graph::StepKind::project) continue;
    for (size_t i = static_cast<size_t>(step.operand.type.elements() * batch); i < values.size(); ++i)
      values[i] = nearest(step.weight, values[i]);
  }
  return finished(std::move(one));
}

}  // namespace resnetc::testing

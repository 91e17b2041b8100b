/// \file The reference interpreter: it computes every operation by its definition, in float64, one picture at a time.
#include "ir/interpreter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace resnetc {
namespace {

using graph::Graph;
using graph::Op;
using graph::StepKind;

/// out[x] over one row += weight * in row, for the columns where the input exists.
void accumulate_row(double* out, int64_t out_width, const double* in, int64_t in_width, double weight, int64_t stride, int64_t offset) {
  int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  int64_t last = offset >= in_width ? 0 : std::min(out_width, (in_width - 1 - offset) / stride + 1);
  for (int64_t x = first; x < last; ++x) out[x] += weight * in[x * stride + offset];
}

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

/// Adds each element of the input, times the weights of its channel, to the window of the result that begins at stride times its place.
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

/// Of one row of pixels.
Values transpose(const TensorType& in_type, const Values& in) {
  const auto pixels = static_cast<size_t>(in_type.width), channels = static_cast<size_t>(in_type.channels);
  Values out(in.size());
  for (size_t c = 0; c < channels; ++c) {
    for (size_t x = 0; x < pixels; ++x) out[x * channels + c] = in[c * pixels + x];
  }
  return out;
}

/// A pool. Of a window's places only those in the picture have values. An average divides by their number, with count_pad by that of the
/// places in the picture and its padding. If the window contains a NaN, the result is NaN.
Values pool(const Op& op, const TensorType& in_type, const Values& in) {
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
        if (!max) value /= static_cast<double>(counted);
        out[static_cast<size_t>((c * t.height + y) * t.width + x)] = value;
      }
    }
  }
  return out;
}

Values global_average(const TensorType& in_type, const Values& in) {
  Values out(static_cast<size_t>(in_type.channels), 0.0);
  auto pixels = static_cast<size_t>(in_type.pixels());
  for (size_t i = 0; i < in.size(); ++i) out[i / pixels] += in[i];
  for (double& v : out) v /= static_cast<double>(pixels);
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

/// The root of each channel's sum of squares.
Values global_norm(const TensorType& in_type, const Values& in) {
  Values out(static_cast<size_t>(in_type.channels), 0.0);
  auto pixels = static_cast<size_t>(in_type.pixels());
  for (size_t i = 0; i < in.size(); ++i) out[i / pixels] += in[i] * in[i];
  for (double& v : out) v = std::sqrt(v);
  return out;
}

/// The place in a row or column of `in` elements from which element `i` of `out` is taken, as in PyTorch's `interpolate`.
double sampled_at(const OpAttributes& a, int64_t i, int64_t in, int64_t out) {
  const auto at = static_cast<double>(i), from = static_cast<double>(in), to = static_cast<double>(out);
  if (!a.bilinear) return std::floor(at * from / to);
  if (a.align_corners) return out == 1 ? 0 : at * (from - 1) / (to - 1);
  return std::max((at + 0.5) * from / to - 0.5, 0.0);
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

/// The softmax of `count` values from `first` on, `apart` from one another. If one of them is NaN, all results are NaN.
void softmax(Values& values, size_t first, size_t apart, size_t count) {
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  for (size_t i = 0; i < count; ++i) most = std::max(most, values[first + i * apart]);
  for (size_t i = 0; i < count; ++i) sum += values[first + i * apart] = std::exp(values[first + i * apart] - most);
  for (size_t i = 0; i < count; ++i) values[first + i * apart] /= sum;
}

/// Normalises `count` values from `first` on, `apart` from one another, by their variance and, if `a` says so, their mean.
void normalise(Values& values, size_t first, size_t apart, size_t count, const OpAttributes& a) {
  double mean = 0, variance = 0;
  for (size_t i = 0; i < count; ++i) mean += values[first + i * apart] / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) variance += std::pow(values[first + i * apart] - mean, 2) / static_cast<double>(count);
  const double centre = a.subtract_mean ? mean : 0;
  for (size_t i = 0; i < count; ++i) values[first + i * apart] = (values[first + i * apart] - centre) / std::sqrt(variance + a.eps);
}

/// Divides `count` values from `first` on, `apart` from one another, by the root of the mean of their squares, or by their mean.
void divide(Values& values, size_t first, size_t apart, size_t count, double eps, bool by_mean) {
  double mean = 0;
  for (size_t i = 0; i < count; ++i) {
    const double v = values[first + i * apart];
    mean += (by_mean ? v : v * v) / static_cast<double>(count);
  }
  const double divisor = by_mean ? mean + eps : std::sqrt(mean + eps);
  for (size_t i = 0; i < count; ++i) values[first + i * apart] /= divisor;
}

// Written so that NaN stays NaN.
double square(double x) { return x * x; }
double relu(double x) { return x < 0 ? 0 : x; }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double leaky(double x, double slope) { return x < 0 ? slope * x : x; }
double elu(double x, double alpha) { return x < 0 ? alpha * std::expm1(x) : x; }
double selu(double x) { return 1.0507009873554804934 * elu(x, 1.6732632423543772848); }
double gelu(double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }
double gelu_tanh(double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); }
double silu(double x) { return x * sigmoid(x); }
double mish(double x) { return x * std::tanh(std::log1p(std::exp(x))); }
double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
double softsign(double x) { return x / (1 + std::abs(x)); }
double clip(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
double hard_swish(double x) { return x * clip(x + 3, 0, 6) / 6; }
double hyperbolic_tangent(double x) { return std::tanh(x); }

void for_each(Values& values, double (*function)(double)) { std::transform(values.begin(), values.end(), values.begin(), function); }

/// values[c, ...] = function(values[c, ...], c).
template <class Function>
void for_each_in_channel(Values& values, const TensorType& type, Function function) {
  const auto pixels = static_cast<size_t>(type.pixels());
  for (size_t i = 0; i < values.size(); ++i) values[i] = function(values[i], i / pixels);
}

/// values[c, ...] = values[c, ...] * scale[c] + shift[c]. An empty scale counts as 1.
void scale_and_shift(Values& values, const TensorType& type, const std::vector<double>& scale, const std::vector<double>& shift) {
  auto pixels = static_cast<size_t>(type.pixels());
  for (size_t i = 0; i < values.size(); ++i) values[i] = (scale.empty() ? values[i] : values[i] * scale[i / pixels]) + shift[i / pixels];
}

void add(Values& values, const Values& other) {
  for (size_t i = 0; i < values.size(); ++i) values[i] += other[i];
}

/// The value of the type `from` over the dimensions of `to`: a vector at every pixel, or one channel in all channels.
Values spread_over(const TensorType& to, const TensorType& from, const Values& value) {
  Values out(static_cast<size_t>(to.elements()));
  const auto pixels = static_cast<size_t>(to.pixels());
  for (size_t i = 0; i < out.size(); ++i) out[i] = value[from.is_vector() ? i / pixels : i % pixels];
  return out;
}

class Interpreter {
 public:
  Interpreter(const Graph& graph, const WeightSource& weights, const std::function<void(const Op&, const Values&)>& observe)
      : graph_(graph), weights_(weights), observe_(observe), values_(graph.ops.size()), uses_(graph::use_counts(graph)) {}

  std::vector<Values> run(const Values& input) {
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const Op& op = graph_.ops[i];
      values_[i] = i == 0 ? normalised(input) : main_operation(op);
      for (const graph::Step& s : op.epilogue) step(s, op.type, values_[i]);
      if (observe_) observe_(op, values_[i]);
      for (graph::ValueId v : op.operands) release(v);
      for (const graph::Step& s : op.epilogue) {
        if (s.operand != graph::no_value) release(s.operand);
      }
    }
    std::vector<Values> outputs;
    for (const graph::Output& o : graph_.outputs) outputs.push_back(value(o.value));
    return outputs;
  }

 private:
  const Values& value(graph::ValueId v) const { return values_[static_cast<size_t>(v)]; }

  void release(graph::ValueId v) {
    auto i = static_cast<size_t>(v);
    if (--uses_[i] == 0) values_[i] = {};
  }

  Values normalised(Values input) const {
    if (!is_normalised(graph_.input)) return input;
    auto pixels = static_cast<size_t>(graph_.ops[0].type.pixels());
    const auto of_channel = [&](const std::vector<double>& written, double otherwise, size_t element) {
      return written.empty() ? otherwise : written[element / pixels];
    };
    for (size_t i = 0; i < input.size(); ++i) {
      input[i] = (input[i] / 255 - of_channel(graph_.input.mean, 0, i)) / of_channel(graph_.input.std, 1, i);
    }
    return input;
  }

  std::vector<double> constant(const RecipePtr& recipe) const { return evaluate(*recipe, weights_); }

  Values main_operation(const Op& op) const {
    const TensorType& in_type = graph_.op(op.operands[0]).type;
    const Values& in = value(op.operands[0]);
    Values out;
    if (in_type == op.type || op.kind == OpKind::pad_channels) out = in;  // the operations below work in place
    switch (op.kind) {
      case OpKind::input: break;
      case OpKind::conv2d: return convolve(op.attributes, in_type, op.type, in, constant(op.constants[0]));
      case OpKind::conv_transpose: return convolve_transposed(op.attributes, in_type, op.type, in, constant(op.constants[0]));
      case OpKind::linear: return multiply_matrix(op, in, constant(op.constants[0]));
      case OpKind::max_pool:
      case OpKind::avg_pool: return pool(op, in_type, in);
      case OpKind::global_avg_pool: return global_average(in_type, in);
      case OpKind::global_max_pool: return global_maximum(in_type, in);
      case OpKind::global_l2_pool: return global_norm(in_type, in);
      case OpKind::batch_norm: {
        std::vector<double> scale = constant(op.constants[0]), shift = constant(op.constants[1]);
        std::vector<double> mean = constant(op.constants[2]), variance = constant(op.constants[3]);
        for (size_t c = 0; c < scale.size(); ++c) {
          scale[c] /= std::sqrt(variance[c] + op.attributes.eps);
          shift[c] -= mean[c] * scale[c];
        }
        scale_and_shift(out, op.type, scale, shift);
        break;
      }
      case OpKind::softmax: {
        const auto parts = static_cast<size_t>(op.attributes.parts == 0 ? op.type.channels : op.attributes.parts);
        const size_t elements = out.size() / parts;
        for (size_t i = 0; i < elements; ++i) softmax(out, i, elements, parts);
        break;
      }
      case OpKind::layer_norm: {
        const auto pixels = static_cast<size_t>(op.type.pixels());
        for (size_t p = 0; p < pixels; ++p) normalise(out, p, pixels, out.size() / pixels, op.attributes);
        break;
      }
      case OpKind::rms_norm:
      case OpKind::mean_norm: {
        const auto pixels = static_cast<size_t>(op.type.pixels());
        const bool by_mean = op.kind == OpKind::mean_norm;
        for (size_t p = 0; p < pixels; ++p) divide(out, p, pixels, out.size() / pixels, op.attributes.eps, by_mean);
        break;
      }
      case OpKind::group_norm:
      case OpKind::instance_norm: {
        const int64_t groups = op.kind == OpKind::group_norm ? op.attributes.groups : op.type.channels;
        const size_t elements = out.size() / static_cast<size_t>(groups);
        for (size_t g = 0; g < out.size(); g += elements) normalise(out, g, 1, elements, op.attributes);
        break;
      }
      case OpKind::slice_channels: {
        const int64_t first = op.attributes.first * op.type.pixels();
        return {in.begin() + first, in.begin() + first + op.type.elements()};
      }
      case OpKind::flatten:
      case OpKind::join_rows:
      case OpKind::unflatten: return in;
      case OpKind::transpose: return transpose(in_type, in);
      case OpKind::pad: return pad(op, in_type, in);
      case OpKind::upsample: return upsample(op, in_type, in);
      case OpKind::pixel_shuffle: return shuffle_pixels(op, in_type, in);
      case OpKind::pixel_unshuffle: return unshuffle_pixels(op, in_type, in);
      case OpKind::channel_shuffle: {
        const auto pixels = static_cast<size_t>(in_type.pixels()), groups = static_cast<size_t>(op.attributes.groups);
        const size_t members = static_cast<size_t>(in_type.channels) / groups;
        for (size_t c = 0; c < groups * members; ++c) {
          std::copy_n(&in[c * pixels], pixels, &out[(c % members * groups + c / members) * pixels]);
        }
        break;
      }
      case OpKind::spread: return spread_over(op.type, in_type, in);
      case OpKind::concat: {
        out = in;
        const Values& appended = value(op.operands[1]);
        out.insert(out.end(), appended.begin(), appended.end());
        break;
      }
      case OpKind::pad_channels: out.resize(static_cast<size_t>(op.type.elements()), 0.0); break;
      // All other operations work element by element. step() has no default, so an operation that both switches lack stops the build.
      default: step({op.kind, op.operands.size() > 1 ? op.operands[1] : graph::no_value, op.constants}, op.type, out);
    }
    return out;
  }

  /// The other operand of an addition or product whose result has the type.
  Values joined(graph::ValueId operand, const TensorType& type) const {
    const TensorType& from = graph_.op(operand).type;
    return from == type ? value(operand) : spread_over(type, from, value(operand));
  }

  /// Computes, in place, a step of an epilogue or an operation that could be one.
  void step(const graph::Step& s, const TensorType& type, Values& out) const {
    switch (s.kind) {
      case OpKind::bias: scale_and_shift(out, type, {}, constant(s.constants[0])); break;
      case OpKind::affine: scale_and_shift(out, type, constant(s.constants[0]), constant(s.constants[1])); break;
      case OpKind::add: add(out, joined(s.operand, type)); break;
      case OpKind::mul: {
        const Values factor = joined(s.operand, type);
        for (size_t i = 0; i < out.size(); ++i) out[i] *= factor[i];
        break;
      }
      case OpKind::project:
        add(out, convolve(graph::projection(type.channels), graph_.op(s.operand).type, type, value(s.operand), constant(s.constants[0])));
        break;
      case OpKind::square: for_each(out, square); break;
      case OpKind::relu: for_each(out, relu); break;
      case OpKind::sigmoid: for_each(out, sigmoid); break;
      case OpKind::leaky_relu:
      case OpKind::prelu: {
        const std::vector<double> slope = constant(s.constants[0]);
        for_each_in_channel(out, type, [&](double x, size_t c) { return leaky(x, slope[c]); });
        break;
      }
      case OpKind::elu: {
        const std::vector<double> alpha = constant(s.constants[0]);
        for_each_in_channel(out, type, [&](double x, size_t c) { return elu(x, alpha[c]); });
        break;
      }
      case OpKind::selu: for_each(out, selu); break;
      case OpKind::gelu: for_each(out, gelu); break;
      case OpKind::gelu_tanh: for_each(out, gelu_tanh); break;
      case OpKind::silu: for_each(out, silu); break;
      case OpKind::mish: for_each(out, mish); break;
      case OpKind::softplus: for_each(out, softplus); break;
      case OpKind::softsign: for_each(out, softsign); break;
      case OpKind::hard_sigmoid: {
        const std::vector<double> slope = constant(s.constants[0]), offset = constant(s.constants[1]);
        for_each_in_channel(out, type, [&](double x, size_t c) { return clip(x * slope[c] + offset[c], 0, 1); });
        break;
      }
      case OpKind::hard_swish: for_each(out, hard_swish); break;
      case OpKind::tanh: for_each(out, hyperbolic_tangent); break;
      case OpKind::clip: {
        const std::vector<double> low = constant(s.constants[0]), high = constant(s.constants[1]);
        for_each_in_channel(out, type, [&](double x, size_t c) { return clip(x, low[c], high[c]); });
        break;
      }
      case OpKind::scale:
      case OpKind::multiply: {
        const std::vector<double> factor = constant(s.constants[0]);
        for_each_in_channel(out, type, [&](double x, size_t c) { return x * factor[c]; });
        break;
      }
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
      case OpKind::pad_channels: break;  // main_operation() computes them
    }
  }

  const Graph& graph_;
  const WeightSource& weights_;
  const std::function<void(const Op&, const Values&)>& observe_;
  std::vector<Values> values_;
  std::vector<int> uses_;
};

uint64_t name_hash(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
class Stream {
 public:
  explicit Stream(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

double unit(uint64_t z) { return static_cast<double>(z >> 11) * 0x1p-53; }
double as_float(double v) { return static_cast<double>(static_cast<float>(v)); }

}  // namespace

std::vector<Values> interpret(const Graph& graph, const WeightSource& weights, const Values& input,
                              const std::function<void(const Op&, const Values&)>& observe) {
  return Interpreter(graph, weights, observe).run(input);
}

std::vector<double> GeneratedWeights::read(const std::string& name, const std::vector<int64_t>& shape) const {
  Stream stream(name_hash(name));
  std::vector<double> out(static_cast<size_t>(element_count(shape)));
  auto ends = [&](std::string_view suffix) { return std::string_view(name).ends_with(suffix); };
  bool variance = ends(".running_var"), small = ends(".running_mean") || ends(".bias"), scale = shape.size() == 1;
  double bound = scale ? 0 : std::sqrt(6.0 * static_cast<double>(shape[0]) / static_cast<double>(element_count(shape)));
  for (double& v : out) {
    uint64_t z = stream.next();
    double u = unit(z);
    if (variance) {
      v = 0.5 + u;
    } else if (small) {
      v = 0.2 * (u - 0.5);
    } else if (scale) {
      v = (z & 1) != 0 ? -(0.5 + 0.5 * u) : 0.5 + 0.5 * u;
    } else {
      v = (2 * u - 1) * bound;
    }
    v = as_float(v);
  }
  return out;
}

Values generated_input(const std::string& name, int64_t picture, int64_t elements, ElementType type) {
  Stream stream(name_hash(name + "#" + std::to_string(picture)));
  Values out(static_cast<size_t>(elements));
  for (double& v : out) {
    double u = unit(stream.next());
    v = type == ElementType::u8 ? std::floor(256 * u) : as_float(2 * u - 1);
  }
  return out;
}

}  // namespace resnetc

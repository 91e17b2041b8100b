/// \file The reference interpreter: it computes every operation by its definition, in float64, one picture at a time.
#include "ir/interpreter.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ir/quantized.h"
#include "ir/reference_ops.h"

namespace resnetc {
namespace {

using graph::Graph;
using graph::Op;
using graph::StepKind;
using namespace reference;

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

/// The values of an operation's or step's constants.
using Constants = std::vector<std::vector<double>>;

/// Computes, in place, a step of an epilogue or an operation that could be one. `other` is the other operand of one that joins, over the
/// dimensions of the type; of a projection, its sums.
void apply(StepKind kind, const Constants& constants, const Values& other, const TensorType& type, Values& out) {
  switch (kind) {
    case OpKind::bias: scale_and_shift(out, type, {}, constants[0]); break;
    case OpKind::affine: scale_and_shift(out, type, constants[0], constants[1]); break;
    case OpKind::project:
    case OpKind::add: add(out, other); break;
    case OpKind::mul:
      for (size_t i = 0; i < out.size(); ++i) out[i] *= other[i];
      break;
    case OpKind::square: for_each(out, square); break;
    case OpKind::relu: for_each(out, relu); break;
    case OpKind::sigmoid: for_each(out, sigmoid); break;
    case OpKind::leaky_relu:
    case OpKind::prelu: {
      const std::vector<double>& slope = constants[0];
      for_each_in_channel(out, type, [&](double x, size_t c) { return leaky(x, slope[c]); });
      break;
    }
    case OpKind::elu: {
      const std::vector<double>& alpha = constants[0];
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
      const std::vector<double>&slope = constants[0], &offset = constants[1];
      for_each_in_channel(out, type, [&](double x, size_t c) { return clip(x * slope[c] + offset[c], 0, 1); });
      break;
    }
    case OpKind::hard_swish: for_each(out, hard_swish); break;
    case OpKind::tanh: for_each(out, hyperbolic_tangent); break;
    case OpKind::clip: {
      const std::vector<double>&low = constants[0], &high = constants[1];
      for_each_in_channel(out, type, [&](double x, size_t c) { return clip(x, low[c], high[c]); });
      break;
    }
    case OpKind::scale:
    case OpKind::multiply: {
      const std::vector<double>& factor = constants[0];
      for_each_in_channel(out, type, [&](double x, size_t c) { return x * factor[c]; });
      break;
    }
    case OpKind::fake_quantize: {
      const std::vector<double>&scale = constants[0], &zero = constants[1];
      for_each_in_channel(out, type,
                          [&](double x, size_t c) { return clip(std::nearbyint(x / scale[c]), -zero[c], 255 - zero[c]) * scale[c]; });
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
    case OpKind::pad_channels:
    case OpKind::convert: break;  // main_operation() computes them
    case OpKind::rescale: break;  // quantized() computes it
    case OpKind::nearest:
    case OpKind::dequantize:
    case OpKind::add_quantized:
    case OpKind::mul_quantized:
    case OpKind::round: break;  // graphs do not have them
  }
}

double as_float(double v) { return static_cast<double>(static_cast<float>(v)); }

void round_to_float(Values& values) { for_each(values, as_float); }

double float64_average(double sum, int64_t count) { return sum / static_cast<double>(count); }
/// As kernels compute an average: the sum times a rounded share.
double float_average(double sum, int64_t count) { return as_float(sum) * static_cast<double>(1.0f / static_cast<float>(count)); }

/// Makes integers of numbers, in place.
void quantize(Values& values, const Quantization& quantization, float unit) {
  const double factor = unit == quantization.scale ? 1 : static_cast<double>(1.0f / quantization.scale);
  for (double& x : values) {
    const double nearest = std::nearbyint(as_float(x * factor)) + quantization.zero;
    x = std::isnan(nearest) ? quantization.zero : std::clamp(nearest, 0.0, 255.0);
  }
}

/// A step `rescale` of integer sums, in place.
void rescale(Values& values, const TensorType& type, const std::vector<double>& factor) {
  for_each_in_channel(values, type, [&](double x, size_t c) { return std::nearbyint(as_float(as_float(x) * as_float(factor[c]))); });
}

/// A step `fake_quantize`, from numbers that count one unit to numbers that count another, in place.
void round_to_integers(Values& values, const Quantization& quantization, float before, float behind) {
  const double factor = before == quantization.scale ? 1 : static_cast<double>(before / quantization.scale);
  const double back = static_cast<double>(graph::factor_of(quantization, behind));
  for (double& x : values) {
    x = as_float(clip(std::nearbyint(as_float(x * factor)), -quantization.zero, 255.0 - quantization.zero) * back);
  }
}

class Interpreter {
 public:
  Interpreter(const Graph& graph, const WeightSource& weights, const std::function<void(const Op&, Values&)>& observe)
      : graph_(graph), weights_(weights), observe_(observe), values_(graph.ops.size()), uses_(graph::use_counts(graph)) {}

  std::vector<Values> run(const Values& input) {
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const Op& op = graph_.ops[i];
      values_[i] = i == 0 ? normalised(input) : graph::is_quantized(graph_, op) ? quantized(op) : computed(op);
      if (op.type.element == ElementType::bf16) {
        for (double& x : values_[i]) x = nearest(ElementType::bf16, x);
      }
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

  Values computed(const Op& op) const {
    static const Values none;
    Values out = main_operation(op, value(op.operands[0]), op.operands.size() > 1 ? value(op.operands[1]) : none, float64_average);
    for (const graph::Step& s : op.epilogue) step(s, op.type, out);
    return out;
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

  /// The operation without its epilogue. `in` are the numbers of its first operand, `other` those of its second, if it has one.
  Values main_operation(const Op& op, const Values& in, const Values& other, Average average) const {
    const TensorType& in_type = graph_.op(op.operands[0]).type;
    Values out;
    if (in.size() == static_cast<size_t>(op.type.elements()) || op.kind == OpKind::pad_channels) out = in;  // for those that work in place
    switch (op.kind) {
      case OpKind::input: break;
      case OpKind::conv2d: return convolve(op.attributes, in_type, op.type, in, constant(op.constants[0]));
      case OpKind::conv_transpose: return convolve_transposed(op.attributes, in_type, op.type, in, constant(op.constants[0]));
      case OpKind::linear: return multiply_matrix(op, in, constant(op.constants[0]));
      case OpKind::max_pool:
      case OpKind::avg_pool: return pool(op, in_type, in, average);
      case OpKind::global_avg_pool: return global_average(in_type, in, average);
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
        out.insert(out.end(), other.begin(), other.end());
        break;
      }
      case OpKind::convert: break;
      case OpKind::pad_channels: out.resize(static_cast<size_t>(op.type.elements()), 0.0); break;
      // All other operations work element by element. apply() has no default, so an operation that both switches lack stops the build.
      default: {
        const bool joins = op.operands.size() > 1;
        apply(op.kind, constants(op.constants), joins ? over(op.type, op.operands[1], other) : Values(), op.type, out);
      }
    }
    return out;
  }

  Constants constants(const std::vector<RecipePtr>& recipes) const {
    Constants values;
    for (const RecipePtr& recipe : recipes) values.push_back(constant(recipe));
    return values;
  }

  /// The value of an operand over the dimensions of the type of a sum or product.
  Values over(const TensorType& type, graph::ValueId operand, const Values& values) const {
    const TensorType& from = graph_.op(operand).type;
    return from.of_numbers() == type.of_numbers() ? values : spread_over(type, from, values);
  }

  Values project(const graph::Step& s, const TensorType& type, const Values& in) const {
    return convolve(graph::projection(type.channels), graph_.op(s.operand).type, type, in, constant(s.constants[0]));
  }

  void step(const graph::Step& s, const TensorType& type, Values& out) const {
    if (s.kind == StepKind::project) return add(out, project(s, type, value(s.operand)));
    const bool joins = s.operand != graph::no_value;
    apply(s.kind, constants(s.constants), joins ? over(type, s.operand, value(s.operand)) : Values(), type, out);
  }

  /// An operation that reads or makes a quantized value (ir/quantized.h).
  Values quantized(const Op& op) const {
    const std::vector<float> units = graph::units_of(graph_, op);
    const float unit = units.front();
    const TensorType& in_type = graph_.op(op.operands[0]).type;
    const bool sums = graph::sums_integers(graph_, op), alone = graph::is_step(op.kind);
    const bool averages = graph::averaging_ops.has(op.kind) && in_type.is_quantized();
    const std::vector<graph::Step> steps = graph::steps_with(op);
    Values out = sums || averages ? integers(op.operands[0]) : numbers(op.operands[0], unit);
    if (!alone) out = main_operation(op, out, op.operands.size() > 1 ? numbers(op.operands[1], unit) : Values(), float_average);
    size_t done = 0;
    for (; done < graph::integer_steps(graph_, op); ++done) {
      const graph::Step& s = steps[done];
      if (s.kind == StepKind::project) add(out, project(s, op.type, integers(s.operand)));
      if (s.kind == StepKind::bias) apply(s.kind, constants(s.constants), {}, op.type, out);
      if (s.kind == StepKind::rescale) rescale(out, op.type, constant(s.constants[0]));
    }
    round_to_float(out);
    if (averages) {
      const double factor = graph::factor_of(in_type.quantization, unit);
      for (double& x : out) x = as_float(x * factor);
    }
    for (; done < steps.size(); ++done) {
      if (const auto quantization = graph::quantization_of(steps[done].kind, steps[done].constants)) {
        round_to_integers(out, *quantization, units[done], units[done + 1]);
        continue;
      }
      const graph::Step s = graph::in_units(steps[done], sums && done == graph::integer_steps(graph_, op), units[done]);
      Constants values = constants(s.constants);
      for (std::vector<double>& each : values) round_to_float(each);
      const Values other = s.operand == graph::no_value ? Values() : over(op.type, s.operand, numbers(s.operand, units[done]));
      apply(s.kind, values, other, op.type, out);
      round_to_float(out);
    }
    if (op.type.is_quantized()) quantize(out, op.type.quantization, units.back());
    return out;
  }

  /// The integers of a quantized value, without their zero.
  Values integers(graph::ValueId id) const {
    Values values = value(id);
    for (double& q : values) q -= graph_.op(id).type.quantization.zero;
    return values;
  }

  /// The numbers that a value means, in units.
  Values numbers(graph::ValueId id, float unit) const {
    const TensorType& type = graph_.op(id).type;
    Values values = type.is_quantized() ? integers(id) : value(id);
    const double factor = type.is_quantized() ? graph::factor_of(type.quantization, unit) : 1;
    for (double& x : values) x = as_float(x * factor);
    return values;
  }

  const Graph& graph_;
  const WeightSource& weights_;
  const std::function<void(const Op&, Values&)>& observe_;
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

}  // namespace

std::vector<Values> interpret(const Graph& graph, const WeightSource& weights, const Values& input,
                              const std::function<void(const Op&, Values&)>& observe) {
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

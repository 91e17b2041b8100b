/// \file Recipes: builders, the span of grouped blocks, and evaluation.
#include "ir/recipe.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>

#include "ir/strassen.h"
#include "ir/winograd.h"

namespace resnetc {

namespace {

RecipePtr make(RecipeKind kind, std::vector<RecipePtr> args, std::vector<int64_t> shape) {
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = kind;
  recipe->args = std::move(args);
  recipe->shape = std::move(shape);
  return recipe;
}

RecipePtr elementwise(RecipeKind kind, RecipePtr a, RecipePtr b) {
  assert(a->shape == b->shape);
  std::vector<int64_t> shape = a->shape;
  return make(kind, {std::move(a), std::move(b)}, std::move(shape));
}

/// The number of elements that each row of pack_conv()'s packing has for a tap: the span in whole groups of interleaved channels.
int64_t packed_channels(const GroupSpan& span, int64_t interleave) { return (span.span + interleave - 1) / interleave * interleave; }

/// Packs as pack_conv() describes, from row-major [co][ci / groups][taps].
std::vector<double> pack(const std::vector<double>& w, const Recipe& recipe) {
  const std::vector<int64_t>& from = recipe.args[0]->shape;
  const int64_t co = from[0], vector = recipe.lanes, interleave = recipe.interleave;
  const int64_t taps = from.size() == 4 ? from[2] * from[3] : 1;
  const GroupSpan span = group_span(from[1] * recipe.groups, co, recipe.groups, vector);
  const int64_t channels = packed_channels(span, interleave);
  std::vector<double> out(static_cast<size_t>(element_count(recipe.shape)));
  for (int64_t row = 0; row < co; ++row) {
    const int64_t block = row / vector;
    const int64_t first = row / span.co_per_group * span.ci_per_group - span.start(block);
    double* block_out = out.data() + block * taps * channels * vector;
    const double* row_in = w.data() + row * span.ci_per_group * taps;
    for (int64_t c = 0; c < span.ci_per_group; ++c) {
      const int64_t at = first + c;
      double* channel_out = block_out + (at / interleave * vector + row % vector) * interleave + at % interleave;
      for (int64_t t = 0; t < taps; ++t) channel_out[t * channels * vector] = row_in[c * taps + t];
    }
  }
  return out;
}

/// Makes what to_phases() describes, from row-major [ci][co / groups][kh][kw], where kh is 1 along lines.
std::vector<double> phases(const std::vector<double>& w, const Recipe& recipe) {
  const std::vector<int64_t>& from = recipe.args[0]->shape;
  const PhaseTaps& by = recipe.taps;
  const int64_t ci_per_group = from[0] / by.groups, co_per_group = from[1], kw = from.back(), kh = from.size() == 4 ? from[2] : 1;
  std::vector<double> out;
  out.reserve(static_cast<size_t>(element_count(recipe.shape)));
  for (int64_t row = 0; row < recipe.shape[0]; ++row) {
    const int64_t o = row / (by.stride.h * by.stride.w), i = row / by.stride.w % by.stride.h, j = row % by.stride.w;
    for (int64_t c = 0; c < ci_per_group; ++c) {
      const double* taps = w.data() + ((o / co_per_group * ci_per_group + c) * co_per_group + o % co_per_group) * kh * kw;
      for (int64_t u = 0; u < by.window.h; ++u) {
        for (int64_t v = 0; v < by.window.w; ++v) {
          const int64_t y = by.first.h + i - by.stride.h * u, x = by.first.w + j - by.stride.w * v;
          out.push_back(y >= 0 && x >= 0 && y < kh && x < kw ? taps[y * kw + x] : 0);
        }
      }
    }
  }
  return out;
}

/// Takes what take_taps() describes, from row-major [co][ci][kh][kw], where kh is 1 along lines.
std::vector<double> taken(const std::vector<double>& w, const Recipe& recipe) {
  const std::vector<int64_t>& from = recipe.args[0]->shape;
  const auto [first, window] = std::pair(recipe.taps.first, recipe.taps.window);
  const int64_t kw = from.back(), kh = from.size() == 4 ? from[2] : 1;
  std::vector<double> out;
  out.reserve(static_cast<size_t>(element_count(recipe.shape)));
  for (int64_t filter = 0; filter < from[0] * from[1]; ++filter) {
    for (int64_t y = first.h; y < first.h + window.h; ++y) {
      const double* row = w.data() + (filter * kh + y) * kw + first.w;
      out.insert(out.end(), row, row + window.w);
    }
  }
  return out;
}

/// Splits as split_phases() describes, from row-major [co][ci][k][k].
std::vector<double> split(const std::vector<double>& w, const Recipe& recipe) {
  const std::vector<int64_t>& from = recipe.args[0]->shape;
  const int64_t co = from[0], ci = from[1], k = from[2], r = recipe.shape[2];
  const int64_t pad = (k - 1) / 2, before = (pad + 1) / 2;
  std::vector<double> out(static_cast<size_t>(element_count(recipe.shape)));
  for (int64_t filter = 0; filter < co * ci; ++filter) {
    for (int64_t tap = 0; tap < k * k; ++tap) {
      // 2 (t - before) + phase = tap - pad
      const int64_t y = tap / k - pad + 2 * before, x = tap % k - pad + 2 * before;
      const int64_t channel = y % 2 * phase_lanes + x % 2 * ci + filter % ci;
      out[static_cast<size_t>(((filter / ci * recipe.shape[1] + channel) * r + y / 2) * r + x / 2)] =
          w[static_cast<size_t>(filter * k * k + tap)];
    }
  }
  return out;
}

/// The transforms that pack_winograd() applies to weights of this shape.
const Winograd* transforms_of(const std::vector<int64_t>& shape, int64_t output, int64_t stride) {
  return shape.size() == 4 && shape[2] == shape[3] ? winograd(shape[2], output, stride) : nullptr;
}

/// Transforms and packs as pack_winograd() describes, from row-major [co][ci][r][r].
std::vector<double> transform(const std::vector<double>& w, const Recipe& recipe) {
  const Winograd& by = *transforms_of(recipe.args[0]->shape, recipe.output, recipe.stride);
  const int64_t co = recipe.args[0]->shape[0], ci = recipe.args[0]->shape[1];
  const auto n = static_cast<size_t>(by.weights()), r = static_cast<size_t>(by.window);
  std::vector<double> out(static_cast<size_t>(element_count(recipe.shape)));
  std::vector<double> half(r);
  for (int64_t row = 0; row < co; ++row) {
    for (int64_t c = 0; c < ci; ++c) {
      const double* g = w.data() + (row * ci + c) * by.window * by.window;
      double* to = out.data() + (row / lanes * by.weights() * by.weights() * ci + c) * lanes + row % lanes;
      for (size_t i = 0; i < n; ++i) {
        for (size_t x = 0; x < r; ++x) {
          half[x] = 0;
          for (size_t k = 0; k < r; ++k) half[x] += by.g[i][k] * g[k * r + x];
        }
        for (size_t j = 0; j < n; ++j, to += ci * lanes) {
          for (size_t x = 0; x < r; ++x) *to += by.g[j][x] * half[x];
        }
      }
    }
  }
  return out;
}

/// Combines and packs as pack_strassen() describes, from row-major [co][ci] and the largest element of each row.
std::vector<double> combine_halves(const std::vector<double>& w, const std::vector<double>& largest, const Recipe& recipe) {
  const int64_t co = recipe.args[0]->shape[0], ci = recipe.args[0]->shape[1], half = ci / 2;
  std::vector<double> out(static_cast<size_t>(recipe.shape[0]));
  double* magnitudes = out.data() + strassen::weights(ci, whole_vectors(co));
  for (int64_t row = 0; row < co; ++row) {
    const int64_t pair = row / (2 * lanes), out_half = row / lanes % 2;
    const double magnitude = row_magnitude(largest[static_cast<size_t>(row)]);
    magnitudes[row] = magnitude;
    for (int64_t e = 0; e < strassen::products; ++e) {
      double* to = out.data() + (pair * strassen::products + e) * half * lanes + row % lanes;
      for (int64_t in_half : {0, 1}) {
        const int factor = strassen::g[static_cast<size_t>(e)][static_cast<size_t>(2 * in_half + out_half)];
        for (int64_t i = 0; i < half && factor != 0; ++i)
          to[i * lanes] += factor * w[static_cast<size_t>(row * ci + strassen::channel_of(i, in_half))] / magnitude;
      }
    }
  }
  return out;
}

/// Packs as pack_blocks() describes, from row-major [co][ci][taps].
std::vector<double> pack_in_blocks(const std::vector<double>& w, const Recipe& recipe) {
  const std::vector<int64_t>& from = recipe.args[0]->shape;
  const int64_t co = from[0], ci = from[1], taps = from.size() == 4 ? from[2] * from[3] : 1, block = recipe.block;
  std::vector<double> out(static_cast<size_t>(recipe.shape[0]));
  for (int64_t row = 0; row < co; ++row) {
    double* to = out.data() + row / block * taps * ci * block + row % block;
    const double* row_in = w.data() + row * ci * taps;
    for (int64_t c = 0; c < ci; ++c) {
      for (int64_t t = 0; t < taps; ++t) to[(t * ci + c) * block] = row_in[c * taps + t];
    }
  }
  return out;
}

/// The elements of a part of a recipe. While they are all equal, they are stored as one number, which takes no memory.
struct PartValues {
  std::vector<double> elements;
  std::optional<double> each;

  bool missing() const { return !each && elements.empty(); }
  double at(size_t i) const { return each ? *each : elements[i]; }
};

class Evaluation {
 public:
  explicit Evaluation(const WeightSource& source) : source_(source) {}

  std::vector<double> run(const Recipe& recipe) { return spread(part(recipe), recipe.shape, recipe.shape); }

 private:
  PartValues part(const Recipe& recipe) {
    if (recipe.kind == RecipeKind::tensor) {
      std::vector<double> values = source_.read(recipe.name, recipe.shape);
      if (values.size() != static_cast<size_t>(element_count(recipe.shape))) values.clear();
      return {std::move(values), {}};
    }
    if (recipe.kind == RecipeKind::fill) return {{}, recipe.value};
    if (recipe.kind == RecipeKind::pack_strassen) return {halves(recipe), {}};

    // Results are made in the storage of the first operand.
    PartValues a = part(*recipe.args[0]);
    if (a.missing()) return {};
    PartValues b;
    if (recipe.args.size() > 1) {
      b = part(*recipe.args[1]);
      if (b.missing()) return {};
    }
    const auto packed = [&](auto pack_as) -> PartValues {
      const std::vector<double> from = spread(std::move(a), recipe.args[0]->shape, recipe.shape);
      if (from.empty()) return {};
      return {pack_as(from, recipe), {}};
    };
    switch (recipe.kind) {
      case RecipeKind::tensor:
      case RecipeKind::fill:
      case RecipeKind::pack_strassen: break;
      case RecipeKind::add: return combined(std::move(a), std::move(b), [](double x, double y) { return x + y; });
      case RecipeKind::sub: return combined(std::move(a), std::move(b), [](double x, double y) { return x - y; });
      case RecipeKind::mul: return combined(std::move(a), std::move(b), [](double x, double y) { return x * y; });
      case RecipeKind::rsqrt:
        return combined(std::move(a), {{}, recipe.value}, [](double x, double eps) { return 1.0 / std::sqrt(x + eps); });
      case RecipeKind::max: return combined(std::move(a), std::move(b), [](double x, double y) { return larger(x, y); });
      case RecipeKind::narrow: return combined(std::move(a), {{}, 0.0}, [&](double x, double) { return nearest(recipe.element, x); });
      case RecipeKind::row_step: return steps(std::move(a), recipe);
      case RecipeKind::row_sum: return sums(std::move(a), recipe);
      case RecipeKind::quantize_rows: return quantized(std::move(a), b, recipe);
      case RecipeKind::scale_rows: return scaled(std::move(a), b, recipe.shape);
      case RecipeKind::as_picture: return a;  // in row-major order nothing moves
      case RecipeKind::scale_columns: return scaled_columns(std::move(a), b, recipe);
      case RecipeKind::to_phases: return packed(phases);
      case RecipeKind::take_taps: return packed(taken);
      case RecipeKind::pack_vector: {
        std::vector<double> values = spread(std::move(a), recipe.args[0]->shape, recipe.shape);
        if (!values.empty()) values.resize(static_cast<size_t>(recipe.shape[0]));
        return {std::move(values), {}};
      }
      case RecipeKind::pack_conv: return packed(pack);
      case RecipeKind::split_phases: return packed(split);
      case RecipeKind::pack_winograd: return packed(transform);
      case RecipeKind::pack_blocks: return packed(pack_in_blocks);
    }
    return {};
  }

  /// Computes what pack_strassen() describes. Empty if a part is missing.
  std::vector<double> halves(const Recipe& recipe) {
    std::vector<double> first, largest(static_cast<size_t>(recipe.args[0]->shape[0]));
    for (const RecipePtr& arg : recipe.args) {
      std::vector<double> w = spread(part(*arg), arg->shape, recipe.shape);
      if (w.empty()) return {};
      const size_t row = w.size() / largest.size();
      for (size_t i = 0; i < w.size(); ++i) largest[i / row] = larger(largest[i / row], std::abs(w[i]));
      if (first.empty()) first = std::move(w);
    }
    return combine_halves(first, largest, recipe);
  }

  /// The larger of two numbers, or NaN if either is NaN.
  static double larger(double a, double b) { return a > b || std::isnan(a) ? a : b; }

  template <class Function>
  static PartValues combined(PartValues a, PartValues b, Function f) {
    if (a.each && b.each) return {{}, f(*a.each, *b.each)};
    if (a.each) {
      for (double& x : b.elements) x = f(*a.each, x);
      return b;
    }
    for (size_t i = 0; i < a.elements.size(); ++i) a.elements[i] = f(a.elements[i], b.at(i));
    return a;
  }

  PartValues steps(PartValues a, const Recipe& recipe) {
    const auto limit = static_cast<double>(recipe.limit);
    if (a.each) return {{}, std::abs(*a.each) / limit};
    std::vector<double> largest(static_cast<size_t>(recipe.shape[0]));
    const size_t row = a.elements.size() / largest.size();
    for (size_t i = 0; i < a.elements.size(); ++i) largest[i / row] = larger(largest[i / row], std::abs(a.elements[i]));
    for (double& x : largest) x /= limit;
    return {std::move(largest), {}};
  }

  PartValues sums(PartValues a, const Recipe& recipe) {
    const std::vector<int64_t>& from = recipe.args[0]->shape;
    const auto row = static_cast<double>(element_count(from) / from[0]);
    if (a.each) return {{}, *a.each * row};
    std::vector<double> sums(static_cast<size_t>(recipe.shape[0]));
    const size_t elements = a.elements.size() / sums.size();
    for (size_t i = 0; i < a.elements.size(); ++i) sums[i / elements] += a.elements[i];
    return {std::move(sums), {}};
  }

  PartValues quantized(PartValues a, const PartValues& b, const Recipe& recipe) {
    std::vector<double> values = spread(std::move(a), recipe.shape, recipe.shape);
    const size_t row = values.size() / static_cast<size_t>(recipe.shape[0]);
    const auto limit = static_cast<double>(recipe.limit);
    for (size_t i = 0; i < values.size(); ++i) {
      const double quotient = values[i] / b.at(i / row);
      values[i] = std::isnan(quotient) ? 0 : std::clamp(std::nearbyint(quotient), -limit, limit);
    }
    return {std::move(values), {}};
  }

  PartValues scaled(PartValues a, const PartValues& b, const std::vector<int64_t>& shape) {
    if (a.each && b.each) return {{}, *a.each * *b.each};
    std::vector<double> values = spread(std::move(a), shape, shape);
    const size_t row = values.size() / static_cast<size_t>(shape[0]);
    for (size_t i = 0; i < values.size(); ++i) values[i] *= b.at(i / row);
    return {std::move(values), {}};
  }

  PartValues scaled_columns(PartValues a, const PartValues& b, const Recipe& recipe) {
    if (a.each && b.each) return {{}, *a.each * *b.each};
    const std::vector<int64_t>& shape = recipe.shape;
    std::vector<double> values = spread(std::move(a), shape, shape);
    const auto rows = static_cast<size_t>(shape[0] / recipe.groups), columns = static_cast<size_t>(shape[1]);
    const size_t taps = values.size() / (static_cast<size_t>(shape[0]) * columns);
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t row = i / taps / columns, column = i / taps % columns;
      values[i] *= b.at(row / rows * columns + column);
    }
    return {std::move(values), {}};
  }

  /// Stores every element of `from` separately, in this shape, so that they can be packed as `result`. Empty if that would make too many
  /// elements that no tensor of a checkpoint backs.
  std::vector<double> spread(PartValues from, const std::vector<int64_t>& shape, const std::vector<int64_t>& result) {
    if (!from.each) return std::move(from.elements);
    const int64_t wanted = std::max(element_count(shape), element_count(result));
    if (wanted > max_elements - unbacked_) return {};
    unbacked_ += wanted;
    return std::vector<double>(static_cast<size_t>(element_count(shape)), *from.each);
  }

  const WeightSource& source_;
  int64_t unbacked_ = 0;  ///< number of elements that were spread so far
};

}  // namespace

RecipePtr tensor(std::string name, std::vector<int64_t> shape) {
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::tensor;
  recipe->name = std::move(name);
  recipe->shape = std::move(shape);
  return recipe;
}

RecipePtr fill(double value, std::vector<int64_t> shape) {
  assert(std::isfinite(value));
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::fill;
  recipe->value = value;
  recipe->shape = std::move(shape);
  return recipe;
}

RecipePtr add(RecipePtr a, RecipePtr b) { return elementwise(RecipeKind::add, std::move(a), std::move(b)); }
RecipePtr sub(RecipePtr a, RecipePtr b) { return elementwise(RecipeKind::sub, std::move(a), std::move(b)); }
RecipePtr mul(RecipePtr a, RecipePtr b) { return elementwise(RecipeKind::mul, std::move(a), std::move(b)); }

RecipePtr max(RecipePtr a, RecipePtr b) { return elementwise(RecipeKind::max, std::move(a), std::move(b)); }

RecipePtr narrow(RecipePtr a, ElementType element) {
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::narrow;
  recipe->element = element;
  recipe->shape = a->shape;
  recipe->args = {std::move(a)};
  return recipe;
}

RecipePtr row_step(RecipePtr w, int64_t limit) {
  assert(!w->shape.empty() && limit >= 1);
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::row_step;
  recipe->limit = limit;
  recipe->shape = {w->shape[0]};
  recipe->args = {std::move(w)};
  return recipe;
}

RecipePtr row_sum(RecipePtr w) {
  assert(!w->shape.empty());
  std::vector<int64_t> shape{w->shape[0]};
  return make(RecipeKind::row_sum, {std::move(w)}, std::move(shape));
}

RecipePtr quantize_rows(RecipePtr w, RecipePtr step, int64_t limit) {
  assert(!w->shape.empty() && step->shape == std::vector<int64_t>{w->shape[0]} && limit >= 1);
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::quantize_rows;
  recipe->limit = limit;
  recipe->shape = w->shape;
  recipe->args = {std::move(w), std::move(step)};
  return recipe;
}

RecipePtr rsqrt(RecipePtr a, double eps) {
  assert(std::isfinite(eps));
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::rsqrt;
  recipe->value = eps;
  recipe->shape = a->shape;
  recipe->args = {std::move(a)};
  return recipe;
}

RecipePtr scale_rows(RecipePtr a, RecipePtr b) {
  assert(!a->shape.empty() && b->shape == std::vector<int64_t>{a->shape[0]});
  std::vector<int64_t> shape = a->shape;
  return make(RecipeKind::scale_rows, {std::move(a), std::move(b)}, std::move(shape));
}

RecipePtr as_picture(RecipePtr w) {
  assert(w->shape.size() == 3);
  std::vector<int64_t> shape{w->shape[0], w->shape[1], 1, w->shape[2]};
  return make(RecipeKind::as_picture, {std::move(w)}, std::move(shape));
}

RecipePtr scale_columns(RecipePtr w, RecipePtr b, int64_t groups) {
  assert(can_scale_columns(w->shape, b->shape, groups));
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::scale_columns;
  recipe->groups = groups;
  recipe->shape = w->shape;
  recipe->args = {std::move(w), std::move(b)};
  return recipe;
}

bool can_scale_columns(const std::vector<int64_t>& w, const std::vector<int64_t>& b, int64_t groups) {
  return w.size() >= 2 && b.size() == 1 && groups >= 1 && w[0] % groups == 0 && b[0] % groups == 0 && b[0] / groups == w[1];
}

RecipePtr to_phases(RecipePtr w, const PhaseTaps& taps) {
  assert(can_make_phases(w->shape, taps));
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::to_phases;
  recipe->taps = taps;
  recipe->shape = {w->shape[1] * taps.groups * taps.stride.h * taps.stride.w, w->shape[0] / taps.groups};
  if (w->shape.size() == 4) recipe->shape.push_back(taps.window.h);
  recipe->shape.push_back(taps.window.w);
  recipe->args = {std::move(w)};
  return recipe;
}

bool can_make_phases(const std::vector<int64_t>& shape, const PhaseTaps& taps) {
  const bool line = shape.size() == 3 && taps.stride.h == 1 && taps.first.h == 0 && taps.window.h == 1;
  if ((shape.size() != 4 && !line) || taps.groups < 1 || shape[0] % taps.groups != 0) return false;
  int64_t room = max_elements;
  for (const int64_t factor : {shape[1], taps.groups, taps.stride.h, taps.stride.w, shape[0] / taps.groups, taps.window.h, taps.window.w}) {
    if (factor < 1 || factor > room) return false;
    room /= factor;
  }
  return taps.first.h >= 0 && taps.first.w >= 0;
}

RecipePtr take_taps(RecipePtr w, Extent2 first, Extent2 window) {
  assert(can_take_taps(w->shape, first, window));
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::take_taps;
  recipe->taps.first = first;
  recipe->taps.window = window;
  recipe->shape = {w->shape[0], w->shape[1]};
  if (w->shape.size() == 4) recipe->shape.push_back(window.h);
  recipe->shape.push_back(window.w);
  recipe->args = {std::move(w)};
  return recipe;
}

bool can_take_taps(const std::vector<int64_t>& shape, Extent2 first, Extent2 window) {
  if (shape.size() != 3 && shape.size() != 4) return false;
  const auto within = [](int64_t from, int64_t count, int64_t size) {
    return from >= 0 && count >= 1 && count <= size && from <= size - count;
  };
  return within(first.h, window.h, shape.size() == 4 ? shape[2] : 1) && within(first.w, window.w, shape.back());
}

RecipePtr pack_vector(RecipePtr a) {
  assert(a->shape.size() == 1);
  const int64_t size = whole_vectors(a->shape[0]);
  return make(RecipeKind::pack_vector, {std::move(a)}, {size});
}

RecipePtr pack_conv(RecipePtr w, int64_t groups, int64_t vector, int64_t interleave) {
  assert(w->shape.size() == 4 || (w->shape.size() == 2 && groups == 1));
  assert(groups >= 1 && w->shape[0] % groups == 0 && vector >= 1 && interleave >= 1);
  const int64_t taps = w->shape.size() == 4 ? w->shape[2] * w->shape[3] : 1;
  const GroupSpan span = group_span(w->shape[1] * groups, w->shape[0], groups, vector);
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::pack_conv;
  recipe->groups = groups;
  recipe->lanes = vector;
  recipe->interleave = interleave;
  recipe->shape = {whole_vectors(w->shape[0], vector) * taps * packed_channels(span, interleave)};
  recipe->args = {std::move(w)};
  return recipe;
}

RecipePtr split_phases(RecipePtr w) {
  assert(can_split_phases(w->shape));
  const int64_t r = (w->shape[2] + 1) / 2;
  std::vector<int64_t> shape{w->shape[0], 2 * phase_lanes, r, r};
  return make(RecipeKind::split_phases, {std::move(w)}, std::move(shape));
}

bool can_split_phases(const std::vector<int64_t>& shape) {
  return shape.size() == 4 && 2 * shape[1] <= phase_lanes && shape[2] == shape[3] && (shape[2] == 5 || shape[2] == 7);
}

RecipePtr pack_winograd(RecipePtr w, int64_t output, int64_t stride) {
  assert(can_pack_winograd(w->shape, output, stride));
  const int64_t n = transforms_of(w->shape, output, stride)->weights();
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::pack_winograd;
  recipe->output = output;
  recipe->stride = stride;
  recipe->shape = {whole_vectors(w->shape[0]) * n * n * w->shape[1]};
  recipe->args = {std::move(w)};
  return recipe;
}

bool can_pack_winograd(const std::vector<int64_t>& shape, int64_t output, int64_t stride) {
  return transforms_of(shape, output, stride) != nullptr;
}

RecipePtr pack_strassen(RecipePtr w, std::vector<RecipePtr> summed) {
  assert(can_pack_strassen(w->shape));
  const int64_t rows = whole_vectors(w->shape[0]), elements = strassen::weights(w->shape[1], rows) + rows;
  for ([[maybe_unused]] const RecipePtr& other : summed) assert(can_pack_strassen(other->shape) && other->shape[0] == w->shape[0]);
  summed.insert(summed.begin(), std::move(w));
  return make(RecipeKind::pack_strassen, std::move(summed), {elements});
}

double row_magnitude(double largest) {
  if (!std::isfinite(largest) || largest == 0) return 1;
  constexpr int most = 126;
  return std::ldexp(1.0, std::clamp(std::ilogb(largest), -most, most));
}

bool can_pack_strassen(const std::vector<int64_t>& shape) {
  const bool matrix = shape.size() == 2 || (shape.size() == 4 && shape[2] == 1 && shape[3] == 1);
  return matrix && strassen::has_halves(shape[1]) && strassen::has_halves(whole_vectors(shape[0]));
}

RecipePtr pack_blocks(RecipePtr w, int64_t block) {
  assert((w->shape.size() == 4 || w->shape.size() == 2) && block >= 1);
  const int64_t taps = w->shape.size() == 4 ? w->shape[2] * w->shape[3] : 1;
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::pack_blocks;
  recipe->block = block;
  recipe->shape = {blocked_rows(w->shape[0], block) * taps * w->shape[1]};
  recipe->args = {std::move(w)};
  return recipe;
}

int64_t GroupSpan::start(int64_t block) const { return std::min(block * vector / co_per_group * ci_per_group, ci - span); }

GroupSpan group_span(int64_t ci, int64_t co, int64_t groups, int64_t vector) {
  const int64_t co_per_group = co / groups;
  int64_t covered = 1;  // largest number of groups that a block touches
  if (co_per_group >= vector) {
    // If groups are not whole blocks, the end of a group falls inside a block.
    if (groups > 1 && co_per_group % vector != 0) covered = 2;
  } else {
    // The groups that blocks touch repeat after co_per_group blocks.
    const int64_t blocks = std::min((co + vector - 1) / vector, co_per_group);
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t last = std::min(b * vector + vector, co) - 1;
      covered = std::max(covered, last / co_per_group - b * vector / co_per_group + 1);
    }
  }
  const int64_t ci_per_group = ci / groups;
  return {covered * ci_per_group, co_per_group, ci_per_group, ci, vector};
}

void collect_tensors(const Recipe& recipe, std::vector<TensorRef>& into) {
  if (recipe.kind == RecipeKind::tensor) {
    TensorRef ref{recipe.name, recipe.shape};
    if (std::find(into.begin(), into.end(), ref) == into.end()) into.push_back(std::move(ref));
  }
  for (const RecipePtr& arg : recipe.args) collect_tensors(*arg, into);
}

std::vector<double> evaluate(const Recipe& recipe, const WeightSource& source) { return Evaluation(source).run(recipe); }

}  // namespace resnetc

/// \file One function for each kind of operator, and the table of operators.
#include "import/fold.h"
#include "import/quantized_operators.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

namespace resnetc::importer {
namespace {

using flat::axes_of;
using flat::axis_of;
using Shape = std::vector<int64_t>;
using Outputs = std::optional<std::vector<TensorPtr>>;

struct Fold {
  const flat::Graph& graph;
  const flat::Node& node;
  std::vector<TensorPtr> in;  ///< null where an input is left out
  int64_t most;

  bool given(size_t i) const { return i < in.size() && in[i] != nullptr; }
  std::optional<std::vector<int64_t>> numbers(size_t input, std::string_view attribute) const {
    return list_at(graph, node, input, attribute);
  }
};

Outputs one(Tensor tensor) { return std::vector<TensorPtr>{std::make_shared<const Tensor>(std::move(tensor))}; }

/// Elements of `t` in another order and shape: element i is that with the index `source(i)`.
template <class Source>
Tensor picked(const Tensor& t, Shape shape, size_t count, Source source) {
  Tensor result;
  result.elements = t.elements;
  result.shape = std::move(shape);
  const auto fill = [&](const auto& from, auto& to) {
    to.resize(count);
    for (size_t i = 0; i < count; ++i) to[i] = from[source(i)];
  };
  if (t.elements != Elements::real) {
    fill(t.wholes, result.wholes);
  } else if (t.floats.empty()) {
    fill(t.doubles, result.doubles);
  } else {
    fill(t.floats, result.floats);
  }
  return result;
}

std::optional<size_t> counted(const Shape& shape, int64_t most) {
  const std::optional<int64_t> n = elements_of(shape, most);
  if (!n) return std::nullopt;
  return static_cast<size_t>(*n);
}

/// Steps in elements between neighbours along each axis.
std::vector<size_t> strides_of(const Shape& shape) {
  std::vector<size_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * static_cast<size_t>(shape[i]);
  return strides;
}

/// Calls for each element of `shape` in order; gives the sum of index times stride.
std::vector<size_t> walk(const Shape& shape, const std::vector<size_t>& strides, size_t count) {
  std::vector<size_t> result(count);
  Shape at(shape.size());
  size_t offset = 0;
  for (size_t i = 0; i < count; ++i) {
    result[i] = offset;
    for (size_t axis = shape.size(); axis-- > 0;) {
      offset += strides[axis];
      if (++at[axis] < shape[axis]) break;
      offset -= strides[axis] * static_cast<size_t>(shape[axis]);
      at[axis] = 0;
    }
  }
  return result;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()));
  for (size_t i = 0; i < result.size(); ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) return std::nullopt;
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

/// The source of each element of `shape` in a tensor that is spread over it.
std::vector<size_t> spread(const Shape& from, const Shape& shape, size_t count) {
  const std::vector<size_t> own = strides_of(from);
  std::vector<size_t> strides(shape.size(), 0);
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[from.size() - 1 - i] != 1) strides[shape.size() - 1 - i] = own[from.size() - 1 - i];
  }
  return walk(shape, strides, count);
}

// Element by element

using RealOp = double (*)(double, double);
using WholeOp = std::optional<Whole> (*)(Whole, Whole);

std::optional<Whole> known_only(Whole a, Whole b, int64_t (*op)(int64_t, int64_t)) {
  if (!a.known() || !b.known()) return std::nullopt;
  return Whole{op(a.fixed, b.fixed), 0};
}

struct Binary {
  RealOp reals;
  WholeOp wholes;
  bool truth = false;
};

const Binary smaller{[](double a, double b) { return std::min(a, b); },
                     [](Whole a, Whole b) { return known_only(a, b, [](int64_t x, int64_t y) { return std::min(x, y); }); }};
const Binary larger{[](double a, double b) { return std::max(a, b); },
                    [](Whole a, Whole b) { return known_only(a, b, [](int64_t x, int64_t y) { return std::max(x, y); }); }};

Outputs binary(const Fold& f, const Binary& op) {
  if (f.in.size() != 2 || !f.given(0) || !f.given(1)) return std::nullopt;
  const Tensor &a = *f.in[0], &b = *f.in[1];
  const std::optional<Shape> shape = broadcast(a.shape, b.shape);
  if (!shape) return std::nullopt;
  const std::optional<size_t> count = counted(*shape, f.most);
  if (!count || (a.elements == Elements::real) != (b.elements == Elements::real)) return std::nullopt;
  const std::vector<size_t> left = spread(a.shape, *shape, *count), right = spread(b.shape, *shape, *count);
  Tensor result;
  result.shape = *shape;
  result.elements = op.truth ? Elements::truth : a.elements == Elements::real ? Elements::real : Elements::whole;
  for (size_t i = 0; i < *count; ++i) {
    if (a.elements == Elements::real) {
      if (op.reals == nullptr) return std::nullopt;
      const double value = op.reals(a.real(left[i]), b.real(right[i]));
      op.truth ? result.wholes.push_back({value != 0 ? 1 : 0, 0}) : result.doubles.push_back(value);
    } else {
      const std::optional<Whole> value = op.wholes == nullptr ? std::nullopt : op.wholes(a.wholes[left[i]], b.wholes[right[i]]);
      if (!value) return std::nullopt;
      result.wholes.push_back(*value);
    }
  }
  return one(std::move(result));
}

std::optional<Whole> equal_wholes(Whole a, Whole b) {
  if (a == b) return Whole{1, 0};
  return a.batches == b.batches || (a.known() && a.fixed <= 0) || (b.known() && b.fixed <= 0) ? std::optional(Whole{0, 0}) : std::nullopt;
}

template <class Op>
Outputs unary(const Fold& f, Op op) {
  if (f.in.size() != 1 || !f.given(0) || f.in[0]->elements != Elements::real) return std::nullopt;
  if (static_cast<int64_t>(f.in[0]->size()) > f.most) return std::nullopt;
  Tensor result;
  result.shape = f.in[0]->shape;
  for (size_t i = 0; i < f.in[0]->size(); ++i) result.doubles.push_back(op(f.in[0]->real(i)));
  return one(std::move(result));
}

Outputs negated(const Fold& f) {
  if (!f.given(0) || f.in[0]->elements == Elements::real) return unary(f, [](double x) { return -x; });
  Tensor result = *f.in[0];
  for (Whole& w : result.wholes) {
    const std::optional<Whole> value = minus({0, 0}, w);
    if (!value) return std::nullopt;
    w = *value;
  }
  return one(std::move(result));
}

Outputs inverted(const Fold& f) {
  if (!f.given(0) || f.in[0]->elements != Elements::truth) return std::nullopt;
  Tensor result = *f.in[0];
  for (Whole& w : result.wholes) w.fixed = w.fixed == 0 ? 1 : 0;
  return one(std::move(result));
}

Outputs chosen(const Fold& f) {  // Where
  if (f.in.size() != 3 || !f.given(0) || !f.given(1) || !f.given(2) || f.in[0]->elements != Elements::truth) return std::nullopt;
  const Tensor &c = *f.in[0], &a = *f.in[1], &b = *f.in[2];
  if ((a.elements == Elements::real) != (b.elements == Elements::real)) return std::nullopt;
  std::optional<Shape> shape = broadcast(a.shape, b.shape);
  if (shape) shape = broadcast(*shape, c.shape);
  const std::optional<size_t> count = shape ? counted(*shape, f.most) : std::nullopt;
  if (!count) return std::nullopt;
  const auto from_c = spread(c.shape, *shape, *count), from_a = spread(a.shape, *shape, *count), from_b = spread(b.shape, *shape, *count);
  Tensor result;
  result.shape = *shape;
  result.elements = a.elements;
  for (size_t i = 0; i < *count; ++i) {
    const bool first = c.wholes[from_c[i]].fixed != 0;
    const Tensor& source = first ? a : b;
    const size_t at = first ? from_a[i] : from_b[i];
    a.elements == Elements::real ? result.doubles.push_back(source.real(at)) : result.wholes.push_back(source.wholes[at]);
  }
  return one(std::move(result));
}

Outputs cast(const Fold& f) {
  if (f.in.size() != 1 || !f.given(0)) return std::nullopt;
  const int64_t to = flat::integer(f.node, "to", 0);
  const bool real = to == 1 || to == 10 || to == 11 || to == 16, truth = to == 9;
  const bool whole = to == 2 || to == 3 || to == 4 || to == 5 || to == 6 || to == 7 || to == 12 || to == 13;
  Tensor result = *f.in[0];
  if (static_cast<int64_t>(result.size()) > f.most) return std::nullopt;
  if (real && result.elements != Elements::real) {
    const std::optional<std::vector<int64_t>> values = integers(result);
    if (!values) return std::nullopt;
    result.wholes.clear();
    result.doubles.assign(values->begin(), values->end());
    result.elements = Elements::real;
  } else if (whole && result.elements == Elements::real) {
    std::vector<Whole> values;
    for (size_t i = 0; i < result.size(); ++i) {
      const double value = std::trunc(result.real(i));
      if (!(std::abs(value) < 9e15)) return std::nullopt;
      values.push_back({static_cast<int64_t>(value), 0});
    }
    result = Tensor{Elements::whole, result.shape, {}, {}, std::move(values)};
  } else if (truth && result.elements != Elements::truth) {
    std::vector<Whole> values;
    for (size_t i = 0; i < result.size(); ++i) {
      if (result.elements != Elements::real && !result.wholes[i].known()) return std::nullopt;
      values.push_back({result.real(i) != 0 ? 1 : 0, 0});
    }
    result = Tensor{Elements::truth, result.shape, {}, {}, std::move(values)};
  } else if (whole) {
    result.elements = Elements::whole;
  } else if (!real && !truth) {
    return std::nullopt;
  }
  return one(std::move(result));
}

// Movement

Outputs reshaped(const Tensor& t, Shape shape, int64_t most) {
  const std::optional<size_t> count = counted(shape, most);
  if (!count || *count != t.size() || shape.size() > max_rank) return std::nullopt;
  Tensor result = t;
  result.shape = std::move(shape);
  return one(std::move(result));
}

Outputs reshape(const Fold& f) {
  if (!f.given(0)) return std::nullopt;
  std::optional<Shape> shape = f.numbers(1, "shape");
  if (!shape) return std::nullopt;
  int64_t rest = 1, open = -1;
  for (size_t i = 0; i < shape->size(); ++i) {
    int64_t& d = (*shape)[i];
    if (d == 0 && flat::integer(f.node, "allowzero", 0) == 0) {
      if (i >= f.in[0]->shape.size()) return std::nullopt;
      d = f.in[0]->shape[i];
    }
    if (d == -1 && open < 0) {
      open = static_cast<int64_t>(i);
    } else if (d < 0 || __builtin_mul_overflow(rest, d, &rest)) {
      return std::nullopt;
    }
  }
  if (open >= 0) {
    if (rest == 0) return std::nullopt;
    (*shape)[static_cast<size_t>(open)] = static_cast<int64_t>(f.in[0]->size()) / rest;
  }
  return reshaped(*f.in[0], std::move(*shape), f.most);
}

Outputs flatten(const Fold& f) {
  if (!f.given(0)) return std::nullopt;
  const Shape& shape = f.in[0]->shape;
  const int64_t axis = flat::integer(f.node, "axis", 1), rank = static_cast<int64_t>(shape.size());
  if (axis < -rank || axis > rank) return std::nullopt;
  const size_t cut = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  Shape result{1, 1};
  for (size_t i = 0; i < shape.size(); ++i) result[i < cut ? 0 : 1] *= shape[i];
  return reshaped(*f.in[0], result, f.most);
}

Outputs squeeze(const Fold& f) {
  if (!f.given(0)) return std::nullopt;
  const Shape& shape = f.in[0]->shape;
  std::vector<size_t> axes;
  if (f.given(1) || flat::has(f.node, "axes")) {
    const auto numbers = f.numbers(1, "axes");
    const auto good = numbers ? axes_of(*numbers, shape.size()) : std::nullopt;
    if (!good) return std::nullopt;
    axes = *good;
  } else {
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] == 1) axes.push_back(i);
    }
  }
  Shape result;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool gone = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (gone && shape[i] != 1) return std::nullopt;
    if (!gone) result.push_back(shape[i]);
  }
  return reshaped(*f.in[0], result, f.most);
}

Outputs unsqueeze(const Fold& f) {
  if (!f.given(0)) return std::nullopt;
  const auto numbers = f.numbers(1, "axes");
  if (!numbers || numbers->size() > max_rank) return std::nullopt;
  const size_t rank = f.in[0]->shape.size() + numbers->size();
  const auto axes = axes_of(*numbers, rank);
  if (!axes) return std::nullopt;
  Shape result;
  for (size_t i = 0, from = 0; i < rank; ++i) {
    result.push_back(std::find(axes->begin(), axes->end(), i) != axes->end() ? 1 : f.in[0]->shape[from++]);
  }
  return reshaped(*f.in[0], result, f.most);
}

Outputs transpose(const Fold& f) {
  if (!f.given(0)) return std::nullopt;
  const Tensor& t = *f.in[0];
  std::vector<size_t> order(t.shape.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = order.size() - 1 - i;
  if (const auto perm = flat::list(f.node, "perm")) {
    if (perm->size() != order.size() || !axes_of(*perm, order.size())) return std::nullopt;
    for (size_t i = 0; i < order.size(); ++i) order[i] = *axis_of((*perm)[i], order.size());
  }
  const std::vector<size_t> own = strides_of(t.shape);
  Shape shape;
  std::vector<size_t> strides;
  for (const size_t axis : order) {
    shape.push_back(t.shape[axis]);
    strides.push_back(own[axis]);
  }
  if (static_cast<int64_t>(t.size()) > f.most) return std::nullopt;
  const std::vector<size_t> source = walk(shape, strides, t.size());
  return one(picked(t, shape, t.size(), [&](size_t i) { return source[i]; }));
}

Outputs expand(const Fold& f) {
  if (!f.given(0)) return std::nullopt;
  const auto wanted = f.numbers(1, "shape");
  const std::optional<Shape> shape = wanted ? broadcast(f.in[0]->shape, *wanted) : std::nullopt;
  const std::optional<size_t> count = shape && shape->size() <= max_rank ? counted(*shape, f.most) : std::nullopt;
  if (!count) return std::nullopt;
  const std::vector<size_t> source = spread(f.in[0]->shape, *shape, *count);
  return one(picked(*f.in[0], *shape, *count, [&](size_t i) { return source[i]; }));
}

Outputs gather(const Fold& f) {
  if (f.in.size() != 2 || !f.given(0) || !f.given(1)) return std::nullopt;
  const Tensor& t = *f.in[0];
  const auto axis = axis_of(flat::integer(f.node, "axis", 0), t.shape.size());
  const auto indices = integers(*f.in[1]);
  if (!axis || !indices) return std::nullopt;
  Shape shape(t.shape.begin(), t.shape.begin() + static_cast<ptrdiff_t>(*axis));
  shape.insert(shape.end(), f.in[1]->shape.begin(), f.in[1]->shape.end());
  shape.insert(shape.end(), t.shape.begin() + static_cast<ptrdiff_t>(*axis) + 1, t.shape.end());
  const std::optional<size_t> count = shape.size() <= max_rank ? counted(shape, f.most) : std::nullopt;
  if (!count) return std::nullopt;
  std::vector<size_t> rows;
  for (const int64_t index : *indices) {
    const auto row = axis_of(index, static_cast<size_t>(t.shape[*axis]));
    if (!row) return std::nullopt;
    rows.push_back(*row);
  }
  const size_t inner = strides_of(t.shape)[*axis], length = static_cast<size_t>(t.shape[*axis]);
  return one(picked(t, shape, *count, [&](size_t i) {
    const size_t in_row = i % inner, row = i / inner % rows.size(), outer = i / inner / rows.size();
    return (outer * length + rows[row]) * inner + in_row;
  }));
}

/// A part of an axis: `count` elements from `start` with `step` between them.
Tensor part_of(const Tensor& t, size_t axis, int64_t start, int64_t step, int64_t count) {
  Shape shape = t.shape;
  shape[axis] = count;
  const size_t inner = strides_of(t.shape)[axis], length = static_cast<size_t>(t.shape[axis]), n = static_cast<size_t>(count);
  size_t size = n == 0 || length == 0 ? 0 : t.size() / length * n;
  return picked(t, shape, size, [&](size_t i) {
    const int64_t at = start + static_cast<int64_t>(i / inner % n) * step;
    return (i / inner / n * length + static_cast<size_t>(at)) * inner + i % inner;
  });
}

Outputs slice(const Fold& f) {
  if (!f.given(0)) return std::nullopt;
  const auto starts = f.numbers(1, "starts"), ends = f.numbers(2, "ends");
  if (!starts || !ends || starts->size() != ends->size()) return std::nullopt;
  std::vector<int64_t> axes(starts->size()), steps(starts->size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  if (f.given(3) || flat::has(f.node, "axes")) {
    const auto given = f.numbers(3, "axes");
    if (!given || given->size() != axes.size()) return std::nullopt;
    axes = *given;
  }
  if (f.given(4)) {
    const auto given = integers(*f.in[4]);
    if (!given || given->size() != axes.size()) return std::nullopt;
    steps = *given;
  }
  if (static_cast<int64_t>(f.in[0]->size()) > f.most) return std::nullopt;
  Tensor result = *f.in[0];
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = axis_of(axes[i], result.shape.size());
    if (!axis || steps[i] == 0 || steps[i] == INT64_MIN) return std::nullopt;
    const int64_t length = result.shape[*axis];
    const bool back = steps[i] < 0;
    const auto clamped = [&](int64_t at) {
      if (at < 0) at = at < -length ? -1 : at + length;
      return std::clamp<int64_t>(at, back ? -1 : 0, back ? length - 1 : length);
    };
    const int64_t start = clamped((*starts)[i]), end = clamped((*ends)[i]);
    const int64_t span = back ? start - end : end - start, step = back ? -steps[i] : steps[i];
    result = part_of(result, *axis, start, steps[i], span <= 0 ? 0 : (span - 1) / step + 1);
  }
  return one(std::move(result));
}

Outputs split(const Fold& f) {
  if (!f.given(0)) return std::nullopt;
  const Tensor& t = *f.in[0];
  const auto axis = axis_of(flat::integer(f.node, "axis", 0), t.shape.size());
  if (!axis || static_cast<int64_t>(t.size()) > f.most) return std::nullopt;
  std::vector<int64_t> sizes;
  if (const auto given = f.numbers(1, "split")) {
    sizes = *given;
  } else {
    const int64_t parts = static_cast<int64_t>(f.node.outputs.size()), length = t.shape[*axis];
    const int64_t each = (length + parts - 1) / parts;
    for (int64_t left = length; left > 0; left -= each) sizes.push_back(std::min(each, left));
  }
  if (sizes.size() != f.node.outputs.size()) return std::nullopt;
  std::vector<TensorPtr> result;
  int64_t start = 0;
  for (const int64_t size : sizes) {
    if (size < 0 || size > t.shape[*axis] - start) return std::nullopt;
    result.push_back(std::make_shared<const Tensor>(part_of(t, *axis, start, 1, size)));
    start += size;
  }
  return result;
}

Outputs concat(const Fold& f) {
  if (!f.given(0)) return std::nullopt;
  const Tensor& first = *f.in[0];
  const auto axis = axis_of(flat::integer(f.node, "axis", 0), first.shape.size());
  if (!axis) return std::nullopt;
  Shape shape = first.shape;
  shape[*axis] = 0;
  for (size_t i = 0; i < f.in.size(); ++i) {
    if (!f.given(i) || f.in[i]->shape.size() != shape.size()) return std::nullopt;
    if ((f.in[i]->elements == Elements::real) != (first.elements == Elements::real)) return std::nullopt;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (d != *axis && f.in[i]->shape[d] != shape[d]) return std::nullopt;
    }
    if (__builtin_add_overflow(shape[*axis], f.in[i]->shape[*axis], &shape[*axis])) return std::nullopt;
  }
  const std::optional<size_t> count = counted(shape, f.most);
  if (!count) return std::nullopt;
  size_t outer = 1;
  for (size_t d = 0; d < *axis; ++d) outer *= static_cast<size_t>(shape[d]);
  Tensor result;
  result.shape = shape;
  result.elements = first.elements;
  for (size_t o = 0; o < outer && *count != 0; ++o) {
    for (const TensorPtr& t : f.in) {
      const size_t run = t->size() / outer;
      for (size_t i = o * run; i < (o + 1) * run; ++i) {
        t->elements == Elements::real ? result.doubles.push_back(t->real(i)) : result.wholes.push_back(t->wholes[i]);
      }
    }
  }
  return one(std::move(result));
}

Outputs filled(const Fold& f) {  // ConstantOfShape
  if (!f.given(0)) return std::nullopt;
  const auto shape = integers(*f.in[0]);
  const std::optional<size_t> count = shape && shape->size() <= max_rank ? counted(*shape, f.most) : std::nullopt;
  if (!count) return std::nullopt;
  Tensor value;
  value.doubles = {0};
  if (const auto found = f.node.attributes.find("value"); found != f.node.attributes.end()) {
    if (!found->second.tensor || found->second.tensor->size() != 1) return std::nullopt;
    value = *found->second.tensor;
  }
  return one(picked(value, *shape, *count, [](size_t) { return size_t{0}; }));
}

Outputs range(const Fold& f) {
  if (f.in.size() != 3 || !f.given(0) || !f.given(1) || !f.given(2)) return std::nullopt;
  int64_t bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    const auto value = integers(*f.in[i]);
    if (!value || value->size() != 1) return std::nullopt;
    bounds[i] = value->front();
  }
  const auto [start, limit, delta] = bounds;
  if (delta == 0) return std::nullopt;
  std::vector<Whole> values;
  for (int64_t at = start; delta > 0 ? at < limit : at > limit;) {
    if (static_cast<int64_t>(values.size()) >= f.most) return std::nullopt;
    values.push_back({at, 0});
    if (__builtin_add_overflow(at, delta, &at)) break;
  }
  return std::vector<TensorPtr>{list_of(std::move(values))};
}

// Sums

enum class Reduction { mean, sum, product, largest, smallest, squares };

Outputs reduce(const Fold& f, Reduction kind) {
  if (!f.given(0)) return std::nullopt;
  const Tensor& t = *f.in[0];
  if (static_cast<int64_t>(t.size()) > f.most) return std::nullopt;
  std::vector<size_t> axes;
  if (f.given(1) || flat::has(f.node, "axes")) {
    const auto numbers = f.numbers(1, "axes");
    const auto good = numbers ? axes_of(*numbers, t.shape.size()) : std::nullopt;
    if (!good) return std::nullopt;
    axes = *good;
  }
  if (axes.empty()) {
    if (flat::integer(f.node, "noop_with_empty_axes", 0) != 0) return std::vector<TensorPtr>{f.in[0]};
    axes.resize(t.shape.size());
    std::iota(axes.begin(), axes.end(), size_t{0});
  }
  const bool keep = flat::integer(f.node, "keepdims", 1) != 0;
  Shape inner, shape;
  for (size_t i = 0; i < t.shape.size(); ++i) {
    const bool gone = std::find(axes.begin(), axes.end(), i) != axes.end();
    inner.push_back(gone ? 1 : t.shape[i]);
    if (!gone || keep) shape.push_back(gone ? 1 : t.shape[i]);
  }
  const size_t count = counted(inner, f.most).value_or(0);
  if (count == 0 || t.size() == 0) return std::nullopt;
  const std::vector<size_t> into = spread(inner, t.shape, t.size());
  Tensor result;
  result.shape = shape;
  if (t.elements != Elements::real) {
    if (kind != Reduction::product && kind != Reduction::sum) return std::nullopt;
    result.elements = Elements::whole;
    result.wholes.assign(count, Whole{kind == Reduction::product ? 1 : 0, 0});
    for (size_t i = 0; i < t.size(); ++i) {
      const auto value = (kind == Reduction::product ? times : plus)(result.wholes[into[i]], t.wholes[i]);
      if (!value) return std::nullopt;
      result.wholes[into[i]] = *value;
    }
    return one(std::move(result));
  }
  const double start = kind == Reduction::product ? 1 : kind == Reduction::largest ? -HUGE_VAL : kind == Reduction::smallest ? HUGE_VAL : 0;
  result.doubles.assign(count, start);
  for (size_t i = 0; i < t.size(); ++i) {
    double& r = result.doubles[into[i]];
    const double x = t.real(i);
    switch (kind) {
      case Reduction::mean:
      case Reduction::sum: r += x; break;
      case Reduction::product: r *= x; break;
      case Reduction::largest: r = std::max(r, x); break;
      case Reduction::smallest: r = std::min(r, x); break;
      case Reduction::squares: r += x * x; break;
    }
  }
  if (kind == Reduction::mean) {
    for (double& r : result.doubles) r /= static_cast<double>(t.size() / count);
  }
  return one(std::move(result));
}

Outputs norm(const Fold& f) {  // ReduceL2
  Outputs squares = reduce(f, Reduction::squares);
  if (!squares || squares->front()->elements != Elements::real) return std::nullopt;
  Tensor result = *squares->front();
  for (double& r : result.doubles) r = std::sqrt(r);
  return one(std::move(result));
}

/// Bounds of reals or of whole numbers. A bound may be missing.
Outputs clipped(const Fold& f) {
  if (!f.given(0) || static_cast<int64_t>(f.in[0]->size()) > f.most) return std::nullopt;
  TensorPtr value = f.in[0];
  for (const size_t i : {size_t{1}, size_t{2}}) {
    const std::string_view attribute = i == 1 ? "min" : "max";
    TensorPtr bound = f.given(i) ? f.in[i] : nullptr;
    if (!bound && flat::has(f.node, attribute)) bound = reals_of({}, {flat::real(f.node, attribute, 0)});
    if (!bound) continue;
    if (bound->size() != 1) return std::nullopt;
    Tensor scalar = *bound;
    scalar.shape.clear();
    bound = std::make_shared<const Tensor>(std::move(scalar));
    const Outputs next =
        i == 1 ? binary({f.graph, f.node, {value, bound}, f.most}, larger) : binary({f.graph, f.node, {value, bound}, f.most}, smaller);
    if (!next) return std::nullopt;
    value = next->front();
  }
  return std::vector<TensorPtr>{value};
}

/// Numbers for each slice along axis 1, or nothing if they are no reals of that number.
std::optional<std::vector<double>> per_slice(const Fold& f, size_t input, size_t slices) {
  if (!f.given(input) || f.in[input]->elements != Elements::real || f.in[input]->size() != slices) return std::nullopt;
  std::vector<double> values(slices);
  for (size_t i = 0; i < slices; ++i) values[i] = f.in[input]->real(i);
  return values;
}

/// BatchNormalization: weights are standardised with it, over statistics of their own (`training_mode`).
Outputs standardised(const Fold& f) {
  if (f.in.size() != 5 || !f.given(0) || f.in[0]->elements != Elements::real || f.in[0]->shape.size() < 2) return std::nullopt;
  const Tensor& t = *f.in[0];
  const size_t slices = static_cast<size_t>(t.shape[1]);
  if (t.size() == 0 || static_cast<int64_t>(t.size()) > f.most) return std::nullopt;
  const size_t inner = strides_of(t.shape)[1];
  const auto slice_of = [&](size_t i) { return i / inner % slices; };
  const auto scale = per_slice(f, 1, slices), shift = per_slice(f, 2, slices);
  auto means = per_slice(f, 3, slices), variances = per_slice(f, 4, slices);
  if (!scale || !shift || !means || !variances) return std::nullopt;
  const bool own = flat::integer(f.node, "training_mode", 0) != 0;
  std::vector<double> running_means = *means, running_variances = *variances;
  if (own) {
    const double count = static_cast<double>(t.size() / slices), kept = flat::real(f.node, "momentum", 0.9);
    means->assign(slices, 0);
    variances->assign(slices, 0);
    for (size_t i = 0; i < t.size(); ++i) (*means)[slice_of(i)] += t.real(i) / count;
    for (size_t i = 0; i < t.size(); ++i) (*variances)[slice_of(i)] += std::pow(t.real(i) - (*means)[slice_of(i)], 2) / count;
    for (size_t s = 0; s < slices; ++s) {
      running_means[s] = kept * running_means[s] + (1 - kept) * (*means)[s];
      running_variances[s] = kept * running_variances[s] + (1 - kept) * (*variances)[s];
    }
  }
  const double eps = flat::real(f.node, "epsilon", static_cast<double>(1e-5F));
  std::vector<double> values(t.size());
  for (size_t i = 0; i < t.size(); ++i) {
    const size_t s = slice_of(i);
    values[i] = (t.real(i) - (*means)[s]) / std::sqrt((*variances)[s] + eps) * (*scale)[s] + (*shift)[s];
  }
  const Shape list{t.shape[1]};
  return std::vector<TensorPtr>{reals_of(t.shape, std::move(values)), reals_of(list, std::move(running_means)),
                                reals_of(list, std::move(running_variances))};
}

Outputs dequantize(const Fold& f) {
  if (!f.given(0) || !f.given(1) || flat::integer(f.node, "block_size", 0) != 0) return std::nullopt;
  const std::optional<size_t> axis = flat::axis_of(flat::integer(f.node, "axis", 1), f.in[0]->shape.size());
  TensorPtr numbers = dequantized(*f.in[0], *f.in[1], f.given(2) ? f.in[2].get() : nullptr, axis.value_or(0));
  if (!numbers) return std::nullopt;
  return std::vector<TensorPtr>{std::move(numbers)};
}

Outputs quantize(const Fold& f) {
  if (!f.given(0) || !f.given(1)) return std::nullopt;
  const Tensor* const zero = f.given(2) ? f.in[2].get() : nullptr;
  const std::optional<Tensor::Bytes> bytes = bytes_of(f.node, zero);
  const std::optional<size_t> axis = flat::axis_of(flat::integer(f.node, "axis", 1), f.in[0]->shape.size());
  TensorPtr integers = bytes ? quantized(*f.in[0], *f.in[1], zero, *bytes, axis.value_or(0)) : nullptr;
  if (!integers) return std::nullopt;
  return std::vector<TensorPtr>{std::move(integers)};
}

Outputs sum(const Fold& f) {  // any number of inputs
  if (f.in.size() == 1) return std::vector<TensorPtr>{f.in[0]};
  TensorPtr total = f.given(0) ? f.in[0] : nullptr;
  for (size_t i = 1; i < f.in.size() && total; ++i) {
    const Outputs next = binary({f.graph, f.node, {total, f.in[i]}, f.most}, {[](double a, double b) { return a + b; }, plus});
    total = next ? next->front() : nullptr;
  }
  if (!total) return std::nullopt;
  return std::vector<TensorPtr>{total};
}

/// A constant as a matrix.
struct Matrix {
  const Tensor& values;
  int64_t rows, columns;
  bool turned = false;  ///< whether `values` has the columns first

  double at(int64_t row, int64_t column) const {
    return values.real(static_cast<size_t>(turned ? column * rows + row : row * columns + column));
  }
};

/// The products' sums, row by row; nothing if the matrices do not fit each other or the work is more than `most` multiply-adds.
std::optional<std::vector<double>> product_of(const Matrix& a, const Matrix& b, int64_t most) {
  const std::optional<size_t> count = counted({a.rows, b.columns}, most);  // sums of no products are there too
  if (a.columns != b.rows || !count || !counted({a.rows, b.columns, a.columns}, most)) return std::nullopt;
  if (a.values.elements != Elements::real || b.values.elements != Elements::real) return std::nullopt;
  std::vector<double> sums(*count);
  for (int64_t r = 0; r < a.rows; ++r) {
    double* const row = sums.data() + r * b.columns;
    for (int64_t k = 0; k < a.columns; ++k) {
      for (int64_t c = 0; c < b.columns; ++c) row[c] += a.at(r, k) * b.at(k, c);
    }
  }
  return sums;
}

/// MatMul of matrices and vectors, as spectral norms have them.
Outputs matrix_product(const Fold& f) {
  if (f.in.size() != 2 || !f.given(0) || !f.given(1)) return std::nullopt;
  const Shape &left = f.in[0]->shape, &right = f.in[1]->shape;
  if (left.empty() || left.size() > 2 || right.empty() || right.size() > 2) return std::nullopt;
  const Matrix a{*f.in[0], left.size() == 2 ? left[0] : 1, left.back()};
  const Matrix b{*f.in[1], right.front(), right.size() == 2 ? right[1] : 1};
  std::optional<std::vector<double>> sums = product_of(a, b, f.most);
  if (!sums) return std::nullopt;
  Shape shape;
  if (left.size() == 2) shape.push_back(a.rows);
  if (right.size() == 2) shape.push_back(b.columns);
  return std::vector<TensorPtr>{reals_of(std::move(shape), std::move(*sums))};
}

Outputs gemm(const Fold& f) {
  if (f.in.size() < 2 || !f.given(0) || !f.given(1) || f.in[0]->shape.size() != 2 || f.in[1]->shape.size() != 2) return std::nullopt;
  const auto matrix = [&](size_t input, std::string_view attribute) {
    const Tensor& t = *f.in[input];
    const bool turned = flat::integer(f.node, attribute, 0) != 0;
    return Matrix{t, t.shape[turned ? 1 : 0], t.shape[turned ? 0 : 1], turned};
  };
  const Matrix a = matrix(0, "transA"), b = matrix(1, "transB");
  std::optional<std::vector<double>> sums = product_of(a, b, f.most);
  if (!sums) return std::nullopt;
  const double alpha = flat::real(f.node, "alpha", 1), beta = flat::real(f.node, "beta", 1);
  for (double& sum : *sums) sum *= alpha;
  const Shape shape{a.rows, b.columns};
  if (f.given(2)) {
    const Tensor& more = *f.in[2];
    if (more.elements != Elements::real || broadcast(shape, more.shape) != shape) return std::nullopt;
    const std::vector<size_t> from = spread(more.shape, shape, sums->size());
    for (size_t i = 0; i < sums->size(); ++i) (*sums)[i] += beta * more.real(from[i]);
  }
  return std::vector<TensorPtr>{reals_of(shape, std::move(*sums))};
}

using Folder = std::function<Outputs(const Fold&)>;

Folder binary_of(RealOp reals, WholeOp wholes, bool truth = false) {
  return [=](const Fold& f) { return binary(f, {reals, wholes, truth}); };
}
Folder unary_of(double (*op)(double)) {
  return [=](const Fold& f) { return unary(f, op); };
}
Folder reduction_of(Reduction kind) {
  return [=](const Fold& f) { return reduce(f, kind); };
}

const std::map<std::string_view, Folder>& folders() {
  static const std::map<std::string_view, Folder> table{
      {"Add", binary_of([](double a, double b) { return a + b; }, plus)},
      {"Sub", binary_of([](double a, double b) { return a - b; }, minus)},
      {"Mul", binary_of([](double a, double b) { return a * b; }, times)},
      {"Div", binary_of([](double a, double b) { return a / b; }, [](Whole a, Whole b) { return divided(a, b); })},
      {"Pow", binary_of([](double a, double b) { return std::pow(a, b); }, nullptr)},
      {"Mod", binary_of([](double a, double b) { return std::fmod(a, b); },
                        [](Whole a, Whole b) -> std::optional<Whole> {
                          const std::optional<Whole> q = divided(a, b, true);
                          const std::optional<Whole> whole = q ? times(*q, b) : std::nullopt;
                          return whole ? minus(a, *whole) : std::nullopt;
                        })},
      {"Min", [](const Fold& f) { return binary(f, smaller); }},
      {"Max", [](const Fold& f) { return binary(f, larger); }},
      {"Clip", clipped},
      {"BatchNormalization", standardised},
      {"Equal", binary_of([](double a, double b) { return a == b ? 1.0 : 0.0; }, equal_wholes, true)},
      {"Less", binary_of([](double a, double b) { return a < b ? 1.0 : 0.0; },
                         [](Whole a, Whole b) { return known_only(a, b, [](int64_t x, int64_t y) { return int64_t{x < y}; }); }, true)},
      {"Greater", binary_of([](double a, double b) { return a > b ? 1.0 : 0.0; },
                            [](Whole a, Whole b) { return known_only(a, b, [](int64_t x, int64_t y) { return int64_t{x > y}; }); }, true)},
      {"And", binary_of(
                  nullptr, [](Whole a, Whole b) { return known_only(a, b, [](int64_t x, int64_t y) { return int64_t{x && y}; }); }, true)},
      {"Or", binary_of(
                 nullptr, [](Whole a, Whole b) { return known_only(a, b, [](int64_t x, int64_t y) { return int64_t{x || y}; }); }, true)},
      {"Sum", sum},
      {"Neg", negated},
      {"Not", inverted},
      {"Where", chosen},
      {"Cast", cast},
      {"Sqrt", unary_of([](double x) { return std::sqrt(x); })},
      {"Exp", unary_of([](double x) { return std::exp(x); })},
      {"Log", unary_of([](double x) { return std::log(x); })},
      {"Abs", unary_of([](double x) { return std::abs(x); })},
      {"Reciprocal", unary_of([](double x) { return 1 / x; })},
      {"Floor", unary_of([](double x) { return std::floor(x); })},
      {"Ceil", unary_of([](double x) { return std::ceil(x); })},
      {"Round", unary_of([](double x) { return std::nearbyint(x); })},
      {"Sigmoid", unary_of([](double x) { return 1 / (1 + std::exp(-x)); })},
      {"Tanh", unary_of([](double x) { return std::tanh(x); })},
      {"Relu", unary_of([](double x) { return std::max(x, 0.0); })},
      {"Softplus", unary_of([](double x) { return std::log1p(std::exp(x)); })},
      {"Reshape", reshape},
      {"Flatten", flatten},
      {"Squeeze", squeeze},
      {"Unsqueeze", unsqueeze},
      {"Transpose", transpose},
      {"Expand", expand},
      {"Gather", gather},
      {"Slice", slice},
      {"Split", split},
      {"Concat", concat},
      {"ConstantOfShape", filled},
      {"Range", range},
      {"ReduceMean", reduction_of(Reduction::mean)},
      {"ReduceSum", reduction_of(Reduction::sum)},
      {"ReduceProd", reduction_of(Reduction::product)},
      {"ReduceMax", reduction_of(Reduction::largest)},
      {"ReduceMin", reduction_of(Reduction::smallest)},
      {"ReduceSumSquare", reduction_of(Reduction::squares)},
      {"ReduceL2", norm},
      {"MatMul", matrix_product},
      {"Gemm", gemm},
      {"QuantizeLinear", quantize},
      {"DequantizeLinear", dequantize},
  };
  return table;
}

}  // namespace

std::optional<std::vector<TensorPtr>> fold(const flat::Graph& graph, const flat::Node& node, int64_t most) {
  const bool own =
      node.domain.empty() || (node.domain == "com.microsoft" && (node.op == "DequantizeLinear" || node.op == "QuantizeLinear"));
  const auto found = own ? folders().find(node.op) : folders().end();
  if (found == folders().end()) return std::nullopt;
  Fold f{graph, node, {}, most};
  for (const flat::ValueId input : node.inputs) f.in.push_back(input == flat::no_value ? nullptr : graph.value(input).constant);
  Outputs result = found->second(f);
  if (!result || result->size() < node.outputs.size()) return std::nullopt;
  for (const TensorPtr& tensor : *result) {
    if (tensor->shape.size() > max_rank) return std::nullopt;
  }
  return result;
}

int64_t work_of_fold(const flat::Graph& graph, const flat::Node& node, const std::vector<TensorPtr>& outputs) {
  int64_t elements = 0;
  for (const TensorPtr& tensor : outputs) elements += static_cast<int64_t>(tensor->size());
  if (node.op != "MatMul" && node.op != "Gemm") return elements;
  const Shape& left = graph.constant(node, 0)->shape;
  return elements * std::max<int64_t>(flat::integer(node, "transA", 0) != 0 ? left.front() : left.back(), 1);
}

}  // namespace resnetc::importer

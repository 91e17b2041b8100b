/// \file Rows and columns that are repeated, as Keras's UpSampling2D and NumPy's `repeat` spell them: a dimension of 1 behind one of the
/// value's, which a Tile or Expand makes larger, and a Reshape that joins the two. Between them, a Transpose may put the channels last.
#include <algorithm>

#include "import/rewrite/rewrite.h"
#include "ir/tensor_type.h"

namespace resnetc::importer {
namespace {

/// How often each element is repeated along each axis of the input, and the order in which the result has the input's axes.
struct Repeat {
  flat::ValueId input;
  std::vector<int64_t> times, order;
};

/// A larger value's axes as those of the value before it. `repeat_of[i]` is the axis whose repetition axis i is, or nothing.
struct Axes {
  std::vector<int64_t> times;
  std::vector<std::optional<size_t>> axis_of, repeat_of;
};
std::optional<Axes> matched(const Dims& from, const Dims& middle, const Dims& larger) {
  Axes axes{std::vector<int64_t>(from.size(), 1), {}, {}};
  if (middle.size() != larger.size()) return std::nullopt;
  for (size_t axis = 0, at = 0; at < middle.size(); ++at) {
    const bool added = axis > 0 && middle[at] == Whole{1, 0} && larger[at].known() && larger[at].fixed > 1;
    if (added) {
      if (axes.times[axis - 1] != 1 || larger[at].fixed > max_elements) return std::nullopt;
      axes.times[axis - 1] = larger[at].fixed;
    } else if (axis == from.size() || middle[at] != from[axis] || larger[at] != from[axis]) {
      return std::nullopt;
    } else {
      ++axis;
    }
    axes.axis_of.push_back(added ? std::nullopt : std::optional(axis - 1));
    axes.repeat_of.push_back(added ? std::optional(axis - 1) : std::nullopt);
  }
  const auto present = [](const std::optional<size_t>& a) { return a.has_value(); };
  const bool all = std::count_if(axes.axis_of.begin(), axes.axis_of.end(), present) == static_cast<ptrdiff_t>(from.size());
  const bool some = std::any_of(axes.repeat_of.begin(), axes.repeat_of.end(), present);
  return all && some ? std::optional(axes) : std::nullopt;
}

/// The repetition whose last node is this one.
std::optional<Repeat> repeat_before(const flat::Graph& graph, const flat::Node& last) {
  if (last.op != "Reshape" || !last.domain.empty() || last.inputs.empty()) return std::nullopt;
  const flat::Node* turn = made_by(graph, last.inputs[0], "Transpose");
  const flat::ValueId larger = turn == nullptr ? last.inputs[0] : turn->inputs[0];
  const flat::Node* made = made_by(graph, larger, {"Tile", "Expand"});
  const flat::Node* first = made == nullptr ? nullptr : made_by(graph, made->inputs[0], {"Unsqueeze", "Reshape"});
  if (first == nullptr) return std::nullopt;
  const auto &from = graph.value(first->inputs[0]).dims, &middle = graph.value(made->inputs[0]).dims, &to = graph.value(larger).dims,
             &result = graph.value(last.outputs[0]).dims;
  const auto axes = from && middle && to ? matched(*from, *middle, *to) : std::nullopt;
  if (!axes || !result || result->size() != from->size()) return std::nullopt;

  std::vector<int64_t> perm;
  for (size_t i = 0; i < to->size(); ++i) perm.push_back(static_cast<int64_t>(i));
  if (turn != nullptr) {
    const auto given = flat::list(*turn, "perm");
    if (!given || given->size() != perm.size()) return std::nullopt;  // its dimensions are known, so it is a permutation
    perm = *given;
  }
  Repeat repeat{first->inputs[0], axes->times, {}};
  for (const int64_t at : perm) {
    const auto axis = axes->axis_of[static_cast<size_t>(at)], repeated = axes->repeat_of[static_cast<size_t>(at)];
    if (axis) {
      repeat.order.push_back(static_cast<int64_t>(*axis));
    } else if (repeat.order.empty() || repeat.order.back() != static_cast<int64_t>(*repeated)) {
      return std::nullopt;  // what is joined is not an element and its repetitions
    }
  }
  for (size_t i = 0; i < result->size(); ++i) {
    const auto axis = static_cast<size_t>(repeat.order[i]);
    if (times((*from)[axis], Whole{repeat.times[axis], 0}) != (*result)[i]) return std::nullopt;
  }
  return repeat;
}

}  // namespace

void name_repeats(flat::Graph& graph) {
  for (flat::Node& node : graph.nodes) {
    const auto repeat = node.dead ? std::nullopt : repeat_before(graph, node);
    if (!repeat) continue;
    node.op = "Repeat";
    node.inputs = {repeat->input};
    node.attributes.clear();
    node.attributes.emplace("times", whole_numbers(repeat->times));
    node.attributes.emplace("perm", whole_numbers(repeat->order));
  }
}

}  // namespace resnetc::importer

/// \file One function for each kind of operator, and the table of operators.
#include "import/shapes.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace resnetc::importer {
namespace {

using flat::axes_of;
using flat::axis_of;
using flat::Graph;
using flat::Node;
using MaybeDims = std::optional<Dims>;
using Numbers = std::vector<int64_t>;

constexpr int64_t largest_window = int64_t{1} << 28;

/// The dimensions of an input; nothing if it is left out or they are unknown.
MaybeDims dims_at(const Graph& graph, const Node& node, size_t input) {
  if (input >= node.inputs.size() || node.inputs[input] == flat::no_value) return std::nullopt;
  return graph.value(node.inputs[input]).dims;
}

bool in_bounds(const Numbers& numbers, int64_t low) {
  return std::all_of(numbers.begin(), numbers.end(), [low](int64_t n) { return n >= low && n <= largest_window; });
}

/// The sizes behind the first two dimensions.
std::optional<Numbers> spatial_sizes(const Dims& dims) {
  if (dims.size() < 3) return std::nullopt;
  const auto sizes = fixed(Dims(dims.begin() + 2, dims.end()));
  return sizes && in_bounds(*sizes, 1) ? sizes : std::nullopt;
}

MaybeDims window_dims(const Node& node, const Dims& in, const Numbers& kernel, Whole channels, bool pool) {
  const auto sizes = spatial_sizes(in);
  if (!sizes || kernel.size() != sizes->size() || !in_bounds(kernel, 1)) return std::nullopt;
  const auto strides = spatial(node, "strides", kernel.size()), dilations = spatial(node, "dilations", kernel.size());
  if (!strides || !dilations) return std::nullopt;
  const auto pads = pads_of(node, *sizes, kernel, *strides, *dilations);
  if (!pads) return std::nullopt;
  Dims result{in[0], channels};
  const bool ceil = pool && flat::integer(node, "ceil_mode", 0) != 0;
  for (size_t i = 0; i < kernel.size(); ++i) {
    const int64_t padded = (*sizes)[i] + pads->before[i] + pads->after[i];
    const int64_t room = padded - ((kernel[i] - 1) * (*dilations)[i] + 1), stride = (*strides)[i];
    if (room < 0) return std::nullopt;
    int64_t count = (ceil ? (room + stride - 1) / stride : room / stride) + 1;
    if (ceil && (count - 1) * stride >= (*sizes)[i] + pads->before[i]) --count;  // a window must begin in the picture or before it
    result.push_back({count, 0});
  }
  return result;
}

MaybeDims conv_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0), weight = dims_at(graph, node, 1);
  if (!in || !weight || weight->size() < 3) return std::nullopt;
  const auto kernel = fixed(Dims(weight->begin() + 2, weight->end()));
  return kernel ? window_dims(node, *in, *kernel, (*weight)[0], false) : std::nullopt;
}

/// The elements of an axis that the windows of a transposed convolution cover. In bounds, nothing overflows.
int64_t covered(int64_t size, int64_t kernel, int64_t stride, int64_t dilation) {
  return (size - 1) * stride + (kernel - 1) * dilation + 1;
}

MaybeDims conv_transpose_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0), weight = dims_at(graph, node, 1);
  if (!in || !weight || weight->size() < 3) return std::nullopt;
  const auto kernel = fixed(Dims(weight->begin() + 2, weight->end())), sizes = spatial_sizes(*in);
  if (!kernel || !sizes || kernel->size() != sizes->size() || !in_bounds(*kernel, 1)) return std::nullopt;
  const auto strides = spatial(node, "strides", kernel->size()), dilations = spatial(node, "dilations", kernel->size());
  const auto pads = strides && dilations ? transposed_pads_of(node, *sizes, *kernel, *strides, *dilations) : std::nullopt;
  const std::optional<Whole> channels = times((*weight)[1], {flat::integer(node, "group", 1), 0});
  if (!pads || !channels) return std::nullopt;
  Dims result{(*in)[0], *channels};
  for (size_t i = 0; i < kernel->size(); ++i) {
    const int64_t all = covered((*sizes)[i], (*kernel)[i], (*strides)[i], (*dilations)[i]) + pads->extra[i];
    const int64_t size = all - pads->pads.before[i] - pads->pads.after[i];
    if (size < 1) return std::nullopt;
    result.push_back({size, 0});
  }
  return result;
}

MaybeDims pool_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0);
  const auto kernel = flat::list(node, "kernel_shape");
  if (!in || in->size() < 2 || !kernel) return std::nullopt;
  return window_dims(node, *in, *kernel, (*in)[1], true);
}

MaybeDims global_pool_dims(const Graph& graph, const Node& node) {
  MaybeDims in = dims_at(graph, node, 0);
  for (size_t i = 2; in && i < in->size(); ++i) (*in)[i] = {1, 0};
  return in;
}

MaybeDims gemm_dims(const Graph& graph, const Node& node) {
  const MaybeDims a = dims_at(graph, node, 0), b = dims_at(graph, node, 1);
  if (!a || !b || a->size() != 2 || b->size() != 2) return std::nullopt;
  const bool ta = flat::integer(node, "transA", 0) != 0, tb = flat::integer(node, "transB", 0) != 0;
  return Dims{(*a)[ta ? 1 : 0], (*b)[tb ? 0 : 1]};
}

MaybeDims matmul_dims(const Graph& graph, const Node& node) {
  const MaybeDims a = dims_at(graph, node, 0), b = dims_at(graph, node, 1);
  if (!a || !b || a->size() < 2 || b->size() < 2) return std::nullopt;
  MaybeDims result = importer::broadcast(Dims(a->begin(), a->end() - 2), Dims(b->begin(), b->end() - 2));
  if (!result) return std::nullopt;
  result->push_back((*a)[a->size() - 2]);
  result->push_back(b->back());
  return result;
}

MaybeDims broadcast_dims(const Graph& graph, const Node& node) {
  MaybeDims result = dims_at(graph, node, 0);
  for (size_t i = 1; i < node.inputs.size() && result; ++i) {
    const MaybeDims next = dims_at(graph, node, i);
    result = next ? importer::broadcast(*result, *next) : std::nullopt;
  }
  return result;
}

MaybeDims same_dims(const Graph& graph, const Node& node) { return dims_at(graph, node, 0); }

std::optional<Whole> product_of(const Dims& dims) {
  std::optional<Whole> product = Whole{1, 0};
  for (size_t i = 0; i < dims.size() && product; ++i) product = times(*product, dims[i]);
  return product;
}

MaybeDims reshape_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0);
  Dims shape;
  if (const TensorPtr constant = graph.constant(node, 1)) {
    if (constant->elements == Elements::real) return std::nullopt;
    shape = constant->wholes;
  } else if (const auto list = flat::list(node, "shape")) {
    for (const int64_t d : *list) shape.push_back({d, 0});
  } else {
    return std::nullopt;
  }
  std::optional<Whole> rest = Whole{1, 0};
  std::optional<size_t> open;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == Whole{0, 0} && flat::integer(node, "allowzero", 0) == 0) {
      if (!in || i >= in->size()) return std::nullopt;
      shape[i] = (*in)[i];
    }
    if (shape[i] == Whole{-1, 0} && !open) {
      open = i;
    } else if (shape[i].known() && shape[i].fixed < 0) {
      return std::nullopt;
    } else if (rest) {
      rest = times(*rest, shape[i]);
    }
  }
  const std::optional<Whole> all = in ? product_of(*in) : std::nullopt;
  if (!rest || !all || shape.size() > max_rank) return std::nullopt;
  if (!open) return *rest == *all ? MaybeDims(shape) : std::nullopt;
  const std::optional<Whole> one = divided(*all, *rest);
  if (!one || times(*one, *rest) != all) return std::nullopt;
  shape[*open] = *one;
  return shape;
}

MaybeDims flatten_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0);
  const int64_t axis = flat::integer(node, "axis", 1), rank = in ? static_cast<int64_t>(in->size()) : 0;
  if (!in || axis < -rank || axis > rank) return std::nullopt;
  const auto cut = in->begin() + (axis < 0 ? axis + rank : axis);
  const auto before = product_of(Dims(in->begin(), cut)), after = product_of(Dims(cut, in->end()));
  if (!before || !after) return std::nullopt;
  return Dims{*before, *after};
}

MaybeDims squeeze_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0);
  if (!in) return std::nullopt;
  const auto numbers = list_at(graph, node, 1, "axes");
  const bool all = node.inputs.size() < 2 && !flat::has(node, "axes");
  const auto axes = numbers ? axes_of(*numbers, in->size()) : std::nullopt;
  if (!all && !axes) return std::nullopt;
  Dims result;
  for (size_t i = 0; i < in->size(); ++i) {
    const bool one = (*in)[i] == Whole{1, 0};
    const bool gone = all ? one : std::find(axes->begin(), axes->end(), i) != axes->end();
    if (gone && !one) return std::nullopt;
    if (!gone) result.push_back((*in)[i]);
  }
  return result;
}

MaybeDims unsqueeze_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0);
  const auto numbers = list_at(graph, node, 1, "axes");
  if (!in || !numbers || numbers->size() > max_rank) return std::nullopt;
  const auto axes = axes_of(*numbers, in->size() + numbers->size());
  if (!axes || in->size() + numbers->size() > max_rank) return std::nullopt;
  Dims result = *in;
  for (const size_t axis : *axes) result.insert(result.begin() + static_cast<ptrdiff_t>(axis), Whole{1, 0});
  return result;
}

MaybeDims transpose_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0);
  if (!in) return std::nullopt;
  Dims result(in->rbegin(), in->rend());
  if (const auto perm = flat::list(node, "perm")) {
    if (perm->size() != in->size() || !axes_of(*perm, in->size())) return std::nullopt;
    for (size_t i = 0; i < result.size(); ++i) result[i] = (*in)[*axis_of((*perm)[i], in->size())];
  }
  return result;
}

MaybeDims reduce_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0);
  if (!in) return std::nullopt;
  std::vector<size_t> axes(in->size());
  std::iota(axes.begin(), axes.end(), size_t{0});
  if (node.inputs.size() > 1 || flat::has(node, "axes")) {
    const auto numbers = list_at(graph, node, 1, "axes");
    const auto good = numbers ? axes_of(*numbers, in->size()) : std::nullopt;
    if (!good) return std::nullopt;
    if (!good->empty()) axes = *good;
    if (good->empty() && flat::integer(node, "noop_with_empty_axes", 0) != 0) return in;
  }
  Dims result;
  for (size_t i = 0; i < in->size(); ++i) {
    const bool gone = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (!gone || flat::integer(node, "keepdims", 1) != 0) result.push_back(gone ? Whole{1, 0} : (*in)[i]);
  }
  return result;
}

MaybeDims concat_dims(const Graph& graph, const Node& node) {
  MaybeDims result = dims_at(graph, node, 0);
  const auto axis = result ? axis_of(flat::integer(node, "axis", 0), result->size()) : std::nullopt;
  if (!axis) return std::nullopt;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    const MaybeDims next = dims_at(graph, node, i);
    if (!next || next->size() != result->size()) return std::nullopt;
    const std::optional<Whole> sum = plus((*result)[*axis], (*next)[*axis]);
    if (!sum) return std::nullopt;
    (*result)[*axis] = *sum;
  }
  return result;
}

MaybeDims gather_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0), indices = dims_at(graph, node, 1);
  const auto axis = in && indices ? axis_of(flat::integer(node, "axis", 0), in->size()) : std::nullopt;
  if (!axis || in->size() + indices->size() > max_rank + 1) return std::nullopt;
  Dims result = *in;
  const auto at = result.erase(result.begin() + static_cast<ptrdiff_t>(*axis));
  result.insert(at, indices->begin(), indices->end());
  return result;
}

MaybeDims pad_dims(const Graph& graph, const Node& node) {
  MaybeDims result = dims_at(graph, node, 0);
  const auto added = result ? added_by(graph, node, result->size()) : std::nullopt;
  if (!added) return std::nullopt;
  for (size_t i = 0; i < result->size(); ++i) {
    const std::optional<Whole> size = plus((*result)[i], {added->before[i], 0});
    const std::optional<Whole> both = size ? plus(*size, {added->after[i], 0}) : std::nullopt;
    if (!both || (both->known() && both->fixed < 0)) return std::nullopt;
    (*result)[i] = *both;
  }
  return result;
}

MaybeDims expand_dims(const Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0);
  const TensorPtr shape = graph.constant(node, 1);
  if (!in || !shape || shape->elements == Elements::real) return std::nullopt;
  return importer::broadcast(*in, shape->wholes);
}

MaybeDims tile_dims(const Graph& graph, const Node& node) {
  MaybeDims result = dims_at(graph, node, 0);
  const auto repeats = list_at(graph, node, 1, "repeats");
  if (!result || !repeats || repeats->size() != result->size()) return std::nullopt;
  for (size_t i = 0; i < result->size(); ++i) {
    const auto longer = (*repeats)[i] < 0 ? std::nullopt : times((*result)[i], {(*repeats)[i], 0});
    if (!longer) return std::nullopt;
    (*result)[i] = *longer;
  }
  return result;
}

MaybeDims slice_dims(const Graph& graph, const Node& node) {
  MaybeDims result = dims_at(graph, node, 0);
  const auto taken = result ? taken_by(graph, node, *result) : std::nullopt;
  if (!taken) return std::nullopt;
  for (size_t i = 0; i < result->size(); ++i) {
    if ((*taken)[i]) (*result)[i] = {(*taken)[i]->count, 0};
  }
  return result;
}

MaybeDims depth_to_space_dims(const Graph& graph, const Node& node) {
  MaybeDims result = dims_at(graph, node, 0);
  const int64_t block = flat::integer(node, "blocksize", 1);
  if (!result || result->size() != 4 || block < 1 || block > 1024) return std::nullopt;
  const auto channels = divided((*result)[1], {block * block, 0}), height = times((*result)[2], {block, 0}),
             width = times((*result)[3], {block, 0});
  if (!channels || !height || !width) return std::nullopt;
  return Dims{(*result)[0], *channels, *height, *width};
}

/// Outputs of equal kind: the list of dimensions of each.
void split_dims(Graph& graph, const Node& node) {
  const MaybeDims in = dims_at(graph, node, 0);
  const auto axis = in ? axis_of(flat::integer(node, "axis", 0), in->size()) : std::nullopt;
  if (!axis || !(*in)[*axis].known()) return;
  Numbers sizes;
  if (const auto given = list_at(graph, node, 1, "split")) {
    sizes = *given;
  } else {
    const int64_t parts = static_cast<int64_t>(node.outputs.size()), length = (*in)[*axis].fixed;
    const int64_t each = (length + parts - 1) / parts;
    for (int64_t i = 0; i < parts; ++i) sizes.push_back(std::clamp<int64_t>(length - i * each, 0, each));
  }
  if (sizes.size() != node.outputs.size()) return;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (node.outputs[i] == flat::no_value) continue;
    Dims dims = *in;
    dims[*axis] = {sizes[i], 0};
    graph.value(node.outputs[i]).dims = dims;
  }
}

MaybeDims resize_dims(const Graph& graph, const Node& node) {
  MaybeDims result = dims_at(graph, node, 0);
  if (!result) return std::nullopt;
  // Sizes and scales of some axes alone, or in another order, and sizes that only bound the result.
  if (flat::has(node, "axes") || flat::text(node, "keep_aspect_ratio_policy", "stretch") != "stretch") return std::nullopt;
  const size_t scales_at = node.op == "Upsample" || node.inputs.size() == 2 ? 1 : 2;
  if (const TensorPtr sizes = graph.constant(node, 3); sizes && sizes->elements != Elements::real && sizes->size() == result->size()) {
    return sizes->wholes;
  }
  const TensorPtr scales = graph.constant(node, scales_at);
  if (!scales || scales->elements != Elements::real || scales->size() != result->size()) return std::nullopt;
  for (size_t i = 0; i < result->size(); ++i) {
    const double scale = scales->real(i);
    if (scale == 1) continue;
    if (!(*result)[i].known()) return std::nullopt;
    const double size = static_cast<double>((*result)[i].fixed) * scale;
    if (!(size >= 1 && size < 1e9)) return std::nullopt;
    (*result)[i] = {static_cast<int64_t>(size), 0};
  }
  return result;
}

using Rule = MaybeDims (*)(const Graph&, const Node&);

const std::map<std::string_view, Rule>& rules() {
  static const std::map<std::string_view, Rule> table = [] {
    std::map<std::string_view, Rule> all{
        {"Conv", conv_dims},
        {"ConvTranspose", conv_transpose_dims},
        {"MaxPool", pool_dims},
        {"AveragePool", pool_dims},
        {"LpPool", pool_dims},
        {"GlobalAveragePool", global_pool_dims},
        {"Gemm", gemm_dims},
        {"GlobalMaxPool", global_pool_dims},
        {"MatMul", matmul_dims},
        {"Reshape", reshape_dims},
        {"Flatten", flatten_dims},
        {"Squeeze", squeeze_dims},
        {"Unsqueeze", unsqueeze_dims},
        {"Transpose", transpose_dims},
        {"Concat", concat_dims},
        {"Gather", gather_dims},
        {"Pad", pad_dims},
        {"Expand", expand_dims},
        {"Tile", tile_dims},
        {"Slice", slice_dims},
        {"Resize", resize_dims},
        {"Upsample", resize_dims},
        {"DepthToSpace", depth_to_space_dims},
    };
    for (const std::string_view op : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2", "ReduceSumSquare"}) {
      all.emplace(op, reduce_dims);
    }
    for (const std::string_view op : {"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sum", "Mean", "Where", "PRelu"}) {
      all.emplace(op, broadcast_dims);
    }
    for (const std::string_view op : {"BatchNormalization",
                                      "InstanceNormalization",
                                      "LayerNormalization",
                                      "GroupNormalization",
                                      "Relu",
                                      "Sigmoid",
                                      "Tanh",
                                      "Softmax",
                                      "LogSoftmax",
                                      "Clip",
                                      "LeakyRelu",
                                      "Elu",
                                      "Selu",
                                      "Celu",
                                      "HardSigmoid",
                                      "HardSwish",
                                      "Gelu",
                                      "Mish",
                                      "Softplus",
                                      "Softsign",
                                      "ThresholdedRelu",
                                      "Erf",
                                      "Sqrt",
                                      "Exp",
                                      "Log",
                                      "Neg",
                                      "Abs",
                                      "Reciprocal",
                                      "Floor",
                                      "Ceil",
                                      "Round",
                                      "Sign",
                                      "LRN",
                                      "Cast",
                                      "Swish",
                                      "Sin",
                                      "Cos",
                                      "QuickGelu",
                                      "QuantizeLinear",
                                      "DequantizeLinear",
                                      "Identity"}) {
      all.emplace(op, same_dims);
    }
    return all;
  }();
  return table;
}

}  // namespace

std::optional<std::vector<int64_t>> spatial(const flat::Node& node, std::string_view name, size_t count) {
  const Numbers result = flat::list(node, name).value_or(Numbers(count, 1));
  if (result.size() != count || !in_bounds(result, 1)) return std::nullopt;
  return result;
}

std::optional<Pads> pads_of(const flat::Node& node, const std::vector<int64_t>& sizes, const std::vector<int64_t>& kernel,
                            const std::vector<int64_t>& strides, const std::vector<int64_t>& dilations) {
  const std::string_view automatic = flat::text(node, "auto_pad", "NOTSET");
  Pads pads{Numbers(sizes.size(), 0), Numbers(sizes.size(), 0)};
  if (automatic == "NOTSET" || automatic.empty()) {
    const auto given = flat::list(node, "pads");
    if (!given) return pads;
    if (given->size() != 2 * sizes.size() || !in_bounds(*given, 0)) return std::nullopt;
    const auto half = given->begin() + static_cast<ptrdiff_t>(sizes.size());
    return Pads{Numbers(given->begin(), half), Numbers(half, given->end())};
  }
  if (automatic == "VALID") return pads;
  if (automatic != "SAME_UPPER" && automatic != "SAME_LOWER") return std::nullopt;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t count = (sizes[i] + strides[i] - 1) / strides[i];
    const int64_t all = std::max<int64_t>((count - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - sizes[i], 0);
    const int64_t less = all / 2, more = all - less;
    pads.before[i] = automatic == "SAME_UPPER" ? less : more;
    pads.after[i] = automatic == "SAME_UPPER" ? more : less;
  }
  return pads;
}

std::optional<TransposedPads> transposed_pads_of(const flat::Node& node, const Numbers& sizes, const Numbers& kernel,
                                                 const Numbers& strides, const Numbers& dilations) {
  const size_t axes = sizes.size();
  const std::string_view automatic = flat::text(node, "auto_pad", "NOTSET");
  const bool upper = automatic == "SAME_UPPER", same = upper || automatic == "SAME_LOWER";
  const auto wanted = flat::list(node, "output_shape");
  TransposedPads result{{Numbers(axes, 0), Numbers(axes, 0)}, flat::list(node, "output_padding").value_or(Numbers(axes, 0))};
  if (!in_bounds(sizes, 1) || !in_bounds(kernel, 1) || result.extra.size() != axes || !in_bounds(result.extra, 0)) return std::nullopt;
  if (!wanted && !same) {
    const auto pads = pads_of(node, sizes, kernel, strides, dilations);
    if (!pads) return std::nullopt;
    result.pads = *pads;
    return result;
  }
  if (wanted && (wanted->size() != axes || !in_bounds(*wanted, 1))) return std::nullopt;
  for (size_t i = 0; i < axes; ++i) {
    const int64_t all = covered(sizes[i], kernel[i], strides[i], dilations[i]) + result.extra[i];
    const int64_t away = all - (wanted ? (*wanted)[i] : sizes[i] * strides[i]);
    if (away < 0) {
      if (!wanted) return std::nullopt;
      result.extra[i] -= away;
      continue;
    }
    result.pads.before[i] = upper ? away / 2 : away - away / 2;
    result.pads.after[i] = away - result.pads.before[i];
  }
  return result;
}

std::optional<Pads> added_by(const flat::Graph& graph, const flat::Node& node, size_t rank) {
  const auto pads = list_at(graph, node, 1, "pads");
  if (!pads) return std::nullopt;
  std::vector<size_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (node.inputs.size() > 3 && node.inputs[3] != flat::no_value) {
    const TensorPtr given = graph.constant(node, 3);
    const auto numbers = given ? integers(*given) : std::nullopt;
    if (!numbers || !axes_of(*numbers, rank)) return std::nullopt;
    axes.clear();
    for (const int64_t axis : *numbers) axes.push_back(*axis_of(axis, rank));
  }
  if (pads->size() != 2 * axes.size()) return std::nullopt;
  Pads result{Numbers(rank, 0), Numbers(rank, 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    result.before[axes[i]] = (*pads)[i];
    result.after[axes[i]] = (*pads)[i + axes.size()];
  }
  return result;
}

std::optional<std::vector<std::optional<Taken>>> taken_by(const flat::Graph& graph, const flat::Node& node, const Dims& dims) {
  const auto starts = list_at(graph, node, 1, "starts"), ends = list_at(graph, node, 2, "ends");
  if (!starts || !ends || starts->size() != ends->size()) return std::nullopt;
  Numbers axes(starts->size()), steps(starts->size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  const auto given = [&](size_t input, std::string_view name) {
    return (input < node.inputs.size() && node.inputs[input] != flat::no_value) || flat::has(node, name);
  };
  const auto set = [&](Numbers& list, size_t input, std::string_view name) {
    const auto numbers = list_at(graph, node, input, name);
    if (!numbers || numbers->size() != starts->size()) return false;
    list = *numbers;
    return true;
  };
  if (given(3, "axes") && !set(axes, 3, "axes")) return std::nullopt;
  if (given(4, "steps") && !set(steps, 4, "steps")) return std::nullopt;
  if (!axes_of(axes, dims.size())) return std::nullopt;
  std::vector<std::optional<Taken>> result(dims.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t axis = *axis_of(axes[i], dims.size());
    // TensorFlow names all dimensions, with the largest number of 32 bits as the end.
    if (!dims[axis].known() && (*starts)[i] == 0 && (*ends)[i] >= INT32_MAX && steps[i] == 1) continue;
    if (steps[i] < 1 || !dims[axis].known()) return std::nullopt;
    const int64_t length = dims[axis].fixed;
    const auto clamped = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? std::max(at, -length) + length : at, 0, length); };
    const int64_t first = clamped((*starts)[i]), span = clamped((*ends)[i]) - first;
    result[axis] = Taken{first, steps[i], span <= 0 ? 0 : (span - 1) / steps[i] + 1};
  }
  return result;
}

std::optional<Dims> broadcast(const Dims& a, const Dims& b) {
  Dims result(std::max(a.size(), b.size()));
  const Whole one{1, 0};
  for (size_t i = 0; i < result.size(); ++i) {
    const Whole x = i < a.size() ? a[a.size() - 1 - i] : one, y = i < b.size() ? b[b.size() - 1 - i] : one;
    if (x != y && x != one && y != one) return std::nullopt;
    result[result.size() - 1 - i] = x == one ? y : x;
  }
  return result;
}

void infer_dims(flat::Graph& graph, const flat::Node& node) {
  if (node.domain.empty() && node.op == "Split") return split_dims(graph, node);
  const auto found = node.domain.empty() ? rules().find(node.op) : rules().end();
  if (found == rules().end() || node.outputs.empty() || node.outputs[0] == flat::no_value) return;
  graph.value(node.outputs[0]).dims = found->second(graph, node);
}

}  // namespace resnetc::importer

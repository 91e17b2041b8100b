/// \file Takes names such as "resnet50_1/conv2_block1_1_conv_1/convolution" apart: the model, the layer, and TensorFlow's operators.
#include "import/tensorflow_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "import/scopes.h"

namespace resnetc::importer {
namespace {

/// Without the number that makes a name a new one: "mul_1" is the second "mul", "Conv__339" a node that tf2onnx made.
std::string_view without_number(std::string_view part) {
  size_t end = part.size();
  while (end > 0 && part[end - 1] >= '0' && part[end - 1] <= '9') --end;
  if (end == part.size() || end == 0 || part[end - 1] != '_') return part;
  while (end > 0 && part[end - 1] == '_') --end;
  return end == 0 ? part : part.substr(0, end);
}

/// Whether a part of a path names what a layer consists of, and no layer: an operator of TensorFlow, or a weight.
bool is_inside_layer(std::string_view part) {
  static constexpr std::string_view words[] = {"convolution",
                                               "Conv2D",
                                               "Conv1D",
                                               "depthwise",
                                               "separable_conv2d",
                                               "DepthwiseConv2dNative",
                                               "conv_transpose",
                                               "conv2d_transpose",
                                               "batchnorm",
                                               "BiasAdd",
                                               "MatMul",
                                               "Tensordot",
                                               "Cast",
                                               "FusedBatchNormV3",
                                               "ReadVariableOp",
                                               "merged_input",
                                               "ExpandDims",
                                               "Reshape",
                                               "Squeeze",
                                               "Rsqrt",
                                               "moments",
                                               "mul",
                                               "add",
                                               "sub",
                                               "kernel",
                                               "bias",
                                               "gamma",
                                               "beta",
                                               "moving_mean",
                                               "moving_variance",
                                               "depthwise_kernel"};
  return std::find(std::begin(words), std::end(words), without_number(part)) != std::end(words);
}

/// Calls with each path of the network.
template <class Function>
void for_each_scope(Network& network, bool only_with_weights, Function function) {
  for (Layer& layer : network.nodes) {
    if (!layer.scope.empty() && (!only_with_weights || !layer.weights.empty())) function(layer.scope);
  }
}

/// How many first parts all layers with weights have in common, so that each keeps a part of its own.
size_t parts_in_common(Network& network) {
  std::vector<std::string_view> common;
  bool first = true;
  for_each_scope(network, true, [&](std::string& scope) {
    std::vector<std::string_view> parts = parts_of(scope);
    parts.pop_back();
    if (first) common = parts;
    common.erase(std::mismatch(common.begin(), common.end(), parts.begin(), parts.end()).first, common.end());
    first = false;
  });
  return common.size();
}

/// "block2" and 'c' of "block2c"; nothing if the part does not end with a digit and a letter.
std::optional<std::pair<std::string, char>> lettered(std::string_view part) {
  if (part.size() < 3 || part.back() < 'a' || part.back() > 'z' || !is_number(part.substr(part.size() - 2, 1))) return std::nullopt;
  return std::pair(std::string(part.substr(0, part.size() - 1)), part.back());
}

/// Keras counts the blocks of a stage with letters, from "block2a". Where there is one with an 'a', they become "block2.0" and so on.
void count_with_numbers(Network& network) {
  std::set<std::string, std::less<>> stages;
  for_each_scope(network, true, [&](std::string& scope) {
    const auto block = lettered(parts_of(scope)[0]);
    if (block && block->second == 'a') stages.insert(block->first);
  });
  for_each_scope(network, false, [&](std::string& scope) {
    const std::string_view first = parts_of(scope)[0];
    const auto block = lettered(first);
    if (block && stages.contains(block->first)) scope.replace(0, first.size(), fmt::format("{}.{}", block->first, block->second - 'a'));
  });
}

}  // namespace

std::string tensorflow_module(std::string_view name) {
  if (const size_t colon = name.rfind(':'); colon != std::string_view::npos) name = name.substr(0, colon);
  std::vector<std::string_view> parts = parts_of(name, '/');
  if (parts.size() < 2) return "";
  parts.pop_back();  // the operator or weight itself
  // The model and the layer stay: Keras has layers called "conv2d_transpose" and "add" too.
  while (parts.size() > 2 && is_inside_layer(parts.back())) parts.pop_back();
  return joined_scope(parts);
}

void shorten_tensorflow_scopes(Network& network) {
  const size_t common = parts_in_common(network);
  // Keras appends a number to all names or to none. "conv_1" is then the layer "conv", and the layer "conv_1" is "conv_1_2".
  const std::string_view copy = "_1", second = "_2", taken = "_1_2";
  bool numbered = true;
  for_each_scope(network, true, [&](std::string& scope) { numbered &= scope.ends_with(copy) || scope.ends_with(taken); });
  for_each_scope(network, false, [&](std::string& scope) {
    std::vector<std::string_view> parts = parts_of(scope);
    if (parts.size() > common) parts.erase(parts.begin(), parts.begin() + static_cast<ptrdiff_t>(common));
    std::vector<std::string_view> words;
    for (std::string_view part : parts) {
      if (numbered && part.ends_with(taken))
        part.remove_suffix(second.size());
      else if (numbered && part.ends_with(copy))
        part.remove_suffix(copy.size());
      const std::vector<std::string_view> several = parts_of(part, '_');
      words.insert(words.end(), several.begin(), several.end());
    }
    scope = fmt::format("{}", fmt::join(words, "."));
  });
  count_with_numbers(network);
}

}  // namespace resnetc::importer

/// \file Convolutions along the channels of a vector, as in efficient channel attention (arXiv:1910.03151). Models turn the vector into a
/// signal of one channel, [N, C, 1, 1] to [N, 1, C], and back after the activation.
#include <algorithm>
#include <array>

#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

using flat::ValueId;

constexpr std::array<std::string_view, 4> activations = {"Sigmoid", "HardSigmoid", "Relu", "Tanh"};

bool is_signal(const Dims& dims) { return dims.size() == 3 && dims[1] == Whole{1, 0} && dims[2].known(); }

bool is_vector(const Dims& dims, const Whole& channels) {
  return dims.size() >= 2 && dims[1] == channels &&
         std::all_of(dims.begin() + 2, dims.end(), [](const Whole& d) { return d == Whole{1, 0}; });
}

/// The value [N, C], [N, C, 1] or [N, C, 1, 1] that views have turned into the signal [N, 1, C].
ValueId vector_before(const flat::Graph& graph, ValueId signal, const Whole& channels) {
  for (int step = 0; step < 4; ++step) {
    const flat::Node* view = made_by(graph, signal, {"Reshape", "Squeeze", "Unsqueeze", "Transpose", "Flatten"});
    if (view == nullptr) return flat::no_value;
    signal = view->inputs[0];
    const auto& dims = signal == flat::no_value ? std::nullopt : graph.value(signal).dims;
    if (dims && is_vector(*dims, channels)) return signal;
  }
  return flat::no_value;
}

}  // namespace

void name_channel_convolutions(flat::Graph& graph) {
  std::vector<bool> vectors(graph.values.size());  // signals that have become vectors
  for (flat::Node& node : graph.nodes) {
    if (node.dead || !node.domain.empty() || node.inputs.empty() || node.outputs.empty()) continue;
    const ValueId in = node.inputs[0], out = node.outputs[0];
    if (in == flat::no_value || out == flat::no_value) continue;
    if (vectors[static_cast<size_t>(in)] && std::find(activations.begin(), activations.end(), node.op) != activations.end()) {
      graph.value(out).dims = graph.value(in).dims;
      vectors[static_cast<size_t>(out)] = true;
    }
    const TensorPtr weight = node.op == "Conv" ? graph.constant(node, 1) : nullptr;
    const auto &from = graph.value(in).dims, &to = graph.value(out).dims;
    if (!weight || weight->shape.size() != 3 || weight->shape[0] != 1 || weight->shape[1] != 1 || !from || !to || *from != *to ||
        !is_signal(*from)) {
      continue;
    }
    const ValueId vector = vector_before(graph, in, (*from)[2]);
    if (vector == flat::no_value) continue;
    node.op = "ChannelConv";
    node.inputs[0] = vector;
    const Dims dims{(*from)[0], (*from)[2]};
    graph.value(out).dims = dims;
    vectors[static_cast<size_t>(out)] = true;
  }
}

}  // namespace resnetc::importer

/// \file An imported network: layers of resnetc's language and the places where two values meet, as a small graph.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/tensor.h"
#include "ir/input_buffer.h"
#include "ir/op.h"

namespace resnetc::importer {

/// An index into Network::nodes. It is also the id of the value that the node makes.
using LayerId = int32_t;
inline constexpr LayerId no_layer = -1;

struct LayerWeight {
  std::string_view suffix;  ///< as WeightSpec's
  TensorPtr values;         ///< as many as the WeightSpec's shape takes, in its order
};

/// A layer, or an operation where two values meet (add, mul). The first node is the input.
struct Layer {
  OpKind op = OpKind::input;
  OpAttributes attributes;
  std::vector<LayerId> operands;     ///< earlier nodes; where two values meet, in the model's order
  std::vector<LayerWeight> weights;  ///< in the order of weight_specs()
  TensorType type;
  std::string value;                      ///< the name of the value in the model
  std::string scope;                      ///< where the model has it, as a path: "layer1.0.conv1"; may be empty
  std::optional<Quantization> rounded{};  ///< the integers to which the model rounds the value
  std::string rounded_as{};               ///< what the model calls them
  bool same_pad = false;                  ///< whether `pad = same` says the padding too, which `attributes` has in numbers
};

/// A value type. Every node leads to an output.
struct Network {
  std::string input_name;
  InputBuffer input;
  std::vector<Layer> nodes;  ///< in an order in which each reads earlier ones
  struct Output {
    std::string name;
    LayerId value = no_layer;
  };
  std::vector<Output> outputs;       ///< in the model's order
  std::vector<std::string> notes{};  ///< where the network does not compute to the bit what the model does

  const Layer& node(LayerId id) const { return nodes[static_cast<size_t>(id)]; }
  Layer& node(LayerId id) { return nodes[static_cast<size_t>(id)]; }
};

}  // namespace resnetc::importer

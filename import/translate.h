/// \file From ONNX's operators to layers of the language.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/flat.h"
#include "import/network.h"
#include "support/failure.h"

namespace resnetc::importer {

/// Translates the whole graph. A failure names all operators that have no layer, each with the chain of names that leads to it from the
/// input. Equal layers of the same values become one.
Result<Network> translate(flat::Graph graph);

/// The work on one graph. Functions in import/layers translate one operator each.
class Translation {
 public:
  explicit Translation(flat::Graph graph);
  Result<Network> run();

  const flat::Graph& graph() const { return graph_; }
  Network& network() { return network_; }

  /// The layer that makes an input of `node`. Nothing if the input is constant or left out, or could not be translated.
  std::optional<LayerId> operand(const flat::Node& node, size_t input) const;
  /// What an input is: its layer's type.
  const TensorType& type(LayerId id) const { return network_.node(id).type; }
  /// The dimensions of an input or of the first output, if they are known.
  std::optional<Dims> dims(const flat::Node& node, size_t input) const;
  std::optional<Dims> result_dims(const flat::Node& node) const;
  /// Whether a value of this type can have these dimensions in the model: [N, C, H, W] for a picture; [N, C, L] for a line and for a
  /// picture of one row; [N, C], [N, C, 1] and [N, C, 1, 1] for a vector.
  bool is_view(const TensorType& type, const Dims& dims) const;
  /// Whether only operators of these names read the first output of `node`.
  bool read_only_by(const flat::Node& node, std::initializer_list<std::string_view> ops) const;
  /// Whether an input is a picture or line whose channels come last in the model: [N, H, W, C] or [N, L, C].
  bool channels_last(const flat::Node& node, size_t input) const;
  /// The number of the dimension that has an input's channels.
  size_t channel_axis(const flat::Node& node, size_t input) const;
  /// The number of the dimension that has the columns of an input, or the places of a line. A picture has its rows in the one before. The
  /// input's dimensions must be known, and at least two.
  size_t column_axis(const flat::Node& node, size_t input) const;
  /// Says that the first output of `node` has its channels last. Most operators may not read it.
  void put_channels_last(const flat::Node& node) { last_[static_cast<size_t>(node.outputs[0])] = true; }
  /// How often the first output of `node` is used.
  int uses(const flat::Node& node, size_t output = 0) const;
  /// How often the input is used.
  int uses_of_input(const flat::Node& node, size_t input) const;

  /// Adds a layer; fails, in the user's words, where its operands have the wrong types.
  Result<LayerId> add(const flat::Node& from, OpKind op, const OpAttributes& attributes, std::vector<LayerId> operands,
                      std::vector<LayerWeight> weights = {});
  /// Makes a layer stand for an output of `node`. Translators with several outputs call it for all but the first.
  void give(const flat::Node& node, size_t output, LayerId layer);
  /// Notes how the layer of the first input of `node` is rounded. All readers of the layer read it rounded.
  void round(const flat::Node& node, LayerId layer, const Quantization& integers);
  /// Whether an element of the layer may be below 0, as far as is known.
  bool may_be_negative(LayerId id) const;
  /// Two values one after the other, channel by channel. A vector beside a picture is spread over it.
  Result<LayerId> concatenated(const flat::Node& from, LayerId first, LayerId second);
  /// Whether the network is one of lines, in which a vector becomes a line where it becomes more than that.
  bool has_lines() const { return network_.input.type.is_line(); }
  /// A picture of one pixel as a vector, by the mean of its pixels; any vector as it is.
  Result<LayerId> as_vector(const flat::Node& from, LayerId value);
  /// A vector as a picture or line of one pixel.
  Result<LayerId> as_pixel(const flat::Node& from, LayerId vector);

 private:
  struct Refusal {
    std::string reason;
    flat::NodeId node;
  };

  void translate_node(flat::NodeId id);
  Result<> turn_rows(flat::NodeId id);
  Result<> turn(flat::NodeId id, size_t input);
  void refuse(flat::NodeId id, std::string reason) { refusals_.push_back({std::move(reason), id}); }
  Failure refused() const;
  bool reads_only_constants(const flat::Node& node) const;
  std::string chain(flat::NodeId id) const;
  /// Why the value, which was translated, cannot be an output of a network; nothing if it can.
  std::string output_fault(flat::ValueId value) const;
  std::string last_before(flat::NodeId id) const;
  Result<> outputs();
  void remove_unused_layers();

  flat::Graph graph_;
  std::vector<int> uses_;
  std::vector<std::vector<flat::NodeId>> readers_;  ///< for each value of the graph
  Network network_;
  std::vector<LayerId> made_;  ///< for each value of the graph
  std::vector<bool> last_;     ///< for each value of the graph, whether its channels come last
  std::vector<Refusal> refusals_;
  std::map<std::string, LayerId> same_;  ///< layers without weights, by what they compute
};

/// What an operator does with values whose channels come last in the model.
enum class ChannelsLast {
  refused,  ///< it needs channels before pixels
  kept,     ///< its results have their channels last too, if they have three or more dimensions
  told,     ///< its translator says by put_channels_last() where its results have them
};

/// Translates the nodes of one operator. The layer is that of a node's first output.
struct Translator {
  Result<LayerId> (*layer)(Translation&, const flat::Node&);
  ChannelsLast channels_last = ChannelsLast::refused;
};

/// The translators of one kind, by the operator's name. One file of import/layers has each list.
using Translators = std::map<std::string_view, Translator>;
Translators window_translators();
Translators product_translators();
Translators norm_translators();
Translators elementwise_translators();
Translators join_translators();
Translators view_translators();
Translators channel_translators();
Translators pixel_translators();
Translators quotient_translators();
Translators part_translators();
Translators rounding_translators();

/// A number that was a float, as the decimal that stands for it: 1e-05 and not 9.999999747378752e-06.
double decimal_of(double value);

}  // namespace resnetc::importer

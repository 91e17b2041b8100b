/// \file The first IR: the network as the user wrote it, with every name, parameter, `repeat` and `if` resolved. Blocks, stages and edges
/// are still present, so that the dimension check can report errors in the user's terms.
///
/// Text form (`resnetc dump --level topology`):
///
///     topology "resnet18" @ "resnet18.rn":4:9+8 {
///       param "classes" = 1000
///       input %image as "image" : f32[N, 3, 224, 224] @ "resnet18.rn":5:9+5
///       %conv1 = conv2d(%image) channels=64 kernel=7x7 stride=2x2 pad=3x3 weights="conv1" : f32[N, 64, 112, 112] @ "resnet18.rn":7:3+5
///       stage "layer1" @ ... {
///         block "layer1.0" identity "identity_block" @ ... {
///           ...
///           %layer1.0.skip = skip(%layer1.0.bn2, %relu) as "in" @ ... : f32[...] @ ...                                # a bare edge
///           %layer2.0.skip = skip(%layer2.0.bn2, %layer1.1.relu2) as "in" @ ... via "downsample" { ... } : f32[...] @ ...
///           %layer2.0.gate = gate(%layer2.0.bn3) via "se" { ... } : ...                                     # starts at the current value
///           %layer2.0.concat = concat spread(%layer2.0.gate, %code) as "code" @ ... : ...                   # a vector at every pixel
///           from %layer2.0.relu as "relu" @ ... @ ...                                                       # goes back: makes no value
///         }
///       }
///       output "logits" %fc @ ...
///     }
///
/// A type that has not been inferred yet is printed as `?`. docs/ir-text.md has the grammar.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/finding.h"
#include "ir/input_buffer.h"
#include "ir/op.h"
#include "support/diagnostics.h"
#include "support/location.h"

namespace resnetc::topology {

using ValueId = int32_t;
inline constexpr ValueId no_value = -1;

/// A value's `name` is unique in the network and follows the layer path ("layer2.0.conv1"); without a label, the operation's name with a
/// number ("layer2.0.relu", "layer2.0.relu2").
struct Value {
  std::string name;
  std::optional<TensorType> type;  ///< empty before infer-shapes
  Location at;                     ///< the layer, edge or input that makes it
};

enum class NodeKind {
  layer,
  skip,    ///< passes the value `from` through `children` and adds the result to the current value
  concat,  ///< the same, but appends the result's channels to those of the current value
  gate,    ///< multiplies the current value by the result of `children`
  from,    ///< goes back: the value `from` becomes the current one; makes no value
  block,
  stage,
};

/// Whether a node is an edge: it joins the current value with the value at the end of its list.
constexpr bool is_edge(NodeKind kind) {
  switch (kind) {
    case NodeKind::skip:
    case NodeKind::concat:
    case NodeKind::gate: return true;
    case NodeKind::layer:
    case NodeKind::from:
    case NodeKind::block:
    case NodeKind::stage: break;
  }
  return false;
}
/// Whether a node makes a value of its own. The result of any other node is a value that is there already.
constexpr bool makes_value(NodeKind kind) { return kind == NodeKind::layer || is_edge(kind); }

/// The kind of a block, which follows from the skip edges directly inside it.
enum class BlockKind { plain, identity, conv };

struct Node {
  NodeKind kind = NodeKind::layer;
  std::string label;  ///< block, stage: its path ("layer2.0"); edge: the label after `via`, if any
  Location at;
  ValueId input = no_value;   ///< the current value before this node
  ValueId result = no_value;  ///< the current value after it; of `from`, the value gone back to; of an empty block or stage, its input

  // layer
  OpKind op = OpKind::relu;
  OpAttributes attributes;
  std::string weights;  ///< prefix of its names in the checkpoint ("layer2.0.conv1"); empty without weights

  // skip, concat, from
  ValueId from = no_value;
  std::string from_name;  ///< as written: `in` or a label
  Location from_at;       ///< the place of that name
  bool spread = false;    ///< skip, concat: whether the value on the edge is spread over the current one

  // block
  BlockKind block_kind = BlockKind::plain;
  std::string definition;  ///< the name of the `block` it is a copy of

  std::vector<Node> children;      ///< block, stage: the body; edge: the list after `via`
  ValueId list_result = no_value;  ///< edge: the value at the end of the list; without a list, `from`
};

struct Input {
  std::string name;
  ValueId value = no_value;
  InputBuffer buffer;
  Location at;
};

struct Output {
  std::string name;
  ValueId value = no_value;
  Location at;
};

struct Parameter {
  std::string name;
  int64_t value = 0;
};

/// A whole network. A value type: a copy shares nothing.
struct Network {
  std::string name;
  std::vector<Parameter> parameters;
  Input input;
  std::vector<Node> body;
  std::vector<Output> outputs;  ///< in the order of the source; at least one
  std::vector<Value> values;
  Location at;

  const Value& value(ValueId id) const { return values[static_cast<size_t>(id)]; }
  Value& value(ValueId id) { return values[static_cast<size_t>(id)]; }
};

/// The type of an edge's result: of the value `current` and the value `carried` at the end of the edge's list. A failure says that the two
/// do not fit, or that a concatenation is too large. A `spread` edge needs something to spread.
Result<TensorType> edge_type(const Node& edge, const TensorType& current, const TensorType& carried);

/// The text form, which ends with a newline.
std::string print(const Network& network, const Sources& sources);
/// Prints only what makes these values, in the text form. A block or stage is printed whole if all values in it are wanted. The result is
/// for people: parse() cannot read it.
std::string excerpt(const Network& network, const ValueNames& names, const Sources& sources);
/// The excerpt of each value except the input, by itself. The time is proportional to the network's size.
Excerpts excerpts(const Network& network, const Sources& sources);
/// Reads the text form (untrusted). Reports to `diagnostics` and returns nothing if the text cannot be read or the network does not verify.
std::optional<Network> parse(FileId file, Diagnostics& diagnostics);
/// Checks the rules that hold after every pass: ids are in range, each value is made once and before its use, names are unique, types that
/// are inferred agree with infer_type(), and children are only where they are allowed. Returns the first fault, or nothing.
std::optional<Finding> verify(const Network& network);

/// Prints the JSON form, which holds everything that the text form holds. docs/schema describes it.
std::string to_json(const Network& network, const Sources& sources);
/// Reads the JSON form; reports errors as parse() does for the text form.
std::optional<Network> parse_json(FileId file, Diagnostics& diagnostics);
/// The JSON Schema of the JSON form, published in docs/schema.
std::string json_schema();

}  // namespace resnetc::topology

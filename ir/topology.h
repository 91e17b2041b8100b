/// \file The first IR: the network as it was written, with every name, parameter, `repeat` and `if` resolved. Blocks, stages and skip
/// edges are still there, so the dimension check speaks the user's language.
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
  std::optional<TensorType> type;  ///< nothing before infer-shapes
  Location at;                     ///< the layer, skip, gate or input that makes it
};

enum class NodeKind {
  layer,
  skip,  ///< adds the value `from`, carried over `children`, to the current value
  gate,  ///< multiplies the current value by what `children` make of it
  block,
  stage,
};

/// What the skip edges directly inside a block carry.
enum class BlockKind { plain, identity, conv };

struct Node {
  NodeKind kind = NodeKind::layer;
  std::string label;  ///< block, stage: its path ("layer2.0"); skip, gate: the label after `via`, if any
  Location at;
  ValueId input = no_value;   ///< the current value before this node
  ValueId result = no_value;  ///< the current value after it; of a block or stage without layers, its input

  // layer
  OpKind op = OpKind::relu;
  OpAttributes attributes;
  std::string weights;  ///< stem of its checkpoint names ("layer2.0.conv1"); empty without weights

  // skip
  ValueId from = no_value;
  std::string from_name;  ///< as written: `in` or a label
  Location from_at;       ///< of that name

  // block
  BlockKind block_kind = BlockKind::plain;
  std::string definition;  ///< the name of the `block` it is a copy of

  std::vector<Node> children;      ///< block, stage: the body; skip, gate: the list after `via`
  ValueId list_result = no_value;  ///< skip, gate: the value at the end of the list; without a list, `from`
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

/// A whole network. A value type: copying copies everything.
struct Network {
  std::string name;
  std::vector<Parameter> parameters;
  Input input;
  std::vector<Node> body;
  std::vector<Output> outputs;  ///< in the order written; at least one
  std::vector<Value> values;
  Location at;

  const Value& value(ValueId id) const { return values[static_cast<size_t>(id)]; }
  Value& value(ValueId id) { return values[static_cast<size_t>(id)]; }
};

/// The text form; ends with a newline.
std::string print(const Network& network, const Sources& sources);
/// What makes these values alone, as the text form has it, blocks and stages whole where all in them is wanted: for reading, not for
/// reading back.
std::string excerpt(const Network& network, const ValueNames& names, const Sources& sources);
/// The same of each value but the input by itself, in time in proportion to the network's size.
Excerpts excerpts(const Network& network, const Sources& sources);
/// Reads the text form (untrusted). Reports to `diagnostics` and returns nothing if it cannot be read or does not verify.
std::optional<Network> parse(FileId file, Diagnostics& diagnostics);
/// Checks what every Network must satisfy whatever pass ran last: ids in range, each value made once and before its use, unique names,
/// types (where inferred) that agree with infer_type(), children only where they may be. Returns the first fault, or nothing.
std::optional<Finding> verify(const Network& network);

/// The JSON form says all that the text form does; docs/schema describes it.
std::string to_json(const Network& network, const Sources& sources);
/// Reads the JSON form, as parse() does the text.
std::optional<Network> parse_json(FileId file, Diagnostics& diagnostics);
/// The JSON Schema of the JSON form, published in docs/schema.
std::string json_schema();

}  // namespace resnetc::topology

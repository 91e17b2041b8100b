/// \file The second IR: tensor operations in SSA form, in execution order. Rewrites happen here.
///
/// Text form (`resnetc dump --level graph`):
///
///     graph "resnet18" {
///       input %image : f32[N, 3, 224, 224] @ "resnet18.rn":6:3+5
///       %relu = conv2d(%image) channels=64 kernel=7x7 stride=2x2 pad=3x3 then bias, relu : f32[N, 64, 112, 112] @ ...
///         weight = scale_rows(...)
///         bias = sub(...)
///       %layer1.0.relu2 = conv2d(%layer1.0.relu) channels=64 kernel=3x3 pad=1x1 then bias, add(%relu), relu : f32[...] @ ...
///         ...
///       output "logits" %fc @ ...
///     }
///
/// Attributes with their defaults are left out; a step's constants follow the operation's own. docs/ir-text.md has the grammar.
/// An operation's `epilogue` (after `then`) is applied in order to each element it produces, before the element is stored.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/finding.h"
#include "ir/input_buffer.h"
#include "ir/op.h"
#include "ir/recipe.h"
#include "ir/step.h"
#include "support/diagnostics.h"
#include "support/location.h"

namespace resnetc::graph {

/// Index of an operation, which is also the id of the one value it makes.
using ValueId = int32_t;
inline constexpr ValueId no_value = -1;

/// An epilogue has no more steps than this.
inline constexpr size_t max_epilogue_steps = 8;

struct Step {
  StepKind kind = StepKind::relu;
  ValueId operand = no_value;        ///< of a step that joins()
  std::vector<RecipePtr> constants;  ///< as the table of operations names them, each [c] but a projection's weight
};

struct Op {
  OpKind kind = OpKind::relu;
  std::string name;  ///< unique; the name of the value it makes, a topology value's name
  TensorType type;   ///< of its result
  OpAttributes attributes;
  std::vector<ValueId> operands;  ///< without those of the epilogue
  /// As constant_names() of ir/forms/graph_parts.h names them: the checkpoint's weights (but a bias of conv2d or linear is an epilogue
  /// step), or, of an operation that can be a step, those of the step.
  std::vector<RecipePtr> constants;
  std::vector<Step> epilogue;
  Location at;
};

struct Output {
  std::string name;
  ValueId value = no_value;
  Location at;
};

/// A network's operations; ops[0] is the one `input`. A value type.
struct Graph {
  std::string name;
  InputBuffer input;
  std::vector<Op> ops;
  std::vector<Output> outputs;

  const Op& op(ValueId id) const { return ops[static_cast<size_t>(id)]; }
  Op& op(ValueId id) { return ops[static_cast<size_t>(id)]; }
};

/// Those of a layer's attributes that its operation in a graph has. The others exist in topologies alone: lower-to-graph makes steps and
/// constants of them, as a step has constants but no attributes.
OpAttributes kept_attributes(OpKind kind, const OpAttributes& attributes);

/// How often each value is used, as an operand, in an epilogue or as an output.
std::vector<int> use_counts(const Graph& graph);
/// Removes operations whose value is not used and renumbers the rest; the input stays.
void remove_unused(Graph& graph);
/// Operands that the kernel of an operation can have, at most, whatever its algorithm: the verifier refuses more than max_operands.
int most_operands(const Op& op);
/// Multiply-adds for one picture, those of projections in the epilogue included.
int64_t multiply_adds(const Graph& graph, const Op& op);
/// Every checkpoint tensor the graph's recipes read, without repeats, in order of first use.
std::vector<TensorRef> checkpoint_tensors(const Graph& graph);

std::string print(const Graph& graph, const Sources& sources);
/// The operations of these names alone, as the text form has them: for reading, not for reading back.
std::string excerpt(const Graph& graph, const ValueNames& names, const Sources& sources);
/// The same of each operation by itself, in time in proportion to the graph's size.
Excerpts excerpts(const Graph& graph, const Sources& sources);
std::optional<Graph> parse(FileId file, Diagnostics& diagnostics);
std::optional<Finding> verify(const Graph& graph);
/// The JSON form says all that the text form does; docs/schema describes it.
std::string to_json(const Graph& graph, const Sources& sources);
/// Reads the JSON form, as parse() does the text.
std::optional<Graph> parse_json(FileId file, Diagnostics& diagnostics);
/// The JSON Schema of the JSON form, published in docs/schema.
std::string json_schema();

}  // namespace resnetc::graph

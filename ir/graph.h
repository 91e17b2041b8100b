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

/// The index of an operation. It is also the id of the one value that the operation makes.
using ValueId = int32_t;
inline constexpr ValueId no_value = -1;

/// The largest number of steps of an epilogue.
inline constexpr size_t max_epilogue_steps = 8;

struct Step {
  StepKind kind = StepKind::relu;
  ValueId operand = no_value;        ///< only for a step that joins()
  std::vector<RecipePtr> constants;  ///< in the order of the table of operations; each has shape [c], except a projection's weight
};

struct Op {
  OpKind kind = OpKind::relu;
  std::string name;  ///< unique; also the name of the value that the operation makes, which is the name of a topology's value
  TensorType type;   ///< the sign of the result
  OpAttributes attributes;
  std::vector<ValueId> operands;  ///< the operands of the epilogue's steps are not among them
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

/// A network's operations. ops[0] is the only `input`. A value type.
struct Graph {
  std::string name;
  InputBuffer input;
  std::vector<Op> ops;
  std::vector<Output> outputs;

  const Op& op(ValueId id) const { return ops[static_cast<size_t>(id)]; }
  Op& op(ValueId id) { return ops[static_cast<size_t>(id)]; }
};

/// The attributes of a layer that its operation in a graph keeps. The others exist only in topologies: lower-to-graph turns them into
/// steps and constants, because a step has constants but no attributes, and same_pad into numbers.
OpAttributes kept_attributes(OpKind kind, const OpAttributes& attributes);

/// The number of uses of each value: as an operand, in an epilogue or as an output.
std::vector<int> use_counts(const Graph& graph);
/// Removes operations whose value is not used and renumbers the others. The input stays.
void remove_unused(Graph& graph);
/// The largest number of operands that the kernel of an operation can have with any algorithm. The verifier refuses more than max_operands.
int most_operands(const Op& op);
/// The multiply-adds for one picture, including those of projections in the epilogue.
int64_t multiply_adds(const Graph& graph, const Op& op);
/// All checkpoint tensors that the graph's recipes read, each once, in order of first use.
std::vector<TensorRef> checkpoint_tensors(const Graph& graph);

std::string print(const Graph& graph, const Sources& sources);
/// Prints only the operations with these names, in the text form. The result is for people: parse() cannot read it.
std::string excerpt(const Graph& graph, const ValueNames& names, const Sources& sources);
/// The excerpt of each operation by itself. The time is proportional to the graph's size.
Excerpts excerpts(const Graph& graph, const Sources& sources);
std::optional<Graph> parse(FileId file, Diagnostics& diagnostics);
std::optional<Finding> verify(const Graph& graph);
/// Prints the JSON form, which holds everything that the text form holds. docs/schema describes it.
std::string to_json(const Graph& graph, const Sources& sources);
/// Reads the JSON form; reports errors as parse() does for the text form.
std::optional<Graph> parse_json(FileId file, Diagnostics& diagnostics);
/// The JSON Schema of the JSON form, published in docs/schema.
std::string json_schema();

}  // namespace resnetc::graph

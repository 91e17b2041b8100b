/// \file Decides whether a fold is legal, and carries it out.
#include "passes/fold_batch_norm.h"

#include <fmt/format.h>

#include "passes/absorption.h"

namespace resnetc::passes {
namespace {

using graph::Op;
using graph::StepKind;
using graph::ValueId;

/// Whether the batch norm may be folded into the operation that makes its operand; if not, the failure says why.
Result<> may_fold(const graph::Graph& graph, const Absorption& absorption, const Op& norm) {
  const Op& producer = graph.op(norm.operands[0]);
  if (!product_ops.has(producer.kind)) {
    return Failure{fmt::format("its operand '{}' comes from {}, not from a convolution", producer.name, info(producer.kind).name)};
  }
  // Its steps could be moved, but no batch norm has steps yet when the pipeline runs this pass.
  if (!norm.epilogue.empty()) return Failure{"it has an epilogue of its own"};
  if (absorption.uses(norm.operands[0]) != 1) {
    return Failure{fmt::format("the convolution's own output '{}' has another use", producer.name)};
  }
  if (producer.epilogue.size() > 1 || (producer.epilogue.size() == 1 && producer.epilogue[0].kind != StepKind::bias)) {
    return Failure{fmt::format("the convolution '{}' does more than add a bias", producer.name)};
  }
  if (producer.constants[0]->kind == RecipeKind::scale_rows || producer.constants[0]->kind == RecipeKind::scale_columns) {
    // A second batch norm costs little as an affine, and recipes must not grow with the number of batch norms in a row.
    return Failure{fmt::format("the convolution '{}' has a batch norm folded in already", producer.name)};
  }
  return {};
}

}  // namespace

void fold_batch_norm(graph::Graph& graph, PassContext& context) {
  Absorption absorption(graph);
  for (ValueId v = 0; v < static_cast<ValueId>(graph.ops.size()); ++v) {
    absorption.visit(v);
    Op& norm = graph.op(v);
    if (norm.kind != OpKind::batch_norm) continue;
    RecipePtr scale = mul(norm.constants[0], rsqrt(norm.constants[3], norm.attributes.eps));
    RecipePtr shift = sub(norm.constants[1], mul(norm.constants[2], scale));
    if (const Result<> may = may_fold(graph, absorption, norm); !may) {
      context.remarks.push_back({"fold-batch-norm", norm.name, fmt::format("not folded: {}", may.failure().text), norm.at});
      norm.kind = OpKind::affine;
      norm.attributes = {};
      norm.constants = {scale, shift};
      continue;
    }
    ValueId producer = norm.operands[0];
    Op& conv = graph.op(producer);
    conv.constants[0] = conv.kind == OpKind::conv_transpose ? scale_columns(conv.constants[0], scale, conv.attributes.groups)
                                                            : scale_rows(conv.constants[0], scale);
    if (conv.epilogue.empty()) {
      conv.epilogue.push_back({StepKind::bias, graph::no_value, {shift}});
    } else {
      RecipePtr& bias = conv.epilogue[0].constants[0];
      bias = add(mul(bias, scale), shift);
    }
    context.remarks.push_back({"fold-batch-norm", norm.name, fmt::format("folded into {} '{}'", info(conv.kind).name, conv.name), norm.at});
    absorption.replace(producer, v);
  }
  absorption.finish();
}

}  // namespace resnetc::passes

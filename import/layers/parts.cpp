/// \file Sums and softmaxes over parts of channels, which import/rewrite has named.
#include "import/translate.h"

namespace resnetc::importer {
namespace {

Result<LayerId> parts_softmax(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  const Result<LayerId> vector = t.as_vector(node, *in);
  if (!vector) return vector;
  OpAttributes a;
  a.parts = flat::integer(node, "parts", 0);
  return t.add(node, OpKind::softmax, a, {*vector});
}

/// The parts of the inputs from `first` on: one value with all channels, or `parts` values.
Result<std::vector<LayerId>> parts_of(Translation& t, const flat::Node& node, size_t first, size_t count, int64_t parts) {
  std::vector<LayerId> each;
  for (size_t i = 0; i < count; ++i) {
    const auto in = t.operand(node, first + i);
    if (!in) return Failure{"it has no input"};
    each.push_back(*in);
  }
  if (count != 1) return each;
  const LayerId whole = each[0];
  OpAttributes a;
  a.channels = t.type(whole).channels / parts;
  each.clear();
  for (int64_t part = 0; part < parts; ++part, a.first += a.channels) {
    const Result<LayerId> one = t.add(node, OpKind::slice_channels, a, {whole});
    if (!one) return one.failure();
    each.push_back(*one);
  }
  return each;
}

Result<LayerId> sum_of_parts(Translation& t, const flat::Node& node) {
  const int64_t parts = flat::integer(node, "parts", 0);
  const auto given = static_cast<size_t>(flat::integer(node, "values", 0));
  const Result<std::vector<LayerId>> values = parts_of(t, node, 0, given, parts);
  if (!values) return values.failure();
  const bool weighed = node.inputs.size() > given;
  Result<std::vector<LayerId>> weights = std::vector<LayerId>();
  if (weighed) weights = parts_of(t, node, given, node.inputs.size() - given, parts);
  if (!weights) return weights.failure();
  std::optional<LayerId> sum;
  for (size_t i = 0; i < values->size(); ++i) {
    LayerId part = (*values)[i];
    if (weighed) {
      const Result<LayerId> weight = t.as_vector(node, (*weights)[i]);
      const Result<LayerId> product = weight ? t.add(node, OpKind::mul, {}, {part, *weight}) : weight;
      if (!product) return product;
      part = *product;
    }
    const Result<LayerId> next = sum ? t.add(node, OpKind::add, {}, {*sum, part}) : Result<LayerId>(part);
    if (!next) return next;
    sum = *next;
  }
  if (!sum) return Failure{"it has no input"};
  return *sum;
}

}  // namespace

Translators part_translators() { return {{"PartsSoftmax", {parts_softmax}}, {"SumOfParts", {sum_of_parts}}}; }

}  // namespace resnetc::importer

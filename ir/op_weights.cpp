/// \file What a checkpoint holds for each operation.
#include "ir/op_rules.h"

namespace resnetc::op_rules {

namespace {

/// The shape of the weights of a convolution, whose window has one number along lines.
std::vector<int64_t> window_of_weights(int64_t rows, int64_t columns, Extent2 kernel, const TensorType& operand) {
  return operand.is_line() ? std::vector{rows, columns, kernel.w} : std::vector{rows, columns, kernel.h, kernel.w};
}

}  // namespace

std::vector<WeightSpec> weights_of_convolution(const OpInfo&, const OpAttributes& a, const TensorType& operand) {
  std::vector<WeightSpec> specs{{"weight", window_of_weights(a.channels, operand.channels / a.groups, a.kernel, operand)}};
  if (a.bias) specs.push_back({"bias", {a.channels}});
  return specs;
}

std::vector<WeightSpec> weights_of_transposed(const OpInfo&, const OpAttributes& a, const TensorType& operand) {
  std::vector<WeightSpec> specs{{"weight", window_of_weights(operand.channels, a.channels / a.groups, a.kernel, operand)}};
  if (a.bias) specs.push_back({"bias", {a.channels}});
  return specs;
}

std::vector<WeightSpec> weights_of_linear(const OpInfo&, const OpAttributes& a, const TensorType& operand) {
  std::vector<WeightSpec> specs{{"weight", {a.channels, operand.channels}}};
  if (a.bias) specs.push_back({"bias", {a.channels}});
  return specs;
}

std::vector<WeightSpec> weights_of_batch_norm(const OpInfo&, const OpAttributes& a, const TensorType& operand) {
  std::vector<WeightSpec> specs;
  if (a.affine) specs = {{"weight", {operand.channels}}, {"bias", {operand.channels}}};
  specs.insert(specs.end(), {{"running_mean", {operand.channels}}, {"running_var", {operand.channels}}});
  return specs;
}

/// The weights of an element-wise layer: one vector with the name of the step's constant.
std::vector<WeightSpec> weights_of_step(const OpInfo& op, const OpAttributes&, const TensorType& operand) {
  return {{op.constants[0], {operand.channels}}};
}

std::vector<WeightSpec> weights_of_norm(const OpInfo& op, const OpAttributes& a, const TensorType& operand) {
  if (!a.affine) return {};
  if (op.kind == OpKind::rms_norm) return {{"weight", {operand.channels}}};
  return {{"weight", {operand.channels}}, {"bias", {operand.channels}}};
}

}  // namespace resnetc::op_rules

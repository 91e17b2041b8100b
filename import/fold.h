/// \file Computes operators whose inputs are all constants: the arithmetic of shapes and of weights.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "import/flat.h"

namespace resnetc::importer {

/// The outputs of `node`, which has at least one input and whose inputs are all constants. Reals are computed in float64. Nothing if the
/// operator cannot be computed, does not fit its inputs, or would make more than `most` elements or multiply-adds. `opset` is the version
/// of the operators.
std::optional<std::vector<TensorPtr>> fold(const flat::Graph& graph, const flat::Node& node, int64_t most);

/// What fold() did to make the outputs of `node`: the number of elements, or of multiply-adds.
int64_t work_of_fold(const flat::Graph& graph, const flat::Node& node, const std::vector<TensorPtr>& outputs);

}  // namespace resnetc::importer

/// \file Operators that read and make integers of 8 bits, as the float operators that they stand for between DequantizeLinear and
/// QuantizeLinear. (https://onnx.ai/onnx/operators/, and ONNX Runtime's ContribOperators.md for the domain com.microsoft.)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "import/flat.h"
#include "import/model.h"
#include "import/tensor.h"

namespace resnetc::importer {

/// The nodes, in order, that compute what `node` does; empty for an operator that is no such one, or has a form that is not known.
/// `unused` gives each value between them a name, from one that is asked for.
std::vector<Node> without_integers(const Node& node, const std::function<std::string(std::string)>& unused);

/// The type of the integers that a QuantizeLinear or DequantizeLinear has: that of its zero, or without one (null) what its attributes say.
/// Nothing if they are not of 8 bits, or have scales for blocks.
std::optional<Tensor::Bytes> bytes_of(const flat::Node& node, const Tensor* zero);

/// The integers nearest to x / scale, ties to even, plus zero, within what the type of the zero holds; otherwise as dequantized().
TensorPtr quantized(const Tensor& x, const Tensor& scale, const Tensor* zero, Tensor::Bytes bytes, size_t axis);

/// The numbers that integers mean, (x - zero) * scale, in float32: with one scale for all, or one for each place along `axis`. A `zero` may
/// be missing. Null if the shapes do not fit. The result has steps if all x - zero are from -128 to 127.
TensorPtr dequantized(const Tensor& x, const Tensor& scale, const Tensor* zero, size_t axis);

}  // namespace resnetc::importer

/// \file The names of layers in models that come from TensorFlow and Keras.
#pragma once

#include <string>
#include <string_view>

#include "import/network.h"

namespace resnetc::importer {

/// The module in the name of an operator or weight that tf2onnx wrote: "resnet50.conv1_conv" of
/// "resnet50/conv1_conv/convolution/merged_input:0". Empty if the name has no path. Parts have only letters, digits and `_`.
std::string tensorflow_module(std::string_view name);

/// Turns all paths of a network from TensorFlow into paths as PyTorch has them: "conv2.block1.1.conv" of "resnet50.conv2_block1_1_conv_1".
/// The model's own name goes, and so does the number that Keras appends to each layer; the words of a layer's name become parts, and
/// letters that count blocks numbers.
void shorten_tensorflow_scopes(Network& network);

}  // namespace resnetc::importer

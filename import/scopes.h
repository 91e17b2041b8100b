/// \file The names that a model itself gives to its layers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "import/flat.h"

namespace resnetc::importer {

/// Where the model has a node, as a path: "layer1.0.conv1". From the names of its weights, else from what the exporter says of its module,
/// else from its own name. Empty if none says anything. Parts have only letters, digits and `_`. `uses` has how often each value is used:
/// exporters give equal weights of several modules the name of one of them, so a shared weight's name counts last.
std::string scope_of(const flat::Graph& graph, const flat::Node& node, const std::vector<int>& uses);

/// Parts as a path, of a bounded length. Characters other than letters, digits and `_` become `_`.
std::string joined_scope(const std::vector<std::string_view>& parts);
/// The parts between the separators, without empty ones.
std::vector<std::string_view> parts_of(std::string_view path, char separator = '.');

/// A path as a label: "layer1_0_conv1".
std::string flat_name(std::string_view scope);

/// Whether a part of a path is a number, as children of a list have it.
bool is_number(std::string_view part);

/// The path up to its last number: "features.2.1" of "features.2.1.block". The path itself if it has no number.
std::string up_to_number(std::string_view scope);

/// Whether an exporter made the name of an input or output, because nobody gave any: "input.1", "600", "onnx::Conv_0",
/// "keras_tensor_156".
bool is_made_up(std::string_view name);

/// The text as a name of the language: other characters become `_`, and a word of the language or a text that begins with a digit gets a
/// `_`. Not empty.
std::string as_name(std::string_view text);

}  // namespace resnetc::importer

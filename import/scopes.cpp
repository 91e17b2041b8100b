/// \file Reads names as exporters write them: PyTorch's modules and parameters, and paths of other frameworks.
#include "import/scopes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "frontend/lexer.h"
#include "import/tensorflow_names.h"

namespace resnetc::importer {
namespace {

constexpr size_t longest_scope = 200;
constexpr size_t longest_name = 60;  ///< the language takes 100, and numbers may follow

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// A name of one letter or one of the usual words for any value.
bool is_plain_word(std::string_view name) { return name.size() == 1 || name == "input" || name == "output"; }

/// The path before the last part of a parameter's name; empty if the name is none of a parameter.
std::string_view module_of_parameter(std::string_view name) {
  static constexpr std::array<std::string_view, 8> parameters = {"weight", "bias", "running_mean", "running_var",
                                                                 "gamma",  "beta", "kernel",       "moving_mean"};
  const size_t dot = name.find_last_of("./");
  if (dot == std::string_view::npos || dot == 0 || name.find("::") != std::string_view::npos) return {};
  const std::string_view last = name.substr(dot + 1);
  return std::find(parameters.begin(), parameters.end(), last) == parameters.end() ? std::string_view() : name.substr(0, dot);
}

/// Joins parts with dots, without empty ones, of a bounded length.
std::string bounded(const std::vector<std::string_view>& parts) {
  std::string result;
  for (const std::string_view part : parts) {
    if (result.size() + part.size() > longest_scope) return result;
    result += (result.empty() ? "" : ".") + std::string(part);
  }
  return result;
}

/// Joins parts with dots. A part that repeats the one before it ("layer1/layer1.0") takes its place.
std::string joined(std::string_view path, char separator) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t end = path.find(separator);
    std::string part;
    for (const char c : path.substr(0, end)) part += is_plain(c) || c == '.' ? c : '_';
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (!parts.empty() && (part == parts.back() || part.starts_with(parts.back() + "."))) parts.pop_back();
    parts.push_back(std::move(part));
  }
  std::vector<std::string_view> all;
  for (const std::string& several : parts) {
    const std::vector<std::string_view> single = parts_of(several);
    all.insert(all.end(), single.begin(), single.end());
  }
  return bounded(all);
}

}  // namespace

std::vector<std::string_view> parts_of(std::string_view path, char separator) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t end = path.find(separator);
    if (end != 0) parts.push_back(path.substr(0, end));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  return parts;
}

std::string joined_scope(const std::vector<std::string_view>& parts) {
  std::vector<std::string> plain;
  for (const std::string_view part : parts) {
    plain.emplace_back(part);
    for (char& c : plain.back()) c = is_plain(c) ? c : '_';
  }
  return bounded({plain.begin(), plain.end()});
}

std::string scope_of(const flat::Graph& graph, const flat::Node& node, const std::vector<int>& uses) {
  const auto from_weights = [&](bool shared) -> std::string {
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      if (graph.constant(node, i) == nullptr) continue;
      const size_t value = static_cast<size_t>(node.inputs[i]);
      if ((value < uses.size() && uses[value] > 1) != shared) continue;
      const std::string& name = graph.values[value].name;
      std::string scope = graph.from_tensorflow ? tensorflow_module(name) : joined(module_of_parameter(name), '/');
      if (!scope.empty()) return scope;
      if (graph.from_tensorflow) break;  // the bias may be that of a norm, which has become part of the convolution
    }
    return "";
  };
  // tf2onnx makes up names for convolutions, and lets other operators keep theirs.
  if (graph.from_tensorflow && node.op != "Conv" && node.op != "MatMul") {
    if (std::string scope = tensorflow_module(node.name); !scope.empty()) return scope;
  }
  if (std::string scope = from_weights(false); !scope.empty()) return scope;
  if (graph.from_tensorflow) return tensorflow_module(node.name);
  if (!node.scope.empty()) return joined(node.scope, '/');
  if (const size_t last = node.name.rfind('/'); last != std::string::npos && last != 0) {
    return joined(std::string_view(node.name).substr(0, last), '/');
  }
  return from_weights(true);
}

bool is_number(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string up_to_number(std::string_view scope) {
  std::vector<std::string_view> parts = parts_of(scope);
  while (!parts.empty() && !is_number(parts.back())) parts.pop_back();
  return parts.empty() ? std::string(scope) : fmt::format("{}", fmt::join(parts, "."));
}

bool is_made_up(std::string_view name) {
  if (name == "input" || name == "output" || is_number(name) || name.starts_with("onnx::")) return true;
  // Keras, TensorFlow and Paddle number their names: "keras_tensor_156", "Identity:0", "fetch_name_0".
  static constexpr std::array<std::string_view, 5> numbered = {"keras_tensor", "input_layer", "input", "Identity", "fetch_name"};
  const size_t end = name.find_last_not_of("0123456789_:");
  if (end != std::string_view::npos && std::find(numbered.begin(), numbered.end(), name.substr(0, end + 1)) != numbered.end()) return true;
  const size_t dot = name.rfind('.');
  return dot != std::string_view::npos && is_number(name.substr(dot + 1)) && is_plain_word(name.substr(0, dot));
}

std::string flat_name(std::string_view scope) {
  std::string name(scope);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string as_name(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, longest_name)) name += is_plain(c) ? c : '_';
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name.insert(0, "_");
  if (is_keyword(name)) name += "_";
  return name;
}

}  // namespace resnetc::importer

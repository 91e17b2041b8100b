/// \file A model as ONNX has it, without protobuf: operators, constants and typed inputs. Only onnx_reader.cpp knows the file's format.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "import/tensor.h"

namespace resnetc::importer {

struct Graph;

/// An attribute of a node. Only the field that goes with its kind counts.
struct Attribute {
  enum class Kind { integer, real, text, integers, reals, texts, tensor, graph, reference, other };
  Kind kind = Kind::other;
  int64_t integer = 0;
  double real = 0;
  std::string text;  ///< reference: the name of the function's attribute whose value it takes
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string> texts;
  TensorPtr tensor;
  std::shared_ptr<const Graph> graph;  ///< a branch of an If
};
/// An attribute of one of these kinds.
inline Attribute whole_number(int64_t number) {
  Attribute attribute;
  attribute.kind = Attribute::Kind::integer;
  attribute.integer = number;
  return attribute;
}
inline Attribute real_number(double number) {
  Attribute attribute;
  attribute.kind = Attribute::Kind::real;
  attribute.real = number;
  return attribute;
}
inline Attribute whole_numbers(std::vector<int64_t> numbers) {
  Attribute attribute;
  attribute.kind = Attribute::Kind::integers;
  attribute.integers = std::move(numbers);
  return attribute;
}
using Attributes = std::map<std::string, Attribute, std::less<>>;

struct Node {
  std::string op;                            ///< "Conv"
  std::string domain;                        ///< empty for ONNX's own operators
  std::string name;                          ///< may be empty, and need not be unique
  std::string scope;                         ///< the module that the exporter says it is from: "layer1.0.conv1"; may be empty
  std::vector<std::string> inputs, outputs;  ///< names of values; an empty name stands for one that is left out
  Attributes attributes;
};

/// A dimension that a model states: a number, a name, or neither.
struct Dimension {
  int64_t size = -1;  ///< -1: it is open
  std::string name;   ///< of an open dimension; may be empty
};

struct ValueInfo {
  std::string name;
  std::string type;  ///< "FLOAT", as ONNX names types; "sequence" and the like for what is no tensor
  bool shaped = false;
  std::vector<Dimension> shape;
};

struct Graph {
  std::string name;
  std::vector<Node> nodes;                                  ///< in an order in which each reads what is made before it
  std::map<std::string, TensorPtr, std::less<>> constants;  ///< the initialisers
  std::vector<ValueInfo> inputs;                            ///< without those that are initialisers
  std::vector<ValueInfo> outputs;
};

/// A function of the model itself, called by nodes with its domain and name.
struct Function {
  std::vector<std::string> inputs, outputs;
  Attributes defaults;
  std::vector<Node> nodes;
};

struct Model {
  Graph graph;
  std::map<std::pair<std::string, std::string>, Function> functions;  ///< by domain and name
  int64_t opset = 0;                                                  ///< the version of ONNX's own operators
  std::string producer;                                               ///< the exporter's name; may be empty
  std::vector<std::string> files{};                                   ///< that were read
};

}  // namespace resnetc::importer

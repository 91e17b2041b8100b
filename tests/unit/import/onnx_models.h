/// \file Small ONNX models for tests, written with ONNX's own classes.
#pragma once

#include <onnx.pb.h>

#include <cmath>
#include <string>
#include <vector>

#include "import/flatten.h"
#include "import/import.h"
#include "import/onnx_reader.h"

namespace import_test {

using Ints = std::vector<int64_t>;
using Names = std::vector<std::string>;

/// A model under construction. Functions that add a part return it, so that a test can change it.
class OnnxModel {
 public:
  explicit OnnxModel(int64_t opset = 17) {
    proto.set_ir_version(8);
    proto.add_opset_import()->set_version(opset);
  }

  /// A negative dimension is open, and called "dN" with the axis.
  static void set_type(onnx::ValueInfoProto& info, const std::string& name, const Ints& dims, int type = onnx::TensorProto::FLOAT) {
    info.set_name(name);
    info.mutable_type()->mutable_tensor_type()->set_elem_type(type);
    auto& shape = *info.mutable_type()->mutable_tensor_type()->mutable_shape();
    for (size_t i = 0; i < dims.size(); ++i) {
      auto& d = *shape.add_dim();
      if (dims[i] >= 0) {
        d.set_dim_value(dims[i]);
      } else {
        d.set_dim_param("d" + std::to_string(i));
      }
    }
  }

  OnnxModel& input(const std::string& name, const Ints& dims, int type = onnx::TensorProto::FLOAT) {
    set_type(*graph().add_input(), name, dims, type);
    return *this;
  }
  OnnxModel& output(const std::string& name) {
    graph().add_output()->set_name(name);
    return *this;
  }

  /// Values from 0.1 up in steps, different for each name.
  onnx::TensorProto& weight(const std::string& name, const Ints& dims) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    int64_t count = 1;
    for (const int64_t d : dims) {
      tensor.add_dims(d);
      count *= d;
    }
    for (int64_t i = 0; i < count; ++i)
      tensor.add_float_data(0.1F + 0.01F * static_cast<float>((i + static_cast<int64_t>(name.size())) % 7));
    return tensor;
  }
  onnx::TensorProto& values(const std::string& name, const Ints& dims, const std::vector<float>& list) {
    onnx::TensorProto& tensor = weight(name, dims);
    tensor.clear_float_data();
    for (const float value : list) tensor.add_float_data(value);
    return tensor;
  }
  onnx::TensorProto& ints(const std::string& name, const Ints& list, bool scalar = false) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    if (!scalar) tensor.add_dims(static_cast<int64_t>(list.size()));
    for (const int64_t value : list) tensor.add_int64_data(value);
    return tensor;
  }

  onnx::NodeProto& node(const std::string& op, const Names& inputs, const Names& outputs, const std::string& name = "") {
    return add_node(*graph().mutable_node()->Add(), op, inputs, outputs, name);
  }
  static onnx::NodeProto& add_node(onnx::NodeProto& made, const std::string& op, const Names& inputs, const Names& outputs,
                                   const std::string& name = "") {
    made.set_op_type(op);
    made.set_name(name);
    for (const std::string& i : inputs) made.add_input(i);
    for (const std::string& o : outputs) made.add_output(o);
    return made;
  }

  // Attributes

  static onnx::NodeProto& with(onnx::NodeProto& node, const std::string& name, const Ints& list) {
    auto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INTS);
    for (const int64_t value : list) a.add_ints(value);
    return node;
  }
  static onnx::NodeProto& with(onnx::NodeProto& node, const std::string& name, int64_t value) {
    auto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(value);
    return node;
  }
  static onnx::NodeProto& with(onnx::NodeProto& node, const std::string& name, float value) {
    auto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(value);
    return node;
  }
  static onnx::NodeProto& with(onnx::NodeProto& node, const std::string& name, const char* value) {
    auto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::STRING);
    a.set_s(value);
    return node;
  }

  // Layers, with weights of their own: `name` is the module's path

  /// A convolution with equal padding, along lines if its weight has three dimensions; the output is called as the module.
  onnx::NodeProto& conv(const std::string& from, const std::string& name, const Ints& weight_dims, int64_t stride = 1, int64_t pad = 0,
                        bool bias = false) {
    weight(name + ".weight", weight_dims);
    Names inputs{from, name + ".weight"};
    if (bias) {
      weight(name + ".bias", {weight_dims[0]});
      inputs.push_back(name + ".bias");
    }
    onnx::NodeProto& made = node("Conv", inputs, {name}, name + "_node");
    const size_t axes = weight_dims.size() - 2;
    with(made, "strides", Ints(axes, stride));
    return with(made, "pads", Ints(2 * axes, pad));
  }
  onnx::NodeProto& bn(const std::string& from, const std::string& name, int64_t channels) {
    Names inputs{from};
    for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
      weight(name + "." + part, {channels});
      inputs.push_back(name + "." + part);
    }
    return node("BatchNormalization", inputs, {name}, name + "_node");
  }
  onnx::NodeProto& linear(const std::string& from, const std::string& name, int64_t in, int64_t out) {
    weight(name + ".weight", {out, in});
    weight(name + ".bias", {out});
    return with(node("Gemm", {from, name + ".weight", name + ".bias"}, {name}, name + "_node"), "transB", int64_t{1});
  }

  onnx::GraphProto& graph() { return *proto.mutable_graph(); }
  std::string bytes() const { return proto.SerializeAsString(); }

  resnetc::Result<resnetc::importer::Imported> import(const resnetc::importer::ImportOptions& options = {}) const {
    const auto model = resnetc::importer::read_onnx_bytes(bytes(), {});
    if (!model) return model.failure();
    resnetc::importer::ImportOptions all = options;
    if (all.installed_dirs.empty()) all.installed_dirs = {std::string(RESNETC_SOURCE_DIR) + "/networks"};
    return resnetc::importer::import_model(*model, "model.onnx", all);
  }

  onnx::ModelProto proto;
};

/// The text that a model gives, without its first lines up to the input's; or "error: " and the failure.
inline std::string text_of(const OnnxModel& model, const resnetc::importer::ImportOptions& options = {}) {
  const auto imported = model.import(options);
  if (!imported) return "error: " + imported.failure().text;
  const size_t start = imported->text.find("\n\n", imported->text.find("  input "));
  return imported->text.substr(start + 2);
}

/// A basic block of a ResNet, along lines if it has one axis: `from` is its input, `name` its path; the output is called NAME.out.
inline void basic_block(OnnxModel& m, const std::string& from, const std::string& name, int64_t in, int64_t width, int64_t stride,
                        size_t axes = 2) {
  const auto weight = [&](int64_t channels, int64_t kernel) {
    Ints dims{width, channels};
    dims.resize(2 + axes, kernel);
    return dims;
  };
  m.conv(from, name + ".conv1", weight(in, 3), stride, 1);
  m.bn(name + ".conv1", name + ".bn1", width);
  m.node("Relu", {name + ".bn1"}, {name + ".relu"});
  m.conv(name + ".relu", name + ".conv2", weight(width, 3), 1, 1);
  m.bn(name + ".conv2", name + ".bn2", width);
  std::string edge = from;
  if (stride != 1 || in != width) {
    m.conv(from, name + ".downsample.0", weight(in, 1), stride);
    m.bn(name + ".downsample.0", name + ".downsample.1", width);
    edge = name + ".downsample.1";
  }
  m.node("Add", {name + ".bn2", edge}, {name + ".sum"});
  m.node("Relu", {name + ".sum"}, {name + ".out"});
}

/// What a classifier ends with.
inline void head(OnnxModel& m, const std::string& from, int64_t channels) {
  m.node("GlobalAveragePool", {from}, {"pooled"});
  m.node("Flatten", {"pooled"}, {"flat"});
  m.linear("flat", "fc", channels, 10);
  m.output("fc");
}

}  // namespace import_test

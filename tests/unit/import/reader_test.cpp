/// \file ONNX files: every type of elements, files of weights, and what is wrong with a model.
#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "import/onnx_reader.h"
#include "support/temp_dir.h"
#include "tests/unit/import/onnx_models.h"

using namespace resnetc;
using namespace import_test;

namespace {

std::string read_failure(const OnnxModel& model, const std::vector<std::string>& folders = {}) {
  const auto read = importer::read_onnx_bytes(model.bytes(), folders);
  return read ? "no failure" : read.failure().text;
}

/// The first tensor that a model holds.
importer::TensorPtr first_tensor(const OnnxModel& model, const std::vector<std::string>& folders = {}) {
  const auto read = importer::read_onnx_bytes(model.bytes(), folders);
  REQUIRE_MESSAGE(read, (read ? "" : read.failure().text));
  return read->graph.constants.begin()->second;
}

OnnxModel with_raw(int type, const Ints& dims, const std::string& raw) {
  OnnxModel model;
  onnx::TensorProto& tensor = *model.graph().add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(type);
  for (const int64_t d : dims) tensor.add_dims(d);
  tensor.set_raw_data(raw);
  return model;
}

template <class T>
std::string raw_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace

TEST_CASE("import: elements of every type that is read") {
  CHECK(first_tensor(with_raw(onnx::TensorProto::FLOAT, {2}, raw_of<float>({1.5F, -2})))->real(1) == -2);
  CHECK(first_tensor(with_raw(onnx::TensorProto::DOUBLE, {1}, raw_of<double>({0.25})))->real(0) == 0.25);
  CHECK(first_tensor(with_raw(onnx::TensorProto::FLOAT16, {2}, raw_of<uint16_t>({0x3c00, 0x0001})))->real(0) == 1);
  CHECK(first_tensor(with_raw(onnx::TensorProto::BFLOAT16, {1}, raw_of<uint16_t>({0xc000})))->real(0) == -2);
  CHECK(first_tensor(with_raw(onnx::TensorProto::INT64, {}, raw_of<int64_t>({-7})))->wholes[0].fixed == -7);
  CHECK(first_tensor(with_raw(onnx::TensorProto::INT32, {1}, raw_of<int32_t>({9})))->wholes[0].fixed == 9);
  CHECK(first_tensor(with_raw(onnx::TensorProto::BOOL, {1}, std::string(1, '\1')))->elements == importer::Elements::truth);
  OnnxModel listed;
  onnx::TensorProto& half = *listed.graph().add_initializer();
  half.set_name("w");
  half.set_data_type(onnx::TensorProto::FLOAT16);
  half.add_dims(1);
  half.add_int32_data(0xbc00);
  CHECK(first_tensor(listed)->real(0) == -1);
}

TEST_CASE("import: tensors whose shape lies") {
  CHECK(read_failure(with_raw(onnx::TensorProto::FLOAT, {3}, raw_of<float>({1, 2}))) ==
        "the weight 'w': it has 8 bytes of data, but its shape takes 12");
  CHECK(read_failure(with_raw(onnx::TensorProto::FLOAT, {-1}, "")) == "the weight 'w': its dimensions are negative or too large");
  CHECK(read_failure(with_raw(onnx::TensorProto::FLOAT, {INT64_MAX, INT64_MAX}, "")) ==
        "the weight 'w': its dimensions are negative or too large");
  CHECK(read_failure(with_raw(onnx::TensorProto::FLOAT, Ints(9, 1), raw_of<float>({1}))) ==
        "the weight 'w': it has 9 dimensions, more than 8");
  CHECK(read_failure(with_raw(onnx::TensorProto::INT4, {1}, "x")) ==
        "the weight 'w': it has the type INT4; resnetc reads floats of 16 to 64 bits, and whole numbers of shapes");
  OnnxModel listed;
  listed.weight("w", {4}).add_float_data(1);
  CHECK(read_failure(listed) == "the weight 'w': it has 5 elements, but its shape takes 4");
}

TEST_CASE("import: files that are no models") {
  CHECK(importer::read_onnx_bytes("", {}).failure().text == "it is no ONNX model: it has no graph");
  CHECK(importer::read_onnx_bytes("\xff\xff\xff", {}).failure().text == "it is no ONNX model, or it is truncated");
  using namespace std::string_literals;
  CHECK(importer::read_onnx_bytes("PK\3\4\0\0"s, {}).failure().text ==
        "it is no ONNX model but a zip archive, as torch.save and Keras write: export the model as ONNX, as docs/import.md shows");
  CHECK(
      importer::read_onnx_bytes("\x1c\0\0\0TFL3\0"s, {}).failure().text.starts_with("it is no ONNX model but a model of TensorFlow Lite"));
  const std::string bytes = OnnxModel().input("x", {1, 2}).bytes();
  CHECK(importer::read_onnx_bytes(bytes.substr(0, bytes.size() - 3), {}).failure().text == "it is no ONNX model, or it is truncated");
  OnnxModel old(6);
  old.graph();
  CHECK(read_failure(old) == "it uses version 6 of ONNX's operators; version 7 is the oldest that is read: export it again");
  OnnxModel sparse;
  sparse.graph().add_sparse_initializer()->mutable_values()->set_name("s");
  CHECK(read_failure(sparse) == "the weight 's' is sparse; resnetc reads dense ones: make it dense before the export");
}

TEST_CASE("import: weights in files of their own") {
  const TempDir folder;
  std::filesystem::create_directory(folder.path() + "/sub");
  std::ofstream(folder.file("sub/w.bin"), std::ios::binary) << raw_of<float>({0, 1, 2, 3});
  const auto external = [](const std::string& location, const std::string& offset, const std::string& length) {
    OnnxModel model;
    onnx::TensorProto& tensor = *model.graph().add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(2);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : {std::pair<const char*, std::string>{"location", location}, {"offset", offset}, {"length", length}}) {
      auto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    return model;
  };
  const std::vector<std::string> folders{folder.path()};
  CHECK(first_tensor(external("sub/w.bin", "8", "8"), folders)->real(0) == 2);
  CHECK(read_failure(external("sub/w.bin", "12", "8"), folders) ==
        "the weight 'w': its data ends at byte 20 of 'sub/w.bin', which has 16 bytes");
  CHECK(read_failure(external("sub/w.bin", "8", "12"), folders) == "the weight 'w': its data has 12 bytes, but its shape takes 8");
  CHECK(read_failure(external("sub/w.bin", "-8", "8"), folders) == "the weight 'w': the offset of its data is no number");
  for (const char* away : {"../w.bin", "/etc/passwd", "sub/../../w.bin", ""}) {
    CHECK(read_failure(external(away, "0", "8"), folders) ==
          "the weight 'w': its data is in '" + std::string(away) + "', which is no place inside the model's folder");
  }
  CHECK(read_failure(external("none.bin", "0", "8"), folders) ==
        "the weight 'w': its data is in the file 'none.bin', which is not beside the model; -I names another folder");
  std::filesystem::create_symlink("/etc", folder.path() + "/link");
  CHECK(read_failure(external("link/passwd", "0", "8"), folders).find("a link that leaves the folder") != std::string::npos);
}

TEST_CASE("import: cut anywhere, a model is read or refused") {
  OnnxModel model;
  model.input("x", {-1, 3, 8, 8});
  basic_block(model, "x", "layer1.0", 3, 4, 2);
  head(model, "layer1.0.out", 4);
  const std::string bytes = model.bytes();
  for (size_t length = 0; length < bytes.size(); length += 13) {
    const auto read = importer::read_onnx_bytes(std::string_view(bytes).substr(0, length), {});
    if (read) CHECK_FALSE(importer::import_model(*read, "cut.onnx", {}).has_value());
  }
}

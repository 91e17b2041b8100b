/// \file Checkpoints compared with a network's tensors, and files that are no checkpoints.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "codegen/weights/checkpoint.h"
#include "codegen/weights/checkpoint_format.h"
#include "tests/unit/codegen/checkpoints.h"

using namespace resnetc;
using namespace checkpoint_test;
using codegen::Safetensors;
using codegen::Unread;

namespace {

struct Named {
  std::string name;
  std::vector<int64_t> shape;
};

/// A checkpoint of float32 tensors.
std::string checkpoint(const std::vector<Named>& tensors) {
  std::string header;
  size_t end = 0;
  for (const Named& named : tensors) {
    const size_t begin = end;
    end += 4 * static_cast<size_t>(element_count(named.shape));
    header += (header.empty() ? "{" : ",") +
              tensor(named.name, "F32", fmt::format("[{}]", fmt::join(named.shape, ",")), fmt::format("[{},{}]", begin, end));
  }
  return file(header + "}", end);
}

/// The messages about the checkpoint, without the file's name.
std::string said(const Safetensors& weights, const std::vector<TensorRef>& wanted, Unread unread = Unread::warning) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const bool fits = codegen::matches(weights, wanted, unread, diagnostics);
  CHECK(fits != diagnostics.has_errors());
  std::string text = diagnostics.render();
  const std::string name = "w.safetensors: ";
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) text.erase(at, name.size());
  return text;
}

/// `count` weights a.0, a.1, ... with something before their names.
template <typename Tensor>
std::vector<Tensor> row(const std::string& before, int count) {
  std::vector<Tensor> tensors;
  for (int i = 0; i < count; ++i) tensors.push_back({fmt::format("{}a.{}", before, i), {i + 1}});
  return tensors;
}

std::string file_said(const std::string& name, const std::string& bytes) {
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK(Safetensors::from_bytes(name, bytes, diagnostics) == nullptr);
  return diagnostics.render();
}

std::string zip_of(const std::string& member) {
  std::string bytes = "PK\x03\x04" + std::string(26, '\0') + member + std::string(40, '\0');
  bytes[26] = static_cast<char>(member.size());
  return bytes;
}

}  // namespace

TEST_CASE("checkpoint: what the network needs is there") {
  const auto weights = good(file("{" + tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("bn.num_batches_tracked", "I64", "[]", "[8,16]") +
                                     "," + tensor("i", "I32", "[1]", "[16,20]") + "," + tensor("extra", "F32", "[1]", "[20,24]") + "}",
                                 24));
  CHECK(said(*weights, {{"a", {3}}, {"i", {1}}, {"gone", {4, 5}}}) ==
        "error: tensor 'a' has shape [2], the network needs [3]\n"
        "error: tensor 'i' has type I32; weights must be F64, F32, F16 or BF16\n"
        "error: tensor 'gone' of shape [4, 5] is missing\n"
        "warning: nothing reads 1 of the tensors: 'extra' [1]\n");
  CHECK(said(*weights, {{"a", {2}}}) == "warning: nothing reads 2 of the tensors: 'extra' [1], 'i' [1]\n");
  CHECK(said(*weights, {{"a", {2}}}, Unread::fine).empty());
  CHECK(said(*weights, {{"a", {2}}}, Unread::error) == "error: nothing reads 2 of the tensors: 'extra' [1], 'i' [1]\n");
}

TEST_CASE("checkpoint: steps of integers are not missed by a network in float") {
  const auto weights = good(file("{" + tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("a_scale", "F32", "[1]", "[8,12]") + "," +
                                     tensor("b_scale", "F32", "[1]", "[12,16]") + "}",
                                 16));
  CHECK(said(*weights, {{"a", {2}}}) == "warning: nothing reads 1 of the tensors: 'b_scale' [1]\n");
}

TEST_CASE("checkpoint: what is many is counted") {
  const auto weights = good(checkpoint(row<Named>("x", 50)));
  CHECK(said(*weights, row<TensorRef>("y", 50)) ==
        "error: tensor 'ya.0' of shape [1] is missing\n"
        "error: tensor 'ya.1' of shape [2] is missing\n"
        "error: tensor 'ya.2' of shape [3] is missing\n"
        "error: tensor 'ya.3' of shape [4] is missing\n"
        "error: tensor 'ya.4' of shape [5] is missing\n"
        "error: 45 more tensors are missing or do not fit\n"
        "warning: nothing reads 50 of the tensors: 'xa.0' [1], 'xa.1' [2], 'xa.10' [11] and 47 more\n");
}

TEST_CASE("checkpoint: a few tensors with NaN or infinities are named, the others counted") {
  std::vector<Named> tensors;
  for (int i = 0; i < 8; ++i) tensors.push_back({fmt::format("a.{}", i), {2, 2}});
  std::vector<TensorRef> all;
  for (const Named& named : tensors) all.push_back({named.name, named.shape});
  const auto holding = [&](size_t count) {
    std::string bytes = checkpoint(tensors);
    const size_t data = bytes.size() - tensors.size() * 16;
    for (size_t i = 0; i < count; ++i) bytes.replace(data + i * 16 + 12, 4, std::string("\0\0\x80\x7f", 4));  // infinity, at the end
    return said(*good(bytes), all);
  };
  const auto warning = [](int i) {
    return fmt::format("warning: tensor 'a.{}' holds inf at element 3; what it touches will not be a number\n", i);
  };
  CHECK(holding(0).empty());
  CHECK(holding(1) == warning(0));
  const std::string five = warning(0) + warning(1) + warning(2) + warning(3) + warning(4);
  CHECK(holding(6) == five + warning(5));
  CHECK(holding(8) == five + "warning: 3 more tensors hold infinities or NaN\n");
}

TEST_CASE("checkpoint: one prefix is one error") {
  std::vector<Named> tensors = row<Named>("model.backbone.", 7);
  tensors.push_back({"model.head.weight", {3}});
  const std::string bytes = checkpoint(tensors);
  const auto weights = good(bytes);
  CHECK(said(*weights, row<TensorRef>("", 7)) ==
        "error: all 7 missing tensors are here with 'model.backbone.' before the name: '--strip-prefix model.backbone.' takes it off\n");
  CHECK(said(*weights, {{"a.3", {4}}}) ==
        "error: the missing tensor is here with 'model.backbone.' before the name: '--strip-prefix model.backbone.' takes it off\n");
  // Most tensors are enough: a last layer with other classes is reported once the prefix is gone.
  std::vector<TensorRef> wanted = row<TensorRef>("", 7);
  wanted[6].shape = {10};
  CHECK(
      said(*weights, wanted) ==
      "error: 6 of the 7 missing tensors are here with 'model.backbone.' before the name: '--strip-prefix model.backbone.' takes it off\n");
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK(weights->strip_prefix("model.", diagnostics));
  CHECK(said(*weights, row<TensorRef>("", 7)) ==
        "error: all 7 missing tensors are here with 'backbone.' before the name: '--strip-prefix backbone.', after the other, takes it "
        "off\n");
  CHECK(weights->strip_prefix("backbone.", diagnostics));
  CHECK(said(*weights, row<TensorRef>("", 7)) == "warning: nothing reads 1 of the tensors: 'head.weight' [3]\n");
  CHECK_FALSE(weights->strip_prefix("backbone.", diagnostics));
  CHECK(diagnostics.render() == "w.safetensors: error: no tensor's name begins with 'backbone.'; the first is 'a.0'\n");
}

TEST_CASE("checkpoint: several prefixes, and one that is the network's own") {
  std::vector<Named> tensors = row<Named>("student.", 3);
  for (Named& named : row<Named>("teacher.", 3)) tensors.push_back(std::move(named));
  CHECK(said(*good(checkpoint(tensors)), row<TensorRef>("", 3)) ==
        "error: all 3 missing tensors are here with 'student.' or 'teacher.' before the name: '--strip-prefix student.' or '--strip-prefix "
        "teacher.' takes it off\n");
  CHECK(said(*good(checkpoint(row<Named>("", 3))), row<TensorRef>("body.", 3)) ==
        "error: all 3 missing tensors are here without 'body.' before the name: rename them, or the network's layers\n");
  // Tensors that the network reads are not missing under another name: the first bias of a network is not that of its first block.
  CHECK(said(*good(checkpoint({{"block.a", {2}}, {"b", {2}}})), {{"a", {2}}, {"block.a", {2}}, {"b", {2}}}) ==
        "error: tensor 'a' of shape [2] is missing\n");
  // A tensor with the right name and another shape is not the missing one.
  CHECK(said(*good(checkpoint({{"module.a", {2}}})), {{"a", {3}}}) ==
        "error: tensor 'a' of shape [3] is missing\n"
        "warning: nothing reads 1 of the tensors: 'module.a' [2]\n");
}

TEST_CASE("checkpoint: a tensor whose name is taken") {
  const auto weights = good(checkpoint({{"a", {2}}, {"m.a", {3}}, {"b", {1}}}));
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK(weights->strip_prefix("m.", diagnostics));
  CHECK(weights->read("a", {3}).size() == 3);
  CHECK(said(*weights, {{"a", {3}}, {"b", {1}}}) == "warning: nothing reads 1 of the tensors: 'a', hidden by 'm.a'\n");
}

TEST_CASE("checkpoint: a hostile name drives no terminal and fills no screen") {
  const auto weights = good(file("{" + tensor("\\u001b[2J" + std::string(1000, 'x'), "F32", "[1]", "[0,4]") + "}", 4));
  CHECK(said(*weights, {}) == "warning: nothing reads 1 of the tensors: '\\x1b[2J" + std::string(56, 'x') + "...' [1]\n");
  CHECK(file_said("w", file("{" + tensor("\\u001b[2J", "F32", "[1]", "[0,8]") + "}", 8)) ==
        "w: error: tensor '\\x1b[2J': F32 [1] takes 4 bytes, but its offsets span 8\n");
}

TEST_CASE("checkpoint: another rank of the same elements in the same order") {
  CHECK(Safetensors::holds({8, 32, 1, 1}, {8, 32}));
  CHECK(Safetensors::holds({64, 12, 15}, {64, 12, 1, 15}));
  CHECK(Safetensors::holds({64, 12, 15}, {64, 12, 15, 1}));
  CHECK(Safetensors::holds({1, 8, 1}, {8}));
  CHECK(Safetensors::holds({}, {1}));
  CHECK_FALSE(Safetensors::holds({32, 8}, {8, 32}));
  CHECK_FALSE(Safetensors::holds({32, 8, 1, 1}, {8, 32}));
  CHECK_FALSE(Safetensors::holds({1, 32}, {32, 1}));                  // a matrix transposed
  CHECK_FALSE(Safetensors::holds({64, 12, 15, 1}, {64, 12, 1, 15}));  // another window
  CHECK_FALSE(Safetensors::holds({4, 4}, {2, 8}));
  CHECK_FALSE(Safetensors::holds({16}, {4, 4}));
  CHECK_FALSE(Safetensors::holds({0}, {}));
  const auto weights = good(checkpoint({{"w", {2, 3, 1, 1}}, {"v", {3, 2}}}));
  CHECK(said(*weights, {{"w", {2, 3}}, {"v", {2, 3}}}) == "error: tensor 'v' has shape [3, 2], the network needs [2, 3]\n");
  CHECK(weights->read("w", {2, 3}).size() == 6);
}

TEST_CASE("checkpoint: files in other formats") {
  const auto first_line = [](const std::string& name, const std::string& bytes) {
    const std::string text = file_said(name, bytes);
    return text.substr(0, text.find('\n'));
  };
  const auto is = [](const std::string& name, const std::string& what) { return name + ": error: not a safetensors file but " + what; };
  CHECK(file_said("dir/r50 \"best\".pth", zip_of("archive/data.pkl")) ==
        "dir/r50 \"best\".pth: error: not a safetensors file but a PyTorch checkpoint\n"
        "dir/r50 \"best\".pth: note: convert it in Python:\n"
        "  import torch, safetensors.torch\n"
        "  state = torch.load(\"dir/r50 \\\"best\\\".pth\", map_location=\"cpu\", weights_only=True)\n"
        "  state = state.get(\"state_dict\", state)\n"
        "  safetensors.torch.save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, \"r50 "
        "\\\"best\\\".safetensors\")\n");
  CHECK(first_line("a", zip_of("x/data.pkl")) == is("a", "a PyTorch checkpoint"));
  CHECK(first_line("a.PT", zip_of("x/version")) == is("a.PT", "a PyTorch checkpoint"));
  CHECK(first_line("a.tar", "\x80\x02" + std::string(20, 'x')) == is("a.tar", "a PyTorch checkpoint"));
  CHECK(first_line("a.zip", zip_of("x/version")) == is("a.zip", "a zip archive"));
  CHECK(first_line("a.keras", zip_of("metadata.json")) == is("a.keras", "a Keras model"));
  CHECK(first_line("a.npz", zip_of("w.npy")) == is("a.npz", "an archive of NumPy arrays"));
  CHECK(first_line("a.npy", "\x93NUMPY\x01") == is("a.npy", "a NumPy array"));
  CHECK(first_line("a.onnx", "\x08\x07") == is("a.onnx", "an ONNX model"));
  CHECK(first_line("a.gguf", "GGUF\x03") == is("a.gguf", "a GGUF file"));
  CHECK(first_line("a.h5", "\x89HDF\r\n\x1a\n") == is("a.h5", "an HDF5 file, as Keras writes it"));
  CHECK(first_line("a.index", "x\x57\xfb\x80\x8b\x24\x75\x47\xdb") == is("a.index", "a TensorFlow checkpoint or model"));
  CHECK(first_line("a.pb", "\x08\x01") == is("a.pb", "a TensorFlow checkpoint or model"));
  CHECK(first_line("a.tflite", "\x1c\x01\x01\x01TFL3") == is("a.tflite", "a TensorFlow Lite model"));
  CHECK(first_line("a.bin", "version https://git-lfs.github.com/spec/v1\n") ==
        is("a.bin", "a pointer of Git LFS, and not the file itself"));
  CHECK(first_line("a.safetensors", "<!DOCTYPE html>") == is("a.safetensors", "a web page"));
  CHECK(first_line("a.safetensors", "\n <!doctype html>") == is("a.safetensors", "a web page"));
  CHECK(first_line("a.safetensors", "<HTML>    ") == is("a.safetensors", "a web page"));
  CHECK(first_line("liba.so",
                   "\x7f"
                   "ELF") == is("liba.so", "a library or a program"));
  CHECK(first_line("a.weights", "RESNETCW") == is("a.weights", "weights that were packed for a library"));
  const std::string index = file_said("model.safetensors.index.json", R"({"metadata": {}, "weight_map": {"a": "model-1.safetensors"}})");
  CHECK(index.starts_with(is("model.safetensors.index.json", "the index of a checkpoint in several files")));
  CHECK(index.ends_with("  safetensors.torch.save_file(tensors, \"model.safetensors\")\n"));
  // A name alone is not enough to recognise a format, and neither is a text that is cut off.
  CHECK(first_line("a.onnx", "text that is no model").find("but") == std::string::npos);
  CHECK(first_line("a.pth", "PK\x03\x04").find("but") == std::string::npos);
  CHECK(first_line("a.json", "{\"other\": 1}").find("but") == std::string::npos);
}

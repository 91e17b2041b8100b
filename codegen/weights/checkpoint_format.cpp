/// \file A table of formats, and the lines of Python that convert each.
#include "codegen/weights/checkpoint_format.h"

#include <fmt/format.h>
#include <llvm/Support/Endian.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>

#include "ir/forms/text.h"
#include "runtime/model.h"

namespace resnetc::codegen {
namespace {

using namespace std::string_view_literals;

/// A file, as the rows of the table examine it.
struct File {
  std::string_view bytes;
  std::string extension;  ///< in lower case, with the dot

  bool begins(std::string_view magic) const { return bytes.starts_with(magic); }
  bool is_named(std::string_view ending) const { return extension == ending; }
  /// Whether the file has this ending and may be a protocol buffer whose first field is a small number, as in models.
  bool may_be_model(std::string_view ending) const { return is_named(ending) && begins("\x08"); }
};

/// The name of the first file in a zip archive. Empty if the file is no zip archive.
std::string_view first_member(const File& file) {
  constexpr size_t length_at = 26, name_at = 30;
  if (!file.begins("PK\x03\x04") || file.bytes.size() < name_at) return {};
  return file.bytes.substr(name_at, llvm::support::endian::read16le(file.bytes.data() + length_at));
}

bool is_pytorch(const File& file) {
  constexpr char first_protocol = 2, last_protocol = 5;
  if (first_member(file).ends_with("/data.pkl")) return true;
  if (!first_member(file).empty()) {
    constexpr std::array endings = {".pth"sv, ".pt"sv, ".bin"sv, ".ckpt"sv};
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return file.is_named(ending); });
  }
  return file.begins("\x80") && file.bytes.size() > 1 && file.bytes[1] >= first_protocol && file.bytes[1] <= last_protocol;
}

bool is_index(const File& file) {
  constexpr size_t most = size_t{1} << 16;  // the key stands before the names that it applies to
  return file.begins("{") && file.bytes.substr(0, most).find("\"weight_map\"") != std::string_view::npos;
}

/// Whether the file begins as a web page, in upper or lower case, after any blanks.
bool is_web_page(const File& file) {
  std::string_view text = file.bytes.substr(0, 256);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  const auto begins = [&](std::string_view word) {
    return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == (b | 0x20); });
  };
  return text.starts_with('<') && (begins("<!doctype") || begins("<html"));
}

bool is_tensorflow(const File& file) {
  constexpr std::string_view table_end = "\x57\xfb\x80\x8b\x24\x75\x47\xdb";  // the end of TensorFlow's tables of tensors
  return file.bytes.ends_with(table_end) || file.may_be_model(".pb");
}

/// A format. In its remedy, {0} is the file's name and {1} the name of the checkpoint, both as Python writes them.
struct Format {
  bool (*is)(const File&);
  std::string_view what;
  std::string_view remedy;
};

constexpr std::string_view from_pytorch = R"(convert it in Python:
  import torch, safetensors.torch
  state = torch.load({0}, map_location="cpu", weights_only=True)
  state = state.get("state_dict", state)
  safetensors.torch.save_file({{name: tensor.clone().contiguous() for name, tensor in state.items()}}, {1}))";

constexpr std::string_view from_index = R"(put the files that it names into one, in Python:
  import json, pathlib, safetensors.torch
  index = pathlib.Path({0})
  tensors = {{}}
  for file in set(json.loads(index.read_text())["weight_map"].values()):
      tensors.update(safetensors.torch.load_file(index.parent / file))
  safetensors.torch.save_file(tensors, {1}))";

constexpr std::string_view from_numpy = R"(convert it in Python:
  import numpy, safetensors.numpy
  safetensors.numpy.save_file(dict(numpy.load({0})), {1}))";

constexpr std::string_view from_onnx =
    R"(save the checkpoint that it was exported from, as exporters rename and fold tensors; or convert it in Python:
  import onnx.numpy_helper, safetensors.numpy
  tensors = onnx.load({0}).graph.initializer
  safetensors.numpy.save_file({{t.name: onnx.numpy_helper.to_array(t).copy() for t in tensors}}, {1}))";

constexpr std::string_view from_gguf = R"(convert it in Python:
  import gguf, safetensors.numpy
  tensors = gguf.GGUFReader({0}).tensors
  safetensors.numpy.save_file({{t.name: gguf.quants.dequantize(t.data, t.tensor_type).copy() for t in tensors}}, {1}))";

constexpr std::string_view from_keras =
    R"(convert it in Python, and give the tensors the names that 'resnetc check' and its errors show:
  import h5py, numpy, safetensors.numpy
  tensors = {{}}
  def take(name, item):
      if isinstance(item, h5py.Dataset):
          a = item[()]  # weights are transposed: the outputs come first here
          a = a.transpose(3, 2, 0, 1) if a.ndim == 4 else a.T
          tensors[name.replace("/", ".")] = numpy.ascontiguousarray(a)
  h5py.File({0}).visititems(take)
  safetensors.numpy.save_file(tensors, {1}))";

constexpr std::string_view by_hand =
    "load it in its framework and save its tensors with 'safetensors.numpy.save_file', the outputs of each weight first: [out, in, height, "
    "width]";

/// The first format that matches counts, so special kinds of zip archives come before zip archives in general.
constexpr Format formats[] = {
    {[](const File& f) { return f.begins(RN_WEIGHTS_MAGIC); }, "weights that were packed for a library",
     "the checkpoint that they come from is needed here"},
    {[](const File& f) {
       return f.begins(
           "\x7f"
           "ELF");
     },
     "a library or a program", "'resnetc run LIB.so' and 'resnetc bench LIB.so' take libraries"},
    {[](const File& f) { return f.begins("version https://git-lfs"); }, "a pointer of Git LFS, and not the file itself",
     "'git lfs pull' fetches the file"},
    {is_pytorch, "a PyTorch checkpoint", from_pytorch},
    {[](const File& f) { return first_member(f).ends_with(".npy"); }, "an archive of NumPy arrays", from_numpy},
    {[](const File& f) { return f.is_named(".keras") && !first_member(f).empty(); }, "a Keras model", by_hand},
    {[](const File& f) { return !first_member(f).empty(); }, "a zip archive", "if a checkpoint is in it, take it out"},
    {[](const File& f) { return f.begins("\x93NUMPY"); }, "a NumPy array", "a checkpoint holds all tensors of a network, by their names"},
    {[](const File& f) { return f.may_be_model(".onnx"); }, "an ONNX model", from_onnx},
    {[](const File& f) { return f.begins("GGUF"); }, "a GGUF file", from_gguf},
    {is_index, "the index of a checkpoint in several files", from_index},
    {[](const File& f) { return f.begins("\x89HDF\r\n\x1a\n"); }, "an HDF5 file, as Keras writes it", from_keras},
    {is_tensorflow, "a TensorFlow checkpoint or model", by_hand},
    {[](const File& f) { return f.bytes.substr(0, 8).ends_with("TFL3"); }, "a TensorFlow Lite model", by_hand},
    {is_web_page, "a web page", "its download has failed, or was of another address"},
};

}  // namespace

std::optional<ForeignFile> foreign_file(const std::string& path, std::string_view bytes) {
  const std::filesystem::path name(path);
  File file{bytes, name.extension().string()};
  for (char& c : file.extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto* found = std::find_if(std::begin(formats), std::end(formats), [&](const Format& format) { return format.is(file); });
  if (found == std::end(formats)) return std::nullopt;
  std::filesystem::path converted = name.filename();
  for (const char* ending : {".json", ".index"}) {  // model.safetensors.index.json
    if (converted.extension() == ending) converted.replace_extension();
  }
  converted.replace_extension(".safetensors");
  return ForeignFile{std::string(found->what),
                     fmt::format(fmt::runtime(found->remedy), text::quoted(path), text::quoted(converted.string()))};
}

}  // namespace resnetc::codegen

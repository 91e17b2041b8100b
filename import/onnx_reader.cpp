/// \file Reads ONNX's protobuf. The only file that includes protobuf's headers.
#include "import/onnx_reader.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <llvm/Support/Endian.h>
#include <onnx.pb.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <set>

#include "ir/forms/text.h"
#include "support/files.h"
#include "support/mapped_file.h"

namespace resnetc::importer {
namespace {

namespace fs = std::filesystem;
using text::shown;

/// Graphs inside graphs: a branch of an If, and messages of protobuf. Each level of graphs takes four of messages.
constexpr int max_message_depth = 100;
/// How often the bytes of another file may be read by different tensors.
constexpr uint64_t max_readings = 4;

float half_to_float(uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  float value = 0;
  if (exponent == 0x1f) {
    value = fraction == 0 ? HUGE_VALF : std::nanf("");
  } else {
    value = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24) : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

float bfloat_to_float(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

std::string type_name(int type) {
  return onnx::TensorProto_DataType_IsValid(type) ? onnx::TensorProto_DataType_Name(static_cast<onnx::TensorProto_DataType>(type))
                                                  : std::to_string(type);
}

/// The type of elements, and the bytes of one in raw data; nothing for a type that is not read.
struct Stored {
  Elements elements;
  uint64_t bytes;
};
std::optional<Stored> stored(int type) {
  switch (type) {
    case onnx::TensorProto::FLOAT: return Stored{Elements::real, 4};
    case onnx::TensorProto::DOUBLE: return Stored{Elements::real, 8};
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16: return Stored{Elements::real, 2};
    case onnx::TensorProto::INT64: return Stored{Elements::whole, 8};
    case onnx::TensorProto::INT32: return Stored{Elements::whole, 4};
    case onnx::TensorProto::INT16:
    case onnx::TensorProto::UINT16: return Stored{Elements::whole, 2};
    case onnx::TensorProto::INT8:
    case onnx::TensorProto::UINT8: return Stored{Elements::real, 1};
    case onnx::TensorProto::BOOL: return Stored{Elements::truth, 1};
    default: return std::nullopt;
  }
}

template <class T>
T read_raw(std::string_view bytes, size_t i) {
  return llvm::support::endian::read<T, llvm::endianness::little>(bytes.data() + i * sizeof(T));
}

/// Fills `tensor` from raw bytes, whose number is right.
void fill_raw(Tensor& tensor, int type, std::string_view bytes, size_t count) {
  if (tensor.elements == Elements::real) {
    tensor.floats.resize(count);
  } else {
    tensor.wholes.resize(count);
  }
  for (size_t i = 0; i < count; ++i) {
    switch (type) {
      case onnx::TensorProto::FLOAT: tensor.floats[i] = std::bit_cast<float>(read_raw<uint32_t>(bytes, i)); break;
      case onnx::TensorProto::DOUBLE: tensor.floats[i] = static_cast<float>(std::bit_cast<double>(read_raw<uint64_t>(bytes, i))); break;
      case onnx::TensorProto::FLOAT16: tensor.floats[i] = half_to_float(read_raw<uint16_t>(bytes, i)); break;
      case onnx::TensorProto::BFLOAT16: tensor.floats[i] = bfloat_to_float(read_raw<uint16_t>(bytes, i)); break;
      case onnx::TensorProto::INT64: tensor.wholes[i].fixed = read_raw<int64_t>(bytes, i); break;
      case onnx::TensorProto::INT32: tensor.wholes[i].fixed = read_raw<int32_t>(bytes, i); break;
      case onnx::TensorProto::INT16: tensor.wholes[i].fixed = read_raw<int16_t>(bytes, i); break;
      case onnx::TensorProto::UINT16: tensor.wholes[i].fixed = read_raw<uint16_t>(bytes, i); break;
      case onnx::TensorProto::INT8: tensor.floats[i] = read_raw<int8_t>(bytes, i); break;
      case onnx::TensorProto::UINT8: tensor.floats[i] = read_raw<uint8_t>(bytes, i); break;
      default: tensor.wholes[i].fixed = bytes[i] != 0; break;
    }
  }
}

/// The files beside a model that hold its tensors.
class ExternalFiles {
 public:
  explicit ExternalFiles(std::vector<std::string> folders) : folders_(std::move(folders)) {}

  /// The bytes that a tensor asks for.
  Result<std::string_view> bytes(const onnx::TensorProto& proto, uint64_t wanted) {
    std::string location;
    uint64_t offset = 0, length = wanted;
    for (const auto& entry : proto.external_data()) {
      if (entry.key() == "location") location = entry.value();
      if (entry.key() == "offset" && !llvm_number(entry.value(), offset)) return Failure{"the offset of its data is no number"};
      if (entry.key() == "length" && !llvm_number(entry.value(), length)) return Failure{"the length of its data is no number"};
    }
    if (length != wanted) return Failure{fmt::format("its data has {} bytes, but its shape takes {}", length, wanted)};
    const Result<File*> file = find(location);
    if (!file) return file.failure();
    const std::string_view all = (*file)->mapped->bytes();
    if (offset > all.size() || length > all.size() - offset) {
      return Failure{fmt::format("its data ends at byte {} of '{}', which has {} bytes", offset + length, shown(location), all.size())};
    }
    (*file)->read += length;
    if ((*file)->read / max_readings > all.size()) {
      return Failure{fmt::format("the tensors share the bytes of '{}' more than {} times over", shown(location), max_readings)};
    }
    return all.substr(offset, length);
  }

  /// The files that were read.
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  struct File {
    std::unique_ptr<MappedFile> mapped;
    uint64_t read = 0;
  };

  static bool llvm_number(std::string_view digits, uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() && value <= uint64_t{1} << 62;
  }

  Result<File*> find(const std::string& location) {
    if (const auto found = files_.find(location); found != files_.end()) return &found->second;
    const fs::path relative(location);
    const bool leaves = relative.is_absolute() || std::find(relative.begin(), relative.end(), "..") != relative.end();
    if (location.empty() || leaves || location.find('\0') != std::string::npos) {
      return Failure{fmt::format("its data is in '{}', which is no place inside the model's folder", shown(location))};
    }
    for (const std::string& folder : folders_) {
      std::error_code error;
      const fs::path root = fs::weakly_canonical(folder.empty() ? "." : folder, error);
      if (error) continue;
      const fs::path path = fs::weakly_canonical(root / relative, error);
      if (error || !fs::exists(path, error)) continue;
      const fs::path inside = path.lexically_relative(root);
      if (inside.empty() || *inside.begin() == "..") {
        return Failure{fmt::format("its data is in '{}', a link that leaves the folder '{}'", shown(location), folder)};
      }
      Result<std::unique_ptr<MappedFile>> mapped = MappedFile::open(path.string());
      if (!mapped) return mapped.failure();
      paths_.push_back(path.string());
      return &files_.emplace(location, File{std::move(*mapped)}).first->second;
    }
    return Failure{fmt::format("its data is in the file '{}', which {}", shown(location),
                               folders_.empty() ? "is not read here" : "is not beside the model; -I names another folder")};
  }

  std::vector<std::string> folders_;
  std::map<std::string, File> files_;
  std::vector<std::string> paths_;
};

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& folders) : files_(folders) {}

  /// Takes the bytes of the proto's tensors away, so that they are not held twice.
  Result<Model> model(onnx::ModelProto& proto) {
    Model result;
    result.producer = proto.producer_name();
    for (const auto& set : proto.opset_import()) {
      if (set.domain().empty() || set.domain() == "ai.onnx") result.opset = set.version();
    }
    if (!proto.has_graph()) return Failure{"it is no ONNX model: it has no graph"};
    if (result.opset == 0) return Failure{"it is no ONNX model: it does not say which version of ONNX's operators it uses"};
    if (result.opset < oldest_opset) {
      return Failure{fmt::format("it uses version {} of ONNX's operators; version {} is the oldest that is read: export it again",
                                 result.opset, oldest_opset)};
    }
    for (onnx::FunctionProto& function : *proto.mutable_functions()) {
      Function read;
      read.inputs.assign(function.input().begin(), function.input().end());
      read.outputs.assign(function.output().begin(), function.output().end());
      for (onnx::AttributeProto& attribute : *function.mutable_attribute_proto()) {
        Result<Attribute> value = this->attribute(attribute, "the function '" + shown(function.name()) + "'");
        if (!value) return value.failure();
        read.defaults.insert_or_assign(attribute.name(), std::move(*value));
      }
      for (onnx::NodeProto& node : *function.mutable_node()) {
        Result<Node> value = this->node(node);
        if (!value) return value.failure();
        read.nodes.push_back(std::move(*value));
      }
      result.functions.insert_or_assign({domain(function.domain()), function.name()}, std::move(read));
    }
    Result<Graph> graph = this->graph(*proto.mutable_graph());
    if (!graph) return graph.failure();
    result.graph = std::move(*graph);
    result.files = files_.paths();
    return result;
  }

 private:
  static std::string domain(const std::string& name) { return name == "ai.onnx" ? "" : name; }

  Result<Graph> graph(onnx::GraphProto& proto) {
    Graph result;
    result.name = proto.name();
    if (proto.sparse_initializer_size() != 0) {
      return Failure{fmt::format("the weight '{}' is sparse; resnetc reads dense ones: make it dense before the export",
                                 shown(proto.sparse_initializer(0).values().name()))};
    }
    for (onnx::TensorProto& tensor : *proto.mutable_initializer()) {
      Result<TensorPtr> value = this->tensor(tensor, fmt::format("the weight '{}'", shown(tensor.name())));
      if (!value) return value.failure();
      result.constants.insert_or_assign(tensor.name(), std::move(*value));
    }
    for (const onnx::ValueInfoProto& value : proto.input()) {
      if (!result.constants.contains(value.name())) result.inputs.push_back(value_info(value));
    }
    for (const onnx::ValueInfoProto& value : proto.output()) result.outputs.push_back(value_info(value));
    for (onnx::NodeProto& node : *proto.mutable_node()) {
      Result<Node> value = this->node(node);
      if (!value) return value.failure();
      result.nodes.push_back(std::move(*value));
    }
    return result;
  }

  static ValueInfo value_info(const onnx::ValueInfoProto& proto) {
    ValueInfo result;
    result.name = proto.name();
    if (!proto.type().has_tensor_type()) {
      result.type = proto.has_type() ? "no tensor" : "";
      return result;
    }
    const auto& tensor = proto.type().tensor_type();
    result.type = type_name(tensor.elem_type());
    result.shaped = tensor.has_shape();
    for (const auto& d : tensor.shape().dim()) {
      Dimension dimension;
      if (d.has_dim_value() && d.dim_value() >= 0) dimension.size = d.dim_value();
      if (d.has_dim_param()) dimension.name = d.dim_param();
      result.shape.push_back(std::move(dimension));
    }
    return result;
  }

  Result<Node> node(onnx::NodeProto& proto) {
    Node result;
    result.op = proto.op_type();
    result.domain = domain(proto.domain());
    result.name = proto.name();
    result.inputs.assign(proto.input().begin(), proto.input().end());
    result.outputs.assign(proto.output().begin(), proto.output().end());
    for (const auto& property : proto.metadata_props()) {
      if (property.key() == "pkg.torch.onnx.name_scopes") result.scope = module_of(property.value());
    }
    for (onnx::AttributeProto& attribute : *proto.mutable_attribute()) {
      Result<Attribute> value = this->attribute(attribute, fmt::format("the node '{}' ({})", shown(result.name), shown(result.op)));
      if (!value) return value.failure();
      result.attributes.insert_or_assign(attribute.name(), std::move(*value));
    }
    return result;
  }

  /// The module in "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_5']": the last entry but one.
  static std::string module_of(std::string_view scopes) {
    std::vector<std::string_view> entries;
    for (size_t at = 0; (at = scopes.find('\'', at)) != std::string_view::npos;) {
      const size_t end = scopes.find('\'', at + 1);
      if (end == std::string_view::npos) break;
      entries.push_back(scopes.substr(at + 1, end - at - 1));
      at = end + 1;
    }
    return entries.size() < 2 ? std::string() : std::string(entries[entries.size() - 2]);
  }

  Result<Attribute> attribute(onnx::AttributeProto& proto, const std::string& whose) {
    Attribute result;
    if (!proto.ref_attr_name().empty()) {
      result.kind = Attribute::Kind::reference;
      result.text = proto.ref_attr_name();
      return result;
    }
    switch (proto.type()) {
      case onnx::AttributeProto::INT:
        result.kind = Attribute::Kind::integer;
        result.integer = proto.i();
        break;
      case onnx::AttributeProto::FLOAT:
        result.kind = Attribute::Kind::real;
        result.real = static_cast<double>(proto.f());
        break;
      case onnx::AttributeProto::STRING:
        result.kind = Attribute::Kind::text;
        result.text = proto.s();
        break;
      case onnx::AttributeProto::INTS:
        result.kind = Attribute::Kind::integers;
        result.integers.assign(proto.ints().begin(), proto.ints().end());
        break;
      case onnx::AttributeProto::FLOATS:
        result.kind = Attribute::Kind::reals;
        for (const float f : proto.floats()) result.reals.push_back(static_cast<double>(f));
        break;
      case onnx::AttributeProto::STRINGS:
        result.kind = Attribute::Kind::texts;
        result.texts.assign(proto.strings().begin(), proto.strings().end());
        break;
      case onnx::AttributeProto::TENSOR: {
        Result<TensorPtr> value = tensor(*proto.mutable_t(), fmt::format("the constant of {}", whose));
        if (!value) return value.failure();
        result.kind = Attribute::Kind::tensor;
        result.tensor = std::move(*value);
        break;
      }
      case onnx::AttributeProto::GRAPH: {
        Result<Graph> value = graph(*proto.mutable_g());
        if (!value) return value.failure();
        result.kind = Attribute::Kind::graph;
        result.graph = std::make_shared<const Graph>(std::move(*value));
        break;
      }
      default: break;  // of an operator that is not read
    }
    return result;
  }

  Result<TensorPtr> tensor(onnx::TensorProto& proto, const std::string& what) {
    Result<TensorPtr> read = dense(proto);
    if (!read) return Failure{fmt::format("{}: {}", what, read.failure().text), read.failure().blame};
    return read;
  }

  Result<TensorPtr> dense(onnx::TensorProto& proto) {
    const int type = proto.data_type();
    const std::optional<Stored> form = stored(type);
    if (!form) {
      return Failure{
          fmt::format("it has the type {}; resnetc reads floats of 16 to 64 bits, and whole numbers of shapes", type_name(type))};
    }
    Tensor result;
    result.elements = form->elements;
    if (type == onnx::TensorProto::INT8) result.bytes = Tensor::Bytes::with_sign;
    if (type == onnx::TensorProto::UINT8) result.bytes = Tensor::Bytes::without_sign;
    result.shape.assign(proto.dims().begin(), proto.dims().end());
    if (result.shape.size() > max_rank) return Failure{fmt::format("it has {} dimensions, more than {}", result.shape.size(), max_rank)};
    const std::optional<int64_t> count = elements_of(result.shape, int64_t{1} << 40);
    if (!count) return Failure{"its dimensions are negative or too large"};
    const size_t size = static_cast<size_t>(*count);
    if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
      const Result<std::string_view> bytes = files_.bytes(proto, size * form->bytes);
      if (!bytes) return bytes.failure();
      fill_raw(result, type, *bytes, size);
    } else if (proto.has_raw_data()) {
      if (proto.raw_data().size() != size * form->bytes) {
        return Failure{fmt::format("it has {} bytes of data, but its shape takes {}", proto.raw_data().size(), size * form->bytes)};
      }
      fill_raw(result, type, proto.raw_data(), size);
      std::string().swap(*proto.mutable_raw_data());  // clear_raw_data() would keep the memory
    } else if (const Result<> filled = fill_listed(result, proto, size); !filled) {
      return filled.failure();
    }
    return std::make_shared<const Tensor>(std::move(result));
  }

  /// The elements from the fields that are lists of numbers.
  static Result<> fill_listed(Tensor& tensor, onnx::TensorProto& proto, size_t size) {
    const int type = proto.data_type();
    const auto counted = [&](int have) -> Result<> {
      if (static_cast<size_t>(have) == size) return {};
      return Failure{fmt::format("it has {} elements, but its shape takes {}", have, size)};
    };
    if (type == onnx::TensorProto::FLOAT) {
      if (const Result<> good = counted(proto.float_data_size()); !good) return good;
      tensor.floats.assign(proto.float_data().begin(), proto.float_data().end());
      google::protobuf::RepeatedField<float>().Swap(proto.mutable_float_data());
      return {};
    }
    if (type == onnx::TensorProto::DOUBLE) {
      if (const Result<> good = counted(proto.double_data_size()); !good) return good;
      for (const double d : proto.double_data()) tensor.floats.push_back(static_cast<float>(d));
      return {};
    }
    if (type == onnx::TensorProto::INT64) {
      if (const Result<> good = counted(proto.int64_data_size()); !good) return good;
      for (const int64_t i : proto.int64_data()) tensor.wholes.push_back({i, 0});
      return {};
    }
    if (const Result<> good = counted(proto.int32_data_size()); !good) return good;
    for (const int32_t i : proto.int32_data()) {
      if (type == onnx::TensorProto::FLOAT16) {
        tensor.floats.push_back(half_to_float(static_cast<uint16_t>(i)));
      } else if (type == onnx::TensorProto::BFLOAT16) {
        tensor.floats.push_back(bfloat_to_float(static_cast<uint16_t>(i)));
      } else if (tensor.bytes) {
        tensor.floats.push_back(tensor.bytes == Tensor::Bytes::with_sign ? static_cast<int8_t>(i) : static_cast<uint8_t>(i));
      } else {
        tensor.wholes.push_back({type == onnx::TensorProto::BOOL ? (i != 0 ? 1 : 0) : i, 0});
      }
    }
    return {};
  }

  ExternalFiles files_;
};

/// What a file is that other programs keep models in; empty if it is none of them.
std::string_view other_format(std::string_view bytes) {
  if (bytes.starts_with(std::string_view("PK\3\4", 4))) return "a zip archive, as torch.save and Keras write";
  if (bytes.starts_with("\x89HDF")) return "an HDF5 file, as Keras writes";
  if (bytes.substr(0, 8).ends_with("TFL3")) return "a model of TensorFlow Lite";
  if (bytes.starts_with("version https://git-lfs")) return "a pointer of Git LFS ('git lfs pull' gets the file)";
  return "";
}

Result<onnx::ModelProto> parsed(std::string_view bytes) {
  google::protobuf::SetLogHandler(nullptr);  // what it says of a broken file would go to stderr
  if (bytes.size() > INT32_MAX) {
    return Failure{"it has more than 2 GiB, the most that ONNX allows; export its weights to a file of their own", Blame::limit};
  }
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(max_message_depth);
  onnx::ModelProto proto;
  if (!proto.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    const std::string_view other = other_format(bytes);
    if (other.empty()) return Failure{"it is no ONNX model, or it is truncated"};
    return Failure{fmt::format("it is no ONNX model but {}: export the model as ONNX, as docs/import.md shows", other)};
  }
  return proto;
}

}  // namespace

Result<Model> read_onnx_bytes(std::string_view bytes, const std::vector<std::string>& folders) {
  Result<onnx::ModelProto> proto = parsed(bytes);
  return proto ? Reader(folders).model(*proto) : proto.failure();
}

Result<Model> read_onnx(const std::string& path, const std::vector<std::string>& folders) {
  Result<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file) return file.failure();
  std::vector<std::string> all{fs::path(path).parent_path().string()};
  all.insert(all.end(), folders.begin(), folders.end());
  const auto failed = [&](const Failure& failure) {
    return Failure{fmt::format("cannot import '{}': {}", path, failure.text), failure.blame};
  };
  Result<onnx::ModelProto> proto = parsed((*file)->bytes());
  if (!proto) return failed(proto.failure());
  file->reset();  // the proto has copies of the bytes
  Result<Model> model = Reader(all).model(*proto);
  if (!model) return failed(model.failure());
  model->files.insert(model->files.begin(), path);
  return model;
}

}  // namespace resnetc::importer

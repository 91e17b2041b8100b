/// \file Reads manifests from libraries, which are untrusted.
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/Archive.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/MemoryBufferRef.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "codegen/interface.h"
#include "codegen/library.h"
#include "ir/forms/text_kind.h"
#include "ir/packing.h"
#include "runtime/runtime.h"
#include "support/json.h"
#include "support/mapped_file.h"

namespace resnetc::codegen {
namespace {

constexpr int max_depth = 16;  ///< nesting depth of the manifest's arrays and objects

/// The largest offset. The sum of an offset and a constant's bytes cannot overflow.
constexpr int64_t most_bytes = int64_t{1} << 61;

/// Whether the constants follow one another, each aligned, and fill the data. Then a weights file is never larger than its recipes justify.
bool dense(const std::vector<program::Constant>& constants, uint64_t data_bytes) {
  std::vector<const program::Constant*> by_offset;
  for (const program::Constant& constant : constants) by_offset.push_back(&constant);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const auto* a, const auto* b) { return a->offset != b->offset ? a->offset < b->offset : a->bytes() < b->bytes(); });
  int64_t end = 0;
  for (const program::Constant* constant : by_offset) {
    if (constant->offset != end || end > most_bytes) return false;
    end += (constant->bytes() + 63) / 64 * 64;
  }
  return static_cast<uint64_t>(end) == data_bytes;
}

/// Walks the parsed JSON. The first error is the failure, and everything after it reads as empty.
class Reader {
 public:
  bool fail(std::string reason) {
    if (ok_) why_ = "bad manifest: " + std::move(reason);
    ok_ = false;
    return false;
  }
  bool ok() const { return ok_; }
  Failure failure() const { return {why_}; }

  std::string text(const llvm::json::Object& o, const char* key) {
    if (const auto value = o.getString(key)) return value->str();
    fail(fmt::format("'{}' is missing", key));
    return {};
  }
  int64_t number(const llvm::json::Object& o, const char* key) {
    const auto value = o.getInteger(key);
    if (value && *value >= 0) return *value;
    fail(fmt::format("'{}' is missing or not a size", key));
    return 0;
  }
  uint64_t hash(const llvm::json::Object& o, const char* key) {
    const std::string digits = text(o, key);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 16 || error != std::errc() || end != digits.data() + digits.size()) fail(fmt::format("'{}' is not a hash", key));
    return value;
  }
  const llvm::json::Object& object(const llvm::json::Object& o, const char* key) {
    if (const llvm::json::Object* value = o.getObject(key)) return *value;
    fail(fmt::format("'{}' is missing", key));
    return empty_object_;
  }
  const llvm::json::Array& array(const llvm::json::Object& o, const char* key) {
    if (const llvm::json::Array* value = o.getArray(key)) return *value;
    fail(fmt::format("'{}' is missing", key));
    return empty_array_;
  }
  /// Calls `each` with every object of an array.
  template <typename Each>
  void objects(const llvm::json::Object& o, const char* key, Each each) {
    for (const llvm::json::Value& value : array(o, key)) {
      const llvm::json::Object* element = value.getAsObject();
      if (element == nullptr) fail(fmt::format("'{}' holds something else than objects", key));
      if (!ok_) return;
      each(*element);
    }
  }

  LibraryFacts::Port port(const llvm::json::Object& o) {
    LibraryFacts::Port result;
    result.name = text(o, "name");
    const std::optional<ElementType> element = element_named(text(o, "type"));
    if (element != ElementType::f32 && element != ElementType::u8) fail("an input or output has a type that is not known");
    result.element = element.value_or(ElementType::f32);
    if (text(o, "layout") == "packed") result.order = DimensionOrder::channels_last;
    result.picture_bytes = number(o, "picture_bytes");
    int64_t elements = 1;
    for (const llvm::json::Value& value : array(o, "shape")) {
      const int64_t d = value.getAsInteger().value_or(0);
      if (d < 1 || d > max_elements || elements > max_elements / d) {
        fail("a shape is out of range");
        return result;
      }
      elements *= d;
      result.dims.push_back(d);
    }
    if (result.dims.empty() || result.dims.size() > 3 || bytes_of(result.element, elements) != result.picture_bytes) {
      fail("'picture_bytes' does not fit the shape");
    }
    result.mean = numbers(o, "mean", result.dims.empty() ? 0 : result.dims.back());
    result.std = numbers(o, "std", result.dims.empty() ? 0 : result.dims.back());
    return result;
  }

  program::Constant constant(const llvm::json::Object& o) {
    program::Constant result;
    const Result<RecipePtr> recipe = parse_recipe(text(o, "recipe"));
    if (ok_ && !recipe) fail("a recipe: " + recipe.failure().text);
    if (!ok_) return result;
    result.recipe = *recipe;
    result.element = program::element_of(**recipe);
    result.offset = number(o, "offset");
    if (result.bytes() != number(o, "bytes")) fail("a constant's size is not its recipe's");
    return result;
  }

  LibraryFacts::Target target(const llvm::json::Object& o) {
    LibraryFacts::Target result;
    result.name = text(o, "name");
    if (o.get("cpu") != nullptr) {
      result.machine = text(o, "cpu");
      if (const std::string fault = machine_name_fault(result.machine); ok_ && !fault.empty()) fail("'cpu': " + fault);
    }
    result.halide = text(o, "halide");
    result.arena_bytes = number(o, "arena_bytes");
    objects(o, "kernels", [&](const llvm::json::Object& kernel) {
      const program::KernelCost cost{number(kernel, "executed_multiply_adds"), number(kernel, "weight_bytes"),
                                     number(kernel, "tensor_bytes")};
      result.kernels.push_back({text(kernel, "name"), text(kernel, "kind"), text(kernel, "algorithm"), number(kernel, "multiply_adds"),
                                cost, kernel.get("schedule") != nullptr ? text(kernel, "schedule") : ""});
    });
    return result;
  }

 private:
  /// Reads one number for each channel, or none at all.
  std::vector<double> numbers(const llvm::json::Object& o, const char* key, int64_t channels) {
    std::vector<double> result;
    const llvm::json::Array* values = o.getArray(key);
    if (values == nullptr) return result;
    if (values->size() > max_normalised_channels) fail(fmt::format("'{}' has more than {} numbers", key, max_normalised_channels));
    if (static_cast<int64_t>(values->size()) != channels)
      fail(fmt::format("'{}' has {} numbers for {} channels", key, values->size(), channels));
    if (!ok_) return result;
    for (const llvm::json::Value& value : *values) result.push_back(value.getAsNumber().value_or(0));
    return result;
  }

  std::string why_;
  bool ok_ = true;
  llvm::json::Object empty_object_;
  llvm::json::Array empty_array_;
};

}  // namespace

Result<LibraryFacts> parse_manifest(const std::string& json) {
  if (nested_too_deep(json, max_depth)) return Failure{"bad manifest: nested too deep"};
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(json);
  if (!value) return Failure{"bad manifest: " + llvm::toString(value.takeError())};
  Reader reader;
  const llvm::json::Object* root = value->getAsObject();
  if (root == nullptr) return Failure{"bad manifest: not an object"};
  if (reader.number(*root, "manifest_version") != 1) reader.fail("of another format version; 'resnetc compile' makes the library anew");
  if (reader.number(*root, "abi_version") != RN_ABI_VERSION)
    reader.fail("of another version of the libraries' interface; 'resnetc compile' makes the library anew");
  if (!reader.ok()) return reader.failure();

  LibraryFacts facts;
  facts.name = reader.text(*root, "name");
  if (!is_c_identifier(facts.name)) reader.fail("'name' is not a C identifier");
  facts.network = reader.text(*root, "network");
  facts.input = reader.port(reader.object(*root, "input"));
  reader.objects(*root, "outputs", [&](const llvm::json::Object& o) {
    facts.outputs.push_back(reader.port(o));
    if (facts.outputs.back().element != ElementType::f32) reader.fail("an output is not of f32");
  });
  const llvm::json::Object& weights = reader.object(*root, "weights");
  facts.weights_bytes = static_cast<uint64_t>(reader.number(weights, "bytes"));
  facts.embedded = weights.getBoolean("embedded").value_or(false);
  facts.recipe_hash = reader.hash(weights, "recipe_hash");
  if (weights.get("content_hash") != nullptr) facts.content_hash = reader.hash(weights, "content_hash");
  reader.objects(weights, "constants", [&](const llvm::json::Object& o) { facts.constants.push_back(reader.constant(o)); });
  reader.objects(*root, "targets", [&](const llvm::json::Object& o) { facts.targets.push_back(reader.target(o)); });
  if (reader.ok() && !dense(facts.constants, facts.weights_bytes)) reader.fail("the constants do not fill the weights");
  if (reader.ok() && recipe_hash(facts.constants) != facts.recipe_hash) reader.fail("'recipe_hash' does not fit the constants");
  if (!reader.ok()) return reader.failure();
  return facts;
}

namespace {

/// What a file is that is no shared library, and the command that takes it.
std::string what_instead(llvm::StringRef path, std::string_view bytes) {
  if (bytes.starts_with(llvm::object::ArchiveMagic)) {
    return "this is a static library, which programs are linked with; the shared one, 'lib*.so' beside it, can be loaded here";
  }
  if (path.ends_with_insensitive(".onnx")) return "this is a model, not a library; 'resnetc compile' makes a library of it";
  const std::string other = text::misplaced(text::beginning_of(bytes.substr(0, size_t{1} << 16)), "a library");
  return other.empty() ? "is not a library" : other;
}

}  // namespace

std::optional<std::string> read_manifest(const std::string& library_path, Diagnostics& diagnostics) {
  const Location at{diagnostics.sources().named(library_path), 0, 0, 0};
  const auto fail = [&](std::string reason) {
    diagnostics.error(at, std::move(reason));
    return std::nullopt;
  };
  const Result<std::unique_ptr<MappedFile>> file = MappedFile::open(library_path);
  if (!file) {
    diagnostics.error({}, file.failure().text);
    return std::nullopt;
  }
  auto object = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef((*file)->bytes(), library_path));
  if (!object) {
    const std::string damage = llvm::toString(object.takeError());
    if ((*file)->bytes().starts_with(llvm::ELF::ElfMagic)) return fail("is a damaged library, which may be truncated: " + damage);
    return fail(what_instead(library_path, (*file)->bytes()));
  }
  for (const llvm::object::SectionRef& section : (*object)->sections()) {
    llvm::Expected<llvm::StringRef> name = section.getName();
    if (!name) {
      llvm::consumeError(name.takeError());
      continue;
    }
    if (*name != ".resnetc") continue;
    llvm::Expected<llvm::StringRef> contents = section.getContents();
    if (!contents) return fail("has a damaged manifest: " + llvm::toString(contents.takeError()));
    return contents->take_until([](char c) { return c == '\0'; }).str();
  }
  return fail("is not a library made by resnetc: it has no section '.resnetc'");
}

}  // namespace resnetc::codegen

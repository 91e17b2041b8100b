/// \file Packs weights by carrying out the recipes.
#include "codegen/weights/weights_file.h"

#include <fmt/format.h>
#include <llvm/ADT/ArrayRef.h>
#include <llvm/Support/xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <thread>
#include <vector>

#include "codegen/interface.h"
#include "codegen/library.h"
#include "ir/forms/text.h"
#include "runtime/model.h"
#include "runtime/processors.h"

namespace resnetc::codegen {
namespace {

uint64_t hash_of(std::string_view bytes) {
  return llvm::xxh3_64bits(llvm::ArrayRef<uint8_t>(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

/// The value as float32. A denormal that becomes zero keeps its sign, as when a processor flushes it.
float rounded(double value, bool keep_denormals) {
  const auto number = static_cast<float>(value);
  return !keep_denormals && std::abs(number) < std::numeric_limits<float>::min() ? std::copysign(0.0F, number) : number;
}

std::string elements(const std::vector<double>& values, ElementType type, bool keep_denormals) {
  std::string bytes;
  bytes.reserve(static_cast<size_t>(bytes_of(type, static_cast<int64_t>(values.size()))));
  for (const double value : values) {
    append_element(type, type == ElementType::f32 ? static_cast<double>(rounded(value, keep_denormals)) : value, bytes);
  }
  return bytes;
}

/// Whether a value of f16 is not beyond its range. NaN is none of its numbers, and is left to those who look for NaN.
bool fits_f16(double value) { return !std::isinf(value); }

/// The name of the first tensor of a recipe that the source does not have.
std::string missing_tensor(const Recipe& recipe, const WeightSource& source) {
  std::vector<TensorRef> wanted;
  collect_tensors(recipe, wanted);
  for (const TensorRef& tensor : wanted) {
    if (element_count(tensor.shape) != 0 && source.read(tensor.name, tensor.shape).empty()) {
      return fmt::format("the weights have no tensor '{}' of shape [{}]", text::shown(tensor.name), fmt::join(tensor.shape, ", "));
    }
  }
  return "a recipe has no values";
}

/// Whether all elements of all tensors that a recipe reads are finite numbers.
bool reads_numbers(const Recipe& recipe, const WeightSource& source) {
  std::vector<TensorRef> read;
  collect_tensors(recipe, read);
  return std::all_of(read.begin(), read.end(), [&](const TensorRef& tensor) {
    const std::vector<double> values = source.read(tensor.name, tensor.shape);
    return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
  });
}

/// The number of elements of all constants that read no tensor of the checkpoint.
int64_t unbacked_elements(const std::vector<program::Constant>& constants) {
  int64_t elements = 0;
  for (const program::Constant& constant : constants) {
    std::vector<TensorRef> read;
    collect_tensors(*constant.recipe, read);
    if (read.empty()) elements += element_count(constant.recipe->shape);
  }
  return elements;
}

}  // namespace

bool wants_checkpoint(const std::vector<program::Constant>& constants) {
  std::vector<TensorRef> read;
  return std::any_of(constants.begin(), constants.end(), [&](const program::Constant& constant) {
    collect_tensors(*constant.recipe, read);
    return !read.empty();
  });
}

uint64_t recipe_hash(const std::vector<program::Constant>& constants) {
  std::string text = fmt::format("resnetc weights {}\n", RN_WEIGHTS_VERSION);
  for (const program::Constant& constant : constants) text += fmt::format("{} {}\n", constant.offset, to_string(*constant.recipe));
  return hash_of(text);
}

uint64_t content_hash(std::string_view weights_file) {
  return weights_file.size() < RN_WEIGHTS_ALIGN ? 0 : hash_of(weights_file.substr(RN_WEIGHTS_ALIGN));
}

Result<std::string> pack_weights(const std::vector<program::Constant>& constants, const std::string& name, const WeightSource& source,
                                 bool keep_denormals) {
  // The size of the other constants is proportional to the checkpoint.
  if (const int64_t unbacked = unbacked_elements(constants); unbacked > max_elements) {
    return Failure{fmt::format("constants that come from no tensor have {} elements together, more than {}", unbacked, max_elements),
                   Blame::limit};
  }
  // Constants are independent of each other and have fixed places, so any order of work gives the same file.
  std::vector<std::string> packed(constants.size());
  std::atomic<size_t> next{0}, failed{constants.size()};
  std::atomic<bool> too_large{false};
  const auto work = [&] {
    for (size_t i = next++; i < constants.size(); i = next++) {
      const std::vector<double> values = evaluate(*constants[i].recipe, source);
      if (static_cast<int64_t>(values.size()) == constants[i].elements()) {
        packed[i] = elements(values, constants[i].element, keep_denormals);
        if (constants[i].element == ElementType::f16 && !std::all_of(values.begin(), values.end(), fits_f16)) too_large = true;
        continue;
      }
      size_t known = failed;
      while (i < known && !failed.compare_exchange_weak(known, i)) {
      }
    }
  };
  std::vector<std::thread> threads;
  const size_t count = std::min(constants.size(), static_cast<size_t>(rn_processors()));
  for (size_t i = 1; i < count; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (too_large) return Failure{"a weight is larger than 65504, the largest number of f16: bf16 has a wider range"};
  if (failed < constants.size()) {
    return Failure{missing_tensor(*constants[failed].recipe, source)};
  }

  const size_t data_bytes = static_cast<size_t>(weights_data_bytes(constants));
  std::string file(RN_WEIGHTS_ALIGN + data_bytes, '\0');
  for (size_t i = 0; i < constants.size(); ++i) {
    if (!packed[i].empty()) std::memcpy(file.data() + RN_WEIGHTS_ALIGN + constants[i].offset, packed[i].data(), packed[i].size());
  }

  rn_weights_header header{};
  std::memcpy(header.magic, RN_WEIGHTS_MAGIC, sizeof header.magic);
  header.version = RN_WEIGHTS_VERSION;
  header.header_bytes = RN_WEIGHTS_ALIGN;
  header.data_bytes = data_bytes;
  header.recipe_hash = recipe_hash(constants);
  header.content_hash = content_hash(file);
  std::memcpy(header.name, name.data(), std::min(name.size(), sizeof header.name - 1));
  std::memcpy(file.data(), &header, sizeof header);
  return file;
}

bool has_other_weights(const std::string& path, std::span<const program::Program> programs) {
  rn_weights_header header{};
  std::ifstream file(path, std::ios::binary);
  std::array<char, sizeof header> bytes{};
  if (!file.read(bytes.data(), bytes.size())) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return std::memcmp(header.magic, RN_WEIGHTS_MAGIC, sizeof header.magic) == 0 && header.recipe_hash != recipe_hash(programs[0].constants);
}

std::string not_numbers(const std::vector<program::Constant>& constants, std::string_view weights_file, const WeightSource& source) {
  size_t count = 0;
  std::string first;
  for (const program::Constant& constant : constants) {
    const char* at = weights_file.data() + RN_WEIGHTS_ALIGN + constant.offset;
    bool finite = true;
    for (int64_t i = 0; i < constant.elements() && finite; ++i) {
      finite = std::isfinite(read_element(constant.element, at + bytes_of(constant.element, i)));
    }
    if (!finite && reads_numbers(*constant.recipe, source) && count++ == 0) first = to_string(*constant.recipe);
  }
  if (count == 0) return {};
  return fmt::format(
      "{} of {} packed constants hold values that are not finite numbers, the first is {}; is a variance negative, or a value "
      "too large for 32 bits?",
      count, constants.size(), first);
}

}  // namespace resnetc::codegen

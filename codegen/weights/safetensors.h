/// \file Checkpoints in the safetensors format (https://github.com/huggingface/safetensors#format): a header size of 8 bytes,
/// little-endian, then a JSON header {"name": {"dtype", "shape", "data_offsets"}}, then the data. The file is mapped. It is untrusted, so
/// it is checked before any read.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ir/recipe.h"
#include "support/diagnostics.h"

namespace resnetc::codegen {

class Safetensors final : public WeightSource {
 public:
  struct Entry {
    std::string dtype;
    std::vector<int64_t> shape;
    uint64_t begin = 0, end = 0;  ///< in bytes from the start of the file
  };

  /// Maps and checks a file. Returns null after any error. Errors name the file and the tensor; for a file in another format they say how
  /// to convert it.
  static std::unique_ptr<Safetensors> open(const std::string& path, Diagnostics& diagnostics);
  /// Like open(), but for bytes in memory (tests, fuzzing).
  static std::unique_ptr<Safetensors> from_bytes(std::string name, std::string bytes, Diagnostics& diagnostics);
  ~Safetensors() override;

  const std::string& name() const;
  const std::map<std::string, Entry>& entries() const;
  /// Removes `prefix` from the names that begin with it; the other names do not change. A tensor can no longer be read if another tensor
  /// then has its name. Reports an error and returns false if no name begins with `prefix`.
  bool strip_prefix(const std::string& prefix, Diagnostics& diagnostics);
  /// All prefixes that strip_prefix() has removed.
  const std::string& stripped() const;
  /// The names of the tensors that can no longer be read.
  const std::vector<std::string>& hidden() const;

  /// Whether a tensor of the shape `stored` can serve as one of the shape `wanted`. The shapes must be equal, or have different ranks and
  /// differ only in dimensions of 1, so that the elements and their order are the same. [8, 32, 1, 1] holds [8, 32]; [1, 32] does not hold
  /// [32, 1], because that may be a transposed matrix.
  static bool holds(const std::vector<int64_t>& stored, const std::vector<int64_t>& wanted);
  /// Reads F64, F32, F16 and BF16. Other types give an empty vector, and so does a shape that the tensor does not hold.
  std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const override;

 private:
  struct State;
  explicit Safetensors(std::unique_ptr<State> state);
  static std::unique_ptr<Safetensors> read(std::unique_ptr<State> state, Diagnostics& diagnostics);
  std::unique_ptr<State> state_;
};

}  // namespace resnetc::codegen

/// \file Checkpoints in the safetensors format (https://github.com/huggingface/safetensors#format): 8 bytes little-endian header size, a
/// JSON header {"name": {"dtype", "shape", "data_offsets"}}, then the data. The file is mapped, untrusted, and checked before any read.
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
    uint64_t begin = 0, end = 0;  ///< bytes, from the start of the file
  };

  /// Maps and checks a file. Errors name the file and the tensor, and of a file in another format how to convert it; on any, null.
  static std::unique_ptr<Safetensors> open(const std::string& path, Diagnostics& diagnostics);
  /// The same over bytes in memory (tests, fuzzing).
  static std::unique_ptr<Safetensors> from_bytes(std::string name, std::string bytes, Diagnostics& diagnostics);
  ~Safetensors() override;

  const std::string& name() const;
  const std::map<std::string, Entry>& entries() const;
  /// Takes `prefix` off the names that begin with it; the others stay as they are. A tensor whose name another one then has can no longer
  /// be read. False, and an error, if no name begins so.
  bool strip_prefix(const std::string& prefix, Diagnostics& diagnostics);
  /// All that strip_prefix() has taken off.
  const std::string& stripped() const;
  /// Tensors that can no longer be read, by their names.
  const std::vector<std::string>& hidden() const;

  /// Whether a tensor of the shape `stored` holds one of the shape `wanted`: it is that shape, or one of another rank that differs from it
  /// in dimensions of one alone, so that the elements and their order are the same: [8, 32, 1, 1] holds [8, 32], and [1, 32] does not hold
  /// [32, 1], which may be a matrix transposed.
  static bool holds(const std::vector<int64_t>& stored, const std::vector<int64_t>& wanted);
  /// F64, F32, F16 and BF16 are read; other types give an empty vector, and so does a shape that the tensor does not hold.
  std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const override;

 private:
  struct State;
  explicit Safetensors(std::unique_ptr<State> state);
  static std::unique_ptr<Safetensors> read(std::unique_ptr<State> state, Diagnostics& diagnostics);
  std::unique_ptr<State> state_;
};

}  // namespace resnetc::codegen

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

  /// Maps and checks a file. Errors name the file and the tensor; on any, null.
  static std::unique_ptr<Safetensors> open(const std::string& path, Diagnostics& diagnostics);
  /// The same over bytes in memory (tests, fuzzing).
  static std::unique_ptr<Safetensors> from_bytes(std::string name, std::string bytes, Diagnostics& diagnostics);
  ~Safetensors() override;

  const std::string& name() const;
  const std::map<std::string, Entry>& entries() const;
  /// F64, F32, F16 and BF16 are read; other types give an empty vector.
  std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const override;

  /// Reports every tensor that is missing, superfluous (`num_batches_tracked` is ignored), of the wrong shape or of a type that cannot be
  /// read. True if there is none. Then every tensor with a NaN or an infinity gets a warning.
  /// With `allow_more` superfluous tensors are none of its business: those of blocks that have left the program.
  bool matches(const std::vector<TensorRef>& wanted, Diagnostics& diagnostics, bool allow_more = false) const;

 private:
  struct State;
  explicit Safetensors(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace resnetc::codegen

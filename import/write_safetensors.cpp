/// \file The header as JSON, padded to 8 bytes, then the elements.
#include "import/write_safetensors.h"

#include <llvm/Support/Endian.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "support/json.h"

namespace resnetc::importer {

std::string safetensors_of(const std::vector<NamedWeight>& weights) {
  llvm::json::Object header;
  uint64_t end = 0;
  for (const NamedWeight& weight : weights) {
    const uint64_t begin = end;
    end += weight.values->size() * sizeof(float);
    llvm::json::Array shape;
    for (const int64_t d : weight.shape) shape.push_back(d);
    header[weight.name] =
        llvm::json::Object{{"dtype", "F32"}, {"shape", std::move(shape)}, {"data_offsets", llvm::json::Array{begin, end}}};
  }
  std::string json;
  llvm::raw_string_ostream(json) << llvm::json::Value(std::move(header));
  json.resize((json.size() + 7) / 8 * 8, ' ');
  std::string bytes(8, '\0');
  llvm::support::endian::write64le(bytes.data(), json.size());
  bytes += json;
  bytes.reserve(bytes.size() + end);
  for (const NamedWeight& weight : weights) {
    for (size_t i = 0; i < weight.values->size(); ++i) {
      char element[sizeof(float)];
      llvm::support::endian::write32le(element, std::bit_cast<uint32_t>(static_cast<float>(weight.values->real(i))));
      bytes.append(element, sizeof(element));
    }
  }
  return bytes;
}

}  // namespace resnetc::importer

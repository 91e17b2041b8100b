/// \file Fuzzes what reads weights: the safetensors reader, the manifest reader and the runtime's check of a weights file.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "codegen/library.h"
#include "codegen/weights/checkpoint.h"
#include "codegen/weights/safetensors.h"
#include "runtime/runtime.h"
#include "runtime/weights.c"  // the runtime is no part of resnetc's own libraries

namespace {

/// The runtime reads a header from memory that the caller may have cut anywhere.
void fuzz_weights_file(const uint8_t* data, size_t size) {
  rn_model model{};
  model.weights_version = RN_WEIGHTS_VERSION;
  model.recipe_hash = 0;
  model.weights_bytes = size > RN_WEIGHTS_ALIGN ? size - RN_WEIGHTS_ALIGN : 64;
  void* copy = nullptr;
  if (posix_memalign(&copy, 64, size == 0 ? 1 : size) != 0) return;
  if (size != 0) std::memcpy(copy, data, size);
  rn_options options{};
  options.verify_contents = 1;
  rn_check_weights(&model, copy, size, &options);
  std::free(copy);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz_weights_file(data, size);
  const std::string bytes(reinterpret_cast<const char*>(data), size);

  (void)resnetc::codegen::parse_manifest(bytes);

  // The bytes are read as a whole file, and once more as the header of a file, because a fuzzer would take long to find a valid header.
  std::string framed(8, '\0');
  for (size_t i = 0; i < 8; ++i) framed[i] = static_cast<char>(size >> (8 * i));
  for (const std::string& file : {bytes, framed + bytes, framed + bytes + std::string(16, '\0')}) {
    resnetc::Sources sources;
    resnetc::Diagnostics diagnostics(sources);
    const auto weights = resnetc::codegen::Safetensors::from_bytes("fuzz", file, diagnostics);
    if (weights == nullptr) {
      if (!diagnostics.has_errors()) std::abort();
      continue;
    }
    std::vector<resnetc::TensorRef> wanted;
    for (const auto& [name, entry] : weights->entries()) {
      weights->read(name, entry.shape);
      wanted.push_back({name, entry.shape});
    }
    resnetc::codegen::matches(*weights, wanted, resnetc::codegen::Unread::warning, diagnostics);
    for (resnetc::TensorRef& tensor : wanted) tensor.name = tensor.name.substr(tensor.name.find('.') + 1);
    resnetc::codegen::matches(*weights, wanted, resnetc::codegen::Unread::error, diagnostics);
    weights->strip_prefix(bytes.substr(0, 2), diagnostics);
  }
  return 0;
}

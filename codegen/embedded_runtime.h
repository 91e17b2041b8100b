/// \file The runtime's relocatable objects, compiled with resnetc for each architecture (cmake/embed_runtime.cmake): one is linked into
/// every product, and a second one into products with a program for a GPU.
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/target.h"

#define ARCHITECTURE(identifier, ...)                         \
  extern "C" const char resnetc_runtime_##identifier[];       \
  extern "C" const char resnetc_runtime_##identifier##_end[]; \
  extern "C" const char resnetc_cuda_##identifier[];          \
  extern "C" const char resnetc_cuda_##identifier##_end[];
#include "ir/architectures.def"
#undef ARCHITECTURE

namespace resnetc::codegen {

namespace embedded {
inline std::string_view between(const char* begin, const char* end) {
  // Both symbols belong to one object, but the linker places them, so the difference must be taken between addresses.
  const auto address = [](const char* at) { return reinterpret_cast<uintptr_t>(at); };
  return {begin, address(end) - address(begin)};
}
}  // namespace embedded

inline std::string_view embedded_runtime(Architecture architecture) {
  switch (architecture) {
#define ARCHITECTURE(identifier, ...) \
  case Architecture::identifier: return embedded::between(resnetc_runtime_##identifier, resnetc_runtime_##identifier##_end);
#include "ir/architectures.def"
#undef ARCHITECTURE
  }
  return {};
}

inline std::string_view embedded_cuda_runtime(Architecture architecture) {
  switch (architecture) {
#define ARCHITECTURE(identifier, ...) \
  case Architecture::identifier: return embedded::between(resnetc_cuda_##identifier, resnetc_cuda_##identifier##_end);
#include "ir/architectures.def"
#undef ARCHITECTURE
  }
  return {};
}

}  // namespace resnetc::codegen

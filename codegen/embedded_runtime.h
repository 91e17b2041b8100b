/// \file The runtime's relocatable objects, compiled with resnetc (cmake/embed_runtime.cmake): one is linked into every product, one more
/// into those with a program for a GPU.
#pragma once

#include <cstdint>
#include <string_view>

extern "C" const char resnetc_runtime_object[];
extern "C" const char resnetc_runtime_object_end[];
extern "C" const char resnetc_cuda_object[];
extern "C" const char resnetc_cuda_object_end[];

namespace resnetc::codegen {

namespace embedded {
inline std::string_view between(const char* begin, const char* end) {
  // Two symbols, one object: the linker places them, so the difference is taken between addresses.
  const auto address = [](const char* at) { return reinterpret_cast<uintptr_t>(at); };
  return {begin, address(end) - address(begin)};
}
}  // namespace embedded

inline std::string_view embedded_runtime() { return embedded::between(resnetc_runtime_object, resnetc_runtime_object_end); }
inline std::string_view embedded_cuda_runtime() { return embedded::between(resnetc_cuda_object, resnetc_cuda_object_end); }

}  // namespace resnetc::codegen

/// \file The runtime's relocatable object, compiled with resnetc (cmake/embed_runtime.cmake) and linked into every product.
#pragma once

#include <cstdint>
#include <string_view>

extern "C" const char resnetc_runtime_object[];
extern "C" const char resnetc_runtime_object_end[];

namespace resnetc::codegen {

inline std::string_view embedded_runtime() {
  // Two symbols, one object: the linker places them, so the difference is taken between addresses.
  const auto address = [](const char* at) { return reinterpret_cast<uintptr_t>(at); };
  return {resnetc_runtime_object, address(resnetc_runtime_object_end) - address(resnetc_runtime_object)};
}

}  // namespace resnetc::codegen

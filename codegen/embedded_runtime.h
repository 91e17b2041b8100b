/// \file The runtime's relocatable object, compiled with resnetc (cmake/embed_runtime.cmake) and linked into every product.
#pragma once

#include <string_view>

extern "C" const char resnetc_runtime_object[];
extern "C" const char resnetc_runtime_object_end[];

namespace resnetc::codegen {

inline std::string_view embedded_runtime() {
  return {resnetc_runtime_object, static_cast<size_t>(resnetc_runtime_object_end - resnetc_runtime_object)};
}

}  // namespace resnetc::codegen

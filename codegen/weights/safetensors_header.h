/// \file The header of a safetensors file: untrusted JSON with a fixed form.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "codegen/weights/safetensors.h"
#include "support/failure.h"

namespace resnetc::codegen {

/// The bytes of an element of a safetensors type; nothing if the format has no such type.
std::optional<uint64_t> element_bytes(std::string_view dtype);

/// Reads the JSON header. The offsets in the result are those of the header, relative to the data. Checks the form, types, shapes and each
/// tensor's size, but not the places of the tensors. A failure names the tensor that it is about, if any.
Result<std::map<std::string, Safetensors::Entry>> read_safetensors_header(std::string_view json);

}  // namespace resnetc::codegen

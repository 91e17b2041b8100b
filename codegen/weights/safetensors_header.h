/// \file The header of a safetensors file: untrusted JSON of one fixed form.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "codegen/weights/safetensors.h"
#include "support/failure.h"

namespace resnetc::codegen {

/// Bytes of an element of a safetensors type; nothing for a type the format does not have.
std::optional<uint64_t> element_bytes(std::string_view dtype);

/// Reads the JSON header. Offsets in the result are those written, relative to the data. Checks form, types, shapes and each tensor's
/// size, not where the tensors lie. A failure names the tensor where it is about one.
Result<std::map<std::string, Safetensors::Entry>> read_safetensors_header(std::string_view json);

}  // namespace resnetc::codegen

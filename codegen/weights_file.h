/// \file The weights file: runtime/model.h's header, then the constants.
#pragma once

#include <cstdint>
#include <string_view>

namespace resnetc::codegen {

/// The hash of the data in a weights file that pack_weights() made: what its header states.
uint64_t content_hash(std::string_view weights_file);

}  // namespace resnetc::codegen

/// \file The weights file: runtime/model.h's header, then the constants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/program.h"

namespace resnetc::codegen {

/// The hash of the data in a weights file that pack_weights() made, as its header states it.
uint64_t content_hash(std::string_view weights_file);
/// A warning about constants of a packed file that hold infinities or NaN although the tensors of `source` that they read do not (a
/// checkpoint's warnings name those that do); empty if there are none.
std::string not_numbers(const std::vector<program::Constant>& constants, std::string_view weights_file, const WeightSource& source);

}  // namespace resnetc::codegen

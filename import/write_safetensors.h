/// \file Writes weights in the safetensors format.
#pragma once

#include <string>
#include <vector>

#include "import/check_text.h"

namespace resnetc::importer {

/// The bytes of a file that holds these tensors as float32, in their order.
std::string safetensors_of(const std::vector<NamedWeight>& weights);

}  // namespace resnetc::importer

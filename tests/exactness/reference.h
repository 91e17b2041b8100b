/// \file PyTorch's outputs: references/NAME_HEIGHTxWIDTH.npy, float64 of shape [pictures, classes], in the format of make_references.py.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/failure.h"

namespace resnetc::exactness {

struct Reference {
  size_t pictures = 0, classes = 0;
  std::vector<double> values;

  std::span<const double> picture(size_t index) const { return {values.data() + index * classes, classes}; }
};

Result<Reference> read_reference(const std::string& path);

}  // namespace resnetc::exactness

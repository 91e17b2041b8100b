/// \file What the verifiers of the three IRs return.
#pragma once

#include <cstddef>
#include <string>

namespace resnetc {

/// A fault, and which part of the IR has it, so that a reader can say where that stands in what it has read.
struct Finding {
  /// Values are a topology's values, a graph's operations and a program's tensors.
  enum class Part { whole, value, output, constant, kernel };
  static constexpr size_t part_kinds = 5;

  std::string what;
  Part part = Part::whole;
  size_t index = 0;  ///< among the parts of its kind, in their order in the IR and in its text
};

}  // namespace resnetc

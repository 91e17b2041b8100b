/// \file What the verifiers of the three IRs return.
#pragma once

#include <cstddef>
#include <string>

namespace resnetc {

/// A fault and the part of the IR that has it. A reader uses the part to report the place of the fault in its text.
struct Finding {
  /// `value` stands for a topology's value, a graph's operation or a program's tensor, `schedule` for that of the kernel with the index.
  enum class Part { whole, value, output, constant, kernel, schedule };
  static constexpr size_t part_kinds = 6;

  std::string what;
  Part part = Part::whole;
  size_t index = 0;  ///< position among the parts of its kind, in their order in the IR and in its text
};

}  // namespace resnetc

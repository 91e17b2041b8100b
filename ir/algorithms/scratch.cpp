/// \file The size of scratch memory.
#include "ir/algorithms/scratch.h"

#include <algorithm>

namespace resnetc::program {

const ScratchBuffer::Axis& ScratchBuffer::axis(std::string_view wanted) const {
  static constexpr Axis absent{};
  const auto found = std::find_if(axes.begin(), axes.end(), [&](const Axis& axis) { return axis.name == wanted; });
  return found == axes.end() ? absent : *found;
}

int64_t ScratchBuffer::bytes() const {
  if (axes.empty()) return 0;
  int64_t elements = 1;
  for (const Axis& axis : axes) elements *= axis.stored();
  return bytes_of(element, elements);
}

}  // namespace resnetc::program

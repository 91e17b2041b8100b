/// \file What an algorithm's tasks keep in scratch memory. The bytes that a program asks for and the bounds of the code's buffers come from
/// these values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/element_type.h"

namespace resnetc::program {

/// A buffer in the scratch memory of a task. The builder of the algorithm's code bounds its Func by the extents.
struct ScratchBuffer {
  struct Axis {
    std::string_view name;  ///< as the builder calls it
    int64_t extent = 1;
    int64_t spare = 0;  ///< elements beyond: so that rows do not share sets of the cache, or where Halide rounds the extent up
    int64_t stored() const { return extent + spare; }
  };
  /// Room for alignment, and for what vectors read past the end.
  static constexpr int64_t slack = 1024;

  std::string name;
  std::vector<Axis> axes;  ///< the innermost first; of none there is no buffer
  int64_t more = slack;    ///< bytes beside the elements; 0 where another buffer's are enough for both
  ElementType element = ElementType::f32;

  const Axis& axis(std::string_view wanted) const;
  int64_t extent(std::string_view wanted) const { return axis(wanted).extent; }
  /// Without `more`.
  int64_t bytes() const;
};

}  // namespace resnetc::program

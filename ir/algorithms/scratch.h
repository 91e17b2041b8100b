/// \file The buffers of an algorithm's tasks in scratch memory. They determine the bytes that a program asks for and the bounds of the
/// buffers in the code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/element_type.h"

namespace resnetc::program {

/// A buffer in the scratch memory of a task. The builder of the algorithm's code bounds its Func by these extents.
struct ScratchBuffer {
  struct Axis {
    std::string_view name;  ///< the builder's name for the axis
    int64_t extent = 1;
    int64_t spare = 0;  ///< elements after the extent, so that rows do not share sets of the cache, or because Halide rounds the extent up
    int64_t stored() const { return extent + spare; }
  };
  /// Space for alignment and for vectors that are read past the end.
  static constexpr int64_t slack = 1024;

  std::string name;
  std::vector<Axis> axes;  ///< innermost first; without axes there is no buffer
  int64_t more = slack;    ///< bytes besides the elements; 0 if another buffer's bytes are enough for both
  ElementType element = ElementType::f32;

  const Axis& axis(std::string_view wanted) const;
  int64_t extent(std::string_view wanted) const { return axis(wanted).extent; }
  /// The bytes of the elements, without `more`.
  int64_t bytes() const;
};

}  // namespace resnetc::program

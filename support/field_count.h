/// \file How many fields a structure has.
#pragma once

#include <cstddef>

namespace resnetc {

namespace field_counting {
/// A value that can initialise any field, in code that is not run.
struct Anything {
  template <class T>
  operator T() const;
};
}  // namespace field_counting

/// The number of fields of an aggregate without bases: the largest number of values that can initialise it. Lists that must have a line for
/// each field compare their lengths with this number.
template <class T, class... Values>
consteval size_t field_count() {
  if constexpr (requires { T{Values{}..., field_counting::Anything{}}; }) {
    return field_count<T, Values..., field_counting::Anything>();
  } else {
    return sizeof...(Values);
  }
}

}  // namespace resnetc

/// \file How many fields a structure has.
#pragma once

#include <cstddef>

namespace resnetc {

namespace field_counting {
/// What any field can be initialised with, in code that is not run.
struct Anything {
  template <class T>
  operator T() const;
};
}  // namespace field_counting

/// The number of fields of an aggregate without bases: so many values can initialise it, and no more. A list that must have a line for each
/// field is compared with it.
template <class T, class... Values>
consteval size_t field_count() {
  if constexpr (requires { T{Values{}..., field_counting::Anything{}}; }) {
    return field_count<T, Values..., field_counting::Anything>();
  } else {
    return sizeof...(Values);
  }
}

}  // namespace resnetc

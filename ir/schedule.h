/// \file How a kernel is computed. A schedule has one of the types below, each of which holds the parameters of an algorithm on a device.
/// Each type has one list of its parameters, describe(). The text form, JSON, schema and the tests' random schedules come from that list.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "ir/algorithms/direct.h"
#include "ir/algorithms/general.h"
#include "ir/algorithms/grouped.h"
#include "ir/algorithms/strassen.h"
#include "ir/algorithms/threads.h"
#include "ir/algorithms/winograd.h"

namespace resnetc::program {

/// A default schedule is correct for every kernel of a processor except convolutions.
using Schedule = std::variant<GeneralSchedule, DirectSchedule, WinogradSchedule, StrassenSchedule, GroupedSchedule, ThreadSchedule>;

/// Makes one of these calls for each parameter, in the order of the text:
///     fields.number(name, int64_t&, meaning)
///     fields.extent(name, Extent2&, meaning)
///     fields.unless_zero(name, int64_t&, meaning)  // left out of the text if it is 0
///     fields.flag(name, bool&, meaning)            // left out if it is false
template <class Fields>
void describe(Fields& fields, Schedule& schedule) {
  std::visit([&](auto& one) { describe(fields, one); }, schedule);
}

/// A schedule of each type with its defaults, in the order of the variant.
inline std::array<Schedule, std::variant_size_v<Schedule>> default_schedules() {
  return []<size_t... i>(std::index_sequence<i...>) {
    return std::array<Schedule, sizeof...(i)>{std::variant_alternative_t<i, Schedule>{}...};
  }(std::make_index_sequence<std::variant_size_v<Schedule>>());
}

/// The record of the schedule's algorithm on its device (ir/algorithms/implementation.h).
inline const Implementation& implementation_of(const Schedule& schedule) {
  return std::visit([](const auto& one) -> const Implementation& { return implementation_of(one); }, schedule);
}

/// The name in the text form.
inline std::string_view name_of(const Schedule& schedule) {
  return std::visit([](const auto& one) { return std::decay_t<decltype(one)>::name; }, schedule);
}

}  // namespace resnetc::program

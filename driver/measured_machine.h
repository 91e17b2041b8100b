/// \file Measures the machine that resnetc runs on, for `resnetc machine`.
#pragma once

#include <cstddef>
#include <functional>

#include "ir/machine.h"
#include "support/failure.h"

namespace resnetc::driver {

/// Takes about half a minute. The name and the source are left to the caller. `progress` is told how many of all rounds are done. Fails if
/// the system does not say how large its caches are, or if there is too little memory.
Result<Machine> measured_machine(const std::function<void(size_t done, size_t all)>& progress);

}  // namespace resnetc::driver

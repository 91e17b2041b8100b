/// \file Measures the machine that resnetc runs on, for `resnetc machine`.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "ir/machine.h"
#include "support/failure.h"

namespace resnetc::driver {

struct MeasuredMachine {
  Machine machine;                  ///< its name and source are left to the caller
  std::vector<std::string> doubts;  ///< what the user should know before using it, each a sentence for a warning
};

/// Takes about half a minute. `progress` is told how many of all rounds are done. Fails if the system does not say how large its caches
/// are, or if there is too little memory.
Result<MeasuredMachine> measured_machine(const std::function<void(size_t done, size_t all)>& progress);

}  // namespace resnetc::driver

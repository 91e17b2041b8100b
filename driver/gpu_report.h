/// \file The expected times of a GPU's program, kernel by kernel, for --opt-report.
#pragma once

#include <string>

#include "ir/program.h"

namespace resnetc::driver {

/// A table; the program is for a GPU. Nothing in it is measured: ir/algorithms/gpu_model.h is the model.
std::string gpu_report(const program::Program& program);

}  // namespace resnetc::driver

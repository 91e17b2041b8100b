/// \file What a program for a GPU is expected to take there, kernel by kernel: for --opt-report.
#pragma once

#include <string>

#include "ir/program.h"

namespace resnetc::driver {

/// A table; the program is for a GPU. Nothing in it is measured: ir/algorithms/gpu_model.h is the model.
std::string gpu_report(const program::Program& program);

}  // namespace resnetc::driver

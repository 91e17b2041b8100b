/// \file The rules of programs for integers.
#pragma once

#include "ir/checks.h"
#include "ir/program.h"

namespace resnetc::program {

/// Checks that a kernel makes numbers of integers before it computes anything but sums of products of them, that it makes integers of
/// numbers before it stores them as such, and that its constants have the types for it. What a kernel only moves may stay integers. All
/// else about the kernel must be right.
Fault check_integers(const Program& program, const Kernel& kernel);

}  // namespace resnetc::program

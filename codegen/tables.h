/// \file The rows of the runtime's tables (runtime/model.h) for a program, before they become an object.
#pragma once

#include <string>
#include <vector>

#include "ir/program.h"
#include "runtime/model.h"
#include "support/failure.h"

namespace resnetc::codegen {

struct ProgramTables {
  struct Kernel {
    std::string name;
    int32_t first_operand = 0;
    int32_t operand_count = 0;
    rn_halo halo{};
    float scale = 0;  ///< of the output, as in rn_kernel
    int32_t zero = 0;
  };
  std::vector<Kernel> kernels;
  std::vector<rn_operand> operands;
};

/// Fails for a program whose memory is not planned or whose sizes do not fit the tables.
Result<ProgramTables> tables_of(const program::Program& program);

}  // namespace resnetc::codegen

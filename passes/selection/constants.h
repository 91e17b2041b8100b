/// \file The constants of kernels, packed as the kernels' schedules want them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ir/program.h"

namespace resnetc::passes {

/// Adds constants to a program, each at its place in the weights file. Equal recipes are one constant.
class ConstantTable {
 public:
  explicit ConstantTable(program::Program& program) : program_(program) {}

  /// Gives `kernel`, which has a schedule and lacks only its constants, those of `op` and of `steps`, which are what it computes.
  void add_to(program::Kernel& kernel, const graph::Op& op, const std::vector<graph::Step>& steps);

 private:
  program::ConstantId constant(const RecipePtr& recipe);

  program::Program& program_;
  std::map<std::string, program::ConstantId> known_;  ///< by their recipes' texts
  int64_t bytes_ = 0;
};

}  // namespace resnetc::passes

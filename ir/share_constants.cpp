/// \file Makes one table of constants for the programs of all targets.
#include <map>

#include "ir/program.h"

namespace resnetc::program {

void share_constants(std::span<Program> programs) {
  std::vector<Constant> all;
  std::map<std::string, ConstantId> known;
  int64_t end = 0;
  for (Program& program : programs) {
    std::vector<ConstantId> shared;
    for (const Constant& constant : program.constants) {
      const auto [it, added] = known.emplace(to_string(*constant.recipe), static_cast<ConstantId>(all.size()));
      if (added) {
        all.push_back({constant.recipe, end, constant.element});
        end += (constant.bytes() + 63) / 64 * 64;
      }
      shared.push_back(it->second);
    }
    const auto renumber = [&](ConstantId& id) {
      if (id != none) id = shared[static_cast<size_t>(id)];
    };
    for (Kernel& kernel : program.kernels) {
      renumber(kernel.weight);
      for (Step& step : kernel.epilogue) {
        for (ConstantId& id : step.constants) renumber(id);
      }
    }
  }
  for (Program& program : programs) program.constants = all;
}

}  // namespace resnetc::program

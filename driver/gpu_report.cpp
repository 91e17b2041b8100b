/// \file The table of a GPU's kernels.
#include "driver/gpu_report.h"

#include <fmt/format.h>

#include <map>

#include "driver/common.h"
#include "driver/table.h"
#include "ir/algorithms/gpu_model.h"

namespace resnetc::driver {

std::string gpu_report(const program::Program& program) {
  constexpr int64_t batches[] = {1, 8, 32};
  constexpr auto right = Table::Align::right;
  std::vector<Table::Column> columns{{"kernel"},           {"blocks", right},  {"threads", right}, {"registers", right},
                                     {"occupancy", right}, {"in loop", right}, {"GFLOP", right},   {"MB", right}};
  for (const program::Gpu& gpu : program::known_gpus()) {
    for (int64_t batch : batches) columns.push_back({fmt::format("{} us, {}", gpu.name, batch), right});
    columns.push_back({"of roof", right});
  }
  Table table(columns);
  std::map<std::pair<std::string_view, int64_t>, double> totals, roofs;
  for (const program::Kernel& kernel : program.kernels) {
    const program::KernelSpec spec = program::spec_of(program, kernel);
    const program::LaunchCost cost = program::launch_cost(spec);
    std::vector<std::string> row{kernel.name,
                                 fmt::format("{}", cost.blocks),
                                 fmt::format("{}", cost.threads),
                                 kernel.multiply_adds != 0 ? fmt::format("{}", cost.registers) : "",
                                 kernel.multiply_adds != 0 ? fmt::format("{:.0f} %", 100 * cost.occupancy) : "",
                                 kernel.multiply_adds != 0 ? fmt::format("{:.0f} %", 100 * cost.multiply_add_share) : "",
                                 kernel.multiply_adds != 0 ? fmt::format("{:.3f}", 2e-9 * static_cast<double>(kernel.multiply_adds)) : "",
                                 fmt::format("{:.2f}", program::memory_bytes(spec, 1) / 1e6)};
    for (const program::Gpu& gpu : program::known_gpus()) {
      for (int64_t batch : batches) {
        const double seconds = program::predicted_seconds(gpu, spec, batch);
        totals[{gpu.name, batch}] += seconds;
        row.push_back(fmt::format("{:.1f}", 1e6 * seconds));
      }
      const double seconds = program::predicted_seconds(gpu, spec, batches[2]);
      const double roof = program::roofline_seconds(gpu, spec, kernel.multiply_adds, batches[2]);
      roofs[{gpu.name, batches[2]}] += roof;
      row.push_back(fmt::format("{:.0f} %", 100 * roof / seconds));
    }
    table.add(row);
  }
  table.rule();
  std::vector<std::string> total{"total", "", "", "", "", "", "", ""};
  for (const program::Gpu& gpu : program::known_gpus()) {
    for (int64_t batch : batches) total.push_back(fmt::format("{:.1f}", 1e6 * totals[{gpu.name, batch}]));
    total.push_back(fmt::format("{:.0f} %", 100 * roofs[{gpu.name, batches[2]}] / totals[{gpu.name, batches[2]}]));
  }
  table.add(total);
  return fmt::format(
      "expected, not measured (docs/cuda.md): blocks, GFLOP and MB of one picture; in loop: multiply-adds among the inner loop's\n"
      "instructions; microseconds for 1, 8 and 32 pictures, without those of a launch; of roof: what arithmetic or memory alone would "
      "take,\n"
      "over that, for 32\n{}",
      table.str());
}

}  // namespace resnetc::driver

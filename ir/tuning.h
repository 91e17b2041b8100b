/// \file Measured schedules, for kernels that are faster on some machine with another schedule than select-kernels would choose. `resnetc
/// compile --tune` writes them, and `--tuned` reads them.
///
/// The text form has one line for each kernel. It names a kernel by its work (work_of() in ir/program.h), so a line applies to all kernels
/// with the same work:
///
///     tuning 1 target "avx512" machine "sapphirerapids" because "5.610 ms instead of 5.912 on 1 thread, 3.101 instead of 3.280 on 2"
///     kernel "conv2d channels=64 kernel=1x1 in f32[N, 64, 56, 56] stride=64 halo=0x0 then bias, relu out f32[N, 64, 56, 56] ..." schedule
///     direct vectors=4 pixels=6 rows=1 flat because "0.120 ms instead of 0.131 on 1 thread, 0.061 instead of 0.072 on 2"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/program.h"
#include "support/diagnostics.h"

namespace resnetc::program {

/// The largest number of lines. No network has more different kernels.
inline constexpr size_t max_tuned_kernels = 1000;
inline constexpr size_t max_tuning_bytes = size_t{1} << 20;

struct TunedKernel {
  std::string work;
  Schedule schedule;
  std::string reason;  ///< the measurement, for --opt-report
  Location at;         ///< place of the schedule, if it was read from a file
};

struct Tuning {
  std::string target;   ///< the name that users write: "avx512"
  std::string machine;  ///< whose schedules the others are, as name_in_programs() says: empty for the default one
  std::string reason;   ///< the measurement of the whole network
  std::vector<TunedKernel> kernels;

  /// The line for kernels of this work, or null.
  const TunedKernel* find(std::string_view work) const;
};

std::string print(const Tuning& tuning);
/// Reads the text form, which is untrusted. A schedule may lack parameters: an older build that did not know them wrote it, and their
/// defaults stand for what it did. select-kernels, which has the kernels, finds out whether a schedule fits its kernel.
std::optional<Tuning> parse_tuning(FileId file, Diagnostics& diagnostics);

}  // namespace resnetc::program

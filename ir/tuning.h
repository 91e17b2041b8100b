/// \file Schedules that were measured: which kernels are fastest on some machine with another schedule than the one that select-kernels
/// would choose. `resnetc compile --tune` writes them, `--tuned` reads them.
///
/// Text form, one line a kernel. A kernel is told by its work (work_of() in ir/program.h), so a line holds for all that do the same:
///
///     tuning 1 target "avx512" because "5.610 ms instead of 5.912 on 1 thread, 3.101 instead of 3.280 on 2"
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

/// More kernels than any network has different ones.
inline constexpr size_t max_tuned_kernels = 1000;
inline constexpr size_t max_tuning_bytes = size_t{1} << 20;

struct TunedKernel {
  std::string work;
  Schedule schedule;
  std::string reason;  ///< what was measured, for --opt-report
  Location at;         ///< of the schedule, if it was read from a file
};

struct Tuning {
  std::string target;  ///< as users write it: "avx512"
  std::string reason;  ///< what was measured of a whole network
  std::vector<TunedKernel> kernels;

  /// The line for kernels of this work, or null.
  const TunedKernel* find(std::string_view work) const;
};

std::string print(const Tuning& tuning);
/// Reads the text form; untrusted. A schedule may lack parameters: it is then as before there were these. Whether a schedule fits its
/// kernel is found out where the kernel is (select-kernels).
std::optional<Tuning> parse_tuning(FileId file, Diagnostics& diagnostics);

}  // namespace resnetc::program

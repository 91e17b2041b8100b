/// \file compile's options that show the way from text to program: --print-ir-after, --dump-phases-to, --opt-report, --time-passes.
#pragma once

#include <string>
#include <vector>

#include "driver/lowering.h"

namespace resnetc::driver {

/// Prints and stores the IR between passes.
class PhaseObserver {
 public:
  /// `print_after`: a pass, "all", "change" or empty. `directory`: for numbered files, or empty. With `several_targets` the files of
  /// programs carry the program's label.
  PhaseObserver(std::string print_after, std::string directory, bool several_targets, const Sources& sources)
      : print_after_(std::move(print_after)), directory_(std::move(directory)), several_targets_(several_targets), sources_(sources) {}

  /// Shows the IR that was read, or the front end's topology.
  void start(const passes::AnyIr& read);
  void after_pass(const passes::PassRun& run);
  /// Fails if a file could not be written.
  const Result<>& written() const { return written_; }

 private:
  void show(std::string_view phase, const passes::AnyIr& ir, bool changed);

  std::string print_after_, directory_;
  bool several_targets_;
  const Sources& sources_;
  int number_ = 0;
  Result<> written_;
};

/// Remarks grouped by layer, then each kernel's reason.
std::string opt_report(const Lowered& lowered, const Sources& sources);
/// What a program is for, in words: its target, and the machine whose schedules it has.
std::string goal_of(const program::Program& program);
std::string time_report(const std::vector<passes::PassTime>& times);

}  // namespace resnetc::driver

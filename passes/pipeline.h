/// \file The pipeline: the one list of passes, in order, and what can be done between them (dump, verify, stop, time). No pass has code
/// for any of that.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "passes/any_ir.h"
#include "passes/context.h"

namespace resnetc::passes {

/// One line of the list of passes. A pass reads one level and yields the same, or, for the two that lower, the next.
struct PassInfo {
  std::string_view name;  ///< "fold-batch-norm"
  Level from, to;
  std::string_view description;  ///< one line, for --help and docs
  std::string_view order;        ///< why it stands where it stands
  bool optional = false;         ///< whether a network compiles without it
};
/// In the order in which `compile` runs them.
std::span<const PassInfo> all_passes();

struct PassTime {
  std::string pass;
  double seconds;
};

/// What the pipeline is given: the context of its passes, and what is to be done between them.
struct PipelineContext : PassContext {
  std::vector<std::string> disabled;  ///< optional passes that are left out, by their names
  std::vector<PassTime> times;        ///< filled by the pipeline
  /// Called after each pass with the IR it left and whether its text changed; may be empty.
  std::function<void(const PassInfo&, const AnyIr&, bool changed)> after_pass;
};

/// Whether `context` leaves the pass out. run_pipeline() asks; run_pass() does not.
bool disabled(const PassInfo& pass, const PipelineContext& context);

/// Runs one pass by its line of the list, then verifies. False when the pass reported errors, or when the verifier found a fault (a bug
/// of the pass: the diagnostic names it).
bool run_pass(const PassInfo& wanted, AnyIr& ir, PipelineContext& context);

/// Runs the passes from the level of `ir` until `until` is reached, with all passes of that level done (or until the pass `stop_after`,
/// if that is not empty). False on errors.
bool run_pipeline(AnyIr& ir, Level until, PipelineContext& context, std::string_view stop_after = {});

}  // namespace resnetc::passes

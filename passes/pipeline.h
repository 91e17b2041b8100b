/// \file The pipeline: the list of passes in order, and what can be done between them (dump, verify, stop, measure time). No pass has code
/// for any of these.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "passes/any_ir.h"
#include "passes/context.h"

namespace resnetc::passes {

/// One line of the list of passes. A pass reads one level and gives the same level. The two lowering passes give the next level.
struct PassInfo {
  std::string_view name;  ///< "fold-batch-norm"
  Level from, to;
  std::string_view description;  ///< one line, for --help and docs
  std::string_view order;        ///< why the pass stands at its place
  bool optional = false;         ///< whether a network compiles without it
};
/// All passes, in the order in which `compile` runs them.
std::span<const PassInfo> all_passes();

/// The pass of this name, or null.
const PassInfo* find_pass(std::string_view name);

struct PassTime {
  std::string pass;
  double seconds;
};

/// What an observer is shown of a pass that has run.
struct PassRun {
  const PassInfo& pass;
  const AnyIr& ir;       ///< as the pass left it
  bool changed;          ///< whether the text of the IR did
  double seconds;        ///< that the pass took
  const Target* target;  ///< the context's; null before there is one
};
using PassObserver = std::function<void(const PassRun&)>;

/// What the pipeline is given: the context of its passes, and what is to be done between them.
struct PipelineContext : PassContext {
  std::vector<std::string> disabled;  ///< names of the optional passes that are left out
  std::vector<PassTime> times;        ///< filled by the pipeline
  PassObserver after_pass;            ///< called after each pass; may be empty
};

/// Runs the pass of this name, then verifies. False when the pass reported errors, or when the verifier found a fault (a bug of the pass:
/// the diagnostic names it).
bool run_pass(std::string_view name, AnyIr& ir, PipelineContext& context);

/// Runs the passes from the level of `ir` to the level `until`, including all passes of that level; or up to the pass `stop_after`, if that
/// is not empty. Returns false on errors.
bool run_pipeline(AnyIr& ir, Level until, PipelineContext& context, std::string_view stop_after = {});

/// Runs the part of the pipeline that leaves IR of `level`: the lowering to that level, if `ir` is of the one before, and the passes on it.
/// For callers that keep what each level ends with. False on errors.
bool run_level(AnyIr& ir, Level level, PipelineContext& context);

}  // namespace resnetc::passes

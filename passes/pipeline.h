/// \file The pipeline: the list of passes in order, and what can be done between them (dump, verify, stop, measure time). No pass has code
/// for any of these.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ir/graph.h"
#include "ir/machine.h"
#include "ir/program.h"
#include "ir/topology.h"
#include "ir/tuning.h"
#include "ir/winograd.h"
#include "support/diagnostics.h"

namespace resnetc::passes {

enum class Level { topology, graph, program };

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

using AnyIr = std::variant<topology::Network, graph::Graph, program::Program>;
Level level_of(const AnyIr& ir);
/// The name in the text form: "topology", "graph" or "program".
const char* level_name(Level level);
std::string print(const AnyIr& ir, const Sources& sources);
/// Prints only what makes these values, in the text form. The result is for people: parse() cannot read it.
std::string excerpt(const AnyIr& ir, const ValueNames& names, const Sources& sources);
/// The excerpt of each value by itself.
Excerpts excerpts(const AnyIr& ir, const Sources& sources);

/// A remark of a pass: what it did, or refused to do, and why.
struct Remark {
  std::string pass;
  std::string value;  ///< the layer's value name
  std::string text;
  Location at;
};

struct PassTime {
  std::string pass;
  double seconds;
};

struct PassContext {
  Diagnostics* diagnostics = nullptr;           ///< required
  const WeightSource* weights = nullptr;        ///< elide-identities acts only if there are weights
  const Target* target = nullptr;               ///< for select-kernels, which requires it
  const Machine* machine = &default_machine();  ///< select-kernels chooses schedules for it
  /// The largest tile of Winograd's transforms that select-kernels may choose: 4, 2 or 0. With 0 there are only direct sums, so no
  /// Strassen's products either. Larger tiles have larger rounding errors.
  int64_t winograd_tile = largest_winograd_tile;
  const program::Tuning* tuned = nullptr;  ///< schedules for this target, which select-kernels prefers to its own; may be null
  std::vector<std::string> disabled;       ///< names of the optional passes that are left out
  int64_t batch = 32;                      ///< on a GPU: number of pictures of a run for which schedules are chosen
  bool weights_limited = true;     ///< whether the limit of the packed weights holds for `tuned` too; false while schedules are measured
  std::vector<Remark> remarks;     ///< filled by the passes
  std::vector<PassTime> times;     ///< filled by the pipeline
  bool depends_on_values = false;  ///< set when a rewrite used the weights' values
  /// Called after each pass with the pass's result and whether the text of the IR changed. May be empty.
  std::function<void(const PassInfo&, const AnyIr&, bool changed)> after_pass;
};

/// Whether `context` leaves the pass out. run_pipeline() obeys this; run_pass() does not.
bool disabled(const PassInfo& pass, const PassContext& context);

/// Runs one pass, given its line of the list, then verifies. Returns false if the pass reported errors, or if the verifier found a fault: a
/// bug of the pass, which the diagnostic names.
bool run_pass(const PassInfo& wanted, AnyIr& ir, PassContext& context);

/// Runs the passes from the level of `ir` to the level `until`, including all passes of that level; or up to the pass `stop_after`, if that
/// is not empty. Returns false on errors.
bool run_pipeline(AnyIr& ir, Level until, PassContext& context, std::string_view stop_after = {});

}  // namespace resnetc::passes

/// \file The pipeline: the one list of passes, in order, and what can be done between them (dump, verify, stop, time). No pass has code
/// for any of that.
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

using AnyIr = std::variant<topology::Network, graph::Graph, program::Program>;
Level level_of(const AnyIr& ir);
/// As in the text form: "topology", "graph" or "program".
const char* level_name(Level level);
std::string print(const AnyIr& ir, const Sources& sources);
/// What makes these values alone, as the text form has it: for reading, not for reading back.
std::string excerpt(const AnyIr& ir, const ValueNames& names, const Sources& sources);
/// The same of each by itself.
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
  const WeightSource* weights = nullptr;        ///< with values, elide-identities may act
  const Target* target = nullptr;               ///< for select-kernels, which requires it
  const Machine* machine = &default_machine();  ///< what it chooses schedules by
  /// The largest tile of Winograd's transforms that select-kernels may choose: 4, 2 or 0, direct sums only, without Strassen's products
  /// too. Larger tiles round more.
  int64_t winograd_tile = largest_winograd_tile;
  const program::Tuning* tuned = nullptr;  ///< schedules for this target that select-kernels prefers to its own; may be null
  std::vector<std::string> disabled;       ///< optional passes that are left out, by their names
  int64_t batch = 32;                      ///< on a GPU: schedules are chosen for runs of so many pictures
  bool weights_limited = true;             ///< whether those may not make the packed weights too large: not while they are measured
  std::vector<Remark> remarks;             ///< filled by the passes
  std::vector<PassTime> times;             ///< filled by the pipeline
  bool depends_on_values = false;          ///< set when a rewrite used the weights' values
  /// Called after each pass with the IR it left and whether its text changed; may be empty.
  std::function<void(const PassInfo&, const AnyIr&, bool changed)> after_pass;
};

/// Whether `context` leaves the pass out. run_pipeline() asks; run_pass() does not.
bool disabled(const PassInfo& pass, const PassContext& context);

/// Runs one pass by its line of the list, then verifies. False when the pass reported errors, or when the verifier found a fault (a bug
/// of the pass: the diagnostic names it).
bool run_pass(const PassInfo& wanted, AnyIr& ir, PassContext& context);

/// Runs the passes from the level of `ir` until `until` is reached, with all passes of that level done (or until the pass `stop_after`,
/// if that is not empty). False on errors.
bool run_pipeline(AnyIr& ir, Level until, PassContext& context, std::string_view stop_after = {});

}  // namespace resnetc::passes

/// \file Work in child processes: each piece runs in a fresh copy of this process, so that its result depends on nothing that ran before,
/// and its crash is an error message.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace resnetc::codegen {

/// A piece of work. It runs in the child and writes its result to the file at `path`, or says in `why` what is wrong.
using Work = std::function<bool(const std::string& path, std::string& why)>;

struct WorkResult {
  bool ok = false;
  std::string bytes;  ///< what the work wrote
  std::string why;    ///< if not ok
  bool bug = false;   ///< if not ok: whether the work itself is at fault, and not a lack of memory
};

/// Runs the pieces, at most `jobs` at once (0: one per processor), and calls `done(i, result)` for each as it ends, in this process, in any
/// order. False as soon as `done` returns false, or when no process can be started (then `why` says so); what still runs is ended.
bool run_workers(const std::vector<Work>& work, int jobs, const std::function<bool(size_t, WorkResult)>& done, std::string& why);

}  // namespace resnetc::codegen

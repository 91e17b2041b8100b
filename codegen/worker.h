/// \file Work in child processes: each piece of work runs in a fresh copy of this process. So its result does not depend on earlier work,
/// and a crash becomes an error message.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/failure.h"

namespace resnetc::codegen {

/// A piece of work. It runs in the child and writes its result to the file at `path`.
using Work = std::function<Result<>(const std::string& path)>;

/// Runs the pieces, at most `jobs` at once (0: one for each processor). As each piece ends, it calls `done(i, bytes)` in this process, in
/// any order, with what the work wrote or the reason why there is nothing: a bug of the work, or a lack of memory. Fails as soon as `done`
/// fails, or if no process can be started, and then ends the pieces that still run.
Result<> run_workers(const std::vector<Work>& work, int jobs, const std::function<Result<>(size_t, Result<std::string>)>& done);

}  // namespace resnetc::codegen

/// \file Work in child processes: each piece runs in a fresh copy of this process, so that its result depends on nothing that ran before,
/// and its crash is an error message.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/failure.h"

namespace resnetc::codegen {

/// A piece of work. It runs in the child and writes its result to the file at `path`.
using Work = std::function<Result<>(const std::string& path)>;

/// Runs the pieces, at most `jobs` at once (0: one per processor), and calls `done(i, bytes)` for each as it ends, in this process, in any
/// order: with what the work wrote, or with why there is nothing: a bug of the work's, or a lack of memory. Fails as soon as `done` does,
/// or when no process can be started; what still runs is ended.
Result<> run_workers(const std::vector<Work>& work, int jobs, const std::function<Result<>(size_t, Result<std::string>)>& done);

}  // namespace resnetc::codegen

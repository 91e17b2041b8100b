/// \file The options of `resnetc compile`, and what may be wrong with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/checkpoint.h"
#include "driver/common.h"
#include "driver/picture_input.h"
#include "driver/precision_options.h"
#include "driver/target_options.h"
#include "passes/any_ir.h"

namespace resnetc::driver {

class Command;

struct CompileOptions {
  NetworkOptions network;
  std::string output_dir = ".";
  std::string depfile;
  CheckpointOptions checkpoint;
  bool force = false;
  bool embed_weights = false;
  bool keep_denormals = false;
  bool no_winograd = false;
  PrecisionOptions precision;
  double max_error = 0;  ///< 0: not requested
  std::string data;      ///< for max_error with integers; empty: generated pictures
  PictureOptions pictures;
  TargetOptions target;
  std::optional<int64_t> batch;
  std::vector<std::string> emit;
  std::string only;
  std::string print_ir_after;
  std::vector<std::string> disabled;
  std::string stop_after;
  std::string dump_phases_to;
  bool opt_report = false;
  bool time_passes = false;
  bool no_cache = false;
  std::string cache_dir;
  int jobs = 0;
  std::string tune, tuned;
  std::optional<double> tune_seconds;
};

/// Adds all of them to the subcommand. `options` must live as long as that.
void add_compile_options(Command command, CompileOptions& options);

// What is wrong, as text; empty if nothing is.

/// With the options themselves.
std::string option_fault(const CompileOptions& options);
/// With --data, once the precision is known.
std::string data_fault(const CompileOptions& options);
/// With options for the targets that are named.
std::string target_fault(const CompileOptions& options, const Targets& targets);
/// With options for what was read.
std::string input_fault(const CompileOptions& options, const passes::AnyIr& ir, const Goals& goals);

}  // namespace resnetc::driver

/// \file What the subcommands share: how they are chosen, how they read networks, how they report, how they end.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/frontend.h"
#include "support/diagnostics.h"
#include "support/failure.h"
#include "support/numbers.h"

namespace resnetc::driver {

/// What the process returns.
enum ExitStatus : int { done = 0, input_wrong = 1, usage_wrong = 2, internal_bug = 3 };

/// The command line as main sees it. Each subcommand sets `action` when it is the one chosen.
struct Invocation {
  std::string colour = "auto";
  std::function<int()> action;

  bool colour_on_stderr() const;
};

// One file each; they declare their options and set the action.
void add_compile(CLI::App& app, Invocation& invocation);
void add_pack(CLI::App& app, Invocation& invocation);
void add_check(CLI::App& app, Invocation& invocation);
void add_dump(CLI::App& app, Invocation& invocation);
void add_opt(CLI::App& app, Invocation& invocation);
void add_run(CLI::App& app, Invocation& invocation);
void add_verify(CLI::App& app, Invocation& invocation);
void add_bench(CLI::App& app, Invocation& invocation);
void add_compare(CLI::App& app, Invocation& invocation);
void add_explain(CLI::App& app, Invocation& invocation);
void add_fmt(CLI::App& app, Invocation& invocation);
void add_reduce(CLI::App& app, Invocation& invocation);
void add_lsp(CLI::App& app, Invocation& invocation);

/// What help says of --keep-denormals, of subcommands that run a library and of those that pack weights.
inline constexpr const char* keep_denormals_in_runs = "do not take denormal numbers (below 1.2e-38) for zero: slower";
inline constexpr const char* keep_denormals_in_weights = "do not pack denormal numbers (below 1.2e-38) as zeros";

/// The options of every subcommand that reads a network.
struct NetworkOptions {
  std::string path;
  std::vector<std::string> include_dirs;
  std::vector<std::string> settings;  ///< NAME=INT, checked by the command line
};
void add_include_option(CLI::App& command, std::vector<std::string>& dirs);
void add_network_options(CLI::App& command, NetworkOptions& options, const char* what = "the network's text");
FrontendOptions frontend_options(const NetworkOptions& options);
std::optional<topology::Network> load(const NetworkOptions& options, Diagnostics& diagnostics, std::vector<std::string>* files = nullptr);

/// Prints the diagnostics on stderr; `input_wrong` if there are errors (`internal_bug` if one is resnetc's own), else `done`.
int report(const Diagnostics& diagnostics, const Invocation& invocation);
/// Prints the failure on stderr and returns the status that goes with its blame.
int fail(const Failure& failure);
/// The same of a command line that is wrong.
int usage_error(std::string text);

/// "a,b,c" to its parts; empty parts are dropped.
std::vector<std::string> split(std::string_view text, char separator = ',');

/// Reads a whole file of at most `most_bytes`.
Result<std::string> read_file(const std::string& path, size_t most_bytes = size_t{1} << 30);
/// Writes through a temporary file and a rename; the folder must exist. "-" is the standard output, here and in what follows, for every
/// subcommand that makes one file.
Result<> write_file(const std::string& path, std::string_view text);
/// Whether write_file() could, as far as one can tell beforehand: for what is written after long work. Leaves nothing.
Result<> can_write(const std::string& path);

/// Whether writing `output` leaves the files alone that were read: the command is to blame where it would replace one of them.
Result<> leaves_inputs(const std::string& output, const std::vector<std::string>& inputs);

/// Where a command says what it has done: on stdout, or on stderr where its `output` is the standard output itself.
std::FILE* beside(const std::string& output);

/// A layer's or kernel's name as part of a file's name.
std::string file_stem(std::string name);

/// Prints on stderr. What cannot be printed there is dropped: there is no better place to complain.
void say(std::string_view text);

/// "12.3 MB" and the like.
std::string human_bytes(uint64_t bytes);

/// One line on a terminal's stderr that tells how far the work is, shown once it has taken a second.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void update(size_t done_count, size_t all);
  void update(std::string_view state);
  void finish();

 private:
  std::string what_;
  std::chrono::steady_clock::time_point start_;
  bool terminal_;
  bool shown_ = false;
};

/// Seconds since `start`.
double seconds_since(std::chrono::steady_clock::time_point start);

}  // namespace resnetc::driver

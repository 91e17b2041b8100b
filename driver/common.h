/// \file Functions that the subcommands share: their choice, reading of networks, reports and exit statuses.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/frontend.h"
#include "support/diagnostics.h"
#include "support/failure.h"
#include "support/numbers.h"

namespace resnetc::driver {

class Command;

/// The exit status of the process.
enum ExitStatus : int { done = 0, input_wrong = 1, usage_wrong = 2, internal_bug = 3 };

/// The command line as main sees it. The chosen subcommand sets `action`.
struct Invocation {
  std::string colour = "auto";
  std::function<int()> action;

  bool colour_on_stderr() const;
};

// Each subcommand has one file. Its function declares the options and sets the action.
void add_compile(Command program, Invocation& invocation);
void add_import(Command program, Invocation& invocation);
void add_pack(Command program, Invocation& invocation);
void add_check(Command program, Invocation& invocation);
void add_dump(Command program, Invocation& invocation);
void add_opt(Command program, Invocation& invocation);
void add_run(Command program, Invocation& invocation);
void add_verify(Command program, Invocation& invocation);
void add_calibrate(Command program, Invocation& invocation);
void add_bench(Command program, Invocation& invocation);
void add_compare(Command program, Invocation& invocation);
void add_explain(Command program, Invocation& invocation);
void add_fmt(Command program, Invocation& invocation);
void add_reduce(Command program, Invocation& invocation);
void add_lsp(Command program, Invocation& invocation);
void add_machine(Command program, Invocation& invocation);

/// The help texts of --keep-denormals, for subcommands that run a library and for those that pack weights.
inline constexpr const char* keep_denormals_in_runs = "do not take denormal numbers (below 1.2e-38) for zero: slower";
inline constexpr const char* keep_denormals_in_weights = "do not pack denormal numbers (below 1.2e-38) as zeros";

/// The help text of --copy-weights, for subcommands that run a library.
inline constexpr const char* copy_weights_in_runs = "copy the weights into large pages first: faster where they come from memory";

/// The options of every subcommand that reads a network's text, or a model (driver/model.h).
struct NetworkOptions {
  std::string path;
  std::vector<std::string> include_dirs;
  std::vector<std::string> settings;  ///< NAME=INT, checked when the command line is parsed
  std::string name{};                 ///< of the network; empty: its own, or the model's file's
  std::string up_to{};                ///< of a model: the value that becomes the output; empty: the model's outputs
};
/// Splits NAME=INT. Returns the fault of the text; empty if it has none.
std::string parse_setting(std::string_view text, std::string& name, int64_t& value);
void add_include_option(Command command, std::vector<std::string>& dirs,
                        const char* help = "also look here for files named by 'use'; may be given several times");
void add_setting_option(Command command, std::vector<std::string>& settings, const char* help);
void add_network_options(Command command, NetworkOptions& options, const char* what = "the network's text");
FrontendOptions frontend_options(const NetworkOptions& options);
std::optional<topology::Network> load(const NetworkOptions& options, Diagnostics& diagnostics, std::vector<std::string>* files = nullptr);

/// Prints the diagnostics on stderr. `internal_bug` if an error is resnetc's own; else the status that goes with the first error's blame,
/// or `done` if there is no error.
int report(const Diagnostics& diagnostics, const Invocation& invocation);
/// The errors of `diagnostics`, or `failure` if there are none.
int report_or_fail(const Diagnostics& diagnostics, const Invocation& invocation, const Failure& failure);
/// Prints the failure on stderr and returns the status that goes with its blame.
int fail(const Failure& failure);
/// The same of a command line that is wrong.
int usage_error(std::string text);

/// "a,b,c" to its parts; empty parts are dropped.
std::vector<std::string> split(std::string_view text, char separator = ',');

/// Reads a whole file of at most `most_bytes`.
Result<std::string> read_file(const std::string& path, size_t most_bytes = size_t{1} << 30);
/// Writes through a temporary file and a rename; the folder must exist. For every subcommand that makes one file, "-" is the standard
/// output, here and below.
Result<> write_file(const std::string& path, std::string_view text);
/// Whether write_file() would succeed, as far as can be known before: for files that are written after long work. Leaves no file.
Result<> can_write(const std::string& path);

/// Whether writing `output` leaves the files alone that were read: the command is to blame where it would replace one of them.
Result<> leaves_inputs(const std::string& output, const std::vector<std::string>& inputs);

/// The stream for a command's report of its work: stdout, or stderr if its `output` is the standard output.
std::FILE* beside(const std::string& output);

/// A layer's or kernel's name as part of a file's name.
std::string file_stem(std::string name);

/// The stems of the files of one folder, one for each name. Names may be equal, or differ only in characters that no file's name has:
/// later ones get a number.
class FileStems {
 public:
  std::string add(std::string name);

 private:
  std::set<std::string> taken_;
};

/// Prints on stderr. A failure to print is ignored, because there is no better place for a message.
void say(std::string_view text);

/// A size for people, such as "12.3 MB".
std::string human_bytes(uint64_t bytes);

/// A line of progress on stderr, if that is a terminal. The line appears after a second.
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

/// \file `resnetc fmt`: formats texts.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/model.h"
#include "frontend/format.h"

namespace resnetc::driver {
namespace {

namespace fs = std::filesystem;

struct FmtOptions {
  std::vector<std::string> paths;
  bool check = false;
};

/// The first line in which two texts differ, counted from 1.
int32_t first_difference(std::string_view a, std::string_view b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<int32_t>(std::count(a.begin(), end, '\n')) + 1;
}

/// Formats one file; for "-", the standard input to the standard output.
int format(const std::string& path, bool check, const Invocation& invocation) {
  const bool piped = path == "-";
  std::error_code error;
  if (!piped && fs::exists(path, error) && !fs::is_directory(path, error) && !fs::is_regular_file(path, error)) {
    return fail({fmt::format("cannot format '{}': it is not a regular file", path)});
  }
  if (is_model(path) && fs::exists(path, error)) {
    return fail({fmt::format("cannot format '{}': it is a model; 'resnetc import' makes a network's text of it", path)});
  }
  Result<std::string> text = read_file(piped ? "/dev/stdin" : path, max_source_bytes);
  if (!text) return fail(text.failure());
  Sources sources;
  Diagnostics diagnostics(sources);
  const FileId file = sources.add(piped ? "<stdin>" : path, std::move(*text));
  const std::optional<std::string> formatted = format_source(file, diagnostics);
  const bool same = formatted && *formatted == sources.text(file);
  if (check && formatted && !same) {
    diagnostics.error({file, first_difference(sources.text(file), *formatted), 1, 1},
                      piped ? "not formatted from here on" : "not formatted from here on; 'resnetc fmt' fixes that");
  }
  const int status = report(diagnostics, invocation);
  if (status != done || check) return status;
  if (piped) {
    fmt::print("{}", *formatted);
  } else if (!same) {
    if (const Result<> written = write_file(path, *formatted); !written) return fail(written.failure());
  }
  return done;
}

int format_all(const FmtOptions& options, const Invocation& invocation) {
  if (options.paths.empty()) return format("-", options.check, invocation);
  int status = done;
  for (const std::string& path : options.paths) status = std::max(status, format(path, options.check, invocation));
  return status;
}

}  // namespace

void add_fmt(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("fmt", "format networks' texts in place");
  auto options = std::make_shared<FmtOptions>();
  command.add_positionals("FILES", options->paths, "what to format; '-', or no file: from stdin to stdout");
  command.add_flag("--check", options->check, "change nothing; report the files that are not formatted, and exit with 1 if there are any");
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return format_all(*options, invocation); }; });
}

}  // namespace resnetc::driver

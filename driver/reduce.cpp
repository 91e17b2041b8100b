/// \file `resnetc reduce`: searches for a small network for which a command still fails.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>

#include "codegen/worker.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/shell.h"
#include "frontend/load.h"
#include "frontend/reduce.h"
#include "passes/pipeline.h"
#include "support/temp_dir.h"

namespace resnetc::driver {
namespace {

namespace fs = std::filesystem;

struct ReduceOptions {
  NetworkOptions network;
  std::string command;
  std::string output;
  std::optional<int> expected;
  double timeout = 60;
  bool timeout_fails = false;
};

size_t count_layers(const std::vector<topology::Node>& nodes) {
  size_t count = 0;
  for (const topology::Node& node : nodes) count += (node.kind == topology::NodeKind::layer ? 1 : 0) + count_layers(node.children);
  return count;
}

/// The number of layers of a text; nothing if the front end or the checks of its topology refuse the text.
std::optional<size_t> layers(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto network = parse_network("reduced.rn", text, {}, diagnostics);
  if (!network) return std::nullopt;
  const size_t count = count_layers(network->body);
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  passes::AnyIr ir = std::move(*network);
  if (!passes::run_pipeline(ir, passes::Level::topology, context) || diagnostics.has_errors()) return std::nullopt;
  return count;
}

/// The result of `work` in a separate process, so that a text on which the front end crashes or runs out of memory ends only that process.
/// Nothing if the process dies.
std::optional<std::string> apart(const std::function<std::string()>& work) {
  std::optional<std::string> said;
  const codegen::Work write = [&](const std::string& path) -> Result<> {
    try {
      std::ofstream(path, std::ios::binary) << work();
      return {};
    } catch (const std::exception& error) {
      return Failure{error.what()};
    }
  };
  const auto ended = [&](size_t, Result<std::string> written) {
    if (written) said = std::move(*written);
    return Result<>();
  };
  if (!codegen::run_workers({write}, 1, ended)) return std::nullopt;
  return said;
}

/// layers() in a separate process; also nothing if it crashes.
std::optional<size_t> layers_apart(const std::string& text) {
  const std::optional<std::string> said = apart([&] {
    const std::optional<size_t> count = layers(text);
    return count ? std::to_string(*count) : "refused";
  });
  size_t count = 0;
  if (!said || std::from_chars(said->data(), said->data() + said->size(), count).ec != std::errc()) return std::nullopt;
  return count;
}

/// The size in words: "120 lines, 40 layers".
std::string shown_size(const std::string& text, const std::optional<size_t>& count) {
  const auto lines = std::count(text.begin(), text.end(), '\n');
  return fmt::format("{} line{}{}", lines, lines == 1 ? "" : "s",
                     count ? fmt::format(", {} layer{}", *count, *count == 1 ? "" : "s") : std::string());
}

/// The command that must fail. Counts its runs.
class Test {
 public:
  Test(const ReduceOptions& options, const TempDir& folder)
      : options_(options), candidate_(folder.file(fs::path(options.network.path).filename().string())) {
    const std::string word = shell_word(candidate_);
    command_ = options.command;
    size_t at = command_.find("{}");
    if (at == std::string::npos) command_ += " " + word;
    for (; at != std::string::npos; at = command_.find("{}", at + word.size())) command_.replace(at, 2, word);
  }

  ShellResult run(const std::string& text) {
    ++runs_;
    if (!write_file(candidate_, text)) return {};
    return run_shell(command_, options_.timeout);
  }

  bool fails(const ShellResult& result) const {
    if (result.end == ShellEnd::timed_out) return options_.timeout_fails;
    if (result.end != ShellEnd::exited) return false;
    return options_.expected ? result.status == *options_.expected : result.status != 0;
  }

  size_t runs() const { return runs_; }

 private:
  const ReduceOptions& options_;
  std::string candidate_;
  std::string command_;
  size_t runs_ = 0;
};

/// The reason why there is nothing to reduce: the command does not fail on the original network.
std::string explain(const ReduceOptions& options, const ShellResult& result) {
  const std::string on = fmt::format("on '{}' with all that it uses in one file", options.network.path);
  switch (result.end) {
    case ShellEnd::timed_out:
      return fmt::format("the command takes more than {:g} s {}; give it more with --timeout, or pass --timeout-fails", options.timeout,
                         on);
    case ShellEnd::interrupted:
    case ShellEnd::not_started: return "the command cannot be run";
    case ShellEnd::exited: break;
  }
  if (options.expected) return fmt::format("the command must exit with {}, but exits with {} {}", *options.expected, result.status, on);
  if (result.status == 0) return fmt::format("the command must fail, but exits with 0 {}", on);
  return fmt::format("the shell cannot run the command: it exits with {}; pass --expect {} if that is meant", result.status, result.status);
}

/// The network and all that it uses as one text. Nothing, after the errors have been reported, if there is none. `files` are the files that
/// were read.
std::optional<std::string> original(const ReduceOptions& options, const Invocation& invocation, std::vector<std::string>& files,
                                    int& status) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const FrontendOptions frontend = frontend_options(options.network);
  std::optional<std::string> text;
  if (Result<std::string> source = read_source(options.network.path, frontend)) {
    files.push_back(options.network.path);
    Diagnostics ignored(sources);  // everything is read once more below
    load_files(options.network.path, std::move(*source), Wanted::network, frontend, ignored, &files);
    std::vector<FileId> ids(files.size());
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<FileId>(i);  // files are numbered in the order in which they are read
    text = self_contained(ids, frontend.parameters, sources);
  }
  const std::optional<std::string> found = apart([&] {
    load(options.network, diagnostics);
    return diagnostics.has_errors() ? "wrong" : "right";
  });
  // An error of the network or a crash of the front end may be the failure that is searched for, but an error of the command line or of a
  // file is not.
  if (text && (found != "wrong" || !layers_apart(*text))) return text;
  load(options.network, diagnostics);
  status = report(diagnostics, invocation);
  if (status == done) status = fail({fmt::format("cannot put '{}' and what it uses into one file", options.network.path)});
  return std::nullopt;
}

int reduce_network(ReduceOptions options, const Invocation& invocation) {
  if (options.output.empty()) options.output = fs::path(options.network.path).stem().string() + ".reduced.rn";
  std::vector<std::string> files;
  int status = done;
  const std::optional<std::string> whole = original(options, invocation, files, status);
  if (!whole) return status;
  if (const Result<> leaves = leaves_inputs(options.output, files); !leaves) return fail(leaves.failure());
  if (const Result<> can = can_write(options.output); !can) return fail(can.failure());

  const TempDir folder;
  if (folder.path().empty()) return fail({"cannot make a temporary folder"});
  let_signals_end_commands();
  Test test(options, folder);
  const ShellResult first = test.run(*whole);
  if (first.end == ShellEnd::interrupted) {
    say("resnetc: interrupted before the command has failed: nothing is written\n");
    return 128 + signal_that_came();
  }
  const bool unusual = !options.expected && (first.status == 126 || first.status == 127);
  if (!test.fails(first) || (first.end == ShellEnd::exited && unusual)) return fail({explain(options, first)});

  const std::optional<size_t> whole_layers = layers_apart(*whole);
  const std::string whole_size = shown_size(*whole, whole_layers);
  std::string best, size;
  // The smallest network so far is written at once, so that it is not lost however this process ends.
  Result<> kept;
  const auto keep = [&](const std::string& text, const std::optional<size_t>& count) {
    best = text;
    size = shown_size(best, count);
    if (options.output != "-") kept = write_file(options.output, best);
    return bool(kept);
  };
  if (!keep(*whole, whole_layers)) return fail(kept.failure());
  size_t refused = 0;
  Progress progress("reducing");
  const auto verdict = [&](const std::string& candidate) {
    progress.update(fmt::format("{}, {} runs", size, test.runs()));
    if (signal_that_came() != 0) return Verdict::stop;
    const std::optional<size_t> count = whole_layers ? layers_apart(candidate) : std::nullopt;
    if (whole_layers && !count) {
      ++refused;
      return Verdict::dull;
    }
    const ShellResult result = test.run(candidate);
    if (result.end == ShellEnd::interrupted) return Verdict::stop;
    if (!test.fails(result)) return Verdict::dull;
    return keep(candidate, count) ? Verdict::interesting : Verdict::stop;
  };
  reduce(*whole, verdict);
  progress.finish();

  if (kept && options.output == "-") kept = write_file(options.output, best);
  if (!kept) return fail(kept.failure());
  fmt::print(beside(options.output), "{}: {} -> {}: {}; {} runs, {} candidates that the checks refuse\n", options.network.path, whole_size,
             options.output, size, test.runs(), refused);
  if (signal_that_came() == 0) return done;
  say(fmt::format("resnetc: interrupted; '{}' is the smallest so far\n", options.output));
  return 128 + signal_that_came();
}

}  // namespace

void add_reduce(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("reduce", "shrink a network as long as a command fails on it");
  auto options = std::make_shared<ReduceOptions>();
  add_network_options(command, options->network);
  command
      .add_option("--test", options->command,
                  "the command that fails, run with 'sh -c'; {} stands for a candidate's file, added at the end if there is no {}; any "
                  "status but 0 is a failure")
      .type_name("CMD")
      .required();
  command.add_option("--expect", options->expected, "only this status is a failure; 128 plus its number stands for a signal")
      .type_name("STATUS")
      .range(0, 255, InHelp::shown);
  command.add_option("--timeout", options->timeout, "end a run after this time, which is then no failure")
      .type_name("SECONDS")
      .default_str("60")
      .above(0, 86400, "seconds");
  command.add_flag("--timeout-fails", options->timeout_fails, "a run that takes too long is a failure");
  command.add_option("-o", options->output, "where the result goes (default: NET.reduced.rn in the current folder)").type_name("FILE");
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return reduce_network(*options, invocation); }; });
}

}  // namespace resnetc::driver

/// \file Reads and writes files, and reports errors and progress.
#include "driver/common.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "driver/command_line.h"
#include "support/files.h"

namespace resnetc::driver {

namespace fs = std::filesystem;

bool Invocation::colour_on_stderr() const {
  if (colour != "auto") return colour == "always";
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr && term != nullptr && std::string_view(term) != "dumb";
}

std::string parse_setting(std::string_view text, std::string& name, int64_t& value) {
  size_t equals = text.find('=');
  std::string_view number = equals == std::string_view::npos ? "" : text.substr(equals + 1);
  auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (equals == 0 || number.empty() || error == std::errc::invalid_argument || stop != number.data() + number.size()) {
    return fmt::format("'{}' is not of the form NAME=INT", text);
  }
  if (error == std::errc::result_out_of_range) return fmt::format("the number in '{}' does not fit in 64 bits", text);
  name = text.substr(0, equals);
  return "";
}

void add_include_option(Command command, std::vector<std::string>& dirs, const char* help) {
  command.add_option("-I", dirs, help).type_name("DIR").check([](const std::string& dir) {
    std::error_code error;
    return fs::is_directory(dir, error) ? std::string() : fmt::format("there is no folder '{}'", dir);
  });
}

void add_setting_option(Command command, std::vector<std::string>& settings, const char* help) {
  command.add_option("--set", settings, help).type_name("NAME=INT").check([](const std::string& text) {
    std::string name;
    int64_t value = 0;
    return parse_setting(text, name, value);
  });
}

void add_network_options(Command command, NetworkOptions& options, const char* what) {
  command.add_positional("NET.rn", options.path, what);
  add_include_option(command, options.include_dirs);
  add_setting_option(command, options.settings, "give a parameter of the network another value; may be given several times");
}

FrontendOptions frontend_options(const NetworkOptions& options) {
  FrontendOptions frontend;
  frontend.include_dirs = options.include_dirs;
  frontend.installed_dirs = {RESNETC_NETWORKS_DIR};
  for (const std::string& setting : options.settings) {
    auto& [name, value] = frontend.parameters.emplace_back();
    parse_setting(setting, name, value);
  }
  return frontend;
}

std::optional<topology::Network> load(const NetworkOptions& options, Diagnostics& diagnostics, std::vector<std::string>* files) {
  return load_network(options.path, frontend_options(options), diagnostics, files);
}

namespace {

constexpr const char* bug_advice = "This is a bug in resnetc. Please report it, with the command line and its input.\n";

}  // namespace

int report(const Diagnostics& diagnostics, const Invocation& invocation) {
  std::string text = diagnostics.render(invocation.colour_on_stderr());
  say(text);
  int status = done;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.blame == Blame::bug) {
      say(bug_advice);
      return internal_bug;
    }
    if (diagnostic.severity == Severity::error && status == done) {
      status = diagnostic.blame == Blame::command ? usage_wrong : input_wrong;
    }
  }
  return status;
}

int fail(const Failure& failure) {
  switch (failure.blame) {
    case Blame::input:
    case Blame::limit: say(fmt::format("resnetc: error: {}\n", failure.text)); return input_wrong;
    case Blame::command: say(fmt::format("resnetc: error: {}\n", failure.text)); return usage_wrong;
    case Blame::bug: break;
  }
  say(fmt::format("resnetc: internal error: {}\n{}", failure.text, bug_advice));
  return internal_bug;
}

int report_or_fail(const Diagnostics& diagnostics, const Invocation& invocation, const Failure& failure) {
  return diagnostics.has_errors() ? report(diagnostics, invocation) : fail(failure);
}

int usage_error(std::string text) { return fail({std::move(text), Blame::command}); }

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    size_t end = text.find(separator);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

Result<std::string> read_file(const std::string& path, size_t most_bytes) {
  std::error_code error;
  if (fs::is_directory(path, error)) return Failure{fmt::format("cannot read '{}': it is a directory", path)};
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  while (file && text.size() <= most_bytes) {  // a device may deliver bytes without end
    const size_t before = text.size();
    text.resize(before + std::min<size_t>(size_t{1} << 20, most_bytes + 1 - before));
    file.read(text.data() + before, static_cast<std::streamsize>(text.size() - before));
    text.resize(before + static_cast<size_t>(file.gcount()));
  }
  if (text.size() > most_bytes) {
    return Failure{fmt::format("cannot read '{}': it has more than {}", path, human_bytes(most_bytes)), Blame::limit};
  }
  if (file.bad() || !file.eof()) return Failure{fmt::format("cannot read '{}': {}", path, reason_of_errno())};
  return text;
}

namespace {

/// The name of the standard output where a file is written.
constexpr std::string_view standard_output = "-";

}  // namespace

std::FILE* beside(const std::string& output) { return output == standard_output ? stderr : stdout; }

Result<> write_file(const std::string& path, std::string_view text) {
  if (path == standard_output) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
    return Failure{fmt::format("cannot write to stdout: {}", reason_of_errno())};
  }
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_regular_file(path, error)) {  // /dev/stdout and pipes cannot be replaced by renaming
    std::ofstream file(path, std::ios::binary);
    if (file.write(text.data(), static_cast<std::streamsize>(text.size())) && file.flush()) return {};
    return Failure{fmt::format("cannot write '{}': {}", path, reason_of_errno())};
  }
  const NewFile file{path, text};
  return replace_files({&file, 1});
}

Result<> can_write(const std::string& path) {
  if (path == standard_output) return {};
  std::error_code error;
  const bool there = fs::exists(path, error);
  if (there && fs::is_directory(path, error)) return Failure{fmt::format("cannot write '{}': it is a directory", path)};
  if (there && !fs::is_regular_file(path, error)) return {};
  const std::string temporary = temporary_of(path);
  errno = 0;
  Result<> result;
  if (!std::ofstream(temporary, std::ios::binary | std::ios::trunc).is_open()) {
    result = Failure{fmt::format("cannot write '{}': {}", path, reason_of_errno("folder"))};
  }
  fs::remove(temporary, error);
  return result;
}

Result<> leaves_inputs(const std::string& output, const std::vector<std::string>& inputs) {
  if (output == standard_output) return {};
  for (const std::string& input : inputs) {
    std::error_code error;
    if (input.empty() || !fs::is_regular_file(input, error) || !fs::equivalent(output, input, error) || error) continue;
    return Failure{fmt::format("'{}' would be replaced by what is made from it; write to another place", input), Blame::command};
  }
  return {};
}

std::string file_stem(std::string name) {
  for (char& c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return name;
}

std::string FileStems::add(std::string name) {
  const std::string wanted = file_stem(std::move(name));
  std::string stem = wanted;
  for (int i = 2; !taken_.insert(stem).second; ++i) stem = fmt::format("{}.{}", wanted, i);
  return stem;
}

void say(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

std::string human_bytes(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (bytes < 1000 * 1000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 1000ULL * 1000 * 1000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

Progress::Progress(std::string what)
    : what_(std::move(what)), start_(std::chrono::steady_clock::now()), terminal_(isatty(STDERR_FILENO) != 0) {}

void Progress::update(size_t done_count, size_t all) { update(fmt::format("{} of {}", done_count, all)); }

void Progress::update(std::string_view state) {
  if (!terminal_ || seconds_since(start_) < 1) return;
  say(fmt::format("\r\x1b[K{}: {}", what_, state));
  std::fflush(stderr);
  shown_ = true;
}

void Progress::finish() {
  if (shown_) say("\r\x1b[K");
  shown_ = false;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace resnetc::driver

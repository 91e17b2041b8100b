/// \file Every diagnostic of the front end with its exact text. A golden file tests/diag/NAME.rn is a network with a mistake or a
/// likely one. The expected messages follow it, on lines that begin with `#! `. Lines at its start that begin with `#set NAME=INT` or
/// `#load PATH` stand for the command line. UPDATE_GOLDENS=1 writes the messages into the files.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "frontend/frontend.h"
#include "frontend/messages.h"
#include "tests/unit/frontend/cases.h"

using namespace resnetc;
namespace fs = std::filesystem;

namespace {

/// Whether `text` can come from `format`: its literal parts, in order.
bool made_from(std::string_view format, std::string_view text) {
  bool after_field = false;
  while (!format.empty()) {
    std::string part;
    size_t i = 0;
    for (; i < format.size() && !format.substr(i).starts_with("{}"); ++i) {
      part += format[i];
      if ((format[i] == '{' || format[i] == '}') && i + 1 < format.size() && format[i + 1] == format[i]) ++i;
    }
    const bool last = i >= format.size();
    format.remove_prefix(std::min(format.size(), i + 2));
    if (last) return after_field ? text.ends_with(part) : text == part;
    if (!after_field && !text.starts_with(part)) return false;
    const size_t found = text.find(part);
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + part.size());
    after_field = true;
  }
  return true;
}

/// The ids of all messages that have been seen.
void note_messages(const Diagnostics& diagnostics, std::set<std::string_view>& seen) {
  const auto note = [&](std::string_view text) {
    bool known = false;
    for (const message::Entry& entry : message::all) {
      if (!made_from(entry.format, text)) continue;
      seen.insert(entry.id);
      known = true;
    }
    CHECK_MESSAGE(known, "not in frontend/messages.h: " << text);
  };
  for (const Diagnostic& d : diagnostics.all()) {
    note(d.text);
    for (const Note& n : d.notes) note(n.text);
  }
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
}

struct Golden {
  std::string source, expected;
  FrontendOptions options;
  std::string load;
};

Golden read_golden(const fs::path& path) {
  Golden golden;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#!")) {
      golden.expected += line.substr(std::min<size_t>(3, line.size())) + "\n";
      continue;
    }
    if (line.starts_with("#set ")) {
      const size_t equals = line.find('=');
      golden.options.parameters.emplace_back(line.substr(5, equals - 5), std::stoll(line.substr(equals + 1)));
    }
    if (line.starts_with("#load ")) golden.load = line.substr(6);
    golden.source += line + "\n";
  }
  return golden;
}

void write_golden(const fs::path& path, const Golden& golden, const std::string& actual) {
  std::ofstream out(path, std::ios::binary);
  out << golden.source;
  std::istringstream lines(actual);
  for (std::string line; std::getline(lines, line);) out << "#!" << (line.empty() ? "" : " ") << line << "\n";
}

void check_golden(const fs::path& path, std::set<std::string_view>& seen) {
  INFO(path.filename().string());
  const Golden golden = read_golden(path);
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto network = golden.load.empty() ? parse_network(path.string(), golden.source, golden.options, diagnostics)
                                           : load_network((path.parent_path() / golden.load).string(), golden.options, diagnostics);
  CHECK(network.has_value() == !diagnostics.has_errors());
  CHECK_FALSE(diagnostics.all().empty());
  note_messages(diagnostics, seen);
  std::string actual = diagnostics.render();
  replace_all(actual, path.parent_path().string() + "/", "");
  replace_all(actual, path.parent_path().string(), ".");
  if (std::getenv("UPDATE_GOLDENS")) {
    write_golden(path, golden, actual);
  } else {
    CHECK(actual == golden.expected);
  }
}

/// A network that uses more files than there may be.
void check_too_many_files(std::set<std::string_view>& seen) {
  const fs::path folder = fs::temp_directory_path() / fmt::format("resnetc_frontend_{}", ::getpid());
  fs::create_directories(folder);
  std::string text;
  for (int i = 0; i < 105; ++i) {
    std::ofstream(folder / fmt::format("b{}.rn", i)) << fmt::format("block b{} {{ relu }}\n", i);
    text += fmt::format("use \"b{}.rn\"\n", i);
  }
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK_FALSE(parse_network((folder / "main.rn").string(), text + "network n { input x: f32[N, 3] relu output y }\n", {}, diagnostics));
  CHECK(diagnostics.error_count() == 1);
  CHECK(diagnostics.all().front().text == "more than 100 files are used; put several blocks into one file");
  note_messages(diagnostics, seen);
  fs::remove_all(folder);
}

/// Means for more channels than can be normalised.
void check_too_many_means(std::set<std::string_view>& seen) {
  std::string means = "0";
  for (int i = 0; i < 256; ++i) means += ", 0";
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK_FALSE(parse_network("n.rn", "network n { input x: u8[N, 1, 1, 257] mean = (" + means + ") relu output y }\n", {}, diagnostics));
  CHECK(diagnostics.error_count() == 1);
  CHECK(diagnostics.all().front().text ==
        "'mean' is for at most 256 channels, and this input has 257; take f32 and normalise before it comes in");
  CHECK(diagnostics.all().front().at.length == 4);
  note_messages(diagnostics, seen);
}

}  // namespace

TEST_CASE("frontend: every diagnostic has its exact text") {
  std::set<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(source_dir / "tests" / "diag")) {
    if (entry.path().extension() == ".rn") paths.insert(entry.path());
  }
  REQUIRE(paths.size() > 60);
  std::set<std::string_view> seen;
  for (const fs::path& path : paths) check_golden(path, seen);
  check_too_many_files(seen);
  check_too_many_means(seen);
  for (const message::Entry& entry : message::all) CHECK_MESSAGE(seen.contains(entry.id), "no file under tests/diag shows " << entry.id);
}

TEST_CASE("frontend: files that are too long, and errors past the limit") {
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK_FALSE(parse_network("long.rn", std::string((1 << 20) + 1, ' '), {}, diagnostics));
  CHECK(diagnostics.render() == "resnetc: error: cannot read 'long.rn': it has more than 1048576 bytes\n");

  Diagnostics many(sources);
  std::string text = "network n { input x: f32[N, 3]\n";
  for (int i = 0; i < 10000; ++i) text += fmt::format("skip from a{}\n", i);
  CHECK_FALSE(parse_network("many.rn", text + "output y }", {}, many));
  CHECK(many.all().size() == Diagnostics::limit);
}

/// \file An IR of any level, printed and read.
#include "driver/ir_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "inspect/drawing.h"

namespace resnetc::driver {

std::string print_as(const passes::AnyIr& ir, const std::string& format, const Sources& sources) {
  std::string text;
  if (format == "text") {
    text = passes::print(ir, sources);
  } else if (format == "dot") {
    text = to_dot(inspect::draw(ir));
  } else if (format == "svg") {
    text = to_svg(inspect::draw(ir));
  } else if (const auto* network = std::get_if<topology::Network>(&ir)) {
    text = topology::to_json(*network, sources);
  } else if (const auto* graph = std::get_if<graph::Graph>(&ir)) {
    text = graph::to_json(*graph, sources);
  } else {
    text = program::to_json(std::get<program::Program>(ir), sources);
  }
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

std::optional<passes::Level> level_named(const std::string& name) {
  for (passes::Level level : {passes::Level::topology, passes::Level::graph, passes::Level::program}) {
    if (name == level_name(level)) return level;
  }
  return std::nullopt;
}

const char* level_name(passes::Level level) {
  return level == passes::Level::topology ? "topology" : level == passes::Level::graph ? "graph" : "program";
}

passes::Level level_of(const passes::AnyIr& ir) { return static_cast<passes::Level>(ir.index()); }

namespace {

/// The first word, blanks and comments skipped, with its place.
struct FirstWord {
  std::string word;
  int32_t line = 1, column = 1;
};

FirstWord first_word(std::string_view text) {
  FirstWord first;
  size_t at = 0, line_start = 0;
  while (at < text.size() && (std::string_view(" \t\r\n#").find(text[at]) != std::string_view::npos)) {
    if (text[at] == '#') at = std::min(text.find('\n', at), text.size());
    if (at < text.size() && text[at++] == '\n') ++first.line, line_start = at;
  }
  size_t end = at;
  while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
  first.word = text.substr(at, end - at);
  first.column = static_cast<int32_t>(at - line_start) + 1;
  return first;
}

}  // namespace

bool is_ir(std::string_view text) { return level_named(first_word(text).word).has_value(); }

std::optional<passes::AnyIr> parse_any(FileId file, Diagnostics& diagnostics) {
  const auto [word, line, column] = first_word(diagnostics.sources().text(file));
  if (auto level = level_named(word)) {
    switch (*level) {
      case passes::Level::topology:
        if (auto network = topology::parse(file, diagnostics)) return passes::AnyIr(std::move(*network));
        return std::nullopt;
      case passes::Level::graph:
        if (auto graph = graph::parse(file, diagnostics)) return passes::AnyIr(std::move(*graph));
        return std::nullopt;
      case passes::Level::program:
        if (auto program = program::parse(file, diagnostics)) return passes::AnyIr(std::move(*program));
        return std::nullopt;
    }
  }
  const Location here{file, line, column, std::max<int32_t>(1, static_cast<int32_t>(word.size()))};
  diagnostics.error(here, "IR text starts with 'topology', 'graph' or 'program'");
  return std::nullopt;
}

}  // namespace resnetc::driver

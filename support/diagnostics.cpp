#include "support/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>

namespace resnetc {

FileId Sources::add(std::string name, std::string text) {
  auto id = static_cast<FileId>(files_.size());
  by_name_.emplace(name, id);
  files_.push_back({std::move(name), std::move(text)});
  return id;
}

FileId Sources::named(std::string_view name) {
  std::string key(name);
  auto found = by_name_.find(key);
  return found != by_name_.end() ? found->second : add(std::move(key), {});
}

std::string_view Sources::line(FileId file, int32_t line) const {
  std::string_view rest = text(file);
  for (int32_t i = 1; i < line; ++i) {
    size_t end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

Diagnostic& Diagnostic::note(Location where, std::string message) {
  notes.push_back({where, std::move(message)});
  return *this;
}

Diagnostic& Diagnostics::add(Severity severity, Location at, std::string text) {
  if (severity == Severity::error && ++errors_ > limit) {
    overflow_ = {};
    return overflow_;
  }
  return all_.emplace_back(Diagnostic{severity, at, std::move(text), {}});
}

namespace {

struct Style {
  const char* label;
  const char* colour;
};

Style style_of(Severity severity) {
  switch (severity) {
    case Severity::error: return {"error", "\x1b[1;31m"};
    case Severity::warning: return {"warning", "\x1b[1;35m"};
    case Severity::remark: return {"remark", "\x1b[1;34m"};
  }
  return {"note", ""};
}

/// The source line and the caret line. Tabs become one blank each and other control bytes '?', so that the caret stays under its text
/// and a hostile file cannot drive the terminal; a very long line is cut to a window round the caret.
void append_snippet(std::string& out, const Sources& sources, Location at, const char* caret_colour, const char* reset) {
  std::string_view line = sources.line(at.file, at.line);
  if (line.empty() || at.column < 1 || static_cast<size_t>(at.column) > line.size() + 1) return;
  constexpr size_t window = 160;
  size_t column = static_cast<size_t>(at.column) - 1;
  size_t start = column > window / 2 && line.size() > window ? column - window / 2 : 0;
  std::string shown(line.substr(start, window));
  for (char& c : shown) {
    if (c == '\t') c = ' ';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  column -= start;
  size_t length = std::max<size_t>(1, static_cast<size_t>(std::max(at.length, 1)));
  length = std::min(length, std::max<size_t>(1, shown.size() - std::min(column, shown.size())));
  out += fmt::format("{:5} | {}\n      | {}{}^{}{}\n", at.line, shown, std::string(column, ' '), caret_colour, std::string(length - 1, '~'),
                     reset);
}

void append_message(std::string& out, const Sources& sources, Location at, Style style, const std::string& text, bool colour) {
  const char* bold = colour ? "\x1b[1m" : "";
  const char* reset = colour ? "\x1b[0m" : "";
  const char* tint = colour ? style.colour : "";
  if (at.known()) {
    out += fmt::format("{}{}:", bold, sources.name(at.file));
    if (at.line > 0) out += fmt::format("{}:{}:", at.line, at.column);
    out += fmt::format("{} ", reset);
  }
  out += fmt::format("{}{}:{} {}{}{}\n", tint, style.label, reset, bold, text, reset);
  if (at.known() && at.line > 0) append_snippet(out, sources, at, tint, reset);
}

}  // namespace

std::string Diagnostics::render(bool colour) const {
  std::string out;
  for (const Diagnostic& d : all_) {
    append_message(out, *sources_, d.at, style_of(d.severity), d.text, colour);
    for (const Note& n : d.notes) append_message(out, *sources_, n.at, {"note", "\x1b[1;36m"}, n.text, colour);
  }
  if (errors_ > limit) out += fmt::format("error: {} further errors are not shown\n", errors_ - limit);
  return out;
}

}  // namespace resnetc

#include "support/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/printable.h"

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

Location Sources::place(FileId file, size_t offset, size_t length) const {
  const std::string_view before = std::string_view(text(file)).substr(0, offset);
  const std::string_view rest = std::string_view(text(file)).substr(offset, length);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n'), on_line = std::max<size_t>(1, rest.substr(0, rest.find('\n')).size());
  const size_t column = newline == std::string_view::npos ? offset + 1 : offset - newline;
  return {file, static_cast<int32_t>(line), static_cast<int32_t>(column), static_cast<int32_t>(on_line)};
}

Diagnostic& Diagnostic::note(Location where, std::string message) {
  notes.push_back({where, std::move(message)});
  return *this;
}

Failure first_failure(const Diagnostics& diagnostics) {
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.severity == Severity::error) return {d.text, d.blame};
  }
  return {"a pass failed and gave no reason", Blame::bug};
}

Diagnostic& Diagnostics::bug(Location at, std::string text) {
  Diagnostic& added = error(at, std::move(text));
  added.blame = Blame::bug;
  return added;
}

Diagnostic& Diagnostics::add(Severity severity, Location at, std::string text) {
  if (severity == Severity::error && ++errors_ > limit) {
    overflow_ = {};
    return overflow_;
  }
  return all_.emplace_back(Diagnostic{severity, at, std::move(text), {}});
}

namespace {

/// What a message without a file begins with.
constexpr const char* program_name = "resnetc";

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

/// The text of a line as it is shown, and how many columns it takes: tabs become one blank each, and what is not printable
/// becomes '?'.
struct Shown {
  std::string text;
  size_t columns = 0;
};

Shown shown(std::string_view line) {
  Shown out;
  for (size_t at = 0; at < line.size(); ++out.columns) {
    const size_t bytes = std::max<size_t>(printable_length(line.substr(at)), 1);
    out.text += line[at] == '\t' ? " " : printable(line.substr(at, bytes));
    at += bytes;
  }
  return out;
}

/// The source line and the caret line; a very long line is cut to a window round the caret.
void append_snippet(std::string& out, const Sources& sources, Location at, const char* caret_colour, const char* reset) {
  std::string_view line = sources.line(at.file, at.line);
  if (line.empty() || at.column < 1 || static_cast<size_t>(at.column) > line.size() + 1) return;
  constexpr size_t window = 160;
  size_t column = static_cast<size_t>(at.column) - 1;
  size_t start = column > window / 2 && line.size() > window ? column - window / 2 : 0;
  // A character that the cut divides is no text and shows as '?'.
  std::string_view window_text = line.substr(start, window);
  column -= start;
  const size_t length = std::min(static_cast<size_t>(std::max(at.length, 1)), window_text.size() - column);
  const size_t blanks = shown(window_text.substr(0, column)).columns;
  const size_t marks = std::max<size_t>(1, shown(window_text.substr(column, length)).columns);
  out += fmt::format("{:5} | {}\n      | {}{}^{}{}\n", at.line, shown(window_text).text, std::string(blanks, ' '), caret_colour,
                     std::string(marks - 1, '~'), reset);
}

/// `placeless` is what the message begins with if it has no file.
void append_message(std::string& out, const Sources& sources, Location at, std::string_view placeless, Style style, const std::string& text,
                    bool colour) {
  const char* bold = colour ? "\x1b[1m" : "";
  const char* reset = colour ? "\x1b[0m" : "";
  const char* tint = colour ? style.colour : "";
  if (at.known()) {
    out += fmt::format("{}{}:", bold, sources.name(at.file).empty() ? "''" : sources.name(at.file));
    if (at.line > 0) out += fmt::format("{}:{}:", at.line, at.column);
    out += fmt::format("{} ", reset);
  } else if (!placeless.empty()) {
    out += fmt::format("{}{}:{} ", bold, placeless, reset);
  }
  out += fmt::format("{}{}:{} {}{}{}\n", tint, style.label, reset, bold, text, reset);
  if (at.known() && at.line > 0) append_snippet(out, sources, at, tint, reset);
}

}  // namespace

std::string Diagnostics::render(bool colour) const {
  std::string out;
  for (const Diagnostic& d : all_) {
    append_message(out, *sources_, d.at, program_name, style_of(d.severity), d.blame == Blame::bug ? "internal error: " + d.text : d.text,
                   colour);
    for (const Note& n : d.notes) append_message(out, *sources_, n.at, "", {"note", "\x1b[1;36m"}, n.text, colour);
  }
  if (errors_ > limit) out += fmt::format("{}: error: {} further errors are not shown\n", program_name, errors_ - limit);
  return out;
}

}  // namespace resnetc

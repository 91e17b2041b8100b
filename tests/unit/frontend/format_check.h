/// \file Rules for the formatter that hold for every input, which its tests and a fuzzer share.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "frontend/format.h"
#include "frontend/lexer.h"

/// Formats a text. Returns the fault of the result, or an empty text. `formatted` does not change if the text does not parse.
inline std::string format_fault(const std::string& text, std::string& formatted) {
  using namespace resnetc;
  Sources sources;
  Diagnostics diagnostics(sources);
  const FileId file = sources.add("text.rn", text);
  const auto once = format_source(file, diagnostics);
  if (once.has_value() == diagnostics.has_errors()) return "errors and no errors";
  if (!once) return "";
  formatted = *once;
  const FileId again = sources.add("formatted.rn", *once);
  const auto twice = format_source(again, diagnostics);
  if (!twice) return "what is formatted does not parse";
  if (*twice != *once) return "formatting twice changes something:\n" + *twice;

  std::vector<Comment> comments, comments_after;
  const std::vector<Token> before = lex(file, diagnostics, &comments);
  const std::vector<Token> after = lex(again, diagnostics, &comments_after);
  const auto same = [](const Token& a, const Token& b) { return a.kind == b.kind && a.text == b.text; };
  if (!std::equal(before.begin(), before.end(), after.begin(), after.end(), same)) return "other words";
  const auto kept = [](const Comment& a, const Comment& b) { return a.text.starts_with(b.text); };
  if (!std::equal(comments.begin(), comments.end(), comments_after.begin(), comments_after.end(), kept)) return "other comments";

  for (size_t start = 0, end = 0; (end = once->find('\n', start)) != std::string::npos; start = end + 1) {
    if (end > start && ((*once)[end - 1] == ' ' || (*once)[end - 1] == '\t')) return "blanks at the end of a line";
  }
  if (once->starts_with("\n") || once->find("\n\n\n") != std::string::npos) return "superfluous blank lines";
  if (!once->empty() && (!once->ends_with("\n") || once->ends_with("\n\n"))) return "not one newline at the end";
  return "";
}

/// \file The outline of a file: its definitions, and the named statements in them.
#include <algorithm>

#include "editor/navigation.h"

namespace resnetc::editor {

namespace {

using ast::Statement;
using ast::StatementKind;

class Outline {
  /// The protocol's SymbolKind.
  enum Kind : int64_t { module = 2, class_ = 5, field = 8, interface = 11, function = 12, variable = 13, constant = 14, event = 24 };

 public:
  explicit Outline(const ParsedText& text) : text_(text) {}

  json::Array run() {
    json::Array out;
    for (const ast::Definition& block : text_.tree.blocks) out.push_back(definition(block, function, "block"));
    if (text_.tree.network) out.push_back(definition(*text_.tree.network, module, "network"));
    return out;
  }

 private:
  json::Object entry(const ast::Name& name, std::string_view detail, Kind kind, Location start, Location end, json::Array children) {
    const Range selection = text_.lines.range(name.at);
    Range range = text_.lines.range(start.known() ? start : name.at);
    range.end = std::max(range.end, end.known() ? text_.lines.range(end).end : selection.end);
    range.start = std::min(range.start, selection.start);
    range.end = std::max(range.end, selection.end);
    return json::Object{{"name", utf8(name.text)},
                        {"detail", utf8(detail)},
                        {"kind", static_cast<int64_t>(kind)},
                        {"range", to_json(range)},
                        {"selectionRange", to_json(selection)},
                        {"children", std::move(children)}};
  }

  json::Object definition(const ast::Definition& definition, Kind kind, std::string_view detail) {
    json::Array children;
    for (const ast::Parameter& parameter : definition.parameters) {
      children.push_back(entry(parameter.name, "parameter", constant, {}, {}, {}));
    }
    statements(definition.body, children);
    return entry(definition.name, detail, kind, {}, definition.end, std::move(children));
  }

  void statements(const std::vector<Statement>& list, json::Array& out) {
    for (const Statement& s : list) statement(s, out);
  }

  /// Adds a statement. If it has no name, its named contents belong to the construct around it.
  void statement(const Statement& s, json::Array& out) {
    const auto named = [&](const ast::Name& name, std::string_view detail, Kind kind) {
      if (!name.at.known()) return statements(s.body, out);
      json::Array children;
      statements(s.body, children);
      out.push_back(entry(name, detail, kind, s.at, s.end, std::move(children)));
    };
    switch (s.kind) {
      case StatementKind::call:
        if (s.label) named(*s.label, s.name.text, field);
        return;
      case StatementKind::let: return named(s.name, "let", constant);
      case StatementKind::stage: return named(s.name, "stage", class_);
      case StatementKind::input: return named(s.name, "input", interface);
      case StatementKind::output: return named(s.name, "output", interface);
      case StatementKind::skip: return named(s.label.value_or(ast::Name{}), "skip", event);
      case StatementKind::concat: return named(s.label.value_or(ast::Name{}), "concat", event);
      case StatementKind::gate: return named(s.label.value_or(ast::Name{}), "gate", event);
      case StatementKind::from: return;
      case StatementKind::repeat:
      case StatementKind::condition: break;
    }
    statements(s.body, out);
    statements(s.otherwise, out);
  }

  const ParsedText& text_;
};

}  // namespace

json::Array document_symbols(const ParsedText& text) { return Outline(text).run(); }

}  // namespace resnetc::editor

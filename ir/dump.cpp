/// \file What the Graphviz and JSON forms share.
#include "ir/dump.h"

#include <fmt/format.h>
#include <llvm/Support/raw_ostream.h>

namespace resnetc::dump {

namespace json = llvm::json;

json::Value string(std::string_view s) { return json::isUTF8(s) ? json::Value(std::string(s)) : json::Value(json::fixUTF8(s)); }

std::string text(json::Object object) {
  std::string out;
  llvm::raw_string_ostream stream(out);
  json::OStream(stream, 2).value(json::Value(std::move(object)));
  stream << "\n";
  return out;
}

std::string dot_string(std::string_view s) {
  std::string out = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string dot_begin(std::string_view name) {
  return fmt::format("digraph {} {{\n  node [shape=box, fontname=\"sans-serif\"];\n", dot_string(name));
}

std::string dot_node(std::string_view id, std::string_view label, std::string_view style) {
  return fmt::format("  {} [label={}{}{}];\n", dot_string(id), dot_string(label), style.empty() ? "" : ", ", style);
}

std::string dot_edge(std::string_view from, std::string_view to, std::string_view style) {
  return fmt::format("  {} -> {}{};\n", dot_string(from), dot_string(to), style.empty() ? "" : fmt::format(" [{}]", style));
}

}  // namespace resnetc::dump

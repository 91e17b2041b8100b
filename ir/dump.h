/// \file What the Graphviz forms of the three IRs share, and JSON for readers that take part of it.
#pragma once

#include <llvm/Support/JSON.h>

#include <string>
#include <string_view>

namespace resnetc::dump {

/// A JSON string; bytes that are no UTF-8 are replaced.
llvm::json::Value string(std::string_view s);
/// Indented, with a newline at the end.
std::string text(llvm::json::Object object);

/// A string of Graphviz, in quotes.
std::string dot_string(std::string_view s);
std::string dot_begin(std::string_view name);
std::string dot_node(std::string_view id, std::string_view label, std::string_view style = {});
std::string dot_edge(std::string_view from, std::string_view to, std::string_view style = {});

}  // namespace resnetc::dump

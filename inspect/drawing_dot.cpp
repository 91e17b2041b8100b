/// \file Writes drawings in Graphviz's language.
#include <fmt/format.h>

#include "inspect/drawing.h"

namespace resnetc::inspect {

namespace {

std::string quoted(std::string_view s) {
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

std::string_view style_of(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::next: return "";
    case EdgeKind::skip:
    case EdgeKind::side: return " [style=dashed]";
    case EdgeKind::in_place: return " [style=bold, label=\"in place\"]";
  }
  return "";
}

}  // namespace

std::string to_dot(const Drawing& drawing) {
  std::string out = fmt::format("digraph {} {{\n  node [shape=box, fontname=\"sans-serif\"];\n", quoted(drawing.title));
  std::vector<size_t> open;  // frames, outermost first
  size_t next = 0;
  const auto indent = [&] { return std::string(2 * (open.size() + 1), ' '); };
  for (size_t i = 0; i < drawing.boxes.size(); ++i) {
    for (; next < drawing.frames.size() && drawing.frames[next].first == i; ++next) {
      const Frame& frame = drawing.frames[next];
      const std::string label = frame.kind == FrameKind::stage ? frame.label : fmt::format("{} ({})", frame.label, to_string(frame.kind));
      out += fmt::format("{}subgraph cluster{} {{ label={};\n", indent(), next, quoted(label));  // Graphviz frames only clusters
      open.push_back(next);
    }
    const Box& box = drawing.boxes[i];
    const std::string label = box.name + "\n" + box.what + (box.shape.empty() ? "" : "\n" + box.shape);
    out += fmt::format("{}{} [label={}{}];\n", indent(), i, quoted(label), box.role == Role::port ? ", shape=oval" : "");
    while (!open.empty() && drawing.frames[open.back()].last == i) {
      open.pop_back();
      out += indent() + "}\n";
    }
  }
  for (const Edge& edge : drawing.edges) out += fmt::format("  {} -> {}{};\n", edge.from, edge.to, style_of(edge.kind));
  return out + "}\n";
}

}  // namespace resnetc::inspect

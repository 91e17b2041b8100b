/// \file Turns diagnostics into JSON.
#include "editor/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace resnetc::editor {

namespace {

int64_t severity_code(Severity severity) {
  switch (severity) {
    case Severity::error: return 1;
    case Severity::warning: return 2;
    case Severity::remark: break;
  }
  return 3;
}

/// The diagnostics of one root.
class Converter {
 public:
  Converter(const Workspace& workspace, const Root& root) : workspace_(workspace), root_(root) {}

  void run(std::map<std::string, json::Array>& out) {
    for (const Diagnostic& d : root_.diagnostics.all()) add(d, out);
    const size_t more = root_.diagnostics.error_count() - std::min(root_.diagnostics.error_count(), Diagnostics::limit);
    if (more != 0) add({Severity::error, {}, fmt::format("{} further errors are not shown", more), {}}, out);
  }

 private:
  static void add_once(json::Array& list, json::Value value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
  }

  void add(const Diagnostic& d, std::map<std::string, json::Array>& out) {
    json::Object object{
        {"range", to_json(range(d.at))}, {"severity", severity_code(d.severity)}, {"source", "resnetc"}, {"message", utf8(d.text)}};
    json::Array related;
    for (const Note& note : d.notes) {
      const Location at = note.at.known() ? note.at : d.at;
      related.push_back(
          json::Object{{"location", json::Object{{"uri", uri(at)}, {"range", to_json(range(at))}}}, {"message", utf8(note.text)}});
    }
    if (!related.empty()) object["relatedInformation"] = std::move(related);
    add_once(out[uri(d.at)], std::move(object));
  }

  std::string uri(Location at) const { return utf8(workspace_.uri(at.known() ? root_.file_of(at.file) : root_.file)); }

  Range range(Location at) {
    if (!at.known()) return {};
    auto found = lines_.find(at.file);
    if (found == lines_.end()) found = lines_.emplace(at.file, LineIndex(root_.sources.text(at.file))).first;
    return found->second.range(at);
  }

  const Workspace& workspace_;
  const Root& root_;
  std::map<FileId, LineIndex> lines_;
};

}  // namespace

std::map<std::string, json::Array> diagnostics_by_uri(const Workspace& workspace) {
  std::map<std::string, json::Array> out;
  for (const auto& [uri, root] : workspace.roots()) Converter(workspace, *root).run(out);
  return out;
}

}  // namespace resnetc::editor

/// \file Offers names, keywords and files for each kind of place.
#include "editor/completion.h"

#include <fmt/format.h>

#include <filesystem>

#include "editor/completion_context.h"
#include "frontend/arguments.h"

namespace resnetc::editor {

namespace {

namespace fs = std::filesystem;
using Wants = CompletionContext::Wants;

constexpr size_t max_files = 1000;  ///< number of files of a folder that are offered

class Completer {
  /// The protocol's CompletionItemKind.
  enum Kind : int64_t {
    function = 3,
    field = 5,
    variable = 6,
    class_ = 7,
    property = 10,
    keyword = 14,
    file = 17,
    folder = 19,
    constant = 21
  };

 public:
  Completer(const Workspace& workspace, const ParsedText& text, size_t offset, const FrontendOptions& options)
      : workspace_(workspace),
        text_(text),
        options_(options),
        at_(text.lines.location(offset)),
        context_(completion_context(text.text, offset)),
        range_{text.lines.position(context_.start), text.lines.position(offset)} {}

  json::Array run() {
    switch (context_.wants) {
      case Wants::nothing:
      case Wants::item: break;
      case Wants::file: files(); break;
      case Wants::statement:
      case Wants::callee: callees(); break;
      case Wants::argument:
        arguments();
        integers();
        break;
      case Wants::expression:
        integers();
        word();
        break;
      case Wants::source: labels(); break;
      case Wants::element:
        add("f32", keyword, "floats");
        add("u8", keyword, "packed pixels");
        break;
    }
    for (const std::string_view word : context_.keywords) add(word, keyword, "");
    return std::move(out_);
  }

 private:
  json::Object& add(std::string_view label, Kind kind, std::string_view detail, std::string_view written = {}) {
    json::Object item{{"label", utf8(label)}, {"kind", static_cast<int64_t>(kind)}};
    if (!detail.empty()) item["detail"] = utf8(detail);
    item["textEdit"] = json::Object{{"range", to_json(range_)}, {"newText", utf8(written.empty() ? label : written)}};
    out_.push_back(std::move(item));
    return *out_.back().getAsObject();
  }

  static std::string signature(std::string_view name, std::span<const Slot> slots) { return fmt::format("{}({})", name, shown(slots)); }

  void callees() {
    for (const OpInfo& op : all_ops()) {
      if (op.layer.empty()) continue;
      add(op.layer, function, signature(op.layer, layer_slots(op.kind)))["documentation"] = markdown(op.help);
    }
    for (const auto& [name, definition] : workspace_.blocks_in_sight(text_.file)) {
      add(name, class_, "block " + signature(name, block_slots(*definition)));
    }
  }

  void arguments() {
    std::vector<Slot> slots;
    const auto blocks = workspace_.blocks_in_sight(text_.file);
    if (const std::optional<OpKind> kind = layer_named(context_.callee)) {
      slots.assign(layer_slots(*kind).begin(), layer_slots(*kind).end());
    } else if (const auto found = blocks.find(context_.callee); found != blocks.end()) {
      slots = block_slots(*found->second);
    }
    for (const Slot& slot : slots) {
      if (context_.given.contains(slot.name)) continue;
      add(slot.name, property, slot.required ? "required" : fmt::format("= {}", slot.shown), fmt::format("{} = ", slot.name));
    }
  }

  void integers() {
    std::set<std::string_view> seen;
    for (const Symbol* symbol : text_.symbols.in_sight(at_.line, at_.column)) {
      const bool integer = symbol->kind == SymbolKind::parameter || symbol->kind == SymbolKind::let;
      if (integer && seen.insert(symbol->name).second) add(symbol->name, constant, to_string(symbol->kind));
    }
  }

  /// Offers the word that a layer's parameter takes.
  void word() {
    const std::optional<OpKind> kind = layer_named(context_.callee);
    if (!kind) return;
    for (const Slot& slot : layer_slots(*kind)) {
      if (slot.name == context_.name && !slot.word.empty()) add(slot.word, keyword, "");
    }
  }

  void labels() {
    std::set<std::string_view> seen;
    for (const Symbol* symbol : text_.symbols.in_sight(at_.line, at_.column)) {
      const bool value = symbol->kind == SymbolKind::label || symbol->kind == SymbolKind::stage || symbol->kind == SymbolKind::input;
      if (value && seen.insert(symbol->name).second) add(symbol->name, variable, detail(*symbol));
    }
  }

  static std::string detail(const Symbol& symbol) {
    return symbol.kind == SymbolKind::label ? std::string(symbol.statement->name.text) : std::string(to_string(symbol.kind));
  }

  /// Offers the entries of the folder that is being written, beside the file and in the folders where `use` searches.
  void files() {
    const std::string written = text_.text.substr(context_.start, text_.lines.offset(range_.end) - context_.start);
    const size_t slash = written.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : written.substr(0, slash + 1);
    std::vector<fs::path> places = {fs::path(text_.file).parent_path()};
    places.insert(places.end(), options_.include_dirs.begin(), options_.include_dirs.end());
    places.insert(places.end(), options_.installed_dirs.begin(), options_.installed_dirs.end());
    std::set<std::string> names;
    for (const fs::path& place : places) entries(place / folder, names);
    for (const std::string& name : names) {
      add(folder + name, name.ends_with('/') ? Kind::folder : Kind::file, "");
    }
  }

  void entries(const fs::path& place, std::set<std::string>& names) const {
    std::error_code error;
    for (fs::directory_iterator at(place, error), end; !error && at != end && names.size() < max_files; at.increment(error)) {
      std::error_code unknown;
      const std::string name = at->path().filename().string();
      if (name.starts_with('.')) continue;
      if (at->is_directory(unknown)) {
        names.insert(name + "/");
      } else if (name.ends_with(".rn") && at->path().string() != text_.file) {
        names.insert(name);
      }
    }
  }

  const Workspace& workspace_;
  const ParsedText& text_;
  const FrontendOptions& options_;
  Location at_;
  CompletionContext context_;
  Range range_;
  json::Array out_;
};

}  // namespace

json::Array completions(const Workspace& workspace, const ParsedText& text, size_t offset, const FrontendOptions& options) {
  return Completer(workspace, text, offset, options).run();
}

}  // namespace resnetc::editor

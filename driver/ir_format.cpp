/// \file Prints and reads an IR of any level.
#include "driver/ir_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "inspect/drawing.h"
#include "ir/forms/json_tree.h"
#include "ir/forms/text_kind.h"
#include "passes/lineage.h"
#include "support/json.h"

namespace resnetc::driver {

namespace {

constexpr const char* ir_wanted = "IR";
/// The word with which a part of an IR begins, and the field that marks a part in JSON.
constexpr const char* part_word = "part";

}  // namespace

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

namespace {

/// Keeps the elements that make these values. A block, stage or edge stays if something in it does. Returns whether anything is left.
bool keep(llvm::json::Array& elements, const ValueNames& names) {
  llvm::json::Array kept;
  for (llvm::json::Value& element : elements) {
    llvm::json::Object& object = *element.getAsObject();
    const auto name = object.getString("name");
    llvm::json::Object* via = object.getObject("via");
    llvm::json::Array* body = (via != nullptr ? *via : object).getArray("body");
    if ((name && names.contains(std::string_view(*name))) || (body != nullptr && keep(*body, names))) kept.push_back(std::move(element));
  }
  elements = std::move(kept);
  return !elements.empty();
}

/// The part of an IR's JSON form that makes these values. resnetc has written the form itself. The tensors and constants of a program stay
/// complete.
std::string json_excerpt(const std::string& whole, const std::string& only, const ValueNames& names) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(whole);
  if (!value) throw std::logic_error(llvm::toString(value.takeError()));
  for (const char* list : {"body", "ops", "kernels"}) {
    if (llvm::json::Array* elements = value->getAsObject()->getArray(list)) keep(*elements, names);
  }
  (*value->getAsObject())[part_word] = only;
  return json_text(*value);
}

}  // namespace

std::string print_part(const passes::AnyIr& ir, const std::string& format, const std::string& only, const passes::AnyIr& read,
                       const Sources& sources) {
  const ValueNames names = passes::part(only, read, ir);
  if (format == "json") return json_excerpt(print_as(ir, format, sources), only, names);
  if (format == "dot") return to_dot(inspect::only(inspect::draw(ir), names));
  if (format == "svg") return to_svg(inspect::only(inspect::draw(ir), names));
  const std::string& name = std::visit([](const auto& level) -> const std::string& { return level.name; }, ir);
  return fmt::format("{} \"{}\" of {} \"{}\"\n{}", part_word, only, level_name(level_of(ir)), name, passes::excerpt(ir, names, sources));
}

std::optional<passes::Level> level_named(const std::string& name) {
  for (passes::Level level : {passes::Level::topology, passes::Level::graph, passes::Level::program}) {
    if (name == level_name(level)) return level;
  }
  return std::nullopt;
}

namespace {

template <class Ir>
std::optional<passes::AnyIr> any(std::optional<Ir> ir) {
  if (ir) return passes::AnyIr(std::move(*ir));
  return std::nullopt;
}

std::optional<passes::AnyIr> parse_any_json(FileId file, Diagnostics& diagnostics) {
  using json_form::Tree;
  const Sources& sources = diagnostics.sources();
  const auto error = [&](size_t offset, size_t length, std::string why) {
    diagnostics.error(sources.place(file, offset, length), std::move(why));
    return std::nullopt;
  };
  Tree::Fault fault;
  const std::optional<Tree> tree = Tree::parse(sources.text(file), fault);
  if (!tree) return error(fault.offset, 1, fault.why);
  if (const Tree::Id part = tree->find(part_word, 1, tree->next(0)); part != Tree::none) {
    return error(tree->offset(part), tree->text(part).size(), text::misplaced(text::beginning_of(part_word), ir_wanted));
  }
  const Tree::Id level = tree->find("level", 1, tree->next(0));
  if (level == Tree::none) {
    const bool manifest = tree->find("manifest_version", 1, tree->next(0)) != Tree::none;
    return error(tree->offset(0), 1,
                 manifest ? "this is the manifest of a library, not IR; '--emit json' writes IR, of which the files' names end in "
                            "'.topology.json', '.graph.json' and '.program.json'"
                          : "this JSON is not IR: it has no field 'level'");
  }
  const std::optional<passes::Level> known = tree->kind(level) == Tree::Kind::string ? level_named(tree->string(level)) : std::nullopt;
  if (!known) return error(tree->offset(level), tree->text(level).size(), "the level of IR is \"topology\", \"graph\" or \"program\"");
  switch (*known) {
    case passes::Level::topology: return any(topology::parse_json(file, diagnostics));
    case passes::Level::graph: return any(graph::parse_json(file, diagnostics));
    case passes::Level::program: return any(program::parse_json(file, diagnostics));
  }
  return std::nullopt;
}

}  // namespace

bool is_ir(std::string_view text) {
  const text::Kind kind = text::beginning_of(text).kind;
  return kind == text::Kind::ir || kind == text::Kind::json;
}

std::optional<passes::AnyIr> parse_any(FileId file, Diagnostics& diagnostics) {
  const text::Beginning beginning = text::beginning_of(diagnostics.sources().text(file));
  if (beginning.kind == text::Kind::json) return parse_any_json(file, diagnostics);
  if (const auto level = level_named(std::string(beginning.word))) {
    switch (*level) {
      case passes::Level::topology: return any(topology::parse(file, diagnostics));
      case passes::Level::graph: return any(graph::parse(file, diagnostics));
      case passes::Level::program: return any(program::parse(file, diagnostics));
    }
  }
  const std::string misplaced = text::misplaced(beginning, ir_wanted);
  diagnostics.error(diagnostics.sources().place(file, beginning.offset, beginning.word.size()),
                    misplaced.empty() ? "IR text starts with 'topology', 'graph' or 'program'" : misplaced);
  return std::nullopt;
}

std::optional<passes::AnyIr> load_text_or_ir(const NetworkOptions& options, Diagnostics& diagnostics, std::vector<std::string>& files) {
  Result<std::string> text = read_file(options.path);
  if (!text || !is_ir(*text)) {  // errors of reading are reported where networks are read
    std::optional<topology::Network> network = load(options, diagnostics, &files);
    if (!network) return std::nullopt;
    return passes::AnyIr(std::move(*network));
  }
  if (!options.settings.empty()) {
    diagnostics.error({diagnostics.sources().named(options.path), 0, 0, 0}, "--set needs a network's text, and this is IR").blame =
        Blame::command;
    return std::nullopt;
  }
  files.push_back(options.path);
  return parse_any(diagnostics.sources().add(options.path, std::move(*text)), diagnostics);
}

}  // namespace resnetc::driver

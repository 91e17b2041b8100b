/// \file The grammar for highlighting, the documentation and the compiler's tables say the same. UPDATE_GOLDENS=1 writes the layers' names
/// into the grammar.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/JSON.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "frontend/arguments.h"
#include "frontend/lexer.h"
#include "ir/op.h"
#include "tests/unit/frontend/cases.h"

using namespace resnetc;
namespace json = llvm::json;

namespace {

json::Value parsed_file(const std::string& name) {
  auto parsed = json::parse(read_text(std::string(RESNETC_SOURCE_DIR) + "/editor/" + name));
  REQUIRE_MESSAGE(bool(parsed), llvm::toString(parsed.takeError()));
  return std::move(*parsed);
}

/// The words of the lists `\b(a|b)\b` in a rule of the grammar's repository.
std::set<std::string> words(const json::Object& repository, llvm::StringRef rule) {
  std::set<std::string> out;
  const auto add = [&out](const json::Object& pattern) {
    const auto [before, list] = pattern.getString("match").value_or("").split("\\b(");
    llvm::SmallVector<llvm::StringRef> parts;
    list.take_until([](char c) { return c == ')'; }).split(parts, '|');
    for (const llvm::StringRef part : parts) CHECK_MESSAGE(out.insert(part.str()).second, "twice: " << part.str());
  };
  const json::Object* object = repository.getObject(rule);
  REQUIRE(object);
  if (const json::Array* patterns = object->getArray("patterns")) {
    for (const json::Value& pattern : *patterns) add(*pattern.getAsObject());
  } else {
    add(*object);
  }
  return out;
}

/// Checks that every rule which another one includes exists. tests/editor tests what the rules match.
void check_patterns(const json::Value& value, const json::Object& repository) {
  if (const json::Array* array = value.getAsArray()) {
    for (const json::Value& item : *array) check_patterns(item, repository);
  }
  const json::Object* object = value.getAsObject();
  if (!object) return;
  for (const auto& [key, item] : *object) {
    if (key == "include") CHECK_MESSAGE(repository.getObject(item.getAsString()->drop_front(1)), item.getAsString()->str());
    if (key == "name" && object->get("match")) CHECK(item.getAsString()->ends_with(".resnetc"));
    check_patterns(item, repository);
  }
}

}  // namespace

TEST_CASE("grammar: every keyword and every layer, and no other") {
  const json::Value value = parsed_file("resnetc.tmLanguage.json");
  const json::Object& repository = *value.getAsObject()->getObject("repository");
  check_patterns(value, repository);

  std::set<std::string> keywords = words(repository, "keyword");
  for (const std::string& word : words(repository, "constant")) CHECK(keywords.insert(word).second);
  const std::span<const std::string_view> known = all_keywords();
  CHECK(keywords == std::set<std::string>(known.begin(), known.end()));

  std::set<std::string> layers;
  std::string in_order;
  for (const OpInfo& op : all_ops()) {
    if (op.layer.empty()) continue;
    layers.emplace(op.layer);
    in_order += (in_order.empty() ? "" : "|") + std::string(op.layer);
  }
  if (std::getenv("UPDATE_GOLDENS") != nullptr) {
    const std::string path = std::string(RESNETC_SOURCE_DIR) + "/editor/resnetc.tmLanguage.json";
    std::string text = read_text(path);
    const size_t rule = text.find("support.function.layer"), first = text.find('(', rule) + 1;
    text.replace(first, text.find(')', first) - first, in_order);
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  CHECK(words(repository, "layer") == layers);
}

TEST_CASE("grammar: the extension names files that it has") {
  const json::Value package = parsed_file("vscode/package.json");
  const json::Object& contributes = *package.getAsObject()->getObject("contributes");
  const json::Object& language = *contributes.getArray("languages")->front().getAsObject();
  const json::Object& highlighting = *contributes.getArray("grammars")->front().getAsObject();
  parsed_file("vscode/" + language.getString("configuration")->str());
  const json::Value grammar = parsed_file("vscode/" + highlighting.getString("path")->str());
  CHECK(highlighting.getString("scopeName") == grammar.getAsObject()->getString("scopeName"));
  CHECK(highlighting.getString("language") == language.getString("id"));
}

TEST_CASE("docs: the table of layers is the compiler's") {
  const std::string text = read_text(std::string(RESNETC_SOURCE_DIR) + "/docs/language.md");
  for (const OpInfo& op : all_ops()) {
    if (op.layer.empty()) continue;
    bool has_attributes = false;
    for_each_attribute([&](const auto& attribute) { has_attributes = has_attributes || attribute.ops.has(op.kind); });
    CHECK_MESSAGE(has_attributes == !layer_slots(op.kind).empty(), "its arguments: " << op.layer);
    const std::string parameters = shown(layer_slots(op.kind));
    const std::string row =
        fmt::format("| `{}` | {} | {} |\n", op.layer, parameters.empty() ? "" : fmt::format("`{}`", parameters), op.help);
    CHECK_MESSAGE(text.find(row) != std::string::npos, "docs/language.md lacks: " << row);
  }
}

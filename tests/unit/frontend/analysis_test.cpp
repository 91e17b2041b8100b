/// \file What the front end offers to tools: texts in memory, values of names, blocks without a caller.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "frontend/analysis.h"

using namespace resnetc;

namespace {

struct Analysed {
  std::map<std::string, std::string> texts;
  std::vector<std::string> asked;
  Sources sources;
  Diagnostics diagnostics{sources};

  Analysis run(const std::string& path, const std::set<std::string, std::less<>>& elsewhere = {}) {
    FrontendOptions options;
    options.text_in_memory = [this](const std::string& file) -> std::optional<std::string> {
      asked.push_back(file);
      const auto found = texts.find(file);
      return found == texts.end() ? std::nullopt : std::optional(found->second);
    };
    return analyse(path, options, elsewhere, diagnostics);
  }
};

const std::string using_network = "use \"b.rn\"\nnetwork n { input x: f32[N, 3] stage s { b(2) b(4) } output y }";
const std::string used_block = "block b(w) { let v = w + 1 linear(v) }";

}  // namespace

TEST_CASE("frontend: texts in memory, and the values of names") {
  Analysed a;
  a.texts = {{"/nowhere/n.rn", using_network}, {"/nowhere/b.rn", used_block}};
  CHECK_FALSE(a.run("/nowhere/n.rn").network.has_value());
  CHECK(a.diagnostics.has_errors());

  Analysed b;
  b.texts = {{"/nowhere/n.rn", using_network}, {"/nowhere/b.rn", "block b(w) { let v = w + 1 l: linear(v) }"}};
  const Analysis analysis = b.run("/nowhere/n.rn");
  INFO(b.diagnostics.render());
  REQUIRE(analysis.network.has_value());
  REQUIRE(analysis.loaded.files.size() == 2);
  CHECK(analysis.loaded.files[0].used == std::vector<std::string>{"/nowhere/b.rn"});
  CHECK(analysis.loaded.blocks.contains("b"));
  REQUIRE(analysis.values.size() == 2);
  CHECK(analysis.values.begin()->second == std::set<int64_t>{2, 4});
  CHECK(analysis.values.rbegin()->second == std::set<int64_t>{3, 5});
}

TEST_CASE("frontend: files that are in no memory are asked for too") {
  Analysed a;
  a.texts = {{"/nowhere/n.rn", using_network}};
  CHECK_FALSE(a.run("/nowhere/n.rn").network.has_value());
  CHECK(a.asked == std::vector<std::string>{"/nowhere/n.rn", "/nowhere/b.rn"});
  Analysed none;
  CHECK(none.run("/nowhere/n.rn").loaded.files.empty());
  CHECK(none.diagnostics.render() == "resnetc: error: cannot read '/nowhere/n.rn': there is no such file\n");
}

TEST_CASE("frontend: blocks without a caller") {
  for (const bool known : {false, true}) {
    Analysed a;
    a.texts = {{"/nowhere/b.rn", used_block + "\nblock c { other }"}};
    std::set<std::string, std::less<>> elsewhere;
    if (known) elsewhere.insert("other");
    a.run("/nowhere/b.rn", elsewhere);
    INFO(a.diagnostics.render());
    REQUIRE(a.diagnostics.error_count() == (known ? 1 : 2));
    CHECK(a.diagnostics.all().front().text.starts_with("'linear' has weights"));
  }
}

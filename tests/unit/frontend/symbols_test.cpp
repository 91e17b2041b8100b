/// \file The index of names: the meaning of each name, in valid texts and in texts with errors.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "frontend/parser.h"
#include "frontend/symbols.h"

using namespace resnetc;

namespace {

struct Indexed {
  Sources sources;
  ast::File tree;
  Symbols symbols;

  explicit Indexed(const std::string& text) {
    Diagnostics diagnostics(sources);
    tree = parse_leniently(sources.add("test.rn", text), diagnostics);
    symbols = index_symbols(tree);
  }

  /// `label a 3:5 <- source 4:13`: one line for each symbol, then the uses without a meaning here.
  std::string str() const {
    const auto place = [](Location at) { return fmt::format("{}:{}", at.line, at.column); };
    static constexpr std::string_view uses[] = {"value", "source", "in", "callee", "argument"};
    std::string out;
    for (size_t i = 0; i < symbols.symbols.size(); ++i) {
      const Symbol& symbol = symbols.symbols[i];
      out += fmt::format("{} {}", to_string(symbol.kind), symbol.name);
      for (const Location& at : symbol.definitions) out += " " + place(at);
      for (const SymbolUse& use : symbols.uses) {
        if (use.symbol != i) continue;
        out += fmt::format(" <- {} {}", uses[static_cast<size_t>(use.kind)], place(use.at));
        CHECK(use.target == symbol.definitions.front());
      }
      out += "\n";
    }
    for (const SymbolUse& use : symbols.uses) {
      if (use.symbol != no_symbol) continue;
      out += fmt::format("? {} {} {}", uses[static_cast<size_t>(use.kind)], use.text, place(use.at));
      if (use.target.known()) out += " -> " + place(use.target);
      out += "\n";
    }
    return out;
  }

  std::string in_sight(int32_t line, int32_t column) const {
    std::string out;
    for (const Symbol* symbol : symbols.in_sight(line, column)) out += fmt::format("{} ", symbol->name);
    return out;
  }
};

}  // namespace

TEST_CASE("symbols: kinds and uses") {
  const Indexed file(
      "block b(w, v = w) {\n"
      "  c: conv(3x3, w, stride = v, pad = [v, 0, w, v])\n"
      "  skip from in via l { relu skip from in }\n"
      "}\n"
      "network n(w = 1) {\n"
      "  input x: f32[N, w]\n"
      "  let v = w * 2\n"
      "  stage s { a: b(v, v = w) skip from in }\n"
      "  skip from s\n"
      "  output y from x\n"
      "}\n");
  CHECK(file.str() ==
        "block b 1:7 <- callee 8:16\n"
        "network n 5:9\n"
        "parameter w 1:9 <- value 1:16 <- value 2:16 <- value 2:44\n"
        "parameter v 1:12 <- value 2:28 <- value 2:38 <- value 2:47\n"
        "label c 2:3\n"
        "list l 3:20\n"
        "parameter w 5:11 <- value 6:19 <- value 7:11 <- value 8:25\n"
        "input x 6:9 <- source 10:17\n"
        "let v 7:7 <- value 8:18\n"
        "label a 8:13\n"
        "stage s 8:9 <- source 9:13\n"
        "output y 10:10\n"
        "? callee conv 2:6\n"
        "? argument stride 2:19\n"
        "? argument pad 2:31\n"
        "? in in 3:13 -> 1:7\n"
        "? callee relu 3:24\n"
        "? in in 3:39 -> 3:3\n"
        "? argument v 8:21\n"
        "? in in 8:38 -> 8:9\n");
}

TEST_CASE("symbols: concat edges and 'from'") {
  const Indexed file(
      "block b {\n"
      "  a: relu  from in\n"
      "  concat spread from a via l { relu from a from in }\n"
      "}\n"
      "network n { input x: f32[N, 3] concat from x from\n");
  CHECK(file.str() ==
        "block b 1:7\n"
        "network n 5:9\n"
        "label a 2:3 <- source 3:22 <- source 3:42\n"
        "list l 3:28\n"
        "input x 5:19 <- source 5:44\n"
        "? callee relu 2:6\n"
        "? in in 2:17 -> 1:7\n"
        "? callee relu 3:32\n"
        "? in in 3:49 -> 3:3\n");
}

TEST_CASE("symbols: copies, branches and what hides what") {
  const Indexed file(
      "network n(c = 1) {\n"
      "  let v = 1\n"
      "  repeat 2 { let v = 2 * v  a: linear(v)  skip from a }\n"
      "  if c { a: relu let u = 1 } else { a: sigmoid }\n"
      "  skip from a\n"
      "  b: linear(v + u)\n"
      "  skip from later later: relu\n"
      "}\n");
  CHECK(file.str() ==
        "network n 1:9\n"
        "parameter c 1:11 <- value 4:6\n"
        "let v 2:7 <- value 3:26 <- value 6:13\n"
        "let v 3:18 <- value 3:39\n"
        "label a 3:29 <- source 3:53\n"
        "label a 4:10 4:37 <- source 5:13\n"
        "let u 4:22 <- value 6:17\n"
        "label b 6:3\n"
        "label later 7:19\n"
        "? callee linear 3:32\n"
        "? callee relu 4:13\n"
        "? callee sigmoid 4:40\n"
        "? callee linear 6:6\n"
        "? source later 7:13\n"
        "? callee relu 7:26\n");
  CHECK(file.in_sight(3, 29) == "v c v ");
  CHECK(file.in_sight(5, 3) == "c v a u ");
  CHECK(file.in_sight(1, 1).empty());
}

TEST_CASE("symbols: texts that break off") {
  const Indexed open_brace("block b {\n  a: relu\n  stage s {\n    c: conv(3x3, q\n");
  CHECK(open_brace.str() == "block b 1:7\nlabel a 2:3\nlabel c 4:5\nstage s 3:9\n? callee relu 2:6\n? callee conv 4:8\n? value q 4:18\n");
  CHECK(open_brace.in_sight(5, 1) == "c a s ");
  CHECK(Indexed("network n { a: relu @ skip from a }").str() == "network n 1:9\nlabel a 1:13 <- source 1:33\n? callee relu 1:16\n");
  CHECK(Indexed("network n { let").str() == "network n 1:9\n");
  CHECK(Indexed("network n { skip from").str() == "network n 1:9\n");
  CHECK(Indexed("network n { a:").str() == "network n 1:9\nlabel a 1:13\n");
  CHECK(Indexed("block").str().empty());
  CHECK(Indexed("").str().empty());
}

TEST_CASE("symbols: places") {
  const Indexed file("network name { ab: relu skip from ab }");
  CHECK(file.symbols.defined_at(1, 8) == nullptr);
  CHECK(file.symbols.defined_at(1, 9) == file.symbols.symbols.data());
  CHECK(file.symbols.defined_at(1, 13) == file.symbols.symbols.data());
  CHECK(file.symbols.defined_at(1, 14) == nullptr);
  CHECK(file.symbols.used_at(1, 35)->text == "ab");
  CHECK(file.symbols.used_at(2, 35) == nullptr);
}

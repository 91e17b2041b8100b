/// \file The formatter: goldens under tests/format (NAME.rn becomes NAME.expected; UPDATE_GOLDENS=1 writes the results), and
/// properties of every text.
#include <cstdlib>
#include <random>
#include <regex>
#include <set>

#include "tests/unit/frontend/cases.h"
#include "tests/unit/frontend/format_check.h"
#include "tests/unit/random_network.h"

using namespace resnetc;
namespace fs = std::filesystem;

namespace {

std::set<fs::path> texts_in(const fs::path& folder) {
  std::set<fs::path> result;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".rn") result.insert(entry.path());
  }
  REQUIRE_FALSE(result.empty());
  return result;
}

/// The formatted text of a text that parses.
std::string formatted(const std::string& text) {
  std::string result = "not parsed";
  const std::string fault = format_fault(text, result);
  INFO(text);
  INFO(result);
  CHECK(fault == "");
  return result;
}

/// A topology without the places in the source.
std::string topology_of(const std::string& text, const fs::path& path) {
  const Sources unknown_places = [] {
    Sources sources;
    for (int i = 0; i < 10; ++i) sources.add("file", "");
    return sources;
  }();
  static const std::regex place(R"re( @ "[^"]*":\d+:\d+\+\d+)re");
  return std::regex_replace(topology::print(resolved(text, {}, path.string()), unknown_places), place, "");
}

/// The words of a text with random blanks, newlines and comments between them.
std::string laid_out_at_random(const std::string& text, std::mt19937& random) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const char* const gaps[] = {" ", " ", " ", "  ", "\n", "\n\n\n", "\t\n ", " # note\n", "\n  #x\n", "# a\n\n# b\n\n\n", "\r\n"};
  std::string result;
  for (const Token& token : lex(sources.add("text.rn", text), diagnostics)) {
    result += token.text;
    result += gaps[random() % (random() % 4 != 0 ? 4 : std::size(gaps))];
  }
  return result;
}

/// A text with some bytes replaced, left out or doubled.
std::string mutated(std::string text, std::mt19937& random) {
  const std::string_view alphabet = " \n\n#{}()[],:=-+*x1a\"\r\t";
  for (size_t i = random() % 4; i-- > 0 && !text.empty();) {
    const size_t at = random() % text.size();
    switch (random() % 3) {
      case 0: text[at] = alphabet[random() % alphabet.size()]; break;
      case 1: text.erase(at, random() % 20); break;
      default: text.insert(at, text, at, random() % 20); break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("format: goldens") {
  for (const fs::path& path : texts_in(source_dir / "tests" / "format")) {
    INFO(path.string());
    const fs::path expected = fs::path(path).replace_extension(".expected");
    const std::string actual = formatted(read_text(path));
    if (std::getenv("UPDATE_GOLDENS")) {
      std::ofstream(expected, std::ios::binary) << actual;
    } else {
      CHECK(actual == read_text(expected));
    }
  }
}

TEST_CASE("format: the library, the grammar's examples and the documentation's listings are formatted") {
  for (const char* folder : {"networks", "tests/language"}) {
    for (const fs::path& path : texts_in(source_dir / folder)) {
      INFO(path.string());
      const std::string text = read_text(path);
      CHECK(formatted(text) == text);
    }
  }
  const std::string language = read_text(source_dir / "docs" / "language.md");
  const std::string fence = "```rn\n";
  size_t listings = 0;
  for (size_t at = 0; (at = language.find(fence, at)) != std::string::npos; ++listings) {
    at += fence.size();
    const std::string text = language.substr(at, language.find("```", at) - at);
    CHECK(formatted(text) == text);
  }
  CHECK(listings == 5);
}

TEST_CASE("format: any layout of a text means the same") {
  std::mt19937 random(1);
  for (const char* folder : {"networks", "tests/language"}) {
    for (const fs::path& path : texts_in(source_dir / folder)) {
      INFO(path.string());
      const std::string text = read_text(path);
      const std::string other = formatted(laid_out_at_random(text, random));
      if (text.find("\nnetwork ") != std::string::npos) CHECK(topology_of(other, path) == topology_of(text, path));
    }
  }
  for (uint64_t seed = 0; seed < 50; ++seed) formatted(laid_out_at_random(random_network(seed), random));
}

TEST_CASE("format: random mutations are refused, or formatted without harm") {
  std::mt19937 random(2);
  size_t parsed = 0;
  for (int round = 0; round < 10; ++round) {
    for (const char* folder : {"networks", "tests/language", "tests/diag", "tests/format"}) {
      for (const fs::path& path : texts_in(source_dir / folder)) {
        const std::string text = mutated(read_text(path), random);
        std::string result;
        const std::string fault = format_fault(text, result);
        INFO(text);
        CHECK(fault == "");
        parsed += result.empty() ? 0 : 1;
      }
    }
  }
  CHECK(parsed > 100);
}

TEST_CASE("format: what does not parse gives errors and no text") {
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK_FALSE(format_source(sources.add("wrong.rn", "block b { relu( }\n"), diagnostics));
  CHECK(diagnostics.error_count() == 1);
}

TEST_CASE("format: long lists and names do not make the text grow without bound") {
  std::string text = "use \"" + std::string(200'000, 'a') + "\"  # long\n";
  for (int i = 0; i < 20'000; ++i) text += "use \"b\"  # short\n";
  CHECK(formatted(text).size() < 2 * text.size());
  text = "block b { let x = 1";
  for (int i = 0; i < 100'000; ++i) text += " + (1)";
  CHECK(formatted(text + " }").size() < 3 * text.size());
}

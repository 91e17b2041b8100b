/// \file The source counts bytes of elements in one place, ir/element_type.h: no other file multiplies or divides by the size of a float.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <string_view>

namespace {

namespace fs = std::filesystem;

/// Where a 4 is part of a matrix, or counts something else than bytes.
constexpr std::string_view exempt[] = {"ir/winograd.cpp"};

bool is_exempt(std::string_view file) {
  return std::any_of(std::begin(exempt), std::end(exempt), [&](std::string_view one) { return file.starts_with(one); });
}

}  // namespace

TEST_CASE("bytes of elements are counted in one place") {
  const std::regex size(R"((sizeof ?\(float\)|[*/] 4\b[^.\d]|[^.\w]4 \*))"), comment("//.*|/\\*.*?\\*/");
  CHECK(std::regex_search("bytes = count * 4;", size));
  CHECK(std::regex_search("(4 * count)", size));
  const fs::path root = RESNETC_SOURCE_DIR;
  for (const char* folder : {"support", "ir", "frontend", "passes", "editor", "inspect", "codegen", "driver", "runtime"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string file = entry.path().lexically_relative(root).string(), extension = entry.path().extension().string();
      if ((extension != ".cpp" && extension != ".h" && extension != ".c") || is_exempt(file)) continue;
      std::ifstream in(entry.path());
      std::string line;
      for (int number = 1; std::getline(in, line); ++number) {
        const std::string code = std::regex_replace(line, comment, "");
        CHECK_MESSAGE(!std::regex_search(code, size), fmt::format("{}:{}: {}", file, number, line));
      }
    }
  }
}

/// \file The three counts of a text's places, and the two names of a file.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "editor/positions.h"
#include "editor/uri.h"

using namespace resnetc;
using namespace resnetc::editor;

namespace {

struct Case {
  size_t offset;
  Position position;
  int32_t line, column;  ///< the compiler's
};

void check(const LineIndex& lines, const Case& c) {
  INFO("offset " << c.offset);
  CHECK(lines.position(c.offset) == c.position);
  CHECK(lines.offset(c.position) == c.offset);
  const Location at{0, c.line, c.column, 1};
  CHECK(lines.offset(at) == c.offset);
  CHECK(lines.location(c.offset).line == c.line);
  CHECK(lines.location(c.offset).column == c.column);
}

}  // namespace

TEST_CASE("editor: positions") {
  // e with an acute accent has two bytes and one unit, the face four and two.
  const std::string text = "a\xC3\xA9 \xF0\x9F\x98\x80z\nb\r\nc\rd\n";
  const LineIndex lines(text);
  for (const Case& c : {Case{0, {0, 0}, 1, 1}, Case{1, {0, 1}, 1, 2}, Case{3, {0, 2}, 1, 4}, Case{4, {0, 3}, 1, 5}, Case{8, {0, 5}, 1, 9},
                        Case{9, {0, 6}, 1, 10}, Case{10, {1, 0}, 2, 1}, Case{11, {1, 1}, 2, 2}, Case{13, {2, 0}, 3, 1},
                        Case{14, {2, 1}, 3, 2}, Case{15, {3, 0}, 3, 3}, Case{16, {3, 1}, 3, 4}, Case{17, {4, 0}, 4, 1}}) {
    check(lines, c);
  }
  CHECK(lines.offset(Position{0, 4}) == 4);  // inside the face
  CHECK(lines.position(6) == Position{0, 3});
  CHECK(lines.position(2) == Position{0, 1});
  CHECK(lines.offset(Position{0, 99}) == 9);
  CHECK(lines.offset(Position{1, 99}) == 11);  // before \r\n
  CHECK(lines.offset(Position{9, 0}) == text.size());
  CHECK(lines.offset(Position{-1, 5}) == 0);
  CHECK(lines.offset(Position{0, INT64_MIN}) == 0);
  CHECK(lines.offset(Position{INT64_MAX, INT64_MAX}) == text.size());
  CHECK(lines.position(99) == Position{4, 0});
  CHECK(lines.offset(Location{0, 99, 1, 1}) == text.size());
  CHECK(lines.offset(Location{0, 4, 99, 1}) == text.size());
  CHECK(lines.range({0, 1, 5, 5}) == Range{{0, 3}, {0, 6}});
  CHECK(lines.range({}) == Range{});
}

TEST_CASE("editor: positions in texts that are no UTF-8, empty, or begin with a byte order mark") {
  const std::string bytes = "\xC3\xFF\x80z";
  const LineIndex broken(bytes);
  for (size_t i = 0; i <= bytes.size(); ++i) {
    CHECK(broken.position(i) == Position{0, static_cast<int64_t>(i)});
    CHECK(broken.offset(Position{0, static_cast<int64_t>(i)}) == i);
  }
  const LineIndex empty("");
  CHECK(empty.offset(Position{0, 1}) == 0);
  CHECK(empty.position(0) == Position{});
  const std::string marked = "\xEF\xBB\xBFnetwork\nb";
  const LineIndex lines(marked);
  CHECK(lines.range({0, 1, 1, 7}) == Range{{0, 1}, {0, 8}});
  CHECK(lines.range({0, 2, 1, 1}) == Range{{1, 0}, {1, 1}});
}

TEST_CASE("editor: every position of a text leads back to it") {
  const std::string text = "x\xF0\x9F\x98\x80\r\n\r\n\xC3\xA9\r\rb\n";
  const LineIndex lines(text);
  for (size_t i = 0; i <= text.size(); ++i) {
    const Position position = lines.position(i);
    CHECK(lines.position(lines.offset(position)) == position);
    CHECK(lines.offset(position) <= i);
    CHECK(lines.offset(lines.location(i)) == i);
  }
}

TEST_CASE("editor: paths and URIs") {
  CHECK(path_of("file:///a/b%20c%C3%A9.rn") == "/a/b c\xC3\xA9.rn");
  CHECK(path_of("file://host/a") == "/a");
  CHECK(path_of("file:///a%2") == "/a%2");
  CHECK(path_of("file:///a%zz") == "/a%zz");
  CHECK(path_of("file:///a%00b") == "file:///a%00b");
  CHECK(path_of("untitled:Untitled-1") == "untitled:Untitled-1");
  CHECK(path_of("").empty());
  CHECK(uri_of("/a/b c\xC3\xA9#.rn") == "file:///a/b%20c%C3%A9%23.rn");
  CHECK(path_of(uri_of("/\xFF%?&")) == "/\xFF%?&");
}

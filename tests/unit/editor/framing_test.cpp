/// \file Messages are found in a stream of bytes, wherever the stream is cut into pieces.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "editor/framing.h"

using namespace resnetc::editor;

namespace {

/// The contents of the messages in `bytes`, of which `piece` are fed at a time; "(too large)" for a message that is too large.
std::vector<std::string> contents(std::string_view bytes, size_t piece) {
  FrameReader reader;
  std::vector<std::string> out;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    while (auto frame = reader.next()) out.push_back(frame->too_large ? "(too large)" : frame->content);
  }
  return out;
}

void check(const std::string& bytes, const std::vector<std::string>& wanted) {
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    INFO("in pieces of " << piece);
    CHECK(contents(bytes, piece) == wanted);
  }
}

}  // namespace

TEST_CASE("editor: framing") {
  CHECK(framed("{}") == "Content-Length: 2\r\n\r\n{}");
  check(framed("{}") + framed("") + framed("a\r\n\r\nb"), {"{}", "", "a\r\n\r\nb"});
  check("Content-Type: x\r\nCONTENT-length:3 \r\n\r\nabc", {"abc"});
  check("Content-Length: 3\n\nabc", {"abc"});
  check("Content-Length: 5\r\nContent-Length: 1\r\n\r\nab", {"a"});
}

TEST_CASE("editor: framing passes over what is no header") {
  check("\r\n\r\nnonsense\r\nContent-Length: x\r\nContent-Length: -1\r\nContent-Length:\r\n\r\n" + framed("a"), {"a"});
  check(std::string(5000, 'y') + "\r\n" + framed("a"), {"a"});
  CHECK(contents(std::string("Content-Length: 2\r\n\r\na"), 100).empty());
}

TEST_CASE("editor: framing drops contents that are too large") {
  const std::string large(FrameReader::max_content + 1, 'x');
  for (const size_t piece : {size_t{1} << 16, size_t{1} << 25, size_t{1} << 30}) {
    CHECK(contents(framed(large) + framed("a"), piece) == std::vector<std::string>{"(too large)", "a"});
  }
  FrameReader reader;
  reader.feed("Content-Length: 99999999999999999999999999\r\n\r\nabc");
  CHECK(reader.next()->too_large);
  reader.feed(framed("a"));
  CHECK_FALSE(reader.next().has_value());
}

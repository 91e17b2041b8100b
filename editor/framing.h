/// \file The protocol's base layer: messages with headers in front of them, out of bytes that come in pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace resnetc::editor {

/// A message as it goes over the wire.
std::string framed(std::string_view content);

/// Collects bytes and hands out the contents of messages. Headers other than Content-Length are passed over, as is whatever is none; so is
/// a content of more than `max_content` bytes, of which nothing is kept.
class FrameReader {
 public:
  static constexpr uint64_t max_content = uint64_t{64} << 20;

  struct Frame {
    std::string content;
    bool too_large = false;  ///< the content was dropped
  };

  void feed(std::string_view bytes);
  /// The next message that has arrived whole.
  std::optional<Frame> next();

 private:
  bool header();

  static constexpr size_t max_line = 1024;  ///< of a header; longer ones are cut

  std::string buffer_;
  size_t at_ = 0;                   ///< what has been handed out of the buffer
  std::optional<uint64_t> length_;  ///< that a header has given
  bool in_content_ = false;
  uint64_t dropping_ = 0;  ///< bytes of a content too large that are still to come
  std::string line_;       ///< the header that is arriving
};

}  // namespace resnetc::editor

/// \file The protocol's base layer: reads messages with headers from bytes that arrive in pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace resnetc::editor {

/// A message with its header.
std::string framed(std::string_view content);

/// Collects bytes and hands out the contents of messages. It skips headers other than Content-Length, lines that are no headers, and
/// contents of more than `max_content` bytes, of which it keeps nothing.
class FrameReader {
 public:
  static constexpr uint64_t max_content = uint64_t{64} << 20;

  struct Frame {
    std::string content;
    bool too_large = false;  ///< the content was dropped
  };

  void feed(std::string_view bytes);
  /// The next message that has arrived completely.
  std::optional<Frame> next();

 private:
  bool header();

  static constexpr size_t max_line = 1024;  ///< of a header in bytes; longer headers are cut

  std::string buffer_;
  size_t at_ = 0;                   ///< bytes of the buffer that have been handed out
  std::optional<uint64_t> length_;  ///< of the content, from a header
  bool in_content_ = false;
  uint64_t dropping_ = 0;  ///< bytes that are still to arrive of a content that is too large
  std::string line_;       ///< the unfinished header
};

}  // namespace resnetc::editor

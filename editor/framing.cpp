/// \file Reads headers and contents of messages.
#include "editor/framing.h"

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include <algorithm>

namespace resnetc::editor {

namespace {

/// The number of a Content-Length header; the largest number if it does not fit; nothing if the line is another header.
std::optional<uint64_t> content_length(llvm::StringRef line) {
  const auto [name, value] = line.split(':');
  if (!name.trim().equals_insensitive("Content-Length")) return std::nullopt;
  const llvm::StringRef digits = value.trim();
  if (digits.empty() || digits.find_first_not_of("0123456789") != llvm::StringRef::npos) return std::nullopt;
  uint64_t length = 0;
  return digits.getAsInteger(10, length) ? UINT64_MAX : length;
}

}  // namespace

std::string framed(std::string_view content) { return fmt::format("Content-Length: {}\r\n\r\n{}", content.size(), content); }

void FrameReader::feed(std::string_view bytes) {
  const size_t dropped = static_cast<size_t>(std::min<uint64_t>(dropping_, bytes.size()));
  dropping_ -= dropped;
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += bytes.substr(dropped);
}

/// Takes the next line of the header, or the part of it that has arrived. Returns whether the line was complete.
bool FrameReader::header() {
  const size_t end = buffer_.find('\n', at_);
  const size_t stop = std::min(end, buffer_.size());
  line_.append(buffer_, at_, std::min(stop - at_, max_line - line_.size()));
  at_ = end == std::string::npos ? stop : stop + 1;
  if (end == std::string::npos) return false;
  if (line_.ends_with('\r')) line_.pop_back();
  if (line_.empty()) {
    in_content_ = length_.has_value();  // without a length there is no content
  } else if (const std::optional<uint64_t> length = content_length(line_)) {
    length_ = length;
  }
  line_.clear();
  return true;
}

std::optional<FrameReader::Frame> FrameReader::next() {
  while (!in_content_) {
    if (!header()) return std::nullopt;
  }
  const uint64_t there = buffer_.size() - at_;
  if (*length_ > max_content) {
    dropping_ = *length_ - std::min(there, *length_);
    at_ += static_cast<size_t>(*length_ - dropping_);
  } else if (there < *length_) {
    return std::nullopt;
  }
  Frame frame;
  frame.too_large = *length_ > max_content;
  if (!frame.too_large) {
    frame.content = buffer_.substr(at_, static_cast<size_t>(*length_));
    at_ += frame.content.size();
  }
  length_.reset();
  in_content_ = false;
  return frame;
}

}  // namespace resnetc::editor

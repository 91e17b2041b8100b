/// \file A parser for exactly the JSON that the format allows: an object of flat objects. It cannot recurse, finds repeated names (general
/// JSON parsers hide them) and keeps only the tensors.
#include "codegen/weights/safetensors_header.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <utility>

#include "ir/forms/text.h"

namespace resnetc::codegen {
namespace {

constexpr size_t max_rank = 32;

class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Result<std::map<std::string, Safetensors::Entry>> run() {
    if (!parse()) return Failure{std::move(why_)};
    return std::move(entries_);
  }

 private:
  bool parse() {
    if (!members([this](const std::string& name) { return name == "__metadata__" ? metadata() : tensor(name); })) return false;
    blanks();
    return at_ == text_.size() || fail("text after its end");
  }

  bool fail(std::string reason) {
    if (why_.empty()) why_ = fmt::format("the header is not valid at byte {}: {}", at_, reason);
    return false;
  }
  bool fail_tensor(const std::string& name, std::string_view reason) {
    if (why_.empty()) why_ = fmt::format("tensor '{}': {}", text::shown(name), reason);
    return false;
  }

  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
  }
  bool accept(char c) {
    blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) { return accept(c) || fail(fmt::format("expected '{}'", c)); }

  /// Reads `{ "key": VALUE, ... }`; `value` reads the value that belongs to a key.
  template <typename Value>
  bool members(Value value) {
    if (!expect('{')) return false;
    if (accept('}')) return true;
    do {
      std::string key;
      if (!string(key) || !expect(':') || !value(key)) return false;
    } while (accept(','));
    return expect('}');
  }

  /// Reads `[ INTEGER, ... ]` with at most `limit` elements.
  bool integers(std::vector<uint64_t>& values, size_t limit) {
    if (!expect('[')) return false;
    if (accept(']')) return true;
    do {
      blanks();
      uint64_t value = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
      if (error != std::errc()) return fail("expected a whole number below 2^64");
      at_ = static_cast<size_t>(end - text_.data());
      if (values.size() == limit) return fail(fmt::format("a list of more than {} numbers", limit));
      values.push_back(value);
    } while (accept(','));
    return expect(']');
  }

  bool hex4(uint32_t& code) {
    if (text_.size() - at_ < 4) return fail("a cut-off escape");
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, code, 16);
    if (error != std::errc() || end != text_.data() + at_ + 4) return fail("a bad escape");
    at_ += 4;
    return true;
  }

  static void append_utf8(std::string& out, uint32_t code) {
    const auto byte = [&](uint32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
    } else {
      byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
    }
  }

  bool escape(std::string& out) {
    if (at_ == text_.size()) return fail("a cut-off escape");
    const char c = text_[at_++];
    constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
    if (const size_t i = names.find(c); i != std::string_view::npos) {
      out += values[i];
      return true;
    }
    uint32_t code = 0;
    if (c != 'u') return fail("a bad escape");
    if (!hex4(code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      uint32_t low = 0;
      if (text_.substr(at_, 2) != "\\u") return fail("half of a surrogate pair");
      at_ += 2;
      if (!hex4(low)) return false;
      if (low < 0xdc00 || low > 0xdfff) return fail("half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
      return fail("half of a surrogate pair");
    }
    append_utf8(out, code);
    return true;
  }

  bool string(std::string& out) {
    out.clear();
    if (!expect('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        return false;
      }
    }
    return fail("a string without an end");
  }

  bool metadata() {
    if (std::exchange(seen_metadata_, true)) return fail("'__metadata__' appears twice");
    std::string value;
    return members([&](const std::string&) { return string(value); });
  }

  bool tensor(const std::string& name) {
    Safetensors::Entry entry;
    std::vector<uint64_t> shape, offsets;
    bool has_dtype = false, has_shape = false, has_offsets = false;
    const auto field = [&](const std::string& key) {
      if (key == "dtype") return std::exchange(has_dtype, true) ? fail_tensor(name, "'dtype' appears twice") : string(entry.dtype);
      if (key == "shape") return std::exchange(has_shape, true) ? fail_tensor(name, "'shape' appears twice") : integers(shape, max_rank);
      if (key != "data_offsets") return fail_tensor(name, fmt::format("'{}' is not a field of a tensor", text::shown(key)));
      return std::exchange(has_offsets, true) ? fail_tensor(name, "'data_offsets' appears twice") : integers(offsets, 2);
    };
    if (!members(field)) return false;
    if (!has_dtype || !has_shape || offsets.size() != 2) return fail_tensor(name, "needs 'dtype', 'shape' and two 'data_offsets'");
    if (!check_size(name, entry.dtype, shape, offsets[0], offsets[1])) return false;
    entry.shape.assign(shape.begin(), shape.end());
    entry.begin = offsets[0];
    entry.end = offsets[1];
    return entries_.emplace(name, std::move(entry)).second || fail_tensor(name, "appears twice");
  }

  bool check_size(const std::string& name, const std::string& dtype, const std::vector<uint64_t>& shape, uint64_t begin, uint64_t end) {
    const std::optional<uint64_t> element = element_bytes(dtype);
    if (!element) return fail_tensor(name, fmt::format("unknown type '{}'", text::shown(dtype)));
    constexpr uint64_t limit = std::numeric_limits<int64_t>::max();
    uint64_t bytes = *element;
    for (uint64_t d : shape) {
      if (d > limit || (d != 0 && bytes > limit / d))
        return fail_tensor(name, fmt::format("shape [{}] is too large", fmt::join(shape, ", ")));
      bytes *= d;
    }
    if (begin > end) return fail_tensor(name, fmt::format("its data ends at byte {}, before it begins at byte {}", end, begin));
    if (end - begin != bytes) {
      return fail_tensor(name,
                         fmt::format("{} [{}] takes {} bytes, but its offsets span {}", dtype, fmt::join(shape, ", "), bytes, end - begin));
    }
    return true;
  }

  std::string_view text_;
  std::map<std::string, Safetensors::Entry> entries_;
  std::string why_;
  size_t at_ = 0;
  bool seen_metadata_ = false;
};

}  // namespace

std::optional<uint64_t> element_bytes(std::string_view dtype) {
  static const std::map<std::string_view, uint64_t> sizes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
      {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"I64", 8},     {"U64", 8}, {"F64", 8}, {"C64", 8}};
  const auto found = sizes.find(dtype);
  if (found == sizes.end()) return std::nullopt;
  return found->second;
}

Result<std::map<std::string, Safetensors::Entry>> read_safetensors_header(std::string_view json) { return HeaderParser(json).run(); }

}  // namespace resnetc::codegen

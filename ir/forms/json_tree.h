/// \file An untrusted JSON text as a tree that knows the place of each value in the text. Its memory is proportional to the text's length,
/// and neither reading nor walking the tree recurses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resnetc::json_form {

/// Larger texts are refused. The IR of every real network is far smaller.
inline constexpr size_t max_json_bytes = size_t{1} << 27;
/// The largest nesting depth of objects and arrays. A node of a topology takes three levels, and topology::max_nesting bounds the nodes.
inline constexpr size_t max_json_nesting = 1024;

class Tree {
 public:
  /// The number of a value. The root is 0, and the contents of an object or array follow it. The members of an object are keys and values
  /// in turn.
  using Id = uint32_t;
  enum class Kind : uint8_t { object, array, string, scalar };

  struct Fault {
    size_t offset = 0;
    std::string why;
  };
  /// Parses the text. Returns nothing, with the reason in `fault`, if the text is not JSON (RFC 8259). The text must outlive the tree.
  static std::optional<Tree> parse(std::string_view text, Fault& fault);

  Kind kind(Id id) const { return values_[id].kind; }
  size_t offset(Id id) const { return values_[id].begin; }
  /// The value as it is written; for an object or array, its opening bracket.
  std::string_view text(Id id) const;
  /// The content of a string.
  std::string string(Id id) const;

  /// The first value after this one that is not part of it. For a member or an element it is the next one, if that lies before the end of
  /// the object or array.
  Id next(Id id) const { return values_[id].next; }
  /// The value of the member with this key at or after `from`, or `none`. `from` is a key of an object or the object's end.
  Id find(std::string_view key, Id from, Id end) const;
  static constexpr Id none = UINT32_MAX;

 private:
  struct Value {
    uint32_t begin, size;
    Id next;
    Kind kind;
  };
  class Scanner;

  explicit Tree(std::string_view text) : text_(text) {}

  std::string_view text_;
  std::vector<Value> values_;
};

}  // namespace resnetc::json_form

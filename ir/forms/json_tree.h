/// \file A JSON text of untrusted origin as a tree that knows where in the text each value stands. It takes memory in proportion to the
/// text, and neither reading nor walking it recurses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resnetc::json_form {

/// Larger texts are refused: no network's IR comes near.
inline constexpr size_t max_json_bytes = size_t{1} << 27;
/// Objects and arrays may lie this deep inside one another: a node of a topology takes three, and topology::max_nesting bounds those.
inline constexpr size_t max_json_nesting = 1024;

class Tree {
 public:
  /// A value, by its number; the root is 0, and what an object or array holds follows it. Members of an object are their keys and their
  /// values in turn.
  using Id = uint32_t;
  enum class Kind : uint8_t { object, array, string, scalar };

  struct Fault {
    size_t offset = 0;
    std::string why;
  };
  /// Nothing, and what is wrong in `fault`, for what is no JSON (RFC 8259). The text must outlive the tree.
  static std::optional<Tree> parse(std::string_view text, Fault& fault);

  Kind kind(Id id) const { return values_[id].kind; }
  size_t offset(Id id) const { return values_[id].begin; }
  /// The value as it is written; of an object or array, the bracket that opens it.
  std::string_view text(Id id) const;
  /// A string's content.
  std::string string(Id id) const;

  /// The first value that is not part of this one: of a member or an element, the next one if it is before the end of what holds it.
  Id next(Id id) const { return values_[id].next; }
  /// The value of the member with this key that comes at or after `from`, which is a key of an object or its end; or `none`.
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

/// \file What the text forms share: functions that write strings, numbers and names, and a cursor that reads them back from untrusted text.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resnetc::text {

/// The string in double quotes, with \" \\ \n \t, and \xHH for other control characters.
std::string quoted(std::string_view s);
/// What quoted() writes between its quotes, or the beginning of that: messages show it for a name of any length.
std::string shown(std::string_view s);
/// The shortest decimal that reads back as the same double.
std::string number(double value);
/// `%name`. The name is quoted after the `%` if it has other characters than letters, digits, `_` and `.`.
std::string value_name(std::string_view name);
/// What a reader says of a name that is none of the known ones: `unknown operation 'rel'; did you mean 'relu'?`, or a list of them if none
/// is near. A `remedy`, which begins with a semicolon, stands in the place of the list.
std::string unknown_name(std::string_view what, std::string_view name, const std::vector<std::string_view>& known,
                         std::string_view remedy = {});
/// What a reader says where it finds no integer from `low` to `high`.
std::string expected_integer(int64_t low, int64_t high);

/// Reads tokens; blanks, newlines and comments (`#` to the end of the line) may stand between any two tokens. The first failure sticks:
/// after it everything fails and the cursor counts as at its end, so callers check failed() only once, at the end. expect() proposes, for a
/// word that is misspelt, one of those that might have come there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool failed() const { return !why_.empty(); }
  const std::string& why() const { return why_; }
  /// The place of the next token, or of the failure.
  size_t offset();
  /// Always false, so that `return cursor.fail(...)` reads well.
  bool fail(std::string why);
  bool fail_at(size_t offset, std::string why);

  bool at_end();
  /// Whether `token` (a word, or one or more punctuation characters) comes next. `token` must outlive the cursor.
  bool peek(std::string_view token);
  /// Goes past `token` if it comes next; returns whether it did.
  bool accept(std::string_view token);
  /// Goes past `c` if it comes next with no blanks before it, whatever follows: the x of `3x3`.
  bool accept_within(char c);
  /// The same as accept(), but fails if the token does not come next.
  bool expect(std::string_view token);

  /// Reads a letter or `_`, then letters, digits and `_`.
  std::string word();
  std::string string();
  /// Reads `%name` and returns it without the `%`.
  std::string value_name();
  int64_t integer(int64_t low = std::numeric_limits<int64_t>::min(), int64_t high = std::numeric_limits<int64_t>::max());
  double real();

  /// The text still to read; another reader may read its front and give back the rest.
  std::string_view rest() const { return text_.substr(at_); }
  void advance_to(std::string_view rest) { at_ = text_.size() - rest.size(); }

 private:
  void skip_blanks();
  /// The letters, digits and `_` that come next.
  std::string_view peeked_word() const;

  std::string_view text_;
  size_t at_ = 0;
  size_t failed_at_ = 0;
  std::string why_;
  std::vector<std::string_view> refused_;  ///< what peek() did not find at `refused_at_`
  size_t refused_at_ = 0;
};

}  // namespace resnetc::text

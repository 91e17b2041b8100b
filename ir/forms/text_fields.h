/// \file The text form of what a description says (ir/forms/json_form.h): two more archives for it. A field is ` name=value`; one that is
/// json_form::Word is its name alone, where it is true.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ir/forms/json_form.h"
#include "ir/forms/text_forms.h"

namespace resnetc::text {

/// The text of a value after the `=`.
inline std::string value_text(int64_t value) { return std::to_string(value); }
inline std::string value_text(Extent2 value) { return to_string(value); }
inline std::string value_text(const Sides& value) { return to_string(value); }
inline std::string value_text(bool value) { return value ? "true" : "false"; }
inline std::string value_text(double value) { return number(value); }

/// Reads one of the names of a closed set, or fails where it stands, with the `remedy` of unknown_name(). `others` might have come there
/// too.
template <class T>
std::optional<T> read_one_of(Reader& reader, const json_form::OneOf<T>& set, std::vector<std::string_view> others = {},
                             std::string_view remedy = {}) {
  const size_t start = reader.offset();
  const std::string word = reader.word();
  std::vector<std::string_view> names = std::move(others);
  for (const auto& [value, name] : set.known) {
    if (name == word) return value;
    names.push_back(name);
  }
  reader.fail_at(start, unknown_name(set.what, word, names, remedy));
  return std::nullopt;
}

class FieldWriter {
 public:
  static constexpr bool writes = true, reads = false;

  template <class T, class Codec>
  void field(std::string_view key, T& value, const Codec&, std::string_view) {
    out_ += " ";
    out_ += key;
    if constexpr (!std::is_same_v<Codec, json_form::Word>) out_ += "=" + value_text(value);
  }

  template <class T, class Normal, class Codec>
  void optional(std::string_view key, T& value, const Normal& normal, const Codec& codec, std::string_view description) {
    if (value != normal) field(key, value, codec, description);
  }

  const std::string& text() const { return out_; }

 private:
  std::string out_;
};

/// Reads the fields in the order of the description. If all fields are optional, they may come in any order: the caller runs the
/// description again as long as it reads something. No field may come twice.
class FieldReader {
 public:
  static constexpr bool writes = false, reads = true;

  /// With `may_lack`, fields that the text leaves out keep their values.
  FieldReader(Reader& reader, bool may_lack) : r_(reader), may_lack_(may_lack) {}

  template <class T, class Codec>
  void field(std::string_view key, T& value, const Codec& codec, std::string_view) {
    if (may_lack_ && !r_.peek(key)) return;
    r_.expect(key);
    read(value, codec);
  }

  template <class T, class Normal, class Codec>
  void optional(std::string_view key, T& value, const Normal&, const Codec& codec, std::string_view) {
    const size_t start = r_.offset();
    if (!r_.accept(key)) return;
    if (std::find(read_.begin(), read_.end(), key) != read_.end()) r_.fail_at(start, "'" + std::string(key) + "' stands here twice");
    read_.push_back(key);
    read(value, codec);
  }

  /// The number of optional fields that the text has had so far.
  size_t count() const { return read_.size(); }

 private:
  void read(bool& value, const json_form::Word&) { value = true; }
  void read(bool& value, const json_form::Flag&) {
    r_.expect("=");
    value = !r_.accept("false") && r_.expect("true");
  }
  void read(int64_t& value, const json_form::Integer& limits) {
    r_.expect("=");
    value = r_.integer(limits.low, limits.high);
  }
  void read(double& value, const json_form::Real&) {
    r_.expect("=");
    value = r_.real();
  }
  void read(Extent2& value, const json_form::Extent&) {
    r_.expect("=");
    value = r_.extent();
  }
  void read(Sides& value, const json_form::Margins&) {
    r_.expect("=");
    value = r_.sides();
  }

  Reader& r_;
  bool may_lack_;
  std::vector<std::string_view> read_;
};

}  // namespace resnetc::text

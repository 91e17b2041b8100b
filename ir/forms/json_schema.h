/// \file Writes the JSON Schema (draft-07) of what a description (ir/forms/json_form.h) says: one definition for each of its objects. A
/// description runs on an object of defaults; where fields depend on a choice, once for each alternative.
#pragma once

#include <llvm/Support/JSON.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resnetc::json_form {

class Schema {
 public:
  static constexpr bool writes = false, reads = false;

  /// The schema of a whole level. It ends with a newline.
  template <class Fields>
  std::string text(std::string_view level, std::string_view description, Fields fields) {
    object(level, fields);
    return document(level, description);
  }

  void level(std::string_view level);

  template <class T, class Codec>
  void field(std::string_view key, T& value, const Codec& codec, std::string_view description) {
    add(key, of(value, codec), description, true);
  }

  template <class T, class Normal, class Codec>
  void optional(std::string_view key, T& value, const Normal&, const Codec& codec, std::string_view description) {
    add(key, of(value, codec), description, false);
  }

  template <class T, class Codec, class Fields>
  void choice(std::string_view key, T& value, const Codec& codec, std::string_view description, Fields fields) {
    field(key, value, codec, description);
    Object& object = objects_[current_].second;
    object.choice = key;
    object.chosen_after = object.properties.size();
    const std::vector<Property> common = std::move(object.properties);
    for (const auto& [alternative, name] : codec.names()) {
      objects_[current_].second.properties.clear();
      value = alternative;
      fields();
      add_alternative(name);
    }
    objects_[current_].second.properties = common;
  }

  // For codecs: keywords such as `"type": "integer", "minimum": 0`.

  template <class T, class Codec>
  std::string of(T& value, const Codec& codec) {
    if constexpr (requires { codec.schema(); }) {
      return codec.schema();
    } else {
      return codec.schema(*this, value);
    }
  }

  template <class Fields>
  std::string object(std::string_view name, Fields fields) {
    const auto known = std::find_if(objects_.begin(), objects_.end(), [&](const auto& object) { return object.first == name; });
    if (known == objects_.end()) {
      const size_t outer = std::exchange(current_, objects_.size());
      objects_.emplace_back(name, Object{});
      fields();
      current_ = outer;
    }
    return reference(name);
  }

 private:
  struct Property {
    std::string key, description, keywords;
    bool required;
    bool operator==(const Property&) const = default;
  };
  /// Alternatives that have the same fields, and these fields.
  struct Alternative {
    std::vector<std::string_view> names;
    std::vector<Property> properties;
  };
  struct Object {
    std::vector<Property> properties;
    std::string choice;       ///< the field that decides between the alternatives
    size_t chosen_after = 0;  ///< number of properties before those of the alternatives
    std::vector<Alternative> alternatives;
  };

  static std::string reference(std::string_view name);
  void add(std::string_view key, std::string keywords, std::string_view description, bool required);
  void add_alternative(std::string_view name);
  static void write(llvm::json::OStream& out, const Object& object);
  std::string document(std::string_view level, std::string_view description) const;

  std::vector<std::pair<std::string, Object>> objects_;  ///< root first
  size_t current_ = 0;
};

}  // namespace resnetc::json_form

/// \file Writes the JSON Schema (draft-07) of what a description (ir/forms/json_form.h) says: one definition for each of its objects. A
/// description runs on an object of defaults; where fields depend on a choice, once for each alternative.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/forms/json_archive.h"

namespace llvm::json {
class OStream;
}

namespace resnetc::json_form {

class Schema final : public Archive {
 public:
  /// The schema of a whole level. It ends with a newline.
  std::string text(std::string_view level, std::string_view description, Run fields);

  void level(std::string_view level) override;

  // For codecs: keywords such as `"type": "integer", "minimum": 0`.

  std::string object(std::string_view name, Run fields);

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

  void add_field(std::string_view key, const Value& value, std::string_view description) override;
  void add_optional(std::string_view key, const Value& value, bool is_normal, std::string_view description) override;
  void add_choice(std::string_view key, const Value& value, std::span<const std::string_view> names, std::string_view description,
                  RunEach choose, Run fields) override;

  static std::string reference(std::string_view name);
  void add(std::string_view key, std::string keywords, std::string_view description, bool required);
  void add_alternative(std::string_view name);
  static void write(llvm::json::OStream& out, const Object& object);
  std::string document(std::string_view level, std::string_view description) const;

  std::vector<std::pair<std::string, Object>> objects_;  ///< root first
  size_t current_ = 0;
};

}  // namespace resnetc::json_form

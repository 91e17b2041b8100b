/// \file JSON forms of the three IRs. One description of each object's fields serves three archives (ir/forms/json_archive.h): Writer,
/// Reader and Schema. Those of attributes and schedules serve two more (ir/forms/text_fields.h), which write and read text; each level's is
/// a class `Form` in its `*_json.cpp`. A description calls, for each field, in the order of the text,
///
///     archive.field("rows", schedule.rows, integer(0, max_elements), "what the field means");   // or optional(..., its default, ...)
///
/// and `archive.choice` for a field that decides which others there are. The codecs below say how a value looks in JSON: each prints it,
/// reads it back, and knows its keywords of JSON Schema. Values are read in the order of the description, whatever the text's.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ir/forms/json_reader.h"
#include "ir/forms/json_schema.h"
#include "ir/forms/json_writer.h"
#include "ir/op.h"
#include "ir/recipe.h"
#include "support/location.h"

namespace resnetc::json_form {

/// A value of some type with its codec, for archives that know neither.
template <class T, class Codec>
class ValueOf final : public Value {
 public:
  ValueOf(T& value, const Codec& codec) : value_(value), codec_(codec) {}

  void write(Writer& writer) const override {
    if constexpr (requires { codec_.print(value_); }) {
      writer.raw(codec_.print(value_));
    } else {
      codec_.write(writer, value_);
    }
  }
  void read(Reader& reader) const override { codec_.read(reader, value_); }
  std::string schema(Schema& schema) const override {
    if constexpr (requires { codec_.schema(); }) {
      return codec_.schema();
    } else {
      return codec_.schema(schema, value_);
    }
  }

 private:
  T& value_;
  const Codec& codec_;
};

template <class T, class Codec>
void Archive::field(std::string_view key, T& value, const Codec& codec, std::string_view description) {
  add_field(key, ValueOf(value, codec), description);
}

template <class T, class Normal, class Codec>
void Archive::optional(std::string_view key, T& value, const Normal& normal, const Codec& codec, std::string_view description) {
  add_optional(key, ValueOf(value, codec), !(value != normal), description);
}

template <class T, class Codec>
void Archive::older(std::string_view key, T& value, const Codec& codec, std::string_view description) {
  if (!writes()) add_optional(key, ValueOf(value, codec), true, description);
}

template <class T, class Codec>
void Archive::choice(std::string_view key, T& value, const Codec& codec, std::string_view description, Run fields) {
  const auto choose = [&](size_t i) {
    value = codec.known[i].first;
    fields();
  };
  add_choice(key, ValueOf(value, codec), codec.names(), description, choose, fields);
}

/// The default value of strings and arrays that are left out when they are empty.
struct Nothing {};
template <class Container>
bool operator!=(const Container& container, Nothing) {
  return !container.empty();
}

struct Text {
  std::string print(const std::string& value) const { return quoted(value); }
  void read(Reader& reader, std::string& value) const;
  std::string schema() const { return "\"type\": \"string\""; }
};

/// A boolean that is left out when it is false.
struct Flag {
  std::string print(bool value) const { return value ? "true" : "false"; }
  void read(Reader& reader, bool& value) const;
  std::string schema() const { return "\"type\": \"boolean\""; }
};

/// In text (ir/forms/text_fields.h) its key alone, in JSON as Flag.
struct Word : Flag {};

struct Real {
  std::string print(double value) const { return number(value); }
  void read(Reader& reader, double& value) const;
  std::string schema() const { return "\"type\": \"number\""; }
};

struct Integer {
  int64_t low = std::numeric_limits<int64_t>::min(), high = std::numeric_limits<int64_t>::max();

  std::string print(int64_t value) const;
  template <class Int>
  void read(Reader& reader, Int& value) const {
    value = static_cast<Int>(checked(reader));
  }
  std::string schema() const;

 private:
  int64_t checked(Reader& reader) const;
};

/// Height and width: `[rows, columns]`.
struct Extent {
  std::string print(Extent2 value) const;
  void read(Reader& reader, Extent2& value) const;
  std::string schema() const;
};

/// Padding: `[rows, columns]`, or `[top, left, bottom, right]` where the sides of an axis differ. A number may be negative.
struct Margins {
  std::string print(const Sides& value) const;
  void read(Reader& reader, Sides& value) const;
  std::string schema() const;
};

/// A type as a string: `"f32[N, 64, 56, 56]"`.
struct Type {
  std::string print(const TensorType& value) const { return quoted(to_string(value)); }
  void read(Reader& reader, TensorType& value) const;
  std::string schema() const;
};

/// `"net.rn:8:3+5"`: file, line, column and length. `null`, where it is allowed, stands for an unknown place.
struct Place {
  const Sources* sources;
  bool or_unknown = false;

  std::string print(const Location& value) const;
  void read(Reader& reader, Location& value) const;
  std::string schema() const;
};

/// The text form of a recipe.
struct RecipeText {
  std::string print(const RecipePtr& value) const { return value ? quoted(to_string(*value)) : "null"; }
  void read(Reader& reader, RecipePtr& value) const;
  std::string schema() const { return "\"type\": \"string\""; }
};

/// Reads one of the names `known` and returns its index, or fails.
std::optional<size_t> read_name(Reader& reader, std::string_view what, const std::vector<std::string_view>& known);
std::string schema_of_names(const std::vector<std::string_view>& known);

/// A value of a closed set, given by its name.
template <class T>
struct OneOf {
  std::string_view what;  ///< e.g. "operation"
  std::vector<std::pair<T, std::string_view>> known;

  std::vector<std::string_view> names() const {
    std::vector<std::string_view> names;
    for (const auto& each : known) names.push_back(each.second);
    return names;
  }
  std::string print(T value) const {
    for (const auto& [each, name] : known) {
      if (each == value) return quoted(name);
    }
    return "null";
  }
  void read(Reader& reader, T& value) const {
    if (const std::optional<size_t> found = read_name(reader, what, names())) value = known[*found].first;
  }
  std::string schema() const { return schema_of_names(names()); }
};

/// The names of the values that other fields refer to, in the order of their ids.
class Names {
 public:
  /// Returns false if the name is defined already.
  bool define(std::string name);
  const std::string& name(int32_t id) const { return names_[static_cast<size_t>(id)]; }
  std::optional<int32_t> find(const std::string& name) const;

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, int32_t> ids_;
};

/// A reference to a value by its name, which must have been defined.
struct Reference {
  const Names* names;

  std::string print(int32_t id) const { return quoted(names->name(id)); }
  void read(Reader& reader, int32_t& id) const;
  std::string schema() const { return "\"type\": \"string\""; }
};

/// A std::optional that holds a value.
template <class Codec>
struct Some {
  Codec codec;

  template <class T>
  void write(Writer& writer, std::optional<T>& value) const {
    ValueOf(*value, codec).write(writer);
  }
  template <class T>
  void read(Reader& reader, std::optional<T>& value) const {
    codec.read(reader, value.emplace());
  }
  template <class T>
  std::string schema(Schema& schema, std::optional<T>&) const {
    T sample{};
    return ValueOf(sample, codec).schema(schema);
  }
};
template <class Codec>
Some(Codec) -> Some<Codec>;

/// An array with one line for each element.
template <class Codec>
struct List {
  Codec codec;

  template <class T>
  void write(Writer& writer, std::vector<T>& values) const {
    writer.list(values.size(), [&](size_t i) { ValueOf(values[i], codec).write(writer); });
  }
  template <class T>
  void read(Reader& reader, std::vector<T>& values) const {
    reader.list("expected an array", [&] { codec.read(reader, values.emplace_back()); });
  }
  template <class T>
  std::string schema(Schema& schema, std::vector<T>&) const {
    T sample{};
    return "\"type\": \"array\", \"items\": {" + ValueOf(sample, codec).schema(schema) + "}";
  }
};
template <class Codec>
List(Codec) -> List<Codec>;

/// An array on one line.
template <class Codec>
struct Row {
  Codec codec;

  template <class T>
  std::string print(const std::vector<T>& values) const {
    std::string out;
    for (const T& value : values) out += (out.empty() ? "" : ", ") + codec.print(value);
    return "[" + out + "]";
  }
  template <class T>
  void read(Reader& reader, std::vector<T>& values) const {
    reader.list("expected an array", [&] { codec.read(reader, values.emplace_back()); });
  }
  std::string schema() const { return "\"type\": \"array\", \"items\": {" + codec.schema() + "}"; }
};
template <class Codec>
Row(Codec) -> Row<Codec>;

/// An object whose fields a function describes. `name` is the name of its definition in the schema.
template <class Fields>
struct Object {
  std::string_view name;
  Fields fields;

  template <class T>
  void write(Writer& writer, T& value) const {
    writer.object([&] { fields(value); });
  }
  template <class T>
  void read(Reader& reader, T& value) const {
    reader.object([&] { fields(value); });
  }
  template <class T>
  std::string schema(Schema& schema, T& value) const {
    return schema.object(name, [&] { fields(value); });
  }
};
template <class Fields>
Object(std::string_view, Fields) -> Object<Fields>;

}  // namespace resnetc::json_form

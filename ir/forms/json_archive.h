/// \file What runs a description of an object's fields (ir/forms/json_form.h): it writes JSON, reads JSON or makes the schema. A
/// description is compiled once and knows only this interface. Its fields come as values without a type.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>

#include <span>
#include <string>
#include <string_view>

namespace resnetc::json_form {

class Reader;
class Schema;
class Writer;

/// A value together with its codec.
class Value {
 public:
  virtual void write(Writer& writer) const = 0;
  virtual void read(Reader& reader) const = 0;
  virtual std::string schema(Schema& schema) const = 0;

 protected:
  ~Value() = default;
};

using Run = llvm::function_ref<void()>;
using RunEach = llvm::function_ref<void(size_t)>;

class Archive {
 public:
  virtual void level(std::string_view level) = 0;

  template <class T, class Codec>
  void field(std::string_view key, T& value, const Codec& codec, std::string_view description);

  /// A field that is left out where the value equals `normal`.
  template <class T, class Normal, class Codec>
  void optional(std::string_view key, T& value, const Normal& normal, const Codec& codec, std::string_view description);

  /// A field of older texts, which is read but never written.
  template <class T, class Codec>
  void older(std::string_view key, T& value, const Codec& codec, std::string_view description);

  /// A field that decides which others there are: those that `fields` describes.
  template <class T, class Codec>
  void choice(std::string_view key, T& value, const Codec& codec, std::string_view description, Run fields);

  /// Whether the values that are described are complete. A reader's become so by and by, those of a schema are defaults.
  virtual bool writes() const { return false; }
  bool reads() { return reader() != nullptr; }
  /// This archive, if it reads: for what a description does only then.
  virtual Reader* reader() { return nullptr; }

 protected:
  ~Archive() = default;

 private:
  virtual void add_field(std::string_view key, const Value& value, std::string_view description) = 0;
  virtual void add_optional(std::string_view key, const Value& value, bool is_normal, std::string_view description) = 0;
  /// The choice is between `names`; `choose` makes the value that of a name and describes the fields that follow from it.
  virtual void add_choice(std::string_view key, const Value& value, std::span<const std::string_view> names, std::string_view description,
                          RunEach choose, Run fields) = 0;
};

}  // namespace resnetc::json_form

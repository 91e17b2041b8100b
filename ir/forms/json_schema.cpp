/// \file The text of schemas.
#include "ir/forms/json_schema.h"

#include <fmt/format.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <utility>

#include "ir/forms/json_writer.h"

namespace resnetc::json_form {

namespace {

using Out = llvm::json::OStream;

template <class Properties>
void write_required(Out& out, const Properties& properties) {
  std::string names;
  for (const auto& property : properties) {
    if (property.required) names += (names.empty() ? "" : ", ") + quoted(property.key);
  }
  if (names.empty()) return;
  out.attributeBegin("required");
  out.rawValue("[" + names + "]");
  out.attributeEnd();
}

void write_raw(Out& out, std::string_view key, const std::string& value) {
  out.attributeBegin(llvm::StringRef(key.data(), key.size()));
  out.rawValue(value);
  out.attributeEnd();
}

template <class Property>
void write_property(Out& out, const Property& property) {
  const std::string_view comma = property.keywords.empty() ? "" : ", ";
  write_raw(out, property.key, fmt::format("{{\"description\": {}{}{}}}", quoted(property.description), comma, property.keywords));
}

template <class Properties>
auto find(const Properties& properties, const std::string& key) {
  return std::find_if(properties.begin(), properties.end(), [&](const auto& property) { return property.key == key; });
}

}  // namespace

void Schema::level(std::string_view level) {
  add("level", fmt::format("\"const\": {}", quoted(level)), "which of the three IRs this is", true);
}

std::string Schema::text(std::string_view level, std::string_view description, Run fields) {
  object(level, fields);
  return document(level, description);
}

std::string Schema::object(std::string_view name, Run fields) {
  const auto known = std::find_if(objects_.begin(), objects_.end(), [&](const auto& object) { return object.first == name; });
  if (known == objects_.end()) {
    const size_t outer = std::exchange(current_, objects_.size());
    objects_.emplace_back(name, Object{});
    fields();
    current_ = outer;
  }
  return reference(name);
}

void Schema::add_field(std::string_view key, const Value& value, std::string_view description) {
  add(key, value.schema(*this), description, true);
}

void Schema::add_optional(std::string_view key, const Value& value, bool, std::string_view description) {
  add(key, value.schema(*this), description, false);
}

void Schema::add_choice(std::string_view key, const Value& value, std::span<const std::string_view> names, std::string_view description,
                        RunEach choose, Run) {
  add_field(key, value, description);
  Object& object = objects_[current_].second;
  object.choice = key;
  object.chosen_after = object.properties.size();
  const std::vector<Property> common = std::move(object.properties);
  for (size_t i = 0; i < names.size(); ++i) {
    objects_[current_].second.properties.clear();
    choose(i);
    add_alternative(names[i]);
  }
  objects_[current_].second.properties = common;
}

std::string Schema::reference(std::string_view name) { return fmt::format("\"$ref\": {}", quoted(fmt::format("#/definitions/{}", name))); }

void Schema::add(std::string_view key, std::string keywords, std::string_view description, bool required) {
  objects_[current_].second.properties.push_back({std::string(key), std::string(description), std::move(keywords), required});
}

void Schema::add_alternative(std::string_view name) {
  Object& object = objects_[current_].second;
  for (Alternative& known : object.alternatives) {
    if (known.properties == object.properties) return known.names.push_back(name);
  }
  object.alternatives.push_back({{name}, object.properties});
}

void Schema::write(Out& out, const Object& object) {
  // Write the fields of all alternatives together. Each alternative then forbids the fields that it does not have.
  std::vector<Property> together;
  for (const Alternative& alternative : object.alternatives) {
    for (const Property& property : alternative.properties) {
      const auto known = find(together, property.key);
      if (known == together.end()) {
        together.push_back(property);
      } else if (known->keywords != property.keywords) {
        together[static_cast<size_t>(known - together.begin())].keywords.clear();
      }
    }
  }
  write_raw(out, "type", quoted("object"));
  out.attribute("additionalProperties", false);
  write_required(out, object.properties);
  out.attributeObject("properties", [&] {
    for (size_t i = 0; i <= object.properties.size(); ++i) {
      if (i == object.chosen_after) {
        for (const Property& property : together) write_property(out, property);
      }
      if (i < object.properties.size()) write_property(out, object.properties[i]);
    }
  });
  if (object.alternatives.size() < 2 && together.empty()) return;
  out.attributeArray("allOf", [&] {
    for (const Alternative& alternative : object.alternatives) {
      std::string names;
      for (std::string_view name : alternative.names) names += (names.empty() ? "" : ", ") + quoted(name);
      out.object([&] {
        write_raw(out, "if", fmt::format("{{\"properties\": {{{}: {{\"enum\": [{}]}}}}}}", quoted(object.choice), names));
        out.attributeObject("then", [&] {
          write_required(out, alternative.properties);
          out.attributeObject("properties", [&] {
            for (const Property& property : together) {
              const auto own = find(alternative.properties, property.key);
              if (own == alternative.properties.end()) {
                write_raw(out, property.key, "false");
              } else if (own->keywords != property.keywords) {
                write_property(out, *own);
              }
            }
          });
        });
      });
    }
  });
}

std::string Schema::document(std::string_view level, std::string_view description) const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  {
    Out out(stream, 2);
    out.object([&] {
      write_raw(out, "$schema", quoted("http://json-schema.org/draft-07/schema#"));
      write_raw(out, "title", quoted(fmt::format("resnetc {}", level)));
      write_raw(out, "description", quoted(description));
      write(out, objects_[0].second);
      out.attributeObject("definitions", [&] {
        for (size_t i = 1; i < objects_.size(); ++i) out.attributeObject(objects_[i].first, [&] { write(out, objects_[i].second); });
      });
    });
  }
  text += '\n';
  return text;
}

}  // namespace resnetc::json_form

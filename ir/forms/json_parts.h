/// \file Descriptions that the JSON forms of the three IRs share.
#pragma once

#include "ir/forms/json_form.h"
#include "ir/program.h"

namespace resnetc::json_form {

/// The names of an enum whose to_string() gives "?" for a number past the last value.
template <class T>
OneOf<T> one_of(std::string_view what) {
  OneOf<T> result{what, {}};
  for (int i = 0; to_string(static_cast<T>(i)) != program::no_name; ++i) {
    result.known.emplace_back(static_cast<T>(i), to_string(static_cast<T>(i)));
  }
  return result;
}

/// The operations for which `has` is true.
template <class Has>
OneOf<OpKind> operations(Has has) {
  OneOf<OpKind> result{"operation", {}};
  for (const OpInfo& op : all_ops()) {
    if (has(op)) result.known.emplace_back(op.kind, op.name);
  }
  return result;
}

OneOf<graph::StepKind> steps();
OneOf<ElementType> elements();

inline constexpr Integer size_limits{0, max_elements};

inline Integer codec_of(int64_t) { return size_limits; }
inline Extent codec_of(Extent2) { return {}; }
inline Flag codec_of(bool) { return {}; }
inline Real codec_of(double) { return {}; }

/// Passes a schedule's list of parameters (ir/schedule.h) to an archive.
template <class Archive>
struct ScheduleFields {
  Archive& archive;

  void number(std::string_view key, int64_t& value, std::string_view meaning) { archive.field(key, value, size_limits, meaning); }
  void extent(std::string_view key, Extent2& value, std::string_view meaning) { archive.field(key, value, Extent{}, meaning); }
  void flag(std::string_view key, bool& value, std::string_view meaning) { archive.optional(key, value, false, Word{}, meaning); }
};
template <class Archive>
ScheduleFields(Archive&) -> ScheduleFields<Archive>;

template <class Archive>
void attribute_fields(Archive& a, OpAttributes& attributes) {
  for_each_attribute([&](const auto& one) {
    a.optional(one.name, attributes.*one.field, OpAttributes{}.*one.field, codec_of(attributes.*one.field), one.meaning);
  });
}

extern template void attribute_fields(Archive& a, OpAttributes& attributes);  // in json_parts.cpp

/// The codec of all attributes of an operation. They are left out when they equal OpAttributes{}.
inline auto attributes_of(Archive& a) {
  return Object("attributes", [&a](OpAttributes& attributes) { attribute_fields(a, attributes); });
}
inline constexpr std::string_view attributes_meaning = "the operation's attributes, those with their defaults left out";

/// The single word with which older texts describe the element type, order and rank of an input.
struct OlderFormat {
  void read(Reader& reader, InputBuffer& input) const;
};

/// The content of the caller's buffer for the network's input.
void buffer_fields(Archive& a, InputBuffer& input);

}  // namespace resnetc::json_form

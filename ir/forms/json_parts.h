/// \file Descriptions that the JSON forms of the three IRs share.
#pragma once

#include <fmt/format.h>

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

/// The layers of a topology, and the operations of a graph.
inline OneOf<OpKind> layers() {
  return operations([](const OpInfo& op) { return !op.layer.empty(); });
}
inline OneOf<OpKind> graph_operations() {
  return operations([](const OpInfo& op) { return op.kind != OpKind::input; });
}

inline OneOf<program::KernelKind> kernel_kinds() { return one_of<program::KernelKind>("kind of kernel"); }

/// The algorithms of schedules, as places in program::default_schedules().
inline OneOf<size_t> algorithms() {
  OneOf<size_t> result{"algorithm", {}};
  const auto all = program::default_schedules();
  for (size_t i = 0; i < all.size(); ++i) result.known.emplace_back(i, program::name_of(all[i]));
  return result;
}

/// What is wrong with the number of a constant of a program that has `count` of them. `mark` stands before such numbers.
inline std::string no_constant(int64_t number, std::string_view mark, size_t count) {
  const std::string there = count == 0 ? "the program has none" : fmt::format("the program has {0}0 to {0}{1}", mark, count - 1);
  return fmt::format("there is no constant {}{}: {}", mark, number, there);
}

OneOf<graph::StepKind> steps();
/// The same, and those that only programs have.
OneOf<graph::StepKind> program_steps();
OneOf<ElementType> elements();

inline constexpr Integer size_limits{0, max_elements};

inline Integer codec_of(int64_t) { return size_limits; }
inline Extent codec_of(Extent2) { return {}; }
inline Margins codec_of(const Sides&) { return {}; }
inline Flag codec_of(bool) { return {}; }
inline Real codec_of(double) { return {}; }

/// Passes a schedule's list of parameters (ir/schedule.h) to an archive.
template <class Archive>
struct ScheduleFields {
  Archive& archive;

  void number(std::string_view key, int64_t& value, std::string_view meaning) { archive.field(key, value, size_limits, meaning); }
  void extent(std::string_view key, Extent2& value, std::string_view meaning) { archive.field(key, value, Extent{}, meaning); }
  void unless_zero(std::string_view key, int64_t& value, std::string_view meaning) {
    archive.optional(key, value, int64_t{0}, size_limits, meaning);
  }
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
  void write(Writer&, const InputBuffer&) const {}  // it is only read
  std::string schema() const { return R"("enum": ["planar_f32", "vector_f32", "packed_u8"])"; }
};

/// The content of the caller's buffer for the network's input.
void buffer_fields(Archive& a, InputBuffer& input);

}  // namespace resnetc::json_form

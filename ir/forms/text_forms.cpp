/// \file Writes and reads the parts that the three IRs share.
#include "ir/forms/text_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/forms/json_parts.h"
#include "ir/forms/text_fields.h"

namespace resnetc::text {

namespace {

/// The largest number of files. No network has more files, and each costs a search.
constexpr size_t max_files = 1000;

std::string numbers(const std::vector<double>& values) {
  std::string out = "(";
  for (size_t i = 0; i < values.size(); ++i) out += (i == 0 ? "" : ", ") + number(values[i]);
  return out + ")";
}

/// The names of a schedule's parameters.
std::vector<std::string_view> parameters_of(program::Schedule schedule) {
  struct Names {
    std::vector<std::string_view> all;
    void number(std::string_view name, int64_t&, std::string_view) { all.push_back(name); }
    void extent(std::string_view name, Extent2&, std::string_view) { all.push_back(name); }
    void unless_zero(std::string_view name, int64_t&, std::string_view) { all.push_back(name); }
    void flag(std::string_view name, bool&, std::string_view) { all.push_back(name); }
  } names;
  describe(names, schedule);
  return names.all;
}

}  // namespace

std::string location(Location at, const Sources& sources) {
  if (!at.known()) return {};
  return fmt::format(" @ {}:{}:{}+{}", quoted(sources.name(at.file)), at.line, at.column, at.length);
}

std::string attributes(const OpAttributes& a) {
  OpAttributes described = a;
  FieldWriter writer;
  json_form::attribute_fields(writer, described);
  return writer.text();
}

std::string input_details(const InputBuffer& input) {
  std::string out;
  if (input.order != DimensionOrder::planar) out += fmt::format(" {}", to_string(input.order));
  if (!input.mean.empty()) out += " mean " + numbers(input.mean);
  if (!input.std.empty()) out += " std " + numbers(input.std);
  return out;
}

std::string schedule(const program::Schedule& s) {
  program::Schedule described = s;
  FieldWriter writer;
  json_form::ScheduleFields fields{writer};
  describe(fields, described);
  return fmt::format(" schedule {}{}", name_of(s), writer.text());
}

FileId FileTable::named(std::string name, Sources& sources) {
  const auto known = ids_.find(name);
  if (known != ids_.end()) return known->second;
  if (ids_.size() == max_files) return no_file;
  const FileId id = sources.named(name);
  ids_.emplace(std::move(name), id);
  return id;
}

std::string FileTable::too_many() { return fmt::format("locations in more than {} files", max_files); }

Reader::Reader(FileId file, Diagnostics& diagnostics) : Cursor(diagnostics.sources().text(file)), file_(file), diagnostics_(diagnostics) {}

Location Reader::location() {
  Location at;
  if (!accept("@")) return at;
  constexpr int32_t most = std::numeric_limits<int32_t>::max();
  std::string file = string();
  expect(":");
  at.line = static_cast<int32_t>(integer(0, most));
  expect(":");
  at.column = static_cast<int32_t>(integer(0, most));
  expect("+");
  at.length = static_cast<int32_t>(integer(0, most));
  if (failed()) return {};
  at.file = files_.named(std::move(file), diagnostics_.sources());
  if (at.file == no_file) fail(FileTable::too_many());
  return at;
}

ElementType read_element(Cursor& cursor) {
  for (const ElementInfo& element : element_types::table) {
    if (cursor.accept(element.name)) return element.kind;
  }
  cursor.fail("expected a type, as in f32[N, 64, 56, 56]");
  return ElementType::f32;
}

namespace {

/// Reads `(scale=0.02, zero=3)`.
Quantization read_quantization(Cursor& cursor, ElementType element) {
  const size_t start = cursor.offset();
  Quantization quantization;
  cursor.expect("(");
  cursor.expect("scale");
  cursor.expect("=");
  quantization.scale = static_cast<float>(cursor.real());
  cursor.expect(",");
  cursor.expect("zero");
  cursor.expect("=");
  quantization.zero = static_cast<int32_t>(cursor.integer(0, std::numeric_limits<uint8_t>::max()));
  cursor.expect(")");
  if (!cursor.failed() && (quantization.scale == 0 || !fits(quantization, element))) {
    cursor.fail_at(start, "a scale is a finite number above zero, and only u8 has one");
  }
  return quantization;
}

}  // namespace

TensorType read_type(Cursor& cursor) {
  const ElementType element = read_element(cursor);
  const Quantization quantization = cursor.peek("(") ? read_quantization(cursor, element) : Quantization{};
  cursor.expect("[");
  cursor.expect("N");
  cursor.expect(",");
  TensorType type = TensorType::vector(cursor.integer(1, max_elements));
  type.element = element;
  type.quantization = quantization;
  if (cursor.accept(",")) {
    type.rank = 3;
    type.width = cursor.integer(1, max_elements);
    if (cursor.accept(",")) {
      type.rank = 4;
      type.height = std::exchange(type.width, cursor.integer(1, max_elements));
    }
  }
  cursor.expect("]");
  if (!cursor.failed() && !fits(type)) cursor.fail(fmt::format("{} is too large", to_string(type)));
  return type;
}

Extent2 Reader::extent(int64_t low) {
  Extent2 extent;
  extent.h = integer(low, max_elements);
  // In "7x7" the x is not a separate word.
  if (!accept_within('x')) fail("expected an extent such as 3x3");
  extent.w = integer(low, max_elements);
  return extent;
}

Sides Reader::sides() {
  const Extent2 first = extent(-max_elements);
  if (!accept_within('x')) return first;
  const Extent2 second = extent(-max_elements);
  return {first.h, first.w, second.h, second.w};
}

OpAttributes Reader::attributes() {
  OpAttributes a;
  FieldReader reader(*this, true);
  size_t before = 0;
  do {
    before = reader.count();
    json_form::attribute_fields(reader, a);
  } while (reader.count() != before);
  return a;
}

InputBuffer Reader::input() {
  InputBuffer input;
  input.type = type();
  // Older texts have one word for the element type, order and rank of an input.
  if (accept("packed_u8")) {
    input.type.element = ElementType::u8;
    input.order = DimensionOrder::channels_last;
  } else if (!accept(input.type.is_vector() ? "vector_f32" : "planar_f32") && accept(to_string(DimensionOrder::channels_last))) {
    input.order = DimensionOrder::channels_last;
  }
  const auto list = [this](std::string_view name, std::vector<double>& values) {
    if (!accept(name)) return;
    expect("(");
    do {
      values.push_back(real());
    } while (accept(","));
    expect(")");
  };
  list("mean", input.mean);
  list("std", input.std);
  return input;
}

void Reader::refuse_parameter(const program::Schedule& schedule, std::string_view remedy) {
  const size_t start = offset();
  Cursor ahead(*this);
  const std::string name = ahead.word();
  if (ahead.accept("=")) fail_at(start, unknown_name("parameter", name, parameters_of(schedule), remedy));
}

void Reader::refuse_misplaced(const program::Schedule& schedule) {
  for (const program::Schedule& each : program::default_schedules()) {
    for (std::string_view name : parameters_of(each)) {
      if (peek(name)) fail(fmt::format("'{}' is out of place in a schedule '{}'", name, name_of(schedule)));
    }
  }
}

program::Schedule Reader::schedule(std::string_view remedy) {
  expect("schedule");
  const std::optional<size_t> known = read_one_of(*this, json_form::algorithms(), {}, remedy);
  if (!known) return {};
  program::Schedule schedule = program::default_schedules()[*known];
  FieldReader reader(*this, !remedy.empty());
  json_form::ScheduleFields fields{reader};
  describe(fields, schedule);
  if (remedy.empty()) {
    refuse_misplaced(schedule);
  } else {
    refuse_parameter(schedule, remedy);
  }
  return schedule;
}

RecipePtr Reader::recipe() {
  if (failed()) return nullptr;
  const size_t start = offset();
  std::string_view text = rest();
  const Result<RecipePtr> recipe = parse_recipe_prefix(text);
  if (!recipe) {
    fail_at(start, "in this recipe, " + recipe.failure().text);
    return nullptr;
  }
  advance_to(text);
  return *recipe;
}

int32_t Reader::value(const Names& names) {
  const size_t start = offset();
  const std::string name = value_name();
  if (failed()) return -1;
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  fail_at(start, fmt::format("{} is not defined before its use", text::value_name(name)));
  return -1;
}

std::string Reader::new_value(Names& names, int32_t id) {
  const size_t start = offset();
  std::string name = value_name();
  if (!failed() && !names.emplace(name, id).second) fail_at(start, fmt::format("{} is defined twice", text::value_name(name)));
  return name;
}

bool Reader::finish() {
  if (!failed() && !at_end()) fail("text after the end of the network");
  if (!failed()) return true;
  diagnostics_.error(place(offset()), why());
  return false;
}

bool Reader::report(const std::optional<Finding>& finding) {
  if (!finding) return true;
  const std::vector<size_t>& offsets = parts_[static_cast<size_t>(finding->part)];
  const size_t offset = finding->index < offsets.size() ? offsets[finding->index] : 0;
  diagnostics_.error(place(offset), "this IR is not valid: " + finding->what);
  return false;
}

Location Reader::place(size_t offset) const { return diagnostics_.sources().place(file_, offset, 1); }

}  // namespace resnetc::text

/// \file The JSON of single values.
#include "ir/forms/json_form.h"

#include <fmt/format.h>

#include <charconv>

#include "ir/forms/json_parts.h"

namespace resnetc::json_form {

void Text::read(Reader& reader, std::string& value) const {
  if (std::optional<std::string> read = reader.string("expected a string")) value = std::move(*read);
}

void Flag::read(Reader& reader, bool& value) const { value = reader.boolean("expected true or false").value_or(value); }

void Real::read(Reader& reader, double& value) const { value = reader.real("expected a finite number").value_or(value); }

std::string Integer::print(int64_t value) const { return fmt::format("{}", value); }

int64_t Integer::checked(Reader& reader) const {
  const std::string expected = text::expected_integer(low, high);
  const std::optional<int64_t> value = reader.integer(expected);
  if (value && (*value < low || *value > high)) reader.fail(expected);
  return value && !reader.failed() ? *value : 0;
}

std::string Integer::schema() const {
  std::string out = "\"type\": \"integer\"";
  if (low != std::numeric_limits<int64_t>::min()) out += fmt::format(", \"minimum\": {}", low);
  if (high != std::numeric_limits<int64_t>::max()) out += fmt::format(", \"maximum\": {}", high);
  return out;
}

std::string Extent::print(Extent2 value) const { return fmt::format("[{}, {}]", value.h, value.w); }

void Extent::read(Reader& reader, Extent2& value) const {
  constexpr std::string_view expected = "expected [rows, columns], as in [3, 3]";
  if (!reader.has_elements(2)) return reader.fail(std::string(expected));
  std::vector<int64_t> sides;
  reader.list(expected, [&] { Integer{0, max_elements}.read(reader, sides.emplace_back()); });
  if (!reader.failed()) value = {sides[0], sides[1]};
}

std::string Extent::schema() const {
  return fmt::format("\"type\": \"array\", \"items\": {{{}}}, \"minItems\": 2, \"maxItems\": 2", Integer{0, max_elements}.schema());
}

namespace {

/// The limits of one side's padding, which is negative where pixels are cut off.
constexpr Integer either_way{-max_elements, max_elements};

}  // namespace

std::string Margins::print(const Sides& value) const {
  if (value.even()) return Extent{}.print({value.top, value.left});
  return fmt::format("[{}, {}, {}, {}]", value.top, value.left, value.bottom, value.right);
}

void Margins::read(Reader& reader, Sides& value) const {
  constexpr std::string_view expected = "expected [rows, columns] or [top, left, bottom, right], as in [1, 1]";
  if (!reader.has_elements(2) && !reader.has_elements(4)) return reader.fail(std::string(expected));
  std::vector<int64_t> sides;
  reader.list(expected, [&] { either_way.read(reader, sides.emplace_back()); });
  if (!reader.failed()) value = sides.size() == 2 ? Sides(sides[0], sides[1]) : Sides(sides[0], sides[1], sides[2], sides[3]);
}

std::string Margins::schema() const {
  return fmt::format(
      "\"type\": \"array\", \"items\": {{{}}}, \"oneOf\": [{{\"minItems\": 2, \"maxItems\": 2}}, {{\"minItems\": 4, "
      "\"maxItems\": 4}}]",
      either_way.schema());
}

void Type::read(Reader& reader, TensorType& value) const {
  constexpr std::string_view expected = "expected a type, as in \"f32[N, 64, 56, 56]\"";
  const std::optional<std::string> read = reader.string(expected);
  if (!read) return;
  text::Cursor cursor(*read);
  const TensorType type = text::read_type(cursor);
  if (cursor.failed()) return reader.fail_within(cursor.offset(), cursor.why());
  if (to_string(type) != *read) return reader.fail(fmt::format("this type is written \"{}\"", to_string(type)));
  value = type;
}

std::string Type::schema() const {
  std::string elements;
  for (const ElementInfo& element : element_types::table) elements += fmt::format("{}{}", elements.empty() ? "" : "|", element.name);
  return fmt::format(R"("type": "string", "pattern": "^({})(\\(scale=[-+.e0-9]+, zero=[0-9]+\\))?\\[N(, [0-9]+){{1,3}}\\]$")", elements);
}

std::string Place::print(const Location& value) const {
  if (!value.known()) return "null";
  return quoted(fmt::format("{}:{}:{}+{}", sources->name(value.file), value.line, value.column, value.length));
}

namespace {

/// Removes the number after the last `mark` from the end of `text` and returns it. Returns nothing if there is no number in the form in
/// which it would be printed.
std::optional<int32_t> take_number(std::string_view& text, char mark) {
  const size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(at + 1);
  int32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || value < 0 || fmt::format("{}", value) != digits) return std::nullopt;
  text.remove_suffix(text.size() - at);
  return value;
}

}  // namespace

void Place::read(Reader& reader, Location& value) const {
  value = {};
  if (or_unknown && reader.is_null()) return;
  constexpr std::string_view expected = "expected a place, as in \"net.rn:8:3+5\" (file, line, column, length)";
  const std::optional<std::string> read = reader.string(or_unknown ? fmt::format("{} or null", expected) : std::string(expected));
  if (!read) return;
  std::string_view rest = *read;
  const std::optional<int32_t> length = take_number(rest, '+'), column = take_number(rest, ':'), line = take_number(rest, ':');
  if (!length || !column || !line) return reader.fail(std::string(expected));
  value = {reader.file_named(std::string(rest)), *line, *column, *length};
}

std::string Place::schema() const {
  return fmt::format(R"("type": {}, "pattern": ":[0-9]+:[0-9]+\\+[0-9]+$")", or_unknown ? R"(["string", "null"])" : R"("string")");
}

void RecipeText::read(Reader& reader, RecipePtr& value) const {
  const std::optional<std::string> read = reader.string("expected a recipe in a string, as in \"fill(0, [16])\"");
  if (!read) return;
  Result<RecipePtr> recipe = parse_recipe(*read);
  if (!recipe) return reader.fail("in this recipe, " + recipe.failure().text);
  value = std::move(*recipe);
}

std::optional<size_t> read_name(Reader& reader, std::string_view what, const std::vector<std::string_view>& known) {
  const std::optional<std::string> read = reader.string("expected a name in a string");
  if (!read) return std::nullopt;
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] == *read) return i;
  }
  reader.fail(text::unknown_name(what, *read, known));
  return std::nullopt;
}

std::string schema_of_names(const std::vector<std::string_view>& known) {
  std::string names;
  for (std::string_view each : known) names += (names.empty() ? "" : ", ") + quoted(each);
  return "\"enum\": [" + names + "]";
}

void OlderFormat::read(Reader& reader, InputBuffer& input) const {
  const std::string_view floats = input.type.is_vector() ? "vector_f32" : "planar_f32";
  const std::optional<size_t> read = read_name(reader, "input format", {floats, "packed_u8"});
  if (read != size_t{1}) return;
  input.type.element = ElementType::u8;
  input.order = DimensionOrder::channels_last;
}

bool Names::define(std::string name) {
  const bool fresh = ids_.emplace(name, static_cast<int32_t>(names_.size())).second;
  names_.push_back(std::move(name));
  return fresh;
}

std::optional<int32_t> Names::find(const std::string& name) const {
  const auto found = ids_.find(name);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void Reference::read(Reader& reader, int32_t& id) const {
  const std::optional<std::string> read = reader.string("expected the name of a value");
  if (!read) return;
  const std::optional<int32_t> found = names->find(*read);
  if (!found) return reader.fail(fmt::format("'{}' is not defined before its use", text::shown(*read)));
  id = *found;
}

}  // namespace resnetc::json_form

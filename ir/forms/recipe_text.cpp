/// \file The text form of recipes.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ir/forms/text.h"
#include "ir/recipe.h"
#include "ir/winograd.h"
#include "support/table.h"

namespace resnetc {

namespace {

struct RecipeName {
  RecipeKind kind{};
  std::string_view name{};
  size_t args = 0;
  bool more = false;  ///< whether any number of arguments may follow
};
constexpr RecipeName line_of_recipe(RecipeKind kind) {
  switch (kind) {
    case RecipeKind::tensor: return {.name = "tensor"};
    case RecipeKind::fill: return {.name = "fill"};
    case RecipeKind::add: return {.name = "add", .args = 2};
    case RecipeKind::sub: return {.name = "sub", .args = 2};
    case RecipeKind::mul: return {.name = "mul", .args = 2};
    case RecipeKind::max: return {.name = "max", .args = 2};
    case RecipeKind::rsqrt: return {.name = "rsqrt", .args = 1};
    case RecipeKind::scale_rows: return {.name = "scale_rows", .args = 2};
    case RecipeKind::narrow: return {.name = "narrow", .args = 1};
    case RecipeKind::row_step: return {.name = "row_step", .args = 1};
    case RecipeKind::row_sum: return {.name = "row_sum", .args = 1};
    case RecipeKind::quantize_rows: return {.name = "quantize_rows", .args = 2};
    case RecipeKind::as_picture: return {.name = "as_picture", .args = 1};
    case RecipeKind::scale_columns: return {.name = "scale_columns", .args = 2};
    case RecipeKind::to_phases: return {.name = "to_phases", .args = 1};
    case RecipeKind::take_taps: return {.name = "take_taps", .args = 1};
    case RecipeKind::pack_vector: return {.name = "pack_vector", .args = 1};
    case RecipeKind::pack_conv: return {.name = "pack_conv", .args = 1};
    case RecipeKind::split_phases: return {.name = "split_phases", .args = 1};
    case RecipeKind::pack_winograd: return {.name = "pack_winograd", .args = 1};
    case RecipeKind::pack_strassen: return {.name = "pack_strassen", .args = 1, .more = true};
    case RecipeKind::pack_blocks: return {.name = "pack_blocks", .args = 1};
  }
  return {};
}
constexpr auto recipe_names = table_of<line_of_recipe>();

constexpr int64_t max_recipe_block = 4096;
constexpr int64_t max_interleaved = 64;  ///< limit of the lanes of a vector, and of the adjacent channels in each lane
constexpr int max_depth = 64;
constexpr int max_nodes = 4096;
constexpr int64_t max_recipe_elements = int64_t{1} << 31;

std::string shape_text(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

void write(const Recipe& recipe, std::string& out) {
  out += recipe_names[static_cast<size_t>(recipe.kind)].name;
  out += '(';
  if (recipe.kind == RecipeKind::tensor) out += text::quoted(recipe.name) + ", " + shape_text(recipe.shape);
  if (recipe.kind == RecipeKind::fill) out += text::number(recipe.value) + ", " + shape_text(recipe.shape);
  for (size_t i = 0; i < recipe.args.size(); ++i) {
    if (i != 0) out += ", ";
    write(*recipe.args[i], out);
  }
  if (recipe.kind == RecipeKind::rsqrt) out += ", " + text::number(recipe.value);
  if (recipe.kind == RecipeKind::scale_columns) out += fmt::format(", groups={}", recipe.groups);
  if (recipe.kind == RecipeKind::to_phases) {
    const PhaseTaps& taps = recipe.taps;
    out += fmt::format(", groups={}, stride={}, first={}, window={}", taps.groups, to_string(taps.stride), to_string(taps.first),
                       to_string(taps.window));
  }
  if (recipe.kind == RecipeKind::take_taps) {
    out += fmt::format(", first={}, window={}", to_string(recipe.taps.first), to_string(recipe.taps.window));
  }
  if (recipe.kind == RecipeKind::pack_conv) {
    out += fmt::format(", groups={}", recipe.groups);
    if (recipe.lanes != lanes) out += fmt::format(", lanes={}", recipe.lanes);
    if (recipe.interleave != 1) out += fmt::format(", interleave={}", recipe.interleave);
  }
  if (recipe.kind == RecipeKind::narrow) out += fmt::format(", {}", to_string(recipe.element));
  if (recipe.limit != 0) out += fmt::format(", limit={}", recipe.limit);
  if (recipe.kind == RecipeKind::pack_blocks) out += fmt::format(", block={}", recipe.block);
  if (recipe.kind == RecipeKind::pack_winograd) out += fmt::format(", output={}, stride={}", recipe.output, recipe.stride);
  out += ')';
}

class Reader {
 public:
  explicit Reader(text::Cursor& cursor) : cursor_(cursor) {}

  RecipePtr read(int depth) {
    const size_t start = cursor_.offset();
    if (depth > max_depth || ++nodes_ > max_nodes) return fault(start, "the recipe is nested too deeply or too long");
    const std::string word = cursor_.word();
    if (cursor_.failed()) return nullptr;
    const auto name = std::find_if(recipe_names.begin(), recipe_names.end(), [&](const RecipeName& each) { return each.name == word; });
    if (name == recipe_names.end()) {
      std::vector<std::string_view> known;
      for (const RecipeName& each : recipe_names) known.push_back(each.name);
      return fault(start, text::unknown_name("recipe", word, known));
    }
    cursor_.expect("(");
    RecipePtr result = body(*name, start, depth);
    cursor_.expect(")");
    return cursor_.failed() ? nullptr : result;
  }

 private:
  RecipePtr fault(size_t offset, std::string why) {
    cursor_.fail_at(offset, std::move(why));
    return nullptr;
  }

  RecipePtr body(const RecipeName& name, size_t start, int depth) {
    if (name.kind == RecipeKind::tensor) {
      std::string tensor_name = cursor_.string();
      cursor_.expect(",");
      std::vector<int64_t> dims = shape(max_recipe_elements);
      return cursor_.failed() ? nullptr : tensor(std::move(tensor_name), std::move(dims));
    }
    if (name.kind == RecipeKind::fill) {
      const double value = cursor_.real();
      cursor_.expect(",");
      std::vector<int64_t> dims = shape(max_elements);
      return cursor_.failed() ? nullptr : fill(value, std::move(dims));
    }
    std::array<RecipePtr, 2> args;
    for (size_t i = 0; i < name.args; ++i) {
      if (i != 0) cursor_.expect(",");
      if (!cursor_.failed()) args[i] = read(depth + 1);
      if (cursor_.failed()) return nullptr;
    }
    std::vector<RecipePtr> more;
    while (name.more && cursor_.accept(",")) {
      more.push_back(read(depth + 1));
      if (cursor_.failed()) return nullptr;
    }
    if (name.kind == RecipeKind::pack_strassen) return halved(std::move(args[0]), std::move(more), start);
    return combined(name.kind, std::move(args[0]), std::move(args[1]), start);
  }

  RecipePtr combined(RecipeKind kind, RecipePtr a, RecipePtr b, size_t start) {
    switch (kind) {
      case RecipeKind::add:
      case RecipeKind::sub:
      case RecipeKind::mul:
      case RecipeKind::max:
        if (a->shape != b->shape)
          return fault(start, fmt::format("operands of shapes {} and {}", shape_text(a->shape), shape_text(b->shape)));
        if (kind == RecipeKind::add) return add(std::move(a), std::move(b));
        if (kind == RecipeKind::sub) return sub(std::move(a), std::move(b));
        if (kind == RecipeKind::max) return max(std::move(a), std::move(b));
        return mul(std::move(a), std::move(b));
      case RecipeKind::rsqrt: {
        cursor_.expect(",");
        const double eps = cursor_.real();
        return cursor_.failed() ? nullptr : rsqrt(std::move(a), eps);
      }
      case RecipeKind::scale_rows:
        if (b->shape != std::vector<int64_t>{a->shape[0]}) {
          return fault(start, fmt::format("rows of {} scaled by {}", shape_text(a->shape), shape_text(b->shape)));
        }
        return scale_rows(std::move(a), std::move(b));
      case RecipeKind::narrow:
        cursor_.expect(",");
        for (const ElementType element : {ElementType::bf16, ElementType::f16, ElementType::i32, ElementType::i8}) {
          if (cursor_.accept(to_string(element))) return narrow(std::move(a), element);
        }
        return fault(start, "narrow makes bf16, f16, i32 or i8");
      case RecipeKind::row_step: {
        const int64_t limit = number_named("limit", 1);
        return cursor_.failed() ? nullptr : row_step(std::move(a), limit);
      }
      case RecipeKind::row_sum: return row_sum(std::move(a));
      case RecipeKind::quantize_rows: {
        const int64_t limit = number_named("limit", 1);
        if (cursor_.failed()) return nullptr;
        if (b->shape != std::vector<int64_t>{a->shape[0]}) {
          return fault(start, fmt::format("rows of {} in steps of {}", shape_text(a->shape), shape_text(b->shape)));
        }
        return quantize_rows(std::move(a), std::move(b), limit);
      }
      case RecipeKind::as_picture:
        if (a->shape.size() != 3) return fault(start, fmt::format("as_picture of {}", shape_text(a->shape)));
        return as_picture(std::move(a));
      case RecipeKind::scale_columns: {
        const int64_t groups = number_named("groups", 1);
        if (cursor_.failed()) return nullptr;
        if (!can_scale_columns(a->shape, b->shape, groups)) {
          return fault(start, fmt::format("columns of {} in {} groups scaled by {}", shape_text(a->shape), groups, shape_text(b->shape)));
        }
        return scale_columns(std::move(a), std::move(b), groups);
      }
      case RecipeKind::to_phases: {
        PhaseTaps taps;
        taps.groups = number_named("groups", 1);
        taps.stride = extent_named("stride", 1);
        taps.first = extent_named("first", 0);
        taps.window = extent_named("window", 1);
        if (cursor_.failed()) return nullptr;
        if (!can_make_phases(a->shape, taps)) return fault(start, fmt::format("to_phases of {}", shape_text(a->shape)));
        return to_phases(std::move(a), taps);
      }
      case RecipeKind::take_taps: {
        const Extent2 first = extent_named("first", 0), window = extent_named("window", 1);
        if (cursor_.failed()) return nullptr;
        if (!can_take_taps(a->shape, first, window)) {
          return fault(start, fmt::format("{} taps of {} from {}", to_string(window), shape_text(a->shape), to_string(first)));
        }
        return take_taps(std::move(a), first, window);
      }
      case RecipeKind::pack_vector:
        if (a->shape.size() != 1) return fault(start, fmt::format("pack_vector of {}", shape_text(a->shape)));
        return pack_vector(std::move(a));
      case RecipeKind::pack_conv: {
        cursor_.expect(",");
        cursor_.expect("groups");
        cursor_.expect("=");
        const int64_t groups = cursor_.integer(1, max_recipe_elements);
        int64_t vector = lanes, interleave = 1;
        while (cursor_.accept(",")) {
          int64_t& field = cursor_.accept("lanes") ? vector : interleave;
          if (&field == &interleave) cursor_.expect("interleave");
          cursor_.expect("=");
          field = cursor_.integer(1, max_interleaved);
        }
        if (cursor_.failed()) return nullptr;
        return packed(std::move(a), groups, vector, interleave, start);
      }
      case RecipeKind::split_phases:
        if (!can_split_phases(a->shape) || a->shape[0] > max_recipe_elements / (2 * phase_lanes * lanes)) {
          return fault(start, fmt::format("split_phases of {}", shape_text(a->shape)));
        }
        return split_phases(std::move(a));
      case RecipeKind::pack_winograd: {
        cursor_.expect(",");
        cursor_.expect("output");
        cursor_.expect("=");
        const int64_t output = cursor_.integer(1, 4);
        cursor_.expect(",");
        cursor_.expect("stride");
        cursor_.expect("=");
        const int64_t stride = cursor_.integer(1, 2);
        if (cursor_.failed()) return nullptr;
        return transformed(std::move(a), output, stride, start);
      }
      case RecipeKind::pack_blocks: {
        cursor_.expect(",");
        cursor_.expect("block");
        cursor_.expect("=");
        const int64_t block = cursor_.integer(1, max_recipe_block);
        if (cursor_.failed()) return nullptr;
        return blocked(std::move(a), block, start);
      }
      case RecipeKind::tensor:
      case RecipeKind::fill:
      case RecipeKind::pack_strassen: break;
    }
    return nullptr;
  }

  /// Reads `, name=3`.
  int64_t number_named(std::string_view name, int64_t low) {
    cursor_.expect(",");
    cursor_.expect(name);
    cursor_.expect("=");
    return cursor_.integer(low, max_recipe_elements);
  }

  /// Reads `, name=3x3`.
  Extent2 extent_named(std::string_view name, int64_t low) {
    Extent2 extent;
    extent.h = number_named(name, low);
    if (!cursor_.failed() && !cursor_.accept_within('x')) cursor_.fail("expected an extent such as 3x3");
    extent.w = cursor_.integer(low, max_recipe_elements);
    return extent;
  }

  RecipePtr halved(RecipePtr a, std::vector<RecipePtr> summed, size_t start) {
    const auto fits = [](const std::vector<int64_t>& shape) {
      return can_pack_strassen(shape) && whole_vectors(shape[0]) <= max_recipe_elements / 2 / shape[1];
    };
    if (!fits(a->shape)) return fault(start, fmt::format("pack_strassen of {}", shape_text(a->shape)));
    for (const RecipePtr& other : summed) {
      if (fits(other->shape) && other->shape[0] == a->shape[0]) continue;
      return fault(start, fmt::format("pack_strassen of {} beside {}", shape_text(a->shape), shape_text(other->shape)));
    }
    return pack_strassen(std::move(a), std::move(summed));
  }

  RecipePtr packed(RecipePtr a, int64_t groups, int64_t vector, int64_t interleave, size_t start) {
    const size_t rank = a->shape.size();
    bool fits = rank == 4 ? a->shape[0] % groups == 0 : rank == 2 && groups == 1;
    if (fits) {
      const int64_t taps = rank == 4 ? a->shape[2] * a->shape[3] : 1;
      const int64_t rows = whole_vectors(a->shape[0], vector);
      const int64_t span = group_span(a->shape[1] * groups, a->shape[0], groups, vector).span + interleave - 1;
      fits = span <= max_recipe_elements / taps && rows <= max_recipe_elements / (taps * span);
    }
    if (!fits) return fault(start, fmt::format("pack_conv of {} in {} groups", shape_text(a->shape), groups));
    return pack_conv(std::move(a), groups, vector, interleave);
  }

  RecipePtr blocked(RecipePtr a, int64_t block, size_t start) {
    const size_t rank = a->shape.size();
    bool fits = rank == 2 || rank == 4;
    if (fits) {
      const int64_t taps = rank == 4 ? a->shape[2] * a->shape[3] : 1;
      fits = blocked_rows(a->shape[0], block) <= max_recipe_elements / taps / a->shape[1];
    }
    if (!fits) return fault(start, fmt::format("pack_blocks of {} in blocks of {}", shape_text(a->shape), block));
    return pack_blocks(std::move(a), block);
  }

  RecipePtr transformed(RecipePtr a, int64_t output, int64_t stride, size_t start) {
    bool fits = can_pack_winograd(a->shape, output, stride);
    if (fits) {
      const int64_t n = winograd(a->shape[2], output, stride)->weights(), taps = n * n;
      fits = whole_vectors(a->shape[0]) <= max_recipe_elements / taps / a->shape[1];
    }
    if (!fits) return fault(start, fmt::format("pack_winograd of {} with output {}, stride {}", shape_text(a->shape), output, stride));
    return pack_winograd(std::move(a), output, stride);
  }

  std::vector<int64_t> shape(int64_t limit) {
    std::vector<int64_t> dims;
    int64_t elements = 1;
    cursor_.expect("[");
    do {
      const int64_t d = cursor_.integer(1, limit);
      if (cursor_.failed()) return {};
      if (elements > limit / d || dims.size() == 8) {
        cursor_.fail("the shape is too large");
        return {};
      }
      elements *= d;
      dims.push_back(d);
    } while (cursor_.accept(","));
    cursor_.expect("]");
    return dims;
  }

  text::Cursor& cursor_;
  int nodes_ = 0;
};

}  // namespace

std::string to_string(const Recipe& recipe) {
  std::string out;
  write(recipe, out);
  return out;
}

Result<RecipePtr> parse_recipe_prefix(std::string_view& text) {
  text::Cursor cursor(text);
  RecipePtr recipe = Reader(cursor).read(0);
  if (cursor.failed()) return Failure{fmt::format("at offset {}: {}", cursor.offset(), cursor.why())};
  text.remove_prefix(cursor.offset());
  return recipe;
}

Result<RecipePtr> parse_recipe(std::string_view text) {
  const size_t size = text.size();
  Result<RecipePtr> recipe = parse_recipe_prefix(text);
  if (recipe && !text.empty()) return Failure{fmt::format("at offset {}: text after the recipe", size - text.size())};
  return recipe;
}

}  // namespace resnetc

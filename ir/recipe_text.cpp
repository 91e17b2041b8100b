/// \file The text form of recipes: printing, and reading from untrusted text (libraries and IR files carry it).
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "ir/recipe.h"

namespace resnetc {
namespace {

constexpr std::array<std::string_view, 9> names{"tensor", "fill", "add", "sub", "mul", "rsqrt", "scale_rows", "pack_vector", "pack_conv"};
constexpr int max_depth = 64;
constexpr int max_nodes = 4096;
constexpr int64_t max_recipe_elements = int64_t{1} << 31;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20 || u == 0x7f) {
      out += fmt::format("\\x{:02x}", u);
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Recursive descent over `rest`; on a fault `why` is set and every function returns nothing.
class Reader {
 public:
  Reader(std::string_view text, std::string& why) : whole_(text), rest_(text), why_(why) {}

  std::string_view rest() const { return rest_; }

  RecipePtr recipe(int depth) {
    if (depth > max_depth) return fail("recipes nest at most 64 deep");
    if (++nodes_ > max_nodes) return fail("a recipe has at most 4096 parts");
    blanks();
    size_t n = 0;
    while (n < rest_.size() && (std::isalpha(static_cast<unsigned char>(rest_[n])) != 0 || rest_[n] == '_')) ++n;
    std::string_view name = rest_.substr(0, n);
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] != name) continue;
      rest_.remove_prefix(n);
      if (!take('(')) return nullptr;
      RecipePtr made = arguments(static_cast<RecipeKind>(i), depth);
      if (!made || !take(')')) return nullptr;
      return made;
    }
    return fail("expected the name of a recipe");
  }

  void blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }

  RecipePtr fail(std::string_view message) {
    if (why_.empty()) why_ = fmt::format("{} at offset {} of the recipe", message, whole_.size() - rest_.size());
    return nullptr;
  }

 private:
  RecipePtr arguments(RecipeKind kind, int depth) {
    switch (kind) {
      case RecipeKind::tensor: {
        std::string name;
        std::vector<int64_t> shape;
        if (!string(name) || !take(',') || !dimensions(shape)) return nullptr;
        return tensor(std::move(name), std::move(shape));
      }
      case RecipeKind::fill: {
        double value = 0;
        std::vector<int64_t> shape;
        if (!number(value) || !take(',') || !dimensions(shape)) return nullptr;
        return fill(value, std::move(shape));
      }
      case RecipeKind::pack_vector: {
        RecipePtr a = recipe(depth + 1);
        if (!a) return nullptr;
        if (a->shape.size() != 1) return fail("pack_vector takes a vector");
        return pack_vector(std::move(a));
      }
      case RecipeKind::rsqrt: {
        RecipePtr a = recipe(depth + 1);
        double eps = 0;
        if (!a || !take(',') || !number(eps)) return nullptr;
        return rsqrt(std::move(a), eps);
      }
      case RecipeKind::pack_conv: {
        RecipePtr a = recipe(depth + 1);
        int64_t groups = 0;
        if (!a || !take(',') || !integer(groups)) return nullptr;
        if (a->shape.size() != 2 && a->shape.size() != 4) return fail("pack_conv takes a weight of rank 2 or 4");
        if (groups < 1 || a->shape[0] % groups != 0) return fail("groups do not divide the output channels");
        if (element_count(a->shape) > (max_recipe_elements >> 10) && groups > 1) return fail("a grouped weight is too large");
        if (a->shape[1] > (int64_t{1} << 28) / groups || a->shape[0] > (int64_t{1} << 28)) return fail("too many channels");
        RecipePtr made = pack_conv(a, groups);
        int64_t all = 1;
        for (int64_t d : made->shape) {
          if (d > max_recipe_elements / all) return fail("the packed weight has too many elements");
          all *= d;
        }
        return made;
      }
      default: break;
    }
    RecipePtr a = recipe(depth + 1);
    if (!a || !take(',')) return nullptr;
    RecipePtr b = recipe(depth + 1);
    if (!b) return nullptr;
    if (kind == RecipeKind::scale_rows) {
      if (b->shape != std::vector<int64_t>{a->shape[0]}) return fail("scale_rows takes one factor a row");
      return scale_rows(std::move(a), std::move(b));
    }
    if (a->shape != b->shape) return fail("the operands' shapes differ");
    return kind == RecipeKind::add ? add(a, b) : kind == RecipeKind::sub ? sub(a, b) : mul(a, b);
  }

  bool take(char c) {
    blanks();
    if (rest_.empty() || rest_[0] != c) {
      fail(fmt::format("expected '{}'", c));
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    while (!rest_.empty() && rest_[0] != '"') {
      char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '\\' && !rest_.empty()) {
        c = rest_[0];
        rest_.remove_prefix(1);
        if (c == 'x' && rest_.size() >= 2) {
          unsigned byte = 0;
          auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 2, byte, 16);
          if (error != std::errc() || end != rest_.data() + 2) {
            fail("expected two hexadecimal digits");
            return false;
          }
          c = static_cast<char>(byte);
          rest_.remove_prefix(2);
        }
      }
      out += c;
    }
    return take('"');
  }

  bool integer(int64_t& out) {
    blanks();
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc()) {
      fail("expected an integer");
      return false;
    }
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }

  bool number(double& out) {
    blanks();
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc() || !std::isfinite(out)) {
      fail("expected a finite number");
      return false;
    }
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }

  bool dimensions(std::vector<int64_t>& shape) {
    if (!take('[')) return false;
    int64_t all = 1;
    do {
      int64_t d = 0;
      if (!integer(d)) return false;
      if (d < 1 || d > max_recipe_elements / all || shape.size() == 4) {
        fail("expected a shape of 1 to 4 positive dimensions and at most 2^31 elements");
        return false;
      }
      all *= d;
      shape.push_back(d);
      blanks();
    } while (!rest_.empty() && rest_[0] == ',' && take(','));
    return take(']');
  }

  std::string_view whole_, rest_;
  std::string& why_;
  int nodes_ = 0;
};

}  // namespace

std::string to_string(const Recipe& r) {
  std::string out = fmt::format("{}(", names[static_cast<size_t>(r.kind)]);
  if (r.kind == RecipeKind::tensor) out += fmt::format("{}, [{}]", quoted(r.name), fmt::join(r.shape, ", "));
  if (r.kind == RecipeKind::fill) out += fmt::format("{}, [{}]", r.value, fmt::join(r.shape, ", "));
  for (size_t i = 0; i < r.args.size(); ++i) out += (i != 0 ? ", " : "") + to_string(*r.args[i]);
  if (r.kind == RecipeKind::rsqrt) out += fmt::format(", {}", r.value);
  if (r.kind == RecipeKind::pack_conv) out += fmt::format(", {}", r.groups);
  return out + ")";
}

std::optional<RecipePtr> parse_recipe_prefix(std::string_view& text, std::string& why) {
  why.clear();
  Reader reader(text, why);
  RecipePtr made = reader.recipe(0);
  if (!made) return std::nullopt;
  text = reader.rest();
  return made;
}

std::optional<RecipePtr> parse_recipe(std::string_view text, std::string& why) {
  std::string_view rest = text;
  auto made = parse_recipe_prefix(rest, why);
  if (!made) return std::nullopt;
  if (rest.find_first_not_of(" \n\t") != std::string_view::npos) {
    why = fmt::format("text after the recipe at offset {}", text.size() - rest.size());
    return std::nullopt;
  }
  return made;
}

}  // namespace resnetc

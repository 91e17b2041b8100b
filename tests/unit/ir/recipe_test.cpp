/// \file Recipes: evaluation, packing compared with its definition, valid and hostile texts.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <map>

#include "ir/recipe.h"
#include "ir/strassen.h"
#include "ir/winograd.h"

using namespace resnetc;

namespace {

/// Element i of tensor `name` is i + 1 + the name's length.
class Counting final : public WeightSource {
 public:
  std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const override {
    if (name == "missing") return {};
    std::vector<double> values(static_cast<size_t>(element_count(shape)));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i + 1 + name.size());
    return values;
  }
};

std::vector<double> values(const RecipePtr& recipe) { return evaluate(*recipe, Counting()); }

/// The packing, computed as its definition says.
void check_pack(int64_t co, int64_t ci, int64_t kh, int64_t kw, int64_t groups, int64_t vector = 16, int64_t interleave = 1) {
  CAPTURE(co);
  CAPTURE(ci);
  CAPTURE(groups);
  CAPTURE(vector);
  CAPTURE(interleave);
  const int64_t cig = ci / groups;
  const RecipePtr w = tensor("w", {co, cig, kh, kw});
  const RecipePtr packed = pack_conv(w, groups, vector, interleave);
  const std::vector<double> from = values(w), to = values(packed);
  const GroupSpan g = group_span(ci, co, groups, vector);
  const int64_t blocks = (co + vector - 1) / vector, beside = (g.span + interleave - 1) / interleave;
  REQUIRE(packed->shape == std::vector<int64_t>{blocks * kh * kw * beside * vector * interleave});
  REQUIRE(to.size() == static_cast<size_t>(packed->shape[0]));
  CHECK(g.span <= ci);
  size_t at = 0;
  bool same = true;
  for (int64_t b = 0; b < blocks; ++b) {
    CHECK(g.start(b) >= 0);
    CHECK(g.start(b) + g.span <= ci);
    for (int64_t y = 0; y < kh; ++y) {
      for (int64_t x = 0; x < kw; ++x) {
        for (int64_t one = 0; one < beside * vector * interleave; ++one, ++at) {
          const int64_t s = one / (vector * interleave) * interleave + one % interleave, lane = one / interleave % vector;
          const int64_t o = b * vector + lane, i = g.start(b) + s;
          double want = 0;
          if (o < co && s < g.span && i / cig == o / (co / groups))
            want = from[static_cast<size_t>(((o * cig + i % cig) * kh + y) * kw + x)];
          same = same && to[at] == want;
        }
      }
    }
  }
  CHECK(same);
  // Every channel that an output sees lies in its block's span.
  for (int64_t o = 0; o < co; ++o) {
    const int64_t first = o / (co / groups) * cig;
    CHECK(first >= g.start(o / vector));
    CHECK(first + cig <= g.start(o / vector) + g.span);
  }
}

std::string reason(std::string_view text) {
  const Result<RecipePtr> recipe = parse_recipe(text);
  return recipe ? "read" : recipe.failure().text;
}

}  // namespace

TEST_CASE("recipe: integers of rows, and narrow floats") {
  // The tensors are 2, 3, 4, 5 and 2, 3.
  const RecipePtr w = tensor("w", {2, 2}), b = tensor("b", {2});
  CHECK(values(max(w, fill(3.5, {2, 2}))) == std::vector<double>{3.5, 3.5, 4, 5});
  CHECK(values(row_step(w, 2)) == std::vector<double>{1.5, 2.5});
  CHECK(values(row_step(sub(fill(0, {2, 2}), w), 2)) == std::vector<double>{1.5, 2.5});
  CHECK(values(row_sum(w)) == std::vector<double>{5, 9});
  CHECK(values(row_sum(fill(2, {3, 4, 1, 1}))) == std::vector<double>{8, 8, 8});
  CHECK(values(narrow(fill(-2.5, {2}), ElementType::i32)) == std::vector<double>{-2, -2});
  CHECK(values(quantize_rows(w, fill(2, {2}), 127)) == std::vector<double>{1, 2, 2, 2});  // 1.5 and 2.5 are ties
  CHECK(values(quantize_rows(w, fill(0.01, {2}), 127)) == std::vector<double>{127, 127, 127, 127});
  CHECK(values(quantize_rows(fill(0, {2}), fill(0, {2}), 127)) == std::vector<double>{0, 0});
  CHECK(values(quantize_rows(b, row_step(b, 100), 100)) == std::vector<double>{100, 100});
  CHECK(values(narrow(fill(0.1, {2}), ElementType::bf16)) == std::vector<double>(2, nearest(ElementType::bf16, 0.1)));
  for (const char* text :
       {"max(tensor(\"w\", [2, 2]), fill(3.5, [2, 2]))", "row_step(tensor(\"w\", [2, 2]), limit=127)",
        "quantize_rows(tensor(\"w\", [2, 2]), row_step(tensor(\"w\", [2, 2]), limit=127), limit=127)", "narrow(tensor(\"w\", [2, 2]), f16)",
        "narrow(tensor(\"w\", [2, 2]), bf16)", "narrow(tensor(\"w\", [2, 2]), i32)", "row_sum(tensor(\"w\", [2, 2]))"}) {
    const Result<RecipePtr> read = parse_recipe(text);
    REQUIRE_MESSAGE(read.has_value(), text);
    CHECK(to_string(**read) == text);
  }
  for (const char* text : {"max(tensor(\"w\", [2, 2]), fill(3.5, [2]))", "row_step(tensor(\"w\", [2, 2]), limit=0)",
                           "row_step(tensor(\"w\", [2, 2]))", "quantize_rows(tensor(\"w\", [2, 2]), tensor(\"b\", [3]), limit=127)",
                           "narrow(tensor(\"w\", [2, 2]), u8)", "narrow(tensor(\"w\", [2, 2]))"}) {
    CAPTURE(text);
    CHECK(!parse_recipe(text));
  }
}

TEST_CASE("recipes are carried out in float64") {
  const RecipePtr a = tensor("a", {2, 2}), v = tensor("v", {2});
  CHECK(values(a) == std::vector<double>{2, 3, 4, 5});
  CHECK(values(add(a, a)) == std::vector<double>{4, 6, 8, 10});
  CHECK(values(sub(a, fill(1.5, {2, 2}))) == std::vector<double>{0.5, 1.5, 2.5, 3.5});
  CHECK(values(mul(a, a)) == std::vector<double>{4, 9, 16, 25});
  CHECK(values(rsqrt(v, 2)) == std::vector<double>{1 / std::sqrt(4.0), 1 / std::sqrt(5.0)});
  CHECK(values(scale_rows(a, v)) == std::vector<double>{4, 6, 12, 15});
  CHECK(values(scale_columns(a, v, 1)) == std::vector<double>{4, 9, 8, 15});
  CHECK(values(scale_columns(a, tensor("f", {4}), 2)) == std::vector<double>{4, 9, 16, 25});
  const std::vector<double> packed = values(pack_vector(v));
  REQUIRE(packed.size() == 16);
  CHECK(packed[1] == 3);
  CHECK(packed[2] == 0);
  CHECK(values(add(v, tensor("missing", {2}))).empty());
  CHECK(values(pack_vector(tensor("missing", {2}))).empty());
}

TEST_CASE("to_phases makes the weights of each phase") {
  // Taps 0 to 2, two phases, two places: phase 0 meets taps 2 and 0, phase 1 tap 1 alone.
  const RecipePtr w = tensor("w", {1, 1, 1, 3});
  CHECK(values(w) == std::vector<double>{2, 3, 4});
  CHECK(values(to_phases(w, {1, {1, 2}, {0, 2}, {1, 2}})) == std::vector<double>{4, 2, 0, 3});
  // Two groups of one input channel and two output channels, whose order is the result's.
  const RecipePtr grouped = to_phases(tensor("w", {2, 2, 1, 1}), {2, {1, 2}, {0, 0}, {1, 1}});
  CHECK(grouped->shape == std::vector<int64_t>{8, 1, 1, 1});
  CHECK(values(grouped) == std::vector<double>{2, 0, 3, 0, 4, 0, 5, 0});
  // Output channels before input channels.
  CHECK(values(to_phases(tensor("w", {2, 2, 1, 1}), {})) == std::vector<double>{2, 4, 3, 5});
}

TEST_CASE("take_taps takes a part of each window") {
  const RecipePtr w = tensor("w", {1, 2, 2, 3});
  CHECK(values(w) == std::vector<double>{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13});
  const RecipePtr taken = take_taps(w, {1, 1}, {1, 2});
  CHECK(taken->shape == std::vector<int64_t>{1, 2, 1, 2});
  CHECK(values(taken) == std::vector<double>{6, 7, 12, 13});
  const RecipePtr line = take_taps(tensor("w", {1, 2, 3}), {0, 2}, {1, 1});
  CHECK(line->shape == std::vector<int64_t>{1, 2, 1});
  CHECK(values(line) == std::vector<double>{4, 7});
}

TEST_CASE("pack_conv packs as defined") {
  check_pack(16, 3, 7, 7, 1);
  check_pack(17, 5, 3, 3, 1);
  check_pack(17, 17, 3, 3, 17);
  check_pack(40, 40, 1, 3, 5);
  check_pack(40, 15, 3, 1, 5);
  check_pack(64, 32, 3, 3, 32);
  check_pack(128, 128, 3, 3, 32);
  check_pack(48, 12, 1, 1, 2);
  check_pack(36, 6, 1, 1, 3);
  check_pack(51, 34, 1, 1, 17);
  check_pack(6, 6, 3, 3, 6);
  for (int64_t cog = 1; cog <= 20; ++cog) {
    for (int64_t groups = 1; groups <= 9; ++groups) check_pack(cog * groups, 2 * groups, 1, 1, groups);
  }
  for (int64_t vector : {4, 8, 16, 32}) {
    for (int64_t interleave : {1, 2, 4}) {
      check_pack(40, 7, 3, 3, 1, vector, interleave);
      check_pack(36, 6, 1, 3, 3, vector, interleave);
      check_pack(17, 17, 3, 3, 17, vector, interleave);
      check_pack(51, 34, 1, 1, 17, vector, interleave);
    }
  }
  const RecipePtr linear = pack_conv(tensor("fc", {10, 6}), 1);
  CHECK(linear->shape == std::vector<int64_t>{96});
  CHECK(values(linear)[1] == 9);  // row 1, column 0
}

TEST_CASE("Winograd's transforms convolve") {
  struct Kind {
    int64_t r, m, stride;
  };
  for (const auto& [r, m, stride] : {Kind{3, 2, 1}, Kind{3, 4, 1}, Kind{4, 4, 1}, Kind{3, 2, 2}, Kind{3, 4, 2}}) {
    CAPTURE(r);
    CAPTURE(m);
    CAPTURE(stride);
    REQUIRE(winograd(r, m, stride) != nullptr);
    const Winograd& by = *winograd(r, m, stride);
    REQUIRE(by.output == m);
    REQUIRE(by.window == r);
    REQUIRE(by.input() == stride * (m - 1) + r);
    REQUIRE(by.products() == (stride == 1 ? m + r - 1 : 2 * m + 1));
    REQUIRE(by.weights() == m + r - 1);
    // In one dimension: y = AT [(G g) . (BT d)], where the first rows of products may share the first row of weights.
    const std::vector<double> g{0.5, -1.25, 2, -0.75}, d{1, -2, 0.5, 3, -0.25, 4, 1.5, -1, 2.25};
    for (size_t y = 0; y < static_cast<size_t>(m); ++y) {
      double sum = 0, expected = 0;
      for (size_t e = 0; e < by.bt.size(); ++e) {
        const size_t shared = by.bt.size() - by.g.size(), row = e < shared ? 0 : e - shared;
        double weight = 0, input = 0;
        for (size_t k = 0; k < by.g[row].size(); ++k) weight += by.g[row][k] * g[k];
        for (size_t k = 0; k < by.bt[e].size(); ++k) input += by.bt[e][k] * d[k];
        sum += by.at[y][e] * weight * input;
      }
      for (size_t k = 0; k < static_cast<size_t>(r); ++k) expected += g[k] * d[y * static_cast<size_t>(stride) + k];
      CHECK(sum == doctest::Approx(expected).epsilon(1e-12));
    }
  }
  CHECK(winograd(3, 3, 1) == nullptr);
  CHECK(winograd(3, 6, 1) == nullptr);
  CHECK(winograd(3, 2, 3) == nullptr);
  CHECK(winograd(4, 2, 1) == nullptr);
  CHECK(winograd(4, 4, 2) == nullptr);
}

TEST_CASE("Strassen's products multiply matrices, and pack_strassen packs as defined") {
  // In 2x2 matrices: C = AT [(G b) . (BT a)].
  const std::array<double, 4> a{3, -1.5, 0.25, 7}, b{-2, 5, 0.75, 1.25};
  for (size_t y : {0u, 1u}) {
    for (size_t x : {0u, 1u}) {
      double sum = 0;
      for (size_t e = 0; e < static_cast<size_t>(strassen::products); ++e) {
        double left = 0, right = 0;
        for (size_t k = 0; k < 4; ++k) {
          left += strassen::bt[e][k] * a[k];
          right += strassen::g[e][k] * b[k];
        }
        sum += strassen::at[2 * y + x][e] * left * right;
      }
      CHECK(sum == a[2 * y] * b[x] + a[2 * y + 1] * b[2 + x]);
    }
  }

  for (int64_t co : {32, 56, 64}) {
    const int64_t ci = 96, half = ci / 2;
    const RecipePtr w = tensor("w", {co, ci, 1, 1});
    // Another convolution of the same sums has larger or smaller rows, depending on co.
    const RecipePtr other = mul(fill(std::ldexp(1.0, static_cast<int>(co) - 40), {co, 32, 1, 1}), tensor("other", {co, 32, 1, 1}));
    const RecipePtr packed = pack_strassen(w, {other});
    const std::vector<double> from = values(w), beside = values(other), to = values(packed);
    const auto magnitude = [&](int64_t row) {
      double largest = 0;
      for (int64_t i = 0; i < ci; ++i) largest = std::max(largest, std::abs(from[static_cast<size_t>(row * ci + i)]));
      for (int64_t i = 0; i < 32; ++i) largest = std::max(largest, std::abs(beside[static_cast<size_t>(row * 32 + i)]));
      return std::exp2(std::floor(std::log2(largest)));
    };
    const int64_t rows = (co + 15) / 16 * 16;
    REQUIRE(packed->shape == std::vector<int64_t>{rows / 32 * 7 * half * 16 + rows});
    REQUIRE(to.size() == static_cast<size_t>(packed->shape[0]));
    bool same = true;
    size_t at = 0;
    for (int64_t pair = 0; pair < (co + 31) / 32; ++pair) {
      for (size_t e = 0; e < 7; ++e) {
        for (int64_t i = 0; i < half; ++i) {
          for (int64_t lane = 0; lane < 16; ++lane, ++at) {
            const auto weight = [&](int64_t in_half, int64_t out_half) {
              const int64_t row = (2 * pair + out_half) * 16 + lane, column = (2 * (i / 16) + in_half) * 16 + i % 16;
              return row < co ? from[static_cast<size_t>(row * ci + column)] / magnitude(row) : 0.0;
            };
            double want = 0;
            for (size_t k = 0; k < 4; ++k) want += strassen::g[e][k] * weight(static_cast<int64_t>(k / 2), static_cast<int64_t>(k % 2));
            same = same && to[at] == want;
          }
        }
      }
    }
    for (int64_t row = 0; row < rows; ++row, ++at) same = same && to[at] == (row < co ? magnitude(row) : 0);
    CHECK(same);
  }
  CHECK(row_magnitude(0.75) == 0.5);
  CHECK(row_magnitude(4) == 4);
  CHECK(row_magnitude(0) == 1);
  CHECK(row_magnitude(std::nan("")) == 1);
  CHECK(row_magnitude(INFINITY) == 1);
  CHECK(row_magnitude(1e-45) == std::ldexp(1.0, -126));
  CHECK(row_magnitude(3e38) == std::ldexp(1.0, 126));
  CHECK(can_pack_strassen({32, 64}));
  CHECK(can_pack_strassen({17, 64}));
  CHECK_FALSE(can_pack_strassen({16, 64}));
  CHECK_FALSE(can_pack_strassen({32, 48}));
  CHECK_FALSE(can_pack_strassen({32, 64, 3, 3}));
  CHECK_FALSE(can_pack_strassen({32}));
  CHECK(values(pack_strassen(tensor("missing", {32, 32}))).empty());
  CHECK(values(pack_strassen(tensor("w", {32, 32}), {tensor("missing", {32, 32})})).empty());
}

TEST_CASE("pack_blocks packs as defined") {
  for (int64_t block : {16, 48, 64}) {
    const int64_t co = 40, ci = 6;
    const RecipePtr w = tensor("w", {co, ci, 3, 1}), packed = pack_blocks(w, block);
    const std::vector<double> from = values(w), to = values(packed);
    const int64_t rows = block == 64 ? 64 : 48;  // whole vectors, and whole blocks
    REQUIRE(packed->shape == std::vector<int64_t>{rows * 3 * ci});
    bool same = true;
    size_t at = 0;
    for (int64_t b = 0; b < rows / block; ++b) {
      for (int64_t tap = 0; tap < 3; ++tap) {
        for (int64_t c = 0; c < ci; ++c) {
          for (int64_t lane = 0; lane < block; ++lane, ++at) {
            const int64_t row = b * block + lane;
            same = same && to[at] == (row < co ? from[static_cast<size_t>((row * ci + c) * 3 + tap)] : 0.0);
          }
        }
      }
    }
    CHECK(same);
  }
  CHECK(values(pack_blocks(tensor("missing", {32, 32}), 32)).empty());
}

TEST_CASE("a window over phases is a window over pixels") {
  for (int64_t k : {5, 7}) {
    for (int64_t ci : {1, 3, 4}) {
      CAPTURE(k);
      CAPTURE(ci);
      OpAttributes a;
      a.kernel = {k, k};
      a.stride = {2, 2};
      a.pad = default_pad(a.kernel, a.dilation);
      const auto form = winograd_form(a, ci);
      REQUIRE(form);
      const RecipePtr w = tensor("w", {2, ci, k, k}), split = split_phases(w);
      REQUIRE(split->shape == std::vector<int64_t>{2, form->channels, form->window, form->window});
      const std::vector<double> from = values(w), to = values(split);
      // Every weight stands once, at the place of its pixel relative to the result. The other elements are zero.
      double left = 0;
      for (double v : to) left += v;
      for (int64_t i = 0; i < 2 * ci * k * k; ++i) {
        const int64_t row = i / (k * k) / ci, c = i / (k * k) % ci, y = i / k % k - a.pad.top, x = i % k - a.pad.left;
        const int64_t p = (y + 8) % 2, q = (x + 8) % 2, channel = 8 * p + ci * q + c;
        const int64_t ty = (y - p) / 2 + form->pad.h, tx = (x - q) / 2 + form->pad.w;
        const double got = to[static_cast<size_t>(((row * form->channels + channel) * form->window + ty) * form->window + tx)];
        CHECK(got == from[static_cast<size_t>(i)]);
        left -= got;
      }
      CHECK(left == doctest::Approx(0).epsilon(1e-9));
    }
  }
  OpAttributes a;
  a.kernel = {7, 7};
  a.stride = {2, 2};
  a.pad = {3, 3};
  CHECK_FALSE(winograd_form(a, 5));
  a.pad = {2, 2};
  CHECK_FALSE(winograd_form(a, 3));
  a.pad = {3, 3};
  a.groups = 3;
  CHECK_FALSE(winograd_form(a, 3));
}

TEST_CASE("pack_winograd packs as defined") {
  const RecipePtr w = tensor("w", {17, 5, 3, 3});
  const Winograd& by = *winograd(3, 4, 1);
  const RecipePtr packed = pack_winograd(w, 4, 1);
  REQUIRE(packed->shape == std::vector<int64_t>{2 * 36 * 5 * 16});
  const std::vector<double> from = values(w), to = values(packed);
  size_t at = 0;
  for (size_t block = 0; block < 2; ++block) {
    for (size_t i = 0; i < 6; ++i) {
      for (size_t j = 0; j < 6; ++j) {
        for (size_t c = 0; c < 5; ++c) {
          for (size_t row = block * 16; row < block * 16 + 16; ++row, ++at) {
            double want = 0;
            for (size_t tap = 0; tap < 9 && row < 17; ++tap) want += by.g[i][tap / 3] * from[(row * 5 + c) * 9 + tap] * by.g[j][tap % 3];
            CHECK(to[at] == doctest::Approx(want).epsilon(1e-12));
          }
        }
      }
    }
  }
  CHECK(values(pack_winograd(tensor("missing", {1, 1, 3, 3}), 2, 2)).empty());
}

TEST_CASE("recipes read back as printed") {
  const RecipePtr var = tensor("bn.running_var", {17}), w = tensor("a \"b\"\\\n\x01", {17, 1, 3, 3});
  const RecipePtr scale = mul(tensor("bn.weight", {17}), rsqrt(var, 1e-05));
  const RecipePtr all = pack_conv(scale_rows(w, add(scale, sub(fill(-0.1, {17}), fill(1e300, {17})))), 17);
  for (const RecipePtr& recipe :
       {all, pack_vector(scale), var, pack_winograd(w, 2, 1), pack_winograd(w, 4, 2), pack_strassen(tensor("one.weight", {32, 64, 1, 1})),
        pack_strassen(tensor("one.weight", {32, 64, 1, 1}), {tensor("two", {32, 32}), tensor("three", {32, 96, 1, 1})}), pack_blocks(w, 24),
        pack_conv(as_picture(tensor("line", {8, 2, 7})), 4), pack_winograd(split_phases(tensor("stem", {8, 3, 7, 7})), 4, 1)}) {
    const std::string text = to_string(*recipe);
    const Result<RecipePtr> again = parse_recipe(text);
    REQUIRE_MESSAGE(again, again.failure().text);
    CHECK(to_string(**again) == text);
    CHECK((*again)->shape == recipe->shape);
  }
  // Lanes and interleave are written only if they differ from their defaults.
  for (const char* text :
       {"pack_conv(tensor(\"w\", [8, 6]), groups=1, lanes=8)", "pack_conv(tensor(\"w\", [8, 6]), groups=1, interleave=4)",
        "scale_rows(mul(pack_conv(fill(1, [8, 6]), groups=1, lanes=8, interleave=2), fill(2, [48])), fill(1, [48]))"}) {
    const Result<RecipePtr> read = parse_recipe(text);
    REQUIRE_MESSAGE(read, read.failure().text);
    CHECK(to_string(**read) == text);
  }
  CHECK(to_string(*pack_conv(tensor("w", {8, 1, 3, 3}), 8)) == "pack_conv(tensor(\"w\", [8, 1, 3, 3]), groups=8)");
  std::vector<TensorRef> refs;
  collect_tensors(*all, refs);
  REQUIRE(refs.size() == 3);
  CHECK(refs[1] == TensorRef{"bn.weight", {17}});

  std::string_view text = "fill(1, [2]) rest";
  CHECK(parse_recipe_prefix(text));
  CHECK(text == "rest");
}

TEST_CASE("a constant of any tensor's channels reads back") {
  const std::string text = to_string(*pack_vector(fill(0.5, {max_elements})));
  const Result<RecipePtr> again = parse_recipe(text);
  REQUIRE_MESSAGE(again, again.failure().text);
  CHECK(to_string(**again) == text);
}

TEST_CASE("equal elements are one number until they are packed") {
  const RecipePtr two = fill(2, {3}), v = tensor("v", {3});
  CHECK(values(add(two, two)) == std::vector<double>{4, 4, 4});
  CHECK(values(sub(two, v)) == std::vector<double>{0, -1, -2});
  CHECK(values(mul(v, two)) == std::vector<double>{4, 6, 8});
  CHECK(values(rsqrt(two, 2)) == std::vector<double>{0.5, 0.5, 0.5});
  CHECK(values(scale_rows(fill(2, {3, 2}), v)) == std::vector<double>{4, 4, 6, 6, 8, 8});
  CHECK(values(scale_rows(fill(2, {3, 2}), two)) == std::vector<double>{4, 4, 4, 4, 4, 4});
  CHECK(values(scale_rows(tensor("a", {3, 2}), two)) == std::vector<double>{4, 6, 8, 10, 12, 14});
  const std::vector<double> packed = values(pack_vector(two));
  REQUIRE(packed.size() == 16);
  CHECK(packed[2] == 2);
  CHECK(packed[3] == 0);
}

TEST_CASE("what no tensor backs takes no memory that its text does not warrant") {
  // Each of these would take more than 60 gigabytes if it were carried out element by element.
  const RecipePtr most = fill(1, {max_elements});
  RecipePtr deep = tensor("missing", {max_elements});
  for (int i = 0; i < 60; ++i) deep = add(most, deep);
  CHECK(values(deep).empty());
  CHECK(values(pack_blocks(fill(1, {1, 1 << 21}), 4096)).empty());
}

TEST_CASE("hostile recipes are refused") {
  CHECK(reason("") == "at offset 0: expected a word");
  CHECK(reason("nothing(1)").starts_with("at offset 0: unknown recipe 'nothing'; known are tensor, fill, "));
  CHECK(reason("fill(1, [2]) x") == "at offset 13: text after the recipe");
  CHECK(reason("fill(nan, [2])") == "at offset 5: expected a finite number");
  CHECK(reason("fill(1, [2000000000])") == "at offset 9: expected an integer between 1 and 268435456");
  CHECK(reason("fill(1, [0])") == "at offset 9: expected an integer between 1 and 268435456");
  CHECK(reason("fill(1, [268435456, 2])") == "at offset 21: the shape is too large");
  CHECK(reason("tensor(\"a\", [99999999999999999999])") == "at offset 13: expected an integer between 1 and 2147483648");
  CHECK(reason("tensor(\"a\", [65536, 65536])") == "at offset 25: the shape is too large");
  CHECK(reason("tensor(\"a\", [1,1,1,1,1,1,1,1,1])") == "at offset 30: the shape is too large");
  CHECK(reason("tensor(\"a\", [])") == "at offset 13: expected an integer between 1 and 2147483648");
  CHECK(reason("tensor(\"a, [2])") == "at offset 7: a string without its closing quote");
  CHECK(reason("tensor(\"\\q\", [2])") == "at offset 8: unknown escape in a string");
  CHECK(reason("add(fill(1, [2]), fill(1, [3]))") == "at offset 0: operands of shapes [2] and [3]");
  CHECK(reason("scale_rows(fill(1, [2, 3]), fill(1, [3]))") == "at offset 0: rows of [2, 3] scaled by [3]");
  CHECK(reason("scale_columns(fill(1, [4, 3]), fill(1, [4]), groups=1)") == "at offset 0: columns of [4, 3] in 1 groups scaled by [4]");
  CHECK(reason("scale_columns(fill(1, [4, 3]), fill(1, [9]), groups=3)") == "at offset 0: columns of [4, 3] in 3 groups scaled by [9]");
  CHECK(reason("take_taps(fill(1, [4, 3, 2, 5]), first=1x0, window=1x5)") == "read");
  CHECK(reason("take_taps(fill(1, [4, 3, 2, 5]), first=1x1, window=1x5)") == "at offset 0: 1x5 taps of [4, 3, 2, 5] from 1x1");
  CHECK(reason("take_taps(fill(1, [4, 3, 2, 5]), first=2147483648x0, window=2x2147483648)").starts_with("at offset 0: 2x2147483648 taps"));
  CHECK(reason("take_taps(fill(1, [4, 3, 5]), first=1x0, window=1x1)") == "at offset 0: 1x1 taps of [4, 3, 5] from 1x0");
  CHECK(reason("take_taps(fill(1, [4, 3]), first=0x0, window=1x1)") == "at offset 0: 1x1 taps of [4, 3] from 0x0");
  CHECK(reason("to_phases(fill(1, [4, 3, 1, 1]), groups=3, stride=1x1, first=0x0, window=1x1)") ==
        "at offset 0: to_phases of [4, 3, 1, 1]");
  CHECK(reason("to_phases(fill(1, [4, 3, 1, 1]), groups=1, stride=16384x16384, first=0x0, window=1x1)") ==
        "at offset 0: to_phases of [4, 3, 1, 1]");
  CHECK(reason("to_phases(fill(1, [4, 3, 1, 1]), groups=1, stride=2147483648x1, first=2147483648x0, window=2147483648x1)") ==
        "at offset 0: to_phases of [4, 3, 1, 1]");
  CHECK(reason("to_phases(fill(1, [4, 3]), groups=1, stride=1x1, first=0x0, window=1x1)") == "at offset 0: to_phases of [4, 3]");
  for (const char* rows : {"stride=2x2, first=0x0, window=1x1", "stride=1x2, first=1x0, window=1x1", "stride=1x2, first=0x0, window=2x1"}) {
    CHECK(reason(std::string("to_phases(fill(1, [4, 3, 1]), groups=1, ") + rows + ")") == "at offset 0: to_phases of [4, 3, 1]");
  }
  CHECK(reason("to_phases(fill(1, [4, 3, 5]), groups=1, stride=1x2, first=0x1, window=1x3)") == "read");
  CHECK(reason("as_picture(fill(1, [4, 3]))") == "at offset 0: as_picture of [4, 3]");
  CHECK(reason("as_picture(fill(1, [4, 3, 2, 1]))") == "at offset 0: as_picture of [4, 3, 2, 1]");
  CHECK(reason("to_phases(fill(1, [4, 3, 1, 1]), groups=1, stride=1, first=0x0)").ends_with("expected an extent such as 3x3"));
  CHECK(reason("to_phases(tensor(\"w\", [4, 3, 1, 1]), groups=2, stride=2x3, first=1x0, window=2x1)") == "read");
  CHECK(reason("pack_vector(fill(1, [2, 3]))") == "at offset 0: pack_vector of [2, 3]");
  CHECK(reason("pack_conv(fill(1, [4, 1, 1, 1]), groups=3)") == "at offset 0: pack_conv of [4, 1, 1, 1] in 3 groups");
  CHECK(reason("pack_winograd(fill(1, [4, 1, 3, 3]), output=3, stride=1)") ==
        "at offset 0: pack_winograd of [4, 1, 3, 3] with output 3, stride 1");
  CHECK(reason("pack_winograd(fill(1, [4, 1, 1, 3]), output=4, stride=2)") ==
        "at offset 0: pack_winograd of [4, 1, 1, 3] with output 4, stride 2");
  CHECK(reason("pack_blocks(fill(1, [32, 48, 3]), block=16)") == "at offset 0: pack_blocks of [32, 48, 3] in blocks of 16");
  CHECK(reason("pack_blocks(tensor(\"w\", [17, 67108864]), block=64)") == "at offset 0: pack_blocks of [17, 67108864] in blocks of 64");
  CHECK(reason("pack_blocks(fill(1, [32, 48]), block=0)") != "");
  CHECK(reason("pack_strassen(fill(1, [32, 48]))") == "at offset 0: pack_strassen of [32, 48]");
  CHECK(reason("pack_strassen(fill(1, [32, 32]), fill(1, [64, 32]))") == "at offset 0: pack_strassen of [32, 32] beside [64, 32]");
  CHECK(reason("pack_strassen(fill(1, [32, 32]), fill(1, [32, 48]))") == "at offset 0: pack_strassen of [32, 32] beside [32, 48]");
  CHECK(reason("pack_strassen(fill(1, [32, 32, 3, 1]))") == "at offset 0: pack_strassen of [32, 32, 3, 1]");
  CHECK(reason("pack_strassen(tensor(\"w\", [17, 67108864]))") == "at offset 0: pack_strassen of [17, 67108864]");
  CHECK(reason("pack_winograd(tensor(\"w\", [1, 200000000, 3, 3]), output=2, stride=1)").ends_with("with output 2, stride 1"));
  CHECK(reason("pack_conv(fill(1, [4, 4]), groups=2)") == "at offset 0: pack_conv of [4, 4] in 2 groups");
  CHECK(reason("pack_conv(tensor(\"w\", [1, 2147483648, 1, 1]), groups=1)").ends_with("in 1 groups"));
  CHECK(reason("pack_conv(fill(1, [4]), groups=0)") == "at offset 31: expected an integer between 1 and 2147483648");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "rsqrt(";
  CHECK(reason(deep).ends_with("the recipe is nested too deeply or too long"));
  std::string wide = "fill(1, [1])";
  for (int i = 0; i < 13; ++i) wide = "add(" + wide + ", " + wide + ")";
  CHECK(reason(wide).ends_with("the recipe is nested too deeply or too long"));
}

/// \file The reference interpreter against values worked out by hand.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <numeric>

#include "tests/unit/passes/session.h"

using namespace pass_test;

namespace {

/// The single output of a network's text, with weights of the test's own.
Values result(std::string_view form, std::string_view body, const Values& input, const Weights& weights = {}) {
  Session session;
  const graph::Graph graph = session.lowered_graph(fmt::format("network net {{ input x: {} {} output y }}", form, body), "lower-to-graph");
  return interpret(graph, weights, input).at(0);
}

void check_near(const Values& got, const Values& expected) {
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CHECK(got[i] == doctest::Approx(expected[i]).epsilon(1e-14));
  }
}

const double not_a_number = std::nan("");
const double inf = std::numeric_limits<double>::infinity();
const Values three_by_three{1, 2, 3, 4, 5, 6, 7, 8, 9};

Weights weights(std::map<std::string, std::vector<double>> given) {
  Weights w;
  w.given = std::move(given);
  return w;
}

}  // namespace

TEST_CASE("interpreter: convolution is cross-correlation with zeros around the picture") {
  // The kernel picks the left neighbour and twice the one below.
  const Weights w = weights({{"c.weight", {0, 0, 0, 1, 0, 0, 0, 2, 0}}, {"c.bias", {100}}});
  check_near(result("f32[N, 1, 3, 3]", "c: conv(3x3, 1, bias = true)", three_by_three, w), {108, 111, 114, 114, 120, 123, 100, 107, 108});
}

TEST_CASE("interpreter: convolution with a stride, dilation and uneven windows") {
  const Weights ones = weights({{"c.weight", std::vector<double>(9, 1)}});
  check_near(result("f32[N, 1, 3, 3]", "c: conv(3x3, 1, stride = 2)", three_by_three, ones), {12, 16, 24, 28});
  check_near(result("f32[N, 1, 3, 3]", "c: conv(3x3, 1, dilation = 2)", three_by_three, ones),
             {1 + 3 + 7 + 9, 2 + 8, 1 + 3 + 7 + 9, 4 + 6, 5, 4 + 6, 1 + 3 + 7 + 9, 2 + 8, 1 + 3 + 7 + 9});
  const Weights row = weights({{"c.weight", {1, 10, 100}}});
  check_near(result("f32[N, 1, 3, 3]", "c: conv([1, 3], 1, stride = [2, 1], pad = 0)", three_by_three, row), {321, 987});
  // One column on the left, two on the right, a row below.
  check_near(result("f32[N, 1, 3, 3]", "c: conv([1, 3], 1, stride = [3, 1], pad = [0, 1, 1, 2])", three_by_three, row),
             {210, 321, 32, 3, 0, 0, 0, 0});
  check_near(result("f32[N, 1, 3, 3]", "c: conv(3x3, 1, stride = 2, pad = [0, 0, 2, 2])", three_by_three, ones), {45, 18, 24, 9});
}

TEST_CASE("interpreter: lines") {
  const Values line{1, 2, 3, 4, 5};
  const Weights w = weights({{"c.weight", {1, 10, 100}}});
  check_near(result("f32[N, 1, 5]", "c: conv(3, 1)", line, w), {210, 321, 432, 543, 54});
  check_near(result("f32[N, 1, 5]", "c: conv(3, 1, stride = 2, pad = [0, 2], dilation = 2)", line, w), {531, 53});
  check_near(result("f32[N, 1, 5]", "max_pool(3, stride = 2, pad = 1)", line), {2, 4, 5});
  check_near(result("f32[N, 1, 5]", "avg_pool(2)", line), {1.5, 3.5});
  check_near(result("f32[N, 1, 5]", "pad([2, 1], reflect = true)", line), {3, 2, 1, 2, 3, 4, 5, 4});
  check_near(result("f32[N, 1, 5]", "pad([-2, 1])", line), {3, 4, 5, 0});
  check_near(result("f32[N, 1, 5]", "pad(-1)  pad(-1)", line), {3});
  check_near(result("f32[N, 1, 5]", "upsample(2)  slice_channels(0, 1)", line), {1, 1, 2, 2, 3, 3, 4, 4, 5, 5});
  check_near(result("f32[N, 1, 2]", "upsample(2, bilinear = true)", {1, 5}), {1, 2, 4, 5});
  check_near(result("f32[N, 1, 3]", "c: conv_transpose(3, 1, stride = 2, pad = [1, 0], output_pad = 1)", {1, 2, 3}, w),
             {10, 102, 20, 203, 30, 300, 0});
  check_near(result("f32[N, 2, 2]", "pixel_shuffle(2)", {1, 2, 3, 4}), {1, 3, 2, 4});
  check_near(result("f32[N, 1, 4]", "pixel_unshuffle(2)", {1, 3, 2, 4}), {1, 2, 3, 4});
  check_near(result("f32[N, 2, 3]", "transpose", {1, 2, 3, 4, 5, 6}), {1, 4, 2, 5, 3, 6});
  check_near(result("f32[N, 2, 2]", "gate via { global_avg_pool }", {1, 3, 0, 4}), {2, 6, 0, 8});
  check_near(result("f32[N, 2, 2]", "flatten  unflatten(1, 4)  concat spread from in via { global_avg_pool }", {1, 3, 0, 4}),
             {1, 3, 0, 4, 2, 2, 2, 2, 2, 2, 2, 2});
}

TEST_CASE("interpreter: groups see their own channels only") {
  const Weights w = weights({{"c.weight", {1, 10, 100, 1000}}});
  // Four channels in two groups of two, one result each.
  check_near(result("f32[N, 4, 1, 1]", "c: conv(1x1, 2, groups = 2)", {1, 2, 3, 4}, w), {21, 4300});
}

TEST_CASE("interpreter: transposed convolution") {
  const Weights w = weights({{"c.weight", {1, 2, 3, 4, 5, 6, 7, 8, 9}}, {"c.bias", {0.5}}});
  // The values are PyTorch's definition by hand: each element adds the window times itself.
  check_near(result("f32[N, 1, 1, 2]", "c: conv_transpose(3x3, 1)", {1, 10}, w), {1, 12, 23, 30, 4, 45, 56, 60, 7, 78, 89, 90});
  check_near(result("f32[N, 1, 1, 2]", "c: conv_transpose(3x3, 1, stride = 2, pad = 1, output_pad = 1, bias = true)", {1, 10}, w),
             {5.5, 46.5, 50.5, 60.5, 8.5, 79.5, 80.5, 90.5});
  check_near(result("f32[N, 1, 2, 1]", "c: conv_transpose(3x3, 1, stride = [2, 1], pad = [1, 0, 0, 2])", {1, 10}, w), {4, 17, 40, 70});
  // Two groups: channel 0 makes the first two of the result, channel 1 the others.
  const Weights g = weights({{"c.weight", {1, 2, 3, 4}}});
  check_near(result("f32[N, 2, 1, 1]", "c: conv_transpose(1x1, 4, groups = 2)", {1, 10}, g), {1, 2, 30, 40});
}

TEST_CASE("interpreter: a transposed convolution is the transpose of the convolution") {
  // Sums over y of conv(x) * y are those over x of x * conv_transpose(y), with one weight in the same order for both.
  const auto sum_of_products = [](const Values& a, const Values& b) {
    REQUIRE(a.size() == b.size());
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  for (const int64_t kernel : {1, 2, 3, 4}) {
    for (const int64_t stride : {1, 2, 3}) {
      for (const int64_t pad : {0, 1, 2}) {
        for (const int64_t groups : {1, 2, 4}) {
          CAPTURE(kernel);
          CAPTURE(stride);
          CAPTURE(pad);
          CAPTURE(groups);
          constexpr int64_t height = 7, width = 9;
          const auto count = [&](int64_t size) { return (size + 2 * pad - kernel) / stride + 1; };
          const auto more = [&](int64_t size) { return (size + 2 * pad - kernel) % stride; };
          const Values x = generated_input("x", 0, 4 * height * width, ElementType::f32);
          const Values y = generated_input("y", 0, 8 * count(height) * count(width), ElementType::f32);
          const Values forward =
              result(fmt::format("f32[N, 4, {}, {}]", height, width),
                     fmt::format("c: conv({0}x{0}, 8, stride = {1}, pad = {2}, groups = {3})", kernel, stride, pad, groups), x);
          const Values back =
              result(fmt::format("f32[N, 8, {}, {}]", count(height), count(width)),
                     fmt::format("c: conv_transpose({0}x{0}, 4, stride = {1}, pad = {2}, output_pad = [{3}, {4}], groups = {5})", kernel,
                                 stride, pad, more(height), more(width), groups),
                     y);
          CHECK(sum_of_products(forward, y) == doctest::Approx(sum_of_products(x, back)).epsilon(1e-12));
        }
      }
    }
  }
}

TEST_CASE("interpreter: batch norm and affine") {
  const Weights w = weights({{"b.weight", {2, -1}}, {"b.bias", {1, 0}}, {"b.running_mean", {3, 0}}, {"b.running_var", {3.5, 0.5}}});
  check_near(result("f32[N, 2, 1, 2]", "b: batch_norm(eps = 0.5)", {5, 3, 1, -2}, w), {3, 1, -1, 2});
  check_near(result("f32[N, 2, 1, 2]", "b: batch_norm(eps = 0.5, affine = false)", {5, 3, 1, -2}, w), {1, 0, 1, -2});
}

TEST_CASE("interpreter: linear, sigmoid and softmax") {
  const Weights w = weights({{"f.weight", {1, 2, 3, 4, 5, 6}}, {"f.bias", {0.5, -0.5}}});
  check_near(result("f32[N, 3]", "f: linear(2)", {1, 0, -1}, w), {-1.5, -2.5});
  check_near(result("f32[N, 3]", "f: linear(2, bias = false)", {1, 0, -1}, w), {-2, -2});
  check_near(result("f32[N, 3]", "sigmoid", {0, std::log(3), -std::log(3)}), {0.5, 0.75, 0.25});
  check_near(result("f32[N, 3]", "softmax", {0, std::log(2), std::log(5)}), {0.125, 0.25, 0.625});
  check_near(result("f32[N, 2]", "softmax", {1000, 1000}), {0.5, 0.5});
  check_near(result("f32[N, 2]", "softmax", {-1e300, 1e300}), {0, 1});
  // At each pixel; then between channels 0 and 2, and between 1 and 3.
  check_near(result("f32[N, 2, 1, 2]", "softmax", {0, std::log(3), std::log(3), 0}), {0.25, 0.75, 0.75, 0.25});
  check_near(result("f32[N, 4]", "softmax(parts = 2)", {0, 1, std::log(3), 1}), {0.25, 0.5, 0.75, 0.5});
  check_near(result("f32[N, 4, 1, 1]", "softmax(4)", {0, 0, std::log(2), std::log(4)}), {0.125, 0.125, 0.25, 0.5});
}

TEST_CASE("interpreter: pools clip their windows; an average divides by all of the window") {
  check_near(result("f32[N, 1, 3, 3]", "max_pool(3x3, stride = 2, pad = 1)", three_by_three), {5, 6, 8, 9});
  check_near(result("f32[N, 1, 3, 3]", "avg_pool(3x3, stride = 2, pad = 1)", three_by_three), {12 / 9.0, 16 / 9.0, 24 / 9.0, 28 / 9.0});
  check_near(result("f32[N, 1, 3, 3]", "max_pool(3x3, stride = 1, pad = 1)", {-1, -2, -3, -4, -5, -6, -7, -8, -9}),
             {-1, -1, -2, -1, -1, -2, -4, -4, -5});
  check_near(result("f32[N, 1, 3, 3]", "avg_pool(2x2)", three_by_three), {3});
  check_near(result("f32[N, 1, 3, 3]", "max_pool(2x2, stride = 1, pad = same)", three_by_three), {5, 6, 6, 8, 9, 9, 8, 9, 9});
  check_near(result("f32[N, 1, 3, 3]", "max_pool(2x2, pad = [1, 0, 0, 1])", three_by_three), {2, 3, 8, 9});
  check_near(result("f32[N, 1, 3, 3]", "avg_pool(2x2, pad = [1, 0, 0, 1])", three_by_three), {0.75, 0.75, 6, 3.75});
  // Without count_pad, only the picture counts; with ceil, what lies beyond the padding does not.
  check_near(result("f32[N, 1, 3, 3]", "avg_pool(3x3, stride = 2, pad = 1, count_pad = false)", three_by_three), {3, 4, 6, 7});
  check_near(result("f32[N, 1, 3, 3]", "avg_pool(2x2, stride = 1, pad = same, count_pad = false)", three_by_three),
             {3, 4, 4.5, 6, 7, 7.5, 7.5, 8.5, 9});
  check_near(result("f32[N, 1, 3, 3]", "max_pool(2x2, ceil = true)", three_by_three), {5, 6, 8, 9});
  check_near(result("f32[N, 1, 3, 3]", "avg_pool(2x2, ceil = true)", three_by_three), {3, 4.5, 7.5, 9});
  const Values six{1, 2, 3, 4, 5, 6};
  check_near(result("f32[N, 1, 1, 6]", "max_pool(1x4, stride = 3, pad = [0, 1], ceil = true)", six), {3, 6, 6});
  check_near(result("f32[N, 1, 1, 6]", "avg_pool(1x4, stride = 3, pad = [0, 1], ceil = true)", six), {1.5, 4.5, 3});
  check_near(result("f32[N, 1, 1, 6]", "avg_pool(1x4, stride = 3, pad = [0, 1], ceil = true, count_pad = false)", six), {2, 4.5, 6});
  check_near(result("f32[N, 1, 1, 6]", "avg_pool(1x4, stride = 3, pad = [0, 0, 0, 2])", six), {2.5, 15 / 4.0});
  check_near(result("f32[N, 1, 1, 6]", "avg_pool(1x4, stride = 3, pad = [0, 0, 0, 2], count_pad = false)", six), {2.5, 5});
  // Pools pad nothing by default, as in every framework.
  check_near(result("f32[N, 1, 3, 3]", "avg_pool(3x3)  global_avg_pool", Values(9, 1)), {1});
  CHECK(result("f32[N, 1, 15, 15]", "max_pool(3x3, stride = 2)", Values(225, 1)).size() == 49);
  check_near(result("f32[N, 2, 1, 2]", "global_avg_pool", {1, 2, 3, 5}), {1.5, 4});
  check_near(result("f32[N, 2, 1, 2]", "global_max_pool", {-2, -1, 5, 3}), {-1, 5});
}

TEST_CASE("interpreter: pads, pixels as channels, vectors as pictures") {
  check_near(result("f32[N, 1, 1, 3]", "pad([0, 1, 1, 2])", {1, 2, 3}), {0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0});
  check_near(result("f32[N, 1, 1, 3]", "pad([0, 2, 0, 1], reflect = true)", {1, 2, 3}), {3, 2, 1, 2, 3, 2});
  check_near(result("f32[N, 1, 2, 3]", "pad([-1, 0, 0, -2])", {1, 2, 3, 4, 5, 6}), {4});
  check_near(result("f32[N, 1, 2, 3]", "pad([0, -1, -1, 2])", {1, 2, 3, 4, 5, 6}), {2, 3, 0, 0});
  check_near(result("f32[N, 1, 1, 4]", "pad([0, -1, 0, 2], reflect = true)", {1, 2, 3, 4}), {2, 3, 4, 3, 2});
  check_near(result("f32[N, 1, 2, 2]", "pixel_unshuffle(2)", {1, 2, 3, 4}), {1, 2, 3, 4});
  check_near(result("f32[N, 1, 2, 4]", "pixel_unshuffle(2)", {1, 2, 3, 4, 5, 6, 7, 8}), {1, 3, 2, 4, 5, 7, 6, 8});
  check_near(result("f32[N, 2, 1, 4]", "pixel_unshuffle([1, 2]) pixel_shuffle([1, 2])", {1, 2, 3, 4, 5, 6, 7, 8}),
             {1, 2, 3, 4, 5, 6, 7, 8});
  check_near(result("f32[N, 1, 2, 3]", "join_rows  transpose  global_avg_pool", {1, 2, 3, 4, 5, 6}), {1, 2, 3, 4, 5, 6});
  check_near(result("f32[N, 2, 1, 3]", "transpose  global_max_pool", {1, 2, 3, 6, 5, 4}), {6, 5, 4});
  check_near(result("f32[N, 6]", "unflatten(2, [1, 3]) global_max_pool", {1, 2, 3, 6, 5, 4}), {3, 6});
}

TEST_CASE("interpreter: norms that subtract nothing") {
  check_near(result("f32[N, 2]", "layer_norm(eps = 0, affine = false, subtract_mean = false)", {3, 1}), {3, 1});
  check_near(result("f32[N, 2]", "a: rms_norm(eps = 0, affine = false)", {3, -1}), {3 / std::sqrt(5.0), -1 / std::sqrt(5.0)});
  check_near(result("f32[N, 2]", "mean_norm(eps = 1)", {3, 1}), {1, 1 / 3.0});
  check_near(result("f32[N, 2, 1, 2]", "global_l2_pool", {3, 4, 0, -2}), {5, 2});
  check_near(result("f32[N, 2]", "square", {3, -1}), {9, 1});
}

TEST_CASE("interpreter: added channels are zeros, option A takes every second pixel") {
  check_near(result("f32[N, 1, 3, 3]", "max_pool(1x1, stride = 2) pad_channels(2)", three_by_three), {1, 3, 7, 9, 0, 0, 0, 0});
}

TEST_CASE("interpreter: skips add, gates multiply, spread or not") {
  check_near(result("f32[N, 3]", "a: relu skip from in", {-1, 0, 2}), {-1, 0, 4});
  check_near(result("f32[N, 2, 1, 2]", "gate via g { global_avg_pool }", {1, 3, 5, 7}), {2, 6, 30, 42});
  check_near(result("f32[N, 2, 1, 2]", "gate via g { relu }", {-1, 3, 5, -7}), {-0.0, 9, 25, -0.0});
}

TEST_CASE("interpreter: NaN and infinities pass as in PyTorch") {
  Values relu = result("f32[N, 4]", "relu", {not_a_number, inf, -inf, -1});
  CHECK(std::isnan(relu[0]));
  CHECK(relu[1] == inf);
  CHECK(relu[2] == 0);
  for (size_t at : {size_t{0}, size_t{4}, size_t{8}}) {
    Values picture = three_by_three;
    picture[at] = not_a_number;
    CHECK(std::isnan(result("f32[N, 1, 3, 3]", "max_pool(3x3, pad = 0)", picture)[0]));
  }
  CHECK(result("f32[N, 1, 1, 2]", "max_pool([1, 2])", {-inf, -inf})[0] == -inf);
  CHECK(result("f32[N, 1, 1, 2]", "global_max_pool", {-inf, -inf})[0] == -inf);
  for (const Values& two : {Values{not_a_number, 1}, Values{1, not_a_number}}) {
    CHECK(std::isnan(result("f32[N, 1, 1, 2]", "global_max_pool", two)[0]));
  }
}

TEST_CASE("interpreter: packed pixels are normalised") {
  const std::string form = "u8[N, 1, 2, 2] mean = (0.5, 0.25) std = (0.5, 0.125)";
  check_near(result(form, "avg_pool(1x1)", {0, 255, 51, 102}), {-1, 1, -0.4, 1.2});
  check_near(result("u8[N, 1, 2, 2] mean = (0.5, 0.25)", "avg_pool(1x1)", {0, 255, 51, 102}), {-0.5, 0.5, -0.05, 0.15});
  check_near(result("u8[N, 1, 2, 2]", "avg_pool(1x1)", {0, 255, 51, 102}), {0, 1, 0.2, 0.4});
}

TEST_CASE("interpreter: sees every operation, in order, by name") {
  Session session;
  const graph::Graph graph =
      session.lowered_graph("network net { input x: f32[N, 2] a: relu b: sigmoid output first from a output second }", "lower-to-graph");
  std::string seen;
  const std::vector<Values> outputs = interpret(
      graph, GeneratedWeights(), {-1, 1}, [&](const graph::Op& op, const Values& v) { seen += fmt::format("{}:{} ", op.name, v.size()); });
  CHECK(seen == "x:2 a:2 b:2 ");
  REQUIRE(outputs.size() == 2);
  check_near(outputs[0], {0, 1});
  check_near(outputs[1], {0.5, 1 / (1 + std::exp(-1.0))});
}

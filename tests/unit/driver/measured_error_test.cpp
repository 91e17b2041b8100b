/// \file Errors relative to the largest value of all channels and of each channel.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "driver/channel_sizes.h"
#include "driver/measured_error.h"
#include "tests/unit/passes/session.h"

using namespace resnetc;
using driver::ChannelSizes;
using driver::MeasuredError;
using pass_test::Session;

namespace {

constexpr size_t channel_pixels = 16;

/// Two channels of `channel_pixels` values each: the first of `large`, the second of `small`.
Values two_channels(double large, double small, size_t count = channel_pixels) {
  Values values(2 * count, large);
  for (size_t i = 0; i < count; ++i) values[count + i] = small;
  return values;
}

/// The results of a library: the values, with `difference` added to one element.
std::vector<float> computed(const Values& values, size_t element = 0, double difference = 0) {
  std::vector<float> out(values.begin(), values.end());
  out[element] += static_cast<float>(difference);
  return out;
}

graph::Op op(OpKind kind, std::vector<graph::ValueId> operands, int64_t channels) {
  graph::Op made;
  made.kind = kind;
  made.operands = std::move(operands);
  made.type = TensorType::picture(channels, 4, 4);
  return made;
}

}  // namespace

TEST_CASE("an error counts over the largest value, and over that of its channel") {
  const Values values = two_channels(1000, 1);
  MeasuredError small;
  small.add(computed(values, channel_pixels, 0.5), values, {1000, 1});
  CHECK(small.error == doctest::Approx(0.0005));
  CHECK(small.by_channel() == doctest::Approx(0.5));
  CHECK(small.largest == 1000);
  MeasuredError large;
  large.add(computed(values, 0, 0.5), values, {1000, 1});
  CHECK(large.by_channel() == doctest::Approx(0.0005));
  // A channel's largest value is that of the picture where it is largest.
  small.add(computed(values), values, {1000, 10});
  CHECK(small.by_channel() == doctest::Approx(0.05));
}

TEST_CASE("channels of few values count with the others; of several pictures they may be enough") {
  const Values values = two_channels(1000, 1, channel_pixels / 2);
  MeasuredError measured;
  measured.add(computed(values, channel_pixels / 2, 0.5), values, {1000, 1});
  CHECK(measured.error == doctest::Approx(0.0005));
  CHECK(measured.by_channel() == 0);
  measured.add(computed(values), values, {1000, 1});
  CHECK(measured.by_channel() == doctest::Approx(0.5));
}

TEST_CASE("what is no number on one side alone is an infinite error; what is too small for digits is none") {
  const Values values = two_channels(1, 1);
  std::vector<float> wrong = computed(values);
  wrong[3] = std::numeric_limits<float>::quiet_NaN();
  MeasuredError nan;
  nan.add(wrong, values, {1, 1});
  CHECK(std::isinf(nan.error));
  CHECK(std::isinf(nan.by_channel()));
  MeasuredError short_of_one;
  short_of_one.add(std::vector<float>(31), values, {1, 1});
  CHECK(std::isinf(short_of_one.error));
  const Values denormal = two_channels(1e-39, 1e-39);
  MeasuredError flushed;
  flushed.add(std::vector<float>(denormal.size()), denormal, {1e-39, 1e-39});
  CHECK(flushed.error < 1e-8);
  CHECK(flushed.by_channel() < 1e-8);
}

TEST_CASE("what is left of a sum or chosen from values counts as large as these") {
  graph::Graph graph;
  graph.ops = {op(OpKind::input, {}, 2), op(OpKind::conv2d, {0}, 2), op(OpKind::add, {0, 1}, 2), op(OpKind::relu, {2}, 2),
               op(OpKind::conv2d, {3}, 2)};
  ChannelSizes sizes(graph);
  CHECK(sizes.add(graph.ops[0], two_channels(3, -2)) == std::vector<double>{3, 2});
  CHECK(sizes.add(graph.ops[1], two_channels(-3, 7)) == std::vector<double>{3, 7});
  CHECK(sizes.add(graph.ops[2], two_channels(0, 5)) == std::vector<double>{3, 7});
  CHECK(sizes.add(graph.ops[3], two_channels(0, 0)) == std::vector<double>{3, 7});
  CHECK(sizes.add(graph.ops[4], two_channels(std::nan(""), 0.5)) == std::vector<double>{0, 0.5});
  CHECK(sizes.of(3) == std::vector<double>{3, 7});
}

TEST_CASE("a channel is as large as what its clip leaves of it was made from") {
  Session session;
  const graph::Graph graph = session.graph(
      "graph \"net\" {\n  input %x : f32[N, 2, 1, 2]\n  %y = clip(%x) : f32[N, 2, 1, 2]\n    low = fill(0, [2])\n    high = fill(6, [2])\n"
      "  %z = sigmoid(%x) : f32[N, 2, 1, 2]\n  output \"out\" %y\n  output \"other\" %z\n}\n");
  ChannelSizes sizes(graph);
  sizes.add(graph.ops[0], {-9, 0.5, 2, 1});
  CHECK(sizes.add(graph.ops[1], {0, 0.5, 2, 1}) == std::vector<double>{9, 2});
  CHECK(sizes.add(graph.ops[2], {0, 0.5, 2, 1}) == std::vector<double>{0.5, 2});
}

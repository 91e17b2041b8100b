/// \file The topologies of texts: names, indices, block kinds, defaults, files, repeats.
#include "tests/unit/frontend/cases.h"

using namespace resnetc;
using namespace resnetc::topology;

namespace {

Network in_network(const std::string& body, const std::string& blocks = "") {
  return resolved(blocks + "network n(p = 3) { input x: f32[N, 4, 9, 7] " + body + " output y }");
}

std::string names_of(const Network& network) {
  std::string result;
  for (const Value& value : network.values) result += (result.empty() ? "" : " ") + value.name;
  return result;
}

}  // namespace

TEST_CASE("frontend: values are named by their path") {
  CHECK(names_of(in_network("relu relu a: relu relu stage s { relu b: relu } relu")) == "x relu relu2 a relu3 s.0 s.1 relu4");
  CHECK(names_of(in_network("b b c: b", "block b { relu relu skip from in }")) ==
        "x b.relu b.relu2 b.skip b2.relu b2.relu2 b2.skip c.relu c.relu2 c.skip");
  CHECK(names_of(in_network("relu2: relu relu relu")) == "x relu2 relu relu3");
  CHECK(names_of(in_network("repeat 2 { a: relu }")) == "x a a2");
  CHECK(names_of(in_network("skip from in via { relu } gate via g { sigmoid }")) == "x skip.0 skip g.0 gate");
}

TEST_CASE("frontend: in a stage and in a list weights are counted") {
  const Network network = in_network(
      "stage s { conv(1x1, 4) relu let k = 1 if k { repeat 2 { relu conv(1x1, 4) } } else { relu } skip from in via d { conv(1x1, 4) } "
      "gate via { conv(1x1, 4) } label: conv(1x1, 4) b }",
      "block b { c: conv(1x1, 4) }");
  const std::vector<Node>& s = network.body[0].children;
  REQUIRE(s.size() == 10);
  CHECK(s[0].weights == "s.0");
  CHECK(s[3].weights == "s.3");
  CHECK(s[5].weights == "s.5");
  CHECK(s[6].children[0].weights == "s.d.0");
  CHECK(s[7].children[0].weights == "s.6.0");
  CHECK(s[8].weights == "s.7");
  CHECK(s[9].children[0].weights == "s.8.c");
}

TEST_CASE("frontend: the skip edges make the block") {
  const auto kind = [](const std::string& body) { return in_network("b: b", "block b { " + body + " }").body[0].block_kind; };
  CHECK(kind("relu") == BlockKind::plain);
  CHECK(kind("relu skip from in") == BlockKind::identity);
  CHECK(kind("relu skip from in via { relu }") == BlockKind::identity);
  CHECK(kind("relu skip from in via d { conv(1x1, 4) }") == BlockKind::conv);
  CHECK(kind("relu skip from in skip from in via d { conv(1x1, 4) }") == BlockKind::conv);
  CHECK(kind("gate via { relu skip from in }") == BlockKind::plain);
}

TEST_CASE("frontend: skips start where they say") {
  const Network network = in_network("a: relu skip from in relu skip from a via { sigmoid skip from in }");
  const Node& first = network.body[1];
  CHECK(first.from == network.input.value);
  CHECK(first.list_result == first.from);
  CHECK(first.from_name == "in");
  const Node& second = network.body[3];
  CHECK(network.value(second.from).name == "a");
  CHECK(second.children[1].from == second.from);
  CHECK(network.value(second.list_result).name == "skip2.skip");
  CHECK(network.outputs[0].value == second.result);
}

TEST_CASE("frontend: concat edges are named, counted and labelled as skip edges are, and make no kind of block") {
  const Network network = in_network(
      "c: relu concat from in via d { conv(1x1, 4) } stage s { concat spread from in via e { global_avg_pool linear(2) } conv(1x1, 4) "
      "concat from c } b: b",
      "block b { relu concat from in via d { conv(1x1, 2) } skip spread from in via e { global_avg_pool relu } }");
  CHECK(names_of(network) == "x c d.0 concat s.e.0 s.e.1 s.concat s.0 s.concat2 b.relu b.d.0 b.concat b.e.0 b.e.1 b.skip");
  const Node& first = network.body[1];
  CHECK(first.kind == NodeKind::concat);
  CHECK(first.label == "d");
  CHECK(first.from == network.input.value);
  CHECK_FALSE(first.spread);
  CHECK(first.children[0].weights == "d.0");
  const std::vector<Node>& s = network.body[2].children;
  CHECK(s[0].spread);
  CHECK(s[0].children[1].weights == "s.e.1");
  CHECK(s[1].weights == "s.0");
  CHECK(network.value(s[2].from).name == "c");
  CHECK(s[2].list_result == s[2].from);
  const Node& block = network.body[3];
  CHECK(block.block_kind == BlockKind::identity);
  CHECK(block.children[1].children[0].weights == "b.d.0");
  CHECK(block.children[2].spread);
}

TEST_CASE("frontend: labels in quotes stand in names as they are and count up in copies") {
  const Network network = in_network(
      R"(stage "a.s" { relu repeat 3 "x-08": b conv(1x1, 4) } repeat 2 { repeat 2 "n": relu "9": b } gate via "g" { "2": conv(1x1, 4) } )"
      R"(stage t { gate via "g.0" { conv(1x1, 4) } gate via h { conv(1x1, 4) } skip from in via "e" { "a": conv(1x1, 4) conv(1x1, 4) } } )"
      R"(repeat 2 "18446744073709551614": b repeat 2 "99999999999999999999": relu)",
      R"(block b { repeat 2 "c.0": conv(1x1, 4) "e": conv(1x1, 4) })");
  std::string weights;
  const auto collect = [&](const auto& self, const std::vector<Node>& nodes) -> void {
    for (const Node& node : nodes) {
      if (!node.weights.empty()) weights += node.weights + " ";
      self(self, node.children);
    }
  };
  collect(collect, network.body);
  CHECK(weights ==
        "a.s.x-08.c.0 a.s.x-08.c.1 a.s.x-08.e a.s.x-9.c.0 a.s.x-9.c.1 a.s.x-9.e a.s.x-10.c.0 a.s.x-10.c.1 a.s.x-10.e a.s.4 9.c.0 9.c.1 9.e "
        "10.c.0 10.c.1 10.e g.2 t.g.0.0 t.1.0 t.e.a t.e.1 18446744073709551614.c.0 18446744073709551614.c.1 18446744073709551614.e "
        "18446744073709551615.c.0 18446744073709551615.c.1 18446744073709551615.e ");
}

TEST_CASE("frontend: 'from' makes an earlier value the current one, without a value of its own") {
  const Network network =
      in_network("a: relu from in b stage s { tanh from in from a } skip from s via { relu from a } d: sigmoid output z from d from s gelu",
                 "block b { sigmoid from in }");
  CHECK(names_of(network) == "x a b.sigmoid s.0 skip.0 skip d gelu");
  const auto name = [&](ValueId value) { return network.value(value).name; };
  const Node& back = network.body[1];
  CHECK(back.kind == NodeKind::from);
  CHECK(name(back.input) == "a");
  CHECK(name(back.result) == "x");
  CHECK(back.from == back.result);
  CHECK(back.from_name == "in");
  const Node& block = network.body[2];
  CHECK(name(block.result) == "x");
  CHECK(name(block.children[1].result) == "x");
  const Node& stage = network.body[3];
  CHECK(name(stage.input) == "x");
  CHECK(name(stage.children[1].result) == "x");
  CHECK(name(stage.result) == "a");
  const Node& skip = network.body[4];
  CHECK(name(skip.from) == "a");
  CHECK(name(skip.list_result) == "a");
  CHECK(name(skip.input) == "a");
  CHECK(name(network.body[6].result) == "a");
  CHECK(name(network.body[7].input) == "a");
  CHECK(network.outputs.size() == 2);
}

TEST_CASE("frontend: 'spread' is a word after 'skip' and 'concat' alone") {
  const Network network =
      in_network("let spread = 4 spread: conv(1x1, spread) skip from spread spread(spread)", "block spread(spread) { relu skip from in }");
  CHECK(names_of(network) == "x spread skip spread2.relu spread2.skip");
  CHECK_FALSE(network.body[1].spread);
}

TEST_CASE("frontend: arguments and defaults") {
  const Network network = in_network(
      "a: conv([3, 5], 8, dilation = 2) b: conv(4x4, 8, stride = [2, 1], groups = 2, bias = true) max_pool(3x3) avg_pool(3x3, stride = 1, "
      "pad = 1) bn: batch_norm(eps = 1e-3, affine = false) c: conv(7x7, p % 2 + -1 * 2 + 4) global_avg_pool d: linear(5) "
      "e: linear(6, bias = false)");
  const Network uneven = in_network("let t = 1 a: conv(3x3, 8, pad = [0, t, 2 * t, 3]) max_pool(2x2, pad = [0, 1, 0, 1])");
  CHECK(uneven.body[0].attributes.pad == Sides{0, 1, 2, 3});
  CHECK(uneven.body[1].attributes.pad == Sides{0, 1});
  CHECK_FALSE(uneven.body[1].attributes.same_pad);
  const Network pools = in_network("max_pool(2x2, 2, 0, true) avg_pool(2x2, ceil = true, count_pad = false) avg_pool(2x2)");
  CHECK(pools.body[0].attributes.ceil);
  CHECK(pools.body[1].attributes.ceil);
  CHECK_FALSE(pools.body[1].attributes.count_pad);
  CHECK_FALSE(pools.body[2].attributes.ceil);
  CHECK(pools.body[2].attributes.count_pad);
  // `same` is a word only where nothing has that name.
  const Network same = in_network("a: conv(3x3, 8, pad = same) max_pool(2x2, 2, same) let same = 1 same: conv(3x3, 8, pad = same)");
  CHECK(same.body[0].attributes.same_pad);
  CHECK(same.body[0].attributes.pad == Sides());
  CHECK(same.body[1].attributes.same_pad);
  CHECK_FALSE(same.body[2].attributes.same_pad);
  CHECK(same.body[2].attributes.pad == Sides{1, 1});
  const auto& a = network.body[0].attributes;
  CHECK(a.kernel == Extent2{3, 5});
  CHECK(a.pad == Extent2{2, 4});
  CHECK(a.stride == Extent2{1, 1});
  CHECK_FALSE(a.bias);
  const auto& b = network.body[1].attributes;
  CHECK(b.pad == Extent2{1, 1});
  CHECK(b.stride == Extent2{2, 1});
  CHECK(b.groups == 2);
  CHECK(b.bias);
  CHECK(network.body[2].attributes.stride == Extent2{3, 3});
  CHECK(network.body[2].attributes.pad == Extent2{0, 0});
  CHECK(network.body[3].attributes.stride == Extent2{1, 1});
  CHECK(network.body[3].attributes.pad == Extent2{1, 1});
  CHECK(network.body[4].attributes.eps == 1e-3);
  CHECK_FALSE(network.body[4].attributes.affine);
  CHECK(network.body[5].attributes.channels == 3);
  CHECK(network.body[5].attributes.affine);
  CHECK(network.body[7].attributes.bias);
  CHECK_FALSE(network.body[8].attributes.bias);
}

TEST_CASE("frontend: an input of many channels is no larger than its text, and reads back") {
  for (const char* channels : {"5000", "268435456"}) {
    Sources sources;
    Diagnostics diagnostics(sources);
    const std::string text = std::string("network n { input x: u8[N, 1, 1, ") + channels + "] relu output y }";
    const auto network = parse_network("n.rn", text, {}, diagnostics);
    REQUIRE(network);
    CHECK(network->input.buffer.mean.capacity() + network->input.buffer.std.capacity() == 0);
    const std::string printed = topology::print(*network, sources);
    CHECK(printed.size() < 500);
    const auto again = topology::parse(sources.add("n.topology", printed), diagnostics);
    REQUIRE_MESSAGE(again, diagnostics.render());
    CHECK(topology::print(*again, sources) == printed);
  }
}

TEST_CASE("frontend: inputs") {
  const Network pixels = resolved("network n { input x: u8[N, 5, 4, 3] std = (1, 2, 3) relu output y }");
  CHECK(pixels.input.buffer.type.element == ElementType::u8);
  CHECK(pixels.value(0).type == TensorType::picture(3, 5, 4));
  CHECK(pixels.input.buffer.mean.empty());
  CHECK(pixels.input.buffer.std == std::vector<double>{1, 2, 3});
  const Network vectors = resolved("network n(k = 6) { input x: f32[N, 2 * k] relu output y }");
  CHECK(vectors.value(0).type == TensorType::vector(12));
  REQUIRE(vectors.parameters.size() == 1);
  CHECK(vectors.parameters[0].value == 6);
}

TEST_CASE("frontend: --set reaches defaults that depend on it") {
  FrontendOptions options;
  options.parameters = {{"a", 5}};
  const Network network = resolved("network n(a = 1, b = 2 * a) { input x: f32[N, b] relu output y }", options);
  CHECK(network.value(0).type == TensorType::vector(10));
}

TEST_CASE("frontend: every file that is read is told, and -I and installed folders are searched in order") {
  FrontendOptions options;
  options.include_dirs = {(source_dir / "tests" / "language").string()};
  options.installed_dirs = {(source_dir / "networks").string()};
  Sources sources;
  Diagnostics diagnostics(sources);
  std::vector<std::string> files;
  CHECK(parse_network(
      "n.rn",
      "use \"library/again.rn\" use \"blocks/basic.rn\" network n { input x: f32[N, 3, 8, 8] stage s { conv_block(4) unit(2) } "
      "output y }",
      options, diagnostics, &files));
  CHECK(files == std::vector<std::string>{(source_dir / "tests/language/library/again.rn").string(),
                                          (source_dir / "tests/language/library/library.rn").string(),
                                          (source_dir / "networks/blocks/basic.rn").string()});
}

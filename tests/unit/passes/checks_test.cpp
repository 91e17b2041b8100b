/// \file infer-shapes and check-skips: the exact texts of their messages.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/passes/session.h"

using namespace pass_test;

namespace {

std::string network_of(std::string_view body, std::string_view input = "f32[N, 64, 56, 56]") {
  return fmt::format("network net {{\n  input x: {}\n{}  output y\n}}\n", input, body);
}

/// The lines of the messages, without source lines and carets.
std::string messages(Session& session, std::string text) {
  std::string out;
  session.errors(std::move(text));
  for (const Diagnostic& d : session.diagnostics.all()) {
    out += fmt::format("{}:{}: {}\n", d.at.line, d.at.column, d.text);
    for (const Note& n : d.notes) out += fmt::format("  {}:{}: {}\n", n.at.line, n.at.column, n.text);
  }
  return out;
}

}  // namespace

TEST_CASE("infer-shapes gives every value its type") {
  Session session;
  const auto net = std::get<topology::Network>(session.lowered(
      network_of("a: conv(7x7, 8, stride = 2)  max_pool(3x3, stride = 2, pad = 1)  gate via g { global_avg_pool linear(8) sigmoid }\n"
                 "skip from a via d { conv(1x1, 8, stride = 2) }  global_avg_pool  fc: linear(10)\n",
                 "f32[N, 3, 33, 40]"),
      passes::Level::topology, "infer-shapes"));
  std::string types;
  for (const topology::Value& v : net.values) types += fmt::format("{} {}\n", v.name, to_string(*v.type));
  CHECK(types == R"(x f32[N, 3, 33, 40]
a f32[N, 8, 17, 20]
max_pool f32[N, 8, 9, 10]
g.0 f32[N, 8]
g.1 f32[N, 8]
g.2 f32[N, 8]
gate f32[N, 8, 9, 10]
d.0 f32[N, 8, 9, 10]
skip f32[N, 8, 9, 10]
global_avg_pool f32[N, 8]
fc f32[N, 10]
)");
}

TEST_CASE("a layer that cannot take its operand is one error, with where the operand's shape comes from") {
  Session session;
  CHECK(messages(session, network_of("  a: conv(3x3, 20, stride = 2)\n  relu\n  b: conv(3x3, 30, groups = 3)\n  c: conv(3x3, 4)\n")) ==
        R"(5:3: groups = 3 does not divide 20 input channels
  4:3: its input, 'relu', is f32[N, 20, 28, 28]
  3:3: 'a' (conv 3x3, stride 2) makes f32[N, 20, 28, 28] of f32[N, 64, 56, 56]
)");
}

TEST_CASE("a shape's history says what padding is not the default") {
  const auto said = [](std::string_view layer, std::string_view words) {
    Session session;
    return messages(session, network_of(fmt::format("  p: {}\n  skip from x\n", layer))).find(words) != std::string::npos;
  };
  CHECK(said("max_pool(3x3, stride = 2)", "'p' (max_pool 3x3, stride 2) makes"));
  CHECK(said("avg_pool(3x3, stride = 2, pad = 1)", "'p' (avg_pool 3x3, stride 2, pad 1) makes"));
  CHECK(said("conv(3x3, 64, stride = 2)", "'p' (conv 3x3, stride 2) makes"));
  CHECK(said("max_pool(3x3, stride = 2, ceil = true)", "'p' (max_pool 3x3, stride 2, ceil) makes"));
  CHECK(said("conv(3x3, 64, pad = 0)", "'p' (conv 3x3, pad 0) makes"));
  CHECK(said("conv(3x3, 64, pad = [0, 0, 1, 1])", "'p' (conv 3x3, pad 0x0x1x1) makes"));
  CHECK(said("conv(3x3, 64, stride = 2, pad = same)", "'p' (conv 3x3, stride 2, pad same) makes"));
}

TEST_CASE("errors in independent places show in one run, of layers and of edges") {
  Session session;
  std::string text = messages(session, network_of("  a: conv(3x3, 20)\n  skip from in\n  b: conv(3x3, 30, groups = 7)\n"));
  CHECK(text.find("5:3: groups = 7 does not divide 20 input channels\n") != std::string::npos);
  CHECK(text.find("4:3: the two ends of this skip edge differ in channels") != std::string::npos);
  CHECK(session.diagnostics.error_count() == 2);
}

TEST_CASE("a skip edge whose ends differ in everything") {
  Session session;
  CHECK(
      messages(session, network_of("  conv1: conv(3x3, 128, stride = 2)\n  bn1: batch_norm\n  skip from in\n  relu\n")) ==
      R"(5:3: the two ends of this skip edge differ in channels, height and width: 'x' is f32[N, 64, 56, 56], and the current value, 'bn1', is f32[N, 128, 28, 28]
  2:3: the input 'x' is declared as f32[N, 64, 56, 56]
  3:3: 'conv1' (conv 3x3, stride 2) makes f32[N, 128, 28, 28] of f32[N, 64, 56, 56]
  0:0: to fix it, put a convolution on the edge: skip from in via downsample { conv(1x1, 128, stride = 2) batch_norm }
)");
}

TEST_CASE("a skip edge that differs in channels, with the layers that changed them on both ways") {
  Session session;
  CHECK(
      messages(session, network_of("  a: conv(3x3, 32)\n  relu\n  b: conv(3x3, 48)\n  c: batch_norm\n  skip from a\n")) ==
      R"(7:3: the two ends of this skip edge differ in channels: 'a' is f32[N, 32, 56, 56], and the current value, 'c', is f32[N, 48, 56, 56]
  3:3: 'a' (conv 3x3) makes f32[N, 32, 56, 56] of f32[N, 64, 56, 56]
  5:3: 'b' (conv 3x3) makes f32[N, 48, 56, 56] of f32[N, 32, 56, 56]
  0:0: to fix it, put a convolution on the edge: skip from a via downsample { conv(1x1, 48) batch_norm }
)");
}

TEST_CASE("mends: uneven strides, sizes no stride reaches, vectors, ranks") {
  auto mend = [](std::string_view body, std::string_view input) {
    Session session;
    messages(session, network_of(body, input));
    REQUIRE(session.diagnostics.error_count() == 1);
    return session.diagnostics.all().front().notes.back().text;
  };
  CHECK(mend("a: conv(3x3, 8, stride = [2, 1])\nskip from in\n", "f32[N, 8, 9, 9]") ==
        "to fix it, put a convolution on the edge: skip from in via downsample { conv(1x1, 8, stride = [2, 1]) batch_norm }");
  CHECK(mend("a: conv(3x3, 8, pad = 0)\nskip from in\n", "f32[N, 8, 9, 9]") ==
        "to fix it, give the layers between strides and pads that keep 9x9, or take the skip from a later value");
  CHECK(mend("a: conv(3x3, 4, stride = 2) from x skip from a\n", "f32[N, 8, 6, 6]") ==
        "to fix it, make the value on the edge larger: skip from a via larger { conv(1x1, 8) upsample(2) }");
  CHECK(mend("a: max_pool(2x3) from x concat from a\n", "f32[N, 8, 6, 6]") ==
        "to fix it, make the value on the edge larger: concat from a via larger { upsample([2, 3]) }");
  CHECK(mend("a: linear(5)\nskip from in\n", "f32[N, 8]") ==
        "to fix it, put a layer on the edge: skip from in via downsample { linear(5) }");
  CHECK(mend("a: global_avg_pool\nskip from in\n", "f32[N, 8, 9, 9]") == "to fix it, take the skip from a value of the same rank");
}

TEST_CASE("lines have a length, and mends of their own") {
  auto said = [](std::string_view body) {
    Session session;
    messages(session, network_of(body, "f32[N, 8, 9]"));
    REQUIRE(session.diagnostics.error_count() == 1);
    const Diagnostic& error = session.diagnostics.all().front();
    return error.text + "\n" + error.notes.back().text;
  };
  Session session;
  CHECK(
      messages(session, network_of("  a: conv(3, 16, stride = 2, pad = [2, 0])\n  relu\n  skip from in\n", "f32[N, 8, 9]")) ==
      R"(5:3: the two ends of this skip edge differ in channels and length: 'x' is f32[N, 8, 9], and the current value, 'relu', is f32[N, 16, 5]
  2:3: the input 'x' is declared as f32[N, 8, 9]
  3:3: 'a' (conv 3, stride 2, pad [2, 0]) makes f32[N, 16, 5] of f32[N, 8, 9]
  0:0: to fix it, put a convolution on the edge: skip from in via downsample { conv(1, 16, stride = 2) batch_norm }
)");
  CHECK(said("a: conv(3, 8, pad = 0)\nskip from in\n") ==
        "the two ends of this skip edge differ in length: 'x' is f32[N, 8, 9], and the current value, 'a', is f32[N, 8, 7]\n"
        "to fix it, give the layers between strides and pads that keep the length of 9, or take the skip from a later value");
  CHECK(said("a: conv(3, 4, stride = 3) from x skip from a\n") ==
        "the two ends of this skip edge differ in channels and length: 'a' is f32[N, 4, 3], and the current value, 'x', is f32[N, 8, 9]\n"
        "to fix it, make the value on the edge larger: skip from a via larger { conv(1, 8) upsample(3) }");
  CHECK(said("a: global_avg_pool\nconcat from x\n") ==
        "the two ends of this concat edge differ in rank: 'x' is f32[N, 8, 9], and the current value, 'a', is f32[N, 8]\n"
        "to fix it, make a vector of the line on the edge: concat from x via pooled { global_avg_pool }");
  CHECK(said("skip spread from in via v { global_avg_pool linear(5) }\n") ==
        "'skip spread' adds a vector with as many features as channels, or a line of one channel, to a line: 'v.1' is f32[N, 5], and the "
        "current value, 'x', is f32[N, 8, 9]\n"
        "to fix it, let the layers on the edge make 8 features: skip spread from in via fit { linear(8) }");
  CHECK(said("gate via g { conv(3, 8, pad = 0) }\n") ==
        "a gate multiplies the current value, 'x', f32[N, 8, 9], by a value of the same shape, f32[N, 8] or f32[N, 1, 9], not by 'g.0', "
        "f32[N, 8, 7]\nto fix it, end the gate's list with the same length, or with rank 2");
  CHECK(said("pixel_shuffle(3)\n") == "factor = 3 does not divide 8 channels into pixels\nthe input 'x' is declared as f32[N, 8, 9]");
}

TEST_CASE("a mend that check-skips offers is right") {
  Session session;
  CHECK(messages(session, network_of("  conv1: conv(3x3, 128, stride = 2)\n  bn1: batch_norm\n"
                                     "  skip from in via downsample { conv(1x1, 128, stride = 2) batch_norm }\n")) == "");
}

TEST_CASE("a gate of another shape") {
  Session session;
  CHECK(
      messages(session, network_of("  gate via g { global_avg_pool linear(32) sigmoid }\n")) ==
      R"(3:3: a gate multiplies the current value, 'x', f32[N, 64, 56, 56], by a value of the same shape, f32[N, 64] or f32[N, 1, 56, 56], not by 'g.2', f32[N, 32]
  2:3: the input 'x' is declared as f32[N, 64, 56, 56]
  3:32: 'g.1' (linear) makes f32[N, 32] of f32[N, 64]
  0:0: to fix it, let the last linear of the gate's list make 64 channels
)");
}

TEST_CASE("infer-shapes: concat edges have the channels of both ends, 'from' none of its own, and what is spread changes no shape") {
  Session session;
  const auto net = std::get<topology::Network>(session.lowered(
      network_of("a: conv(1x1, 8)  mean: global_avg_pool  from a  concat from in  concat spread from mean via c { linear(5) }\n"
                 "one: conv(1x1, 1)  from a  skip spread from one  skip spread from mean  gate via { slice_channels(2, 1) }\n"
                 "global_avg_pool  concat from mean\n",
                 "f32[N, 3, 9, 7]"),
      passes::Level::topology, "check-skips"));
  std::string types;
  for (const topology::Value& v : net.values) types += fmt::format("{} {}\n", v.name, to_string(*v.type));
  CHECK(types == R"(x f32[N, 3, 9, 7]
a f32[N, 8, 9, 7]
mean f32[N, 8]
concat f32[N, 11, 9, 7]
c.0 f32[N, 5]
concat2 f32[N, 16, 9, 7]
one f32[N, 1, 9, 7]
skip f32[N, 8, 9, 7]
skip2 f32[N, 8, 9, 7]
gate.0 f32[N, 1, 9, 7]
gate f32[N, 8, 9, 7]
global_avg_pool f32[N, 8]
concat3 f32[N, 16]
)");
}

TEST_CASE("a concat edge whose ends differ in height and width") {
  Session session;
  CHECK(
      messages(session, network_of("  conv1: conv(3x3, 128, stride = 2)\n  bn1: batch_norm\n  concat from in\n  relu\n")) ==
      R"(5:3: the two ends of this concat edge differ in height and width: 'x' is f32[N, 64, 56, 56], and the current value, 'bn1', is f32[N, 128, 28, 28]
  2:3: the input 'x' is declared as f32[N, 64, 56, 56]
  3:3: 'conv1' (conv 3x3, stride 2) makes f32[N, 128, 28, 28] of f32[N, 64, 56, 56]
  0:0: to fix it, put a convolution on the edge: concat from in via downsample { conv(1x1, 64, stride = 2) batch_norm }
)");
}

TEST_CASE("a shape's history goes through concat edges, and past 'from'") {
  Session session;
  CHECK(
      messages(session, network_of("  a: conv(3x3, 32)\n  concat from in\n  relu\n  b: conv(3x3, 8)\n  from x\n  c: relu\n  concat from b\n"
                                   "  skip from a\n")) ==
      R"(10:3: the two ends of this skip edge differ in channels: 'a' is f32[N, 32, 56, 56], and the current value, 'concat2', is f32[N, 72, 56, 56]
  3:3: 'a' (conv 3x3) makes f32[N, 32, 56, 56] of f32[N, 64, 56, 56]
  9:3: 'concat2' (concat from b) makes f32[N, 72, 56, 56] of f32[N, 64, 56, 56] and f32[N, 8, 56, 56]
  0:0: to fix it, put a convolution on the edge: skip from a via downsample { conv(1x1, 72) batch_norm }
)");
}

TEST_CASE("mends that spread, or that leave it") {
  auto said = [](std::string_view body, std::string_view input) {
    Session session;
    messages(session, network_of(body, input));
    REQUIRE(session.diagnostics.error_count() == 1);
    const Diagnostic& error = session.diagnostics.all().front();
    return error.text + (error.notes.empty() ? "" : "\n" + error.notes.back().text);
  };
  const std::string_view picture = "f32[N, 8, 9, 7]", vector = "f32[N, 8]";
  CHECK(said("a: global_avg_pool\nfrom x\nskip from a\n", picture) ==
        "the two ends of this skip edge differ in rank: 'a' is f32[N, 8], and the current value, 'x', is f32[N, 8, 9, 7]\n"
        "to fix it, write 'skip spread from a', which adds the vector at every pixel");
  CHECK(said("skip from in via v { global_avg_pool linear(8) }\n", picture) ==
        "the two ends of this skip edge differ in rank: 'v.1' is f32[N, 8], and the current value, 'x', is f32[N, 8, 9, 7]\n"
        "to fix it, write 'skip spread from in via ...', which adds the vector at every pixel");
  CHECK(said("a: conv(1x1, 1)\nfrom x\nskip from a\n", picture) ==
        "the two ends of this skip edge differ in channels: 'a' is f32[N, 1, 9, 7], and the current value, 'x', is f32[N, 8, 9, 7]\n"
        "to fix it, put a convolution on the edge: skip from a via downsample { conv(1x1, 8) batch_norm }; or write 'skip spread from a', "
        "which adds its one channel to every channel");
  CHECK(said("a: global_avg_pool\nfrom x\nconcat from a\n", picture) ==
        "the two ends of this concat edge differ in rank: 'a' is f32[N, 8], and the current value, 'x', is f32[N, 8, 9, 7]\n"
        "to fix it, write 'concat spread from a', which appends the vector at every pixel");
  CHECK(said("a: global_avg_pool\nconcat from x\n", picture) ==
        "the two ends of this concat edge differ in rank: 'x' is f32[N, 8, 9, 7], and the current value, 'a', is f32[N, 8]\n"
        "to fix it, make a vector of the picture on the edge: concat from x via pooled { global_avg_pool }");
  CHECK(said("a: relu\nskip spread from in\n", picture) ==
        "there is nothing to spread on this skip edge: 'x' is f32[N, 8, 9, 7], and the current value, 'a', is f32[N, 8, 9, 7]; leave "
        "'spread' out");
  CHECK(said("a: linear(3)\nconcat spread from in\n", vector) ==
        "there is nothing to spread on this concat edge: 'x' is f32[N, 8], and the current value, 'a', is f32[N, 3]; leave 'spread' out");
  CHECK(said("concat spread from in via c { conv(1x1, 1) }\n", picture) ==
        "there is nothing to spread on this concat edge: 'c.0' is f32[N, 1, 9, 7], and the current value, 'x', is f32[N, 8, 9, 7]; leave "
        "'spread' out");
  const std::string adds = "'skip spread' adds a vector with as many features as channels, or a picture of one channel, to a picture: ";
  CHECK(said("skip spread from in via v { global_avg_pool linear(5) }\n", picture) ==
        adds +
            "'v.1' is f32[N, 5], and the current value, 'x', is f32[N, 8, 9, 7]\n"
            "to fix it, let the layers on the edge make 8 features: skip spread from in via fit { linear(8) }");
  CHECK(said("a: linear(5)\nskip spread from in\n", vector) ==
        adds +
            "'x' is f32[N, 8], and the current value, 'a', is f32[N, 5]\n"
            "to fix it, put a layer on the edge: skip from in via downsample { linear(5) }");
  CHECK(said("a: conv(1x1, 4, stride = 2)\nskip spread from in\n", picture) ==
        adds +
            "'x' is f32[N, 8, 9, 7], and the current value, 'a', is f32[N, 4, 5, 4]\n"
            "to fix it, put a convolution on the edge: skip from in via downsample { conv(1x1, 4, stride = 2) batch_norm }");
  CHECK(said("a: conv(1x1, 4, stride = 2)\nconcat spread from in\n", picture) ==
        "'concat spread' appends a vector to a picture: 'x' is f32[N, 8, 9, 7], and the current value, 'a', is f32[N, 4, 5, 4]\n"
        "to fix it, put a convolution on the edge: concat from in via downsample { conv(1x1, 8, stride = 2) batch_norm }");
  CHECK(said("relu\nconcat from in\n", "f32[N, 16000, 100, 100]") ==
        "the result f32[N, 32000, 100, 100] is too large: the limit is 268435456 elements, counting channels in vectors of 16 twice that\n"
        "the input 'x' is declared as f32[N, 16000, 100, 100]");
  CHECK(said("gate via g { conv(1x1, 2) }\n", picture) ==
        "a gate multiplies the current value, 'x', f32[N, 8, 9, 7], by a value of the same shape, f32[N, 8] or f32[N, 1, 9, 7], not by "
        "'g.0', "
        "f32[N, 2, 9, 7]\nto fix it, let the last conv of the gate's list make 8 channels, or one");
  CHECK(said("gate via g { linear(2) }\n", vector) ==
        "a gate multiplies the current value, 'x', f32[N, 8], by a value of the same shape, not by 'g.0', f32[N, 2]\n"
        "to fix it, let the last linear of the gate's list make 8 channels");
}

TEST_CASE("copies of one mistake are one error; uses of a block are told apart") {
  Session session;
  const std::string text = "block wrong(width) {\n  a: conv(3x3, width, stride = 2)\n  skip from in\n}\n" +
                           network_of("  stage s { repeat 3 wrong(64) }\n  stage t { wrong(64) }\n");
  std::string out = messages(session, text);
  CHECK(session.diagnostics.error_count() == 2);
  CHECK(out.find("in 's.0', which uses the block 'wrong' here") != std::string::npos);
  CHECK(out.find("in 's.1'") == std::string::npos);
  CHECK(out.find("in 't.0', which uses the block 'wrong' here") != std::string::npos);
}

TEST_CASE("passes that need types say that the ends of a concat edge do not fit") {
  Session session;
  auto network =
      topology::parse(session.sources.add("net.topology",
                                          "topology \"net\" {\n  input %x as \"x\" : f32[N, 8, 4, 4]\n  %a = global_avg_pool(%x) : "
                                          "f32[N, 8]\n  %c = concat(%a, %x) as \"in\" : ?\n  output \"y\" %c\n}\n"),
                      session.diagnostics);
  REQUIRE_MESSAGE(network.has_value(), session.diagnostics.render());
  passes::AnyIr ir = std::move(*network);
  CHECK_FALSE(session.run("lower-to-graph", ir));
  CHECK(session.diagnostics.all().front().text.starts_with("the two ends of this concat edge differ in rank: "));
}

TEST_CASE("passes that need types say so where IR text has none") {
  const std::string text = "topology \"net\" {\n  input %x as \"x\" : f32[N, 8]\n  %a = relu(%x) : ?\n  output \"y\" %a\n}\n";
  for (const char* pass : {"elide-identities", "lower-to-graph"}) {
    Session session;
    auto network = topology::parse(session.sources.add("net.topology", text), session.diagnostics);
    REQUIRE_MESSAGE(network.has_value(), session.diagnostics.render());
    passes::AnyIr ir = std::move(*network);
    CHECK_FALSE(session.run(pass, ir));
    CHECK(session.diagnostics.all().front().text == "'a' has no type yet: run infer-shapes first");
  }
}

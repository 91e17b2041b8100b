/// \file Concatenations and slices: which tensors become parts of others, and what must be copied.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <map>
#include <string>

#include "ir/program.h"
#include "tests/unit/passes/session.h"

namespace {

using namespace resnetc;
using namespace pass_test;

/// A 1x1 convolution in a graph's text, over pictures of 6x7 pixels.
std::string conv(std::string_view name, std::string_view from, int in, int out) {
  return fmt::format("  %{0} = conv2d(%{1}) channels={3} : f32[N, {3}, 6, 7]\n    weight = tensor(\"{0}.weight\", [{3}, {2}, 1, 1])\n",
                     name, from, in, out);
}

std::string concat(std::string_view name, std::string_view a, std::string_view b, int channels) {
  return fmt::format("  %{} = concat(%{}, %{}) : f32[N, {}, 6, 7]\n", name, a, b, channels);
}

/// The planned program of a graph that starts with %image, of 3 channels.
program::Program planned(const std::string& ops, std::string_view output, std::string_view target) {
  Session session;
  session.context.target = find_target(target);
  passes::AnyIr ir =
      session.graph(fmt::format("graph \"g\" {{\n  input %image : f32[N, 3, 6, 7]\n{}  output \"y\" %{}\n}}\n", ops, output));
  REQUIRE_MESSAGE(session.run("select-kernels", ir), session.diagnostics.render());
  REQUIRE_MESSAGE(session.run("plan-memory", ir), session.diagnostics.render());
  return std::get<program::Program>(std::move(ir));
}

/// Where each part lies, as "whole from channel", and the kernels that copy.
struct Found {
  std::map<std::string, std::string> parts;
  std::string copies;
};

Found found_in(const program::Program& program) {
  Found found;
  for (const program::Tensor& tensor : program.tensors) {
    if (tensor.is_part()) found.parts[tensor.name] = fmt::format("{} from {}", program.tensor(tensor.part_of).name, tensor.first_channel);
  }
  for (const program::Kernel& kernel : program.kernels) {
    if (kernel.kind == program::KernelKind::copy) found.copies += kernel.name + " ";
  }
  return found;
}

}  // namespace

TEST_CASE("operands of concatenations are written where they belong, also in one inside another") {
  const std::string ops = conv("a", "image", 3, 32) + conv("b", "a", 32, 16) + concat("ab", "a", "b", 48) + conv("c", "ab", 48, 16) +
                          concat("abc", "ab", "c", 64) + conv("d", "abc", 64, 8);
  for (std::string_view target : {"avx512", "sse41", "cuda"}) {
    CAPTURE(std::string(target));
    const program::Program program = planned(ops, "d", target);
    const Found found = found_in(program);
    CHECK(found.copies.empty());
    const std::map<std::string, std::string> wanted{{"a", "abc from 0"}, {"b", "abc from 32"}, {"ab", "abc from 0"}, {"c", "abc from 48"}};
    CHECK(found.parts == wanted);
  }
}

TEST_CASE("an operand is copied where its vectors would not fit, and where it lies elsewhere already") {
  // 18 channels do not end with a vector, so what follows is copied, in order.
  const std::string odd = conv("a", "image", 3, 18) + conv("b", "a", 18, 20) + concat("ab", "a", "b", 38) + conv("c", "ab", 38, 26) +
                          concat("abc", "ab", "c", 64) + conv("d", "c", 26, 16) + concat("all", "abc", "d", 80);
  const program::Program program = planned(odd, "all", "avx2");
  Found found = found_in(program);
  CHECK(found.copies == "ab abc all ");
  CHECK(found.parts["a"] == "all from 0");
  CHECK(found.parts["ab.second"] == "all from 18");
  CHECK(found.parts["abc.second"] == "all from 38");
  CHECK(found.parts["all.second"] == "all from 64");

  const std::string twice = conv("a", "image", 3, 16) + concat("aa", "a", "a", 32) + conv("b", "aa", 32, 16) + concat("ab", "a", "b", 32) +
                            concat("y", "aa", "ab", 64);
  found = found_in(planned(twice, "y", "avx2"));
  CHECK(found.parts["a"] == "y from 32");
  CHECK(found.copies == "aa.first aa ");
}

TEST_CASE("a slice is read where it lies, and its last vector stays in its pixel") {
  const std::string ops = conv("a", "image", 3, 32) + "  %s = slice_channels(%a) channels=17 first=15 : f32[N, 17, 6, 7]\n" +
                          "  %t = slice_channels(%s) channels=4 first=1 : f32[N, 4, 6, 7]\n" + conv("b", "t", 4, 16) +
                          concat("y", "b", "s", 33);
  const program::Program program = planned(ops, "y", "avx2");
  Found found = found_in(program);
  CHECK(found.parts["s"] == "a from 15");
  CHECK(found.parts["t"] == "a from 16");
  CHECK(found.copies == "y ");
  for (const program::Tensor& tensor : program.tensors) {
    if (tensor.name == "a") CHECK(tensor.channel_stride == 48);
  }
}

TEST_CASE("the verifier finds each fault of a part") {
  const program::Program good =
      planned(conv("a", "image", 3, 16) + conv("b", "a", 16, 18) + concat("ab", "a", "b", 34) + conv("y", "ab", 34, 8), "y", "avx2");
  const auto fault = [&](std::string_view tensor, void (*change)(program::Program&, program::Tensor&)) {
    program::Program program = good;
    for (program::Tensor& one : program.tensors) {
      if (one.name == tensor) change(program, one);
    }
    const std::optional<Finding> found = program::verify(program);
    return found ? found->what : std::string();
  };
  using program::Program;
  using program::Tensor;
  CHECK(fault("a", [](Program&, Tensor&) {}).empty());
  CHECK(fault("a", [](Program&, Tensor& t) { t.part_of = 9; }) == "tensor 'a' is a part of a tensor that does not stand before it");
  CHECK(fault("b", [](Program&, Tensor& t) { t.part_of -= 1; }) ==
        "tensor 'b' differs from 'image', which it is a part of, in more than the channels");
  CHECK(fault("b", [](Program&, Tensor& t) { t.part_of += 1; }) == "tensor 'b' is a part of 'a', which is a part itself");
  CHECK(fault("b", [](Program&, Tensor& t) { t.offset += 64; }) ==
        "tensor 'b' differs from 'ab', which it is a part of, in more than the channels");
  CHECK(fault("b", [](Program&, Tensor& t) { t.first_channel = 17; }) == "tensor 'b' has channels that 'ab' does not have");
  CHECK(fault("b", [](Program&, Tensor& t) { t.first_channel = 15; }) ==
        "kernel 'b': tensor 'b' is written over a part that was written before");
  CHECK(fault("a", [](Program&, Tensor& t) { t.first_channel = 1; }) ==
        "kernel 'b': tensor 'b' is written over a part that was written before");
  CHECK(fault("b", [](Program& p, Tensor& t) { p.tensor(t.part_of).first_channel = 1; }) ==
        "tensor 'ab' has a first channel and is part of no tensor");
  CHECK(fault("b", [](Program& p, Tensor& t) {
          for (Tensor& one : p.tensors) one.channel_stride = one.name == "image" ? one.channel_stride : 48;
          p.tensor(t.part_of).type.channels = 40;
          t.first_channel = 22;
        }) == "tensor 'b' ends with a vector that reaches into the next pixel: stride=48 is too short");
  // Nothing writes the channels of b.
  CHECK(fault("b", [](Program& p, Tensor&) { p.kernels.erase(p.kernels.begin() + 2); }) ==
        "kernel 'y': it reads tensor 'ab', which nothing has written");
}

TEST_CASE("an output does not take the place of a tensor of which a part is read") {
  const std::string ops = conv("a", "image", 3, 32) + "  %s = slice_channels(%a) channels=16 : f32[N, 16, 6, 7]\n" +
                          "  %y = conv2d(%s) channels=32 then add(%a) : f32[N, 32, 6, 7]\n    weight = tensor(\"w\", [32, 16, 1, 1])\n";
  const program::Program program = planned(ops, "y", "avx2");
  std::map<std::string, int64_t> offsets;
  for (const program::Tensor& tensor : program.tensors) offsets[tensor.name] = tensor.offset;
  CHECK(offsets["a"] != offsets["y"]);
}

/// \file Element types: their names and sizes, in types and in texts, and the types that no kernel computes with.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "ir/forms/text_forms.h"
#include "tests/unit/ir/samples.h"

using namespace resnetc;
using namespace ir_test;

TEST_CASE("every element has a name and a size, and types with it are written and read") {
  for (const ElementInfo& element : element_types::table) {
    CHECK(element_named(element.name) == element.kind);
    CHECK(bytes_of(element.kind, 3) == 3 * element.bytes);
    CHECK(elements_in(bytes_of(element.kind, 7), element.kind) == 7);
    for (TensorType type : {TensorType::picture(3, 8, 9), TensorType::vector(5)}) {
      type.element = element.kind;
      const std::string written = to_string(type);
      CHECK(written.starts_with(fmt::format("{}[N, ", element.name)));
      text::Cursor cursor(written);
      CHECK(text::read_type(cursor) == type);
      CHECK((cursor.at_end() && !cursor.failed()));
      CHECK(type.bytes() == type.elements() * element.bytes);
      CHECK((type == TensorType::picture(3, 8, 9) || type == TensorType::vector(5)) == (element.kind == ElementType::f32));
    }
  }
  CHECK(!element_named("f64"));
  text::Cursor cursor("f64[N, 3]");
  text::read_type(cursor);
  CHECK(cursor.why() == "expected a type, as in f32[N, 64, 56, 56]");
}

TEST_CASE("a larger element leaves room for fewer of them") {
  TensorType type = TensorType::picture(1, 1 << 14, 1 << 11);
  CHECK(!fits(type));  // in vectors of 16 channels
  type.element = ElementType::u8;
  CHECK(fits(type));
}

TEST_CASE("what no kernel computes with is refused in the operation's name") {
  TensorType in = TensorType::picture(16, 8, 8);
  in.element = ElementType::i8;
  for (const OpInfo& op : all_ops()) {
    if (op.operands == 0) continue;
    const std::vector<TensorType> operands(static_cast<size_t>(op.operands), in);
    const Result<TensorType> result = infer_type(op.kind, {}, operands);
    REQUIRE(!result);
    CHECK(result.failure().text == fmt::format("there is no kernel for {} of i8[N, 16, 8, 8]", op.layer.empty() ? op.name : op.layer));
  }
  const auto fault = [](std::string_view from, std::string_view to) {
    return first_error(program::parse, replaced(program_text, from, to));
  };
  CHECK(fault("%sum : f32", "%sum : f16") == "this IR is not valid: tensor 'sum': there is no kernel for f16[N, 16, 8, 8]");
  CHECK(fault("\"logits\" : f32", "\"logits\" : i32") == "this IR is not valid: output 'logits': there is no kernel for i32[N, 10]");
  CHECK(fault("@1 : f32", "@1 : f16") == "this IR is not valid: constant @1 is f16 where its recipe makes f32");
}

TEST_CASE("elements are the nearest that their type has, ties to even") {
  const auto bits = [](ElementType type, double value) {
    std::string bytes;
    append_element(type, value, bytes);
    REQUIRE(bytes.size() == static_cast<size_t>(bytes_of(type)));
    uint32_t read = 0;
    std::memcpy(&read, bytes.data(), bytes.size());
    return read;
  };
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(nearest(ElementType::bf16, 1 + 1.0 / 256) == 1);              // a tie
  CHECK(nearest(ElementType::bf16, 1 + 3.0 / 256) == 1 + 4.0 / 256);  // a tie
  CHECK(nearest(ElementType::bf16, -1.005) == -(1 + 1.0 / 128));
  CHECK(nearest(ElementType::bf16, 3.4e38) == inf);
  CHECK(std::isnan(nearest(ElementType::bf16, std::nan(""))));
  CHECK(nearest(ElementType::f16, 1 + 1.0 / 2048) == 1);
  CHECK(nearest(ElementType::f16, 65504) == 65504);
  CHECK(nearest(ElementType::f16, 65520) == inf);
  CHECK(nearest(ElementType::f16, 6e-8) == 0x1p-24);
  CHECK(nearest(ElementType::f32, 0.1) == static_cast<double>(0.1f));
  CHECK(bits(ElementType::bf16, -1) == 0xbf80);
  CHECK(bits(ElementType::f16, 1.5) == 0x3e00);
  CHECK(bits(ElementType::f32, 1.5) == 0x3fc00000);
  CHECK(bits(ElementType::u8, 200) == 200);
  CHECK(bits(ElementType::i8, -3) == 0xfd);
  CHECK(bits(ElementType::i32, -3) == 0xfffffffd);
  CHECK(nearest(ElementType::u8, 2.5) == 2);
  CHECK(nearest(ElementType::u8, -7) == 0);
  CHECK(nearest(ElementType::i8, 1e300) == 127);
  CHECK(nearest(ElementType::i32, -inf) == -2147483648.0);
  CHECK(nearest(ElementType::i32, std::nan("")) == 0);
}

TEST_CASE("an element is read as it was appended") {
  for (const ElementInfo& element : element_types::table) {
    for (const double value : {0.0, 1.0, 2.7, 100.0, -3.25, 1e5}) {
      std::string bytes = "x";
      append_element(element.kind, value, bytes);
      CHECK(read_element(element.kind, bytes.data() + 1) == nearest(element.kind, value));
    }
  }
}

TEST_CASE("the bytes of tensors and constants follow from their elements") {
  program::Tensor tensor;
  tensor.type = TensorType::picture(3, 5, 7);
  tensor.channel_stride = 16;
  tensor.halo = {1, 2};
  program::Constant constant{fill(0, {48}), 0};
  for (const ElementInfo& element : element_types::table) {
    tensor.type.element = constant.element = element.kind;
    CHECK(tensor.pixel_bytes() == 16 * element.bytes);
    CHECK(tensor.row_bytes() == 11 * 16 * element.bytes);
    CHECK(tensor.picture_bytes() == (7 * 11 * 16 * element.bytes + 63) / 64 * 64);
    CHECK(tensor.picture_elements() * element.bytes == tensor.picture_bytes());
    CHECK(constant.bytes() == 48 * element.bytes);
  }
}

TEST_CASE("an input's format in one word, as older texts have it, is read") {
  const auto text_of = [](auto parse, auto print_as, std::string_view text) {
    Sources sources;
    Diagnostics diagnostics(sources);
    const auto ir = parse(sources.add("t.ir", std::string(text)), diagnostics);
    return ir ? print_as(*ir, sources) : diagnostics.render();
  };
  const auto graph_text_of = [&](std::string_view text) {
    return text_of(graph::parse, [](const graph::Graph& g, const Sources& s) { return print(g, s); }, text);
  };
  const auto graph = [](std::string_view input) { return fmt::format("graph \"n\" {{\n  input %x : {}\n  output \"y\" %x\n}}\n", input); };
  CHECK(graph_text_of(graph("f32[N, 3, 8, 8] planar_f32")) == graph("f32[N, 3, 8, 8]"));
  CHECK(graph_text_of(graph("f32[N, 3] vector_f32")) == graph("f32[N, 3]"));
  CHECK(graph_text_of(graph("f32[N, 3, 8, 8] packed_u8 std (1, 2, 3)")) == graph("u8[N, 3, 8, 8] channels_last std (1, 2, 3)"));
  const auto json = [&](std::string_view input) {
    return text_of(
        graph::parse_json, [](const graph::Graph& g, const Sources& s) { return print(g, s); },
        fmt::format(R"({{"level": "graph", "name": "n", "input": {{"name": "x", {}}}, "ops": [],
                     "outputs": [{{"name": "y", "value": "x"}}]}})",
                    input));
  };
  CHECK(json(R"("type": "f32[N, 3, 8, 8]", "format": "planar_f32")") == graph("f32[N, 3, 8, 8]"));
  CHECK(json(R"("type": "f32[N, 3]", "format": "vector_f32")") == graph("f32[N, 3]"));
  CHECK(json(R"("type": "f32[N, 3, 8, 8]", "format": "packed_u8", "mean": [1, 2, 3])") ==
        graph("u8[N, 3, 8, 8] channels_last mean (1, 2, 3)"));
  CHECK(json(R"("type": "u8[N, 3, 8, 8]", "order": "channels_last")") == graph("u8[N, 3, 8, 8] channels_last"));
  CHECK(json(R"("type": "f32[N, 3]", "format": "planar_f32")").find("unknown input format 'planar_f32'") != std::string::npos);
}

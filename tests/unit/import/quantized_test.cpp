/// \file Quantized models: their integers are those of ONNX Runtime. tests/quantized/make_models.py made the models and the integers.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "codegen/weights/safetensors.h"
#include "ir/ranges.h"
#include "tests/unit/import/imports.h"
#include "tests/unit/passes/session.h"

using namespace resnetc;

namespace {

std::string quantized_path(std::string_view name, std::string_view ending) {
  return fmt::format(RESNETC_SOURCE_DIR "/tests/quantized/{}.{}", name, ending);
}

/// A quantized model, imported, with what ONNX Runtime computed.
struct QuantizedModel {
  pass_test::Session session;
  importer::Imported imported;
  std::unique_ptr<codegen::Safetensors> weights, seen;
  Ranges ranges;

  explicit QuantizedModel(std::string_view name) {
    auto result = importer::import_onnx(quantized_path(name, "onnx"), {});
    REQUIRE_MESSAGE(result, (result ? "" : result.failure().text));
    imported = std::move(*result);
    weights = codegen::Safetensors::from_bytes("weights", imported.weights, session.diagnostics);
    seen = codegen::Safetensors::open(quantized_path(name, "safetensors"), session.diagnostics);
    auto parsed = parse_ranges(session.sources.add("ranges", imported.ranges), session.diagnostics);
    REQUIRE_MESSAGE((weights && seen && parsed), session.diagnostics.render());
    ranges = std::move(*parsed);
    session.context.ranges = &ranges;
  }

  graph::Graph graph(std::vector<std::string> disabled) {
    session.context.disabled = std::move(disabled);
    return std::get<graph::Graph>(session.lowered(imported.text, passes::Level::graph));
  }

  /// A tensor that ONNX Runtime computed; empty if the model has none with this name.
  Values tensor(const std::string& name) const {
    const auto found = seen->entries().find(name);
    return found == seen->entries().end() ? Values() : seen->read(name, found->second.shape);
  }
  /// The same of a value that the ranges name.
  Values integers_of(const std::string& value) const {
    const ValueRange* range = ranges.find(value);
    constexpr std::string_view before = "the model's ";
    return range == nullptr ? Values() : tensor(range->reason.substr(std::min(before.size(), range->reason.size())));
  }
};

struct Differences {
  size_t values = 0, elements = 0, unequal = 0;
  double most = 0;  ///< in steps
  std::string where;
};

/// The value that an operation rounds; the input has its name in floats.
std::string value_of(const graph::Graph& graph, const graph::Op& op) {
  return op.name == graph.ops[0].name + ".rounded" ? graph.ops[0].name : op.name;
}

/// Compares all that is rounded, each value computed from what ONNX Runtime has.
Differences compared(QuantizedModel& model, const graph::Graph& graph) {
  Differences found;
  interpret(graph, *model.weights, model.tensor("image"), [&](const graph::Op& op, Values& values) {
    const ValueRange* range = model.ranges.find(value_of(graph, op));
    const Values wanted = range == nullptr || op.kind == OpKind::input ? Values() : model.integers_of(range->name);
    if (wanted.empty()) return;
    CAPTURE(op.name);
    REQUIRE(wanted.size() == values.size());
    found.values += 1;
    found.elements += values.size();
    size_t unequal = 0;
    // A value that no convolution reads has the numbers that the integers mean.
    const double scale = op.type.is_quantized() ? 1 : static_cast<double>(range->fixed->scale);
    const double zero = op.type.is_quantized() ? 0 : range->fixed->zero;
    for (size_t i = 0; i < values.size(); ++i) {
      const double difference = std::abs(values[i] / scale + zero - wanted[i]);
      unequal += difference < 1e-3 ? 0 : 1;
      found.most = std::max(found.most, difference);
      values[i] = (wanted[i] - zero) * scale;
    }
    found.unequal += unequal;
    if (unequal != 0) found.where += fmt::format("{}: {} of {}; ", op.name, unequal, values.size());
  });
  return found;
}

}  // namespace

TEST_CASE("quantized models: each integer is ONNX Runtime's") {
  struct Case {
    std::string_view name;
    size_t values, fused;  ///< that are compared, without and with the passes that fuse
    size_t unequal;        ///< at most; by one step
  };
  // ONNX Runtime averages numbers: where four integers have a mean between two, its rounding errors decide. In mobile_qlinear, a value is
  // read rounded and not, which the import tells.
  const Case cases[] = {{"residual_qdq", 11, 9, 0},    {"residual_qlinear", 11, 9, 0},  {"residual_skips", 9, 8, 0},
                        {"residual_signed", 11, 9, 0}, {"residual_unsigned", 11, 9, 0}, {"mobile_qdq", 19, 13, 34},
                        {"mobile_qlinear", 19, 13, 8}};
  for (const Case& one : cases) {
    CAPTURE(one.name);
    QuantizedModel model(one.name);
    for (const bool fused : {false, true}) {
      CAPTURE(fused);
      using Passes = std::vector<std::string>;
      const graph::Graph graph = model.graph(fused ? Passes() : Passes{"fuse-shortcuts", "fuse-projections", "fuse-pools"});
      const Differences found = compared(model, graph);
      CAPTURE(found.where);
      CHECK(found.values == (fused ? one.fused : one.values));
      CHECK(found.unequal <= one.unequal);
      CHECK(found.most < 1 + 1e-3);
    }
  }
}

TEST_CASE("quantized models: the text is that of the float network") {
  const QuantizedModel model("residual_qdq");
  CHECK(model.imported.notes.empty());
  CHECK(model.imported.text == R"(# Imported from residual_qdq.onnx.

block identity_block {
  conv1: conv(3x3, 8, bias = true)   relu
  conv2: conv(3x3, 8, bias = true)
  skip from in
  relu
}

block conv_block {
  conv1: conv(3x3, 16, stride = 2, bias = true)   relu
  conv2: conv(3x3, 16, bias = true)
  skip from in via edge1 { conv(1x1, 16, stride = 2, bias = true) }
  relu
}

network residual_qdq {
  input image: f32[N, 3, 12, 12]

  stem: conv(3x3, 8, bias = true)
  relu
  max_pool(3x3, stride = 2, pad = 1)

  stage layer1 { identity_block  conv_block }

  global_avg_pool
  fc: linear(10)
  output logits
}
)");
}

TEST_CASE("quantized models: weights that need more than 8 bits stay in float") {
  const QuantizedModel model("residual_unsigned");
  CHECK(model.imported.ranges.find("weights \"layer1.0.conv1.weight\" in_float\n") != std::string::npos);
}

TEST_CASE("quantized models: what rounds in another way is told") {
  CHECK(QuantizedModel("mobile_qlinear").imported.notes ==
        std::vector<std::string>{"'/HardSwish_output_0' is also read before it is rounded; here all read it rounded"});
}

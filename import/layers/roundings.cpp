/// \file Values that a model rounds to integers of 8 bits.
#include "import/translate.h"

namespace resnetc::importer {
namespace {

/// The layer itself, of which the network notes how it is rounded. Where integers cannot be negative, they do what a ReLU does, and
/// quantizers leave the ReLU out of the model.
Result<LayerId> fake_quantize(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it rounds a constant"};
  const Quantization integers{.scale = static_cast<float>(flat::real(node, "scale", 1)),
                              .zero = static_cast<int32_t>(flat::integer(node, "zero", 0))};
  LayerId rounded = *in;
  if (integers.zero == 0 && t.may_be_negative(*in)) {
    const Result<LayerId> positive = t.add(node, OpKind::relu, {}, {*in});
    if (!positive) return positive;
    rounded = *positive;
  }
  t.round(node, rounded, integers);
  return rounded;
}

}  // namespace

Translators rounding_translators() { return {{"FakeQuantize", {fake_quantize, ChannelsLast::kept}}}; }

}  // namespace resnetc::importer

/// \file Operators that put channels together, take them apart or change their order.
#include <fmt/format.h>

#include <algorithm>

#include "import/translate.h"

namespace resnetc::importer {
namespace {

/// Whether an operator works along the channels of its input `input`.
bool along_channels(const Translation& t, const flat::Node& node, size_t input, int64_t otherwise) {
  const auto dims = t.dims(node, input);
  return dims && flat::axis_of(flat::integer(node, "axis", otherwise), dims->size()) == t.channel_axis(node, input);
}

Result<LayerId> concat(Translation& t, const flat::Node& node) {
  std::optional<LayerId> all;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const auto next = t.operand(node, i);
    if (!next) return Failure{"it has a constant among its inputs"};
    if (!along_channels(t, node, i, 1)) return Failure{"resnetc has concatenations of channels, and no others"};
    const Result<LayerId> sum = all ? t.concatenated(node, *all, *next) : Result<LayerId>(*next);
    if (!sum) return sum;
    all = *sum;
  }
  if (!all) return Failure{"it has no input"};
  return *all;
}

Result<LayerId> split(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto from = t.dims(node, 0);
  if (!in || !from) return Failure{"the dimensions of its input are not known"};
  if (!along_channels(t, node, 0, 0) || (!t.channels_last(node, 0) && !t.is_view(t.type(*in), *from)))
    return Failure{"resnetc has slices of channels, and no others"};
  OpAttributes a;
  LayerId first = no_layer;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const auto dims = node.outputs[i] == flat::no_value ? std::nullopt : t.graph().value(node.outputs[i]).dims;
    const size_t axis = t.channel_axis(node, 0);
    if (!dims || dims->size() <= axis || !(*dims)[axis].known()) return Failure{"the dimensions of its results are not known"};
    a.channels = (*dims)[axis].fixed;
    const Result<LayerId> part = t.add(node, OpKind::slice_channels, a, {*in});
    if (!part) return part;
    a.first += a.channels;
    if (i == 0) first = *part;
    t.give(node, i, *part);
  }
  if (first == no_layer) return Failure{"it has no outputs"};
  return first;
}

/// What import/rewrite makes of Reshape, Transpose and Reshape.
Result<LayerId> channel_shuffle(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  OpAttributes a;
  a.groups = flat::integer(node, "groups", 1);
  return t.add(node, OpKind::channel_shuffle, a, {*in});
}

}  // namespace

Translators channel_translators() {
  using enum ChannelsLast;
  return {{"Concat", {concat, kept}}, {"Split", {split, kept}}, {"ChannelShuffle", {channel_shuffle}}};
}

}  // namespace resnetc::importer

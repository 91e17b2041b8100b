/// \file Walks back from a value, and describes the layers that it finds.
#include "passes/shape_history.h"

#include <fmt/format.h>

#include "ir/topology_summary.h"

namespace resnetc::passes {
namespace {

using topology::Node;
using topology::NodeKind;

/// The layer with the properties that determine the shape of its result, `conv 3x3, stride 2`, or the edge, `concat from in`.
std::string described_maker(const Node& layer, const TensorType& made) {
  if (topology::is_edge(layer.kind)) return fmt::format("{} from {}", topology::words(layer), layer.from_name);
  const OpAttributes& a = layer.attributes;
  std::string text(info(layer.op).layer);
  auto extent = [&](Extent2 e) { return e.h == e.w ? std::to_string(e.h) : as_written(e, made); };
  if (window_ops.has(layer.op)) {
    text += fmt::format(" {}", as_written(a.kernel, made));
    if (a.stride != Extent2{1, 1}) text += fmt::format(", stride {}", extent(a.stride));
    if (a.dilation != Extent2{1, 1}) text += fmt::format(", dilation {}", extent(a.dilation));
    const Sides usual = layer.op == OpKind::conv2d ? default_pad(a.kernel, a.dilation) : Sides();
    if (a.same_pad) {
      text += ", pad same";
    } else if (a.pad != usual) {
      text += fmt::format(", pad {}", a.pad == Sides(a.pad.top, a.pad.top) ? std::to_string(a.pad.top) : as_written(a.pad, made));
    }
    if (a.output_pad != Extent2{0, 0}) text += fmt::format(", output_pad {}", extent(a.output_pad));
    if (a.ceil) text += ", ceil";
  }
  return text;
}

void index(const std::vector<Node>& nodes, std::vector<const Node*>& makers) {
  for (const Node& node : nodes) {
    index(node.children, makers);
    if (topology::makes_value(node.kind)) makers[static_cast<size_t>(node.result)] = &node;
  }
}

}  // namespace

ShapeHistory::ShapeHistory(const topology::Network& network) : network_(network), makers_(network.values.size(), nullptr) {
  index(network.body, makers_);
}

void ShapeHistory::explain(Diagnostic& error, topology::ValueId value, bool channels, bool extent) const {
  while (channels || extent) {
    const topology::Value& made = network_.value(value);
    const Node* maker = makers_[static_cast<size_t>(value)];
    if (maker == nullptr) {
      error.note(made.at, fmt::format("the input '{}' is declared as {}", made.name, to_string(*made.type)));
      return;
    }
    const topology::Value& operand = network_.value(maker->input);
    if (!operand.type) return;
    bool other_rank = operand.type->rank != made.type->rank;
    bool here_channels = channels && (operand.type->channels != made.type->channels || other_rank);
    bool here_extent = extent && (operand.type->height != made.type->height || operand.type->width != made.type->width);
    if (here_channels || here_extent) {
      error.note(maker->at, fmt::format("'{}' ({}) makes {} of {}", made.name, described_maker(*maker, *made.type), to_string(*made.type),
                                        operands(*maker)));
    }
    channels = channels && !here_channels;
    extent = extent && !here_extent;
    value = maker->input;
  }
}

std::string ShapeHistory::operands(const Node& maker) const {
  std::string types = to_string(*network_.value(maker.input).type);
  if (topology::is_edge(maker.kind)) types += " and " + to_string(*network_.value(maker.list_result).type);
  return types;
}

Diagnostic* OncePerPlace::error(Location at, std::string text) {
  if (at.known()) {
    std::vector<Location> place{at};
    for (const Node* block : blocks_) place.push_back(block->at);
    if (!seen_.insert(std::move(place)).second) return nullptr;
  }
  Diagnostic& error = diagnostics_.error(at, std::move(text));
  return diagnostics_.error_count() > Diagnostics::limit ? nullptr : &error;
}

void OncePerPlace::note_block(Diagnostic& error) const {
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
    if ((*block)->kind != NodeKind::block) continue;
    error.note((*block)->at, fmt::format("in '{}', which uses the block '{}' here", (*block)->label, (*block)->definition));
    return;
  }
}

}  // namespace resnetc::passes

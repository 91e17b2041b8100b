/// \file Compares each padding with what the rule gives for the layer's input.
#include "import/same_padding.h"

#include "ir/window.h"

namespace resnetc::importer {

void find_same_padding(Network& network) {
  bool uneven = false;
  for (Layer& layer : network.nodes) {
    if (!padded_ops.has(layer.op) || layer.attributes.ceil) continue;
    OpAttributes same = layer.attributes;
    same.pad = {};
    same.same_pad = true;
    layer.same_pad = padding_of(same, network.node(layer.operands[0]).type) == layer.attributes.pad;
    uneven |= layer.same_pad && !layer.attributes.pad.even();
  }
  for (Layer& layer : network.nodes) layer.same_pad = layer.same_pad && uneven;
}

}  // namespace resnetc::importer

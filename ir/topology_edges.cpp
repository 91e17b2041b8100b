/// \file The types that may meet at an edge.
#include <fmt/format.h>

#include "ir/topology.h"

namespace resnetc::topology {

namespace {

Result<TensorType> type_of_pair(OpKind kind, const TensorType& current, const TensorType& carried) {
  const TensorType operands[] = {current, carried};
  return infer_type(kind, {}, operands);
}

Failure misfit(const Node& edge, const TensorType& current, const TensorType& carried) {
  return Failure{
      fmt::format("{} does not fit {}{}", to_string(carried), to_string(current), edge.spread ? " where it is to be spread" : "")};
}

}  // namespace

Result<TensorType> edge_type(const Node& edge, const TensorType& current, const TensorType& carried) {
  switch (edge.kind) {
    case NodeKind::skip:
      if (edge.spread == (carried == current)) return misfit(edge, current, carried);
      return type_of_pair(OpKind::add, current, carried);
    case NodeKind::concat:
      if (!edge.spread) return type_of_pair(OpKind::concat, current, carried);
      if (!carried.is_vector() || current.is_vector()) return misfit(edge, current, carried);
      return type_of_pair(OpKind::concat, current, current.with(carried.channels, current.height, current.width));
    case NodeKind::gate: return type_of_pair(OpKind::mul, current, carried);
    case NodeKind::layer:
    case NodeKind::from:
    case NodeKind::block:
    case NodeKind::stage: break;
  }
  return Failure{"it is no edge"};
}

}  // namespace resnetc::topology

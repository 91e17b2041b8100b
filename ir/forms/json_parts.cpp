/// \file What the JSON forms share: names of enums, and the fields of attributes and of the input's buffer.
#include "ir/forms/json_parts.h"

namespace resnetc::json_form {

OneOf<graph::StepKind> steps() {
  OneOf<graph::StepKind> result{"step of an epilogue", {}};
  for (const OpInfo& step : graph::all_steps()) result.known.emplace_back(step.kind, step.name);
  return result;
}

OneOf<graph::StepKind> program_steps() {
  OneOf<graph::StepKind> result = steps();
  for (const OpInfo& step : all_kinds()) {
    if (step.only_in_programs()) result.known.emplace_back(step.kind, step.name);
  }
  return result;
}

OneOf<ElementType> elements() {
  OneOf<ElementType> result{"element type", {}};
  for (const ElementInfo& element : element_types::table) result.known.emplace_back(element.kind, element.name);
  return result;
}

template void attribute_fields(Archive& a, OpAttributes& attributes);

void buffer_fields(Archive& a, InputBuffer& input) {
  a.field("type", input.type, Type{}, "the buffer's type, N the batch, channels before rows and columns or the length");
  a.optional("order", input.order, DimensionOrder::planar, one_of<DimensionOrder>("order"),
             "of the dimensions in memory: channels, rows, columns (planar, where left out), or channels last");
  a.older("format", input, OlderFormat{}, "what older texts have in place of the element type and the order");
  a.optional("mean", input.mean, Nothing{}, Row(Real{}), "of u8, one per channel: (x / 255 - mean) / std (0 where left out)");
  a.optional("std", input.std, Nothing{}, Row(Real{}), "of u8, one per channel: (x / 255 - mean) / std (1 where left out)");
}

}  // namespace resnetc::json_form

/// \file Operators that change only how a value's elements are counted.
#include <fmt/format.h>

#include "import/translate.h"

namespace resnetc::importer {
namespace {

/// Reshape, Flatten, Squeeze, Unsqueeze, Expand: nothing happens if the result is another view of the same vector or picture.
Result<LayerId> view(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto from = t.dims(node, 0), to = t.result_dims(node);
  if (!in) return Failure{"it has no input"};
  if (!from || !to) return Failure{"the dimensions of its result are not known"};
  const TensorType type = t.type(*in);
  if (t.is_view(type, *to)) return *in;
  const bool one_row = to->size() == 2 && (*to)[0] == t.graph().batch && (*to)[1] == Whole{type.elements(), 0};
  if (type.rank == 4 && type.pixels() == 1 && t.is_view(TensorType::vector(type.channels), *to)) return t.as_vector(node, *in);
  if (type.rank == 4 && one_row) return *in;  // only a matrix product may follow, and knows the picture
  return Failure{fmt::format("it makes {} of {}; resnetc has pictures and vectors, and no other views of them", shown(*to), shown(*from))};
}

/// A Transpose of a vector or a picture of one pixel may leave the elements in their order.
Result<LayerId> transpose(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto to = t.result_dims(node);
  if (!in || !to) return Failure{"the dimensions of its result are not known"};
  if (t.type(*in).pixels() == 1 && t.is_view(t.type(*in), *to)) return *in;
  return Failure{"it changes the order of dimensions"};
}

}  // namespace

Translators view_translators() {
  return {{"Reshape", view}, {"Flatten", view}, {"Squeeze", view}, {"Unsqueeze", view}, {"Expand", view}, {"Transpose", transpose}};
}

}  // namespace resnetc::importer

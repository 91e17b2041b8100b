/// \file Rows and columns of taps are looked at on their own, each along its axis.
#include "passes/trim_windows.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/op.h"
#include "ir/recipe.h"

namespace resnetc::passes {
namespace {

/// A window along one axis, and its padding on both sides.
struct Taps {
  int64_t kernel, dilation, before, after;
};

/// The taps from `first` on that are kept.
struct Trimmed {
  Taps taps;
  int64_t first = 0;
};

/// Whether tap `tap` meets one of `size` pixels at one of `results` places, `stride` pixels apart.
bool meets_pixel(const Taps& taps, int64_t tap, int64_t size, int64_t results, int64_t stride) {
  const int64_t start = tap * taps.dilation - taps.before;
  const int64_t first = start >= 0 ? 0 : (-start + stride - 1) / stride;  // the first place that is not before the picture
  return first < results && start + first * stride < size;
}

/// The window without its outer taps that meet padding alone. Its first tap stays at a pixel or in the padding, never behind the first
/// pixel at the first place, because padding is not negative.
Trimmed trimmed(const Taps& taps, int64_t size, int64_t results, int64_t stride) {
  const auto meets = [&](int64_t tap) { return meets_pixel(taps, tap, size, results, stride); };
  int64_t first = 0, last = taps.kernel - 1;
  while (first < last && !meets(first)) ++first;
  while (last > first && !meets(last)) --last;
  if (!meets(first)) return {taps};
  first = std::min(first, taps.before / taps.dilation);
  const int64_t kernel = last - first + 1, before = taps.before - first * taps.dilation;
  const int64_t dilation = kernel == 1 ? 1 : taps.dilation;
  const int64_t reached = (results - 1) * stride + (kernel - 1) * dilation + 1 - before;
  return {{kernel, dilation, before, std::max<int64_t>(reached - size, 0)}, first};
}

}  // namespace

void trim_windows(graph::Graph& graph, PassContext& context) {
  for (graph::Op& op : graph.ops) {
    if (op.kind != OpKind::conv2d) continue;
    const TensorType& in = graph.op(op.operands[0]).type;
    OpAttributes a = op.attributes;
    const Trimmed rows = trimmed({a.kernel.h, a.dilation.h, a.pad.top, a.pad.bottom}, in.height, op.type.height, a.stride.h);
    const Trimmed columns = trimmed({a.kernel.w, a.dilation.w, a.pad.left, a.pad.right}, in.width, op.type.width, a.stride.w);
    if (rows.taps.kernel == a.kernel.h && columns.taps.kernel == a.kernel.w) continue;
    a.kernel = {rows.taps.kernel, columns.taps.kernel};
    a.dilation = {rows.taps.dilation, columns.taps.dilation};
    a.pad = Sides(rows.taps.before, columns.taps.before, rows.taps.after, columns.taps.after);
    // Without padding behind the picture, there may be more places than before where the stride does not divide the rest.
    const TensorType operand[] = {in};
    const Result<TensorType> made = infer_type(OpKind::conv2d, a, operand);
    if (!made || !(*made == op.type)) continue;
    context.remarks.push_back(
        {"trim-windows", op.name,
         fmt::format("{} of {} taps meet pixels", as_written(a.kernel, op.type), as_written(op.attributes.kernel, op.type)), op.at});
    op.constants[0] = take_taps(op.constants[0], {rows.first, columns.first}, a.kernel);
    op.attributes = a;
  }
}

}  // namespace resnetc::passes

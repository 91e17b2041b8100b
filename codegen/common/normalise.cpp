/// \file Normalisations as Halide functions without schedules.
#include "codegen/common/normalise.h"

#include "codegen/common/epilogue.h"
#include "ir/normalisation.h"

namespace resnetc::codegen::common {

namespace {

/// The root is one instruction, and so is the division: neither is approximate.
Expr inverse_deviation(const Expr& squares, int64_t count, double eps) {
  return 1.0f / Halide::sqrt(squares * (1.0f / static_cast<float>(count)) + static_cast<float>(eps));
}

}  // namespace

LayerNorm define_layer_norm(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const Elements in = operands.tensor("in", spec.in);
  const int64_t count = spec.in.type.channels;
  const int channels = to_int(count), vector = to_int(lanes);
  LayerNorm norm{Func("out"),          Func("lane_sum"), Func("mean"),
                 Func("lane_squares"), Func("scale"),    RDom(0, to_int(blocks(count)), "rb"),
                 RDom(0, vector, "rl")};
  const Var &l = norm.lane, &x = axes.x, &y = axes.y, &n = axes.n;
  const Expr channel = norm.blocks * vector + l;
  const auto of_channels = [&](const Expr& value) { return count % lanes == 0 ? value : Halide::select(channel < channels, value, 0.0f); };
  norm.centred = spec.kind == program::KernelKind::layer_norm;
  norm.by_mean = spec.kind == program::KernelKind::mean_norm;
  norm.lane_sum(l, x, y, n) = 0.0f;
  norm.lane_sum(l, x, y, n) += of_channels(in(channel, x, y, n));
  norm.mean(x, y, n) = 0.0f;
  norm.mean(x, y, n) += norm.lane_sum(norm.lanes_of_one, x, y, n) * (1.0f / static_cast<float>(count));
  const auto difference = [&](const Expr& c) -> Expr { return norm.centred ? in(c, x, y, n) - norm.mean(x, y, n) : in(c, x, y, n); };
  norm.lane_squares(l, x, y, n) = 0.0f;
  norm.lane_squares(l, x, y, n) += of_channels(difference(channel) * difference(channel));
  norm.scale(x, y, n) = 0.0f;
  norm.scale(x, y, n) += norm.lane_squares(norm.lanes_of_one, x, y, n);
  const Expr factor = norm.by_mean ? 1.0f / (norm.mean(x, y, n) + static_cast<float>(spec.attributes.eps))
                                   : inverse_deviation(norm.scale(x, y, n), count, spec.attributes.eps);
  const bool divides_only = norm.centred && !spec.attributes.subtract_mean;
  const Expr value = (divides_only ? Expr(in(axes.c, x, y, n)) : difference(axes.c)) * factor;
  norm.out(axes.c, x, y, n) = apply_epilogue(spec, value, axes, operands);
  set_output(norm.out, axes, spec.out, false);
  return norm;
}

GroupNorm define_group_norm(const program::KernelSpec& spec, const Axes& axes, Operands& operands) {
  const Elements in = operands.tensor("in", spec.in);
  const TensorType& type = spec.in.type;
  const int64_t members = type.channels / spec.attributes.groups, count = members * type.pixels();
  GroupNorm norm;
  norm.chunk = channels_of_chunk(type.channels, spec.attributes.groups);
  norm.rx = RDom(0, to_int(type.width), "rx");
  norm.ry = RDom(0, to_int(type.height), "ry");
  norm.members = RDom(0, to_int(members), "rm");
  norm.out = Func("out");
  norm.row_sum = Func("row_sum");
  norm.sum = Func("sum");
  norm.mean = Func("mean");
  norm.row_squares = Func("row_squares");
  norm.squares = Func("squares");
  norm.scale = Func("scale");
  const Var &u = norm.u, &k = norm.k, &g = norm.g, &row = norm.row, &n = axes.n;
  // Lanes past the last channel belong to no group. They take the last group's numbers, and nothing reads what becomes of them.
  const int last_group = to_int(std::min(spec.attributes.groups, norm.chunk / members) - 1);
  const auto group_of = [&](const Expr& in_chunk) { return Halide::min(in_chunk / to_int(members), last_group); };
  const Expr element = in(k * to_int(norm.chunk) + u, norm.rx, row, n);
  norm.row_sum(u, row, k, n) = 0.0f;
  norm.row_sum(u, row, k, n) += element;
  norm.sum(u, k, n) = 0.0f;
  norm.sum(u, k, n) += norm.row_sum(u, norm.ry, k, n);
  norm.mean(g, k, n) = 0.0f;
  norm.mean(g, k, n) += norm.sum(g * to_int(members) + norm.members, k, n) * (1.0f / static_cast<float>(count));
  const Expr difference = element - norm.mean(group_of(u), k, n);
  norm.row_squares(u, row, k, n) = 0.0f;
  norm.row_squares(u, row, k, n) += difference * difference;
  norm.squares(u, k, n) = 0.0f;
  norm.squares(u, k, n) += norm.row_squares(u, norm.ry, k, n);
  norm.scale(g, k, n) = 0.0f;
  norm.scale(g, k, n) += norm.squares(g * to_int(members) + norm.members, k, n);
  const Expr chunk = axes.c / to_int(norm.chunk), group = group_of(axes.c % to_int(norm.chunk));
  const Expr centre = spec.attributes.subtract_mean ? Expr(norm.mean(group, chunk, n)) : 0.0f;
  const Expr value = (in(axes.c, axes.x, axes.y, n) - centre) * inverse_deviation(norm.scale(group, chunk, n), count, spec.attributes.eps);
  norm.out(axes.c, axes.x, axes.y, n) = apply_epilogue(spec, value, axes, operands);
  set_output(norm.out, axes, spec.out, false);
  return norm;
}

}  // namespace resnetc::codegen::common

/// \file The definition of what a Winograd kernel computes.
#include "codegen/cpu/winograd.h"

#include <algorithm>

#include "codegen/common/arithmetic.h"
#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

namespace {

/// The sum of row[k] * term(k), without the terms of zeros and without multiplications by one.
template <class Term>
Expr dot(const std::vector<double>& row, Term term) {
  Expr sum;
  for (size_t k = 0; k < row.size(); ++k) {
    if (row[k] == 0) continue;
    const Expr value = term(to_int(static_cast<int64_t>(k)));
    const Expr weighted = row[k] == 1 ? value : row[k] == -1 ? -value : static_cast<float>(row[k]) * value;
    sum = sum.defined() ? sum + weighted : weighted;
  }
  return sum;
}

/// Element `i` of matrix times vector. `i` becomes a constant when its loop is unrolled, and then only one of the cases remains.
template <class Term>
Expr product(const Matrix& matrix, const Expr& i, Term term) {
  std::vector<Expr> rows;
  for (const std::vector<double>& row : matrix) rows.push_back(dot(row, term));
  return Halide::mux(i, rows);
}

using program::ceil_div;

}  // namespace

WinogradKernel::WinogradKernel(const program::KernelSpec& spec, const Target& target)
    : spec_(spec),
      s_(std::get<program::WinogradSchedule>(spec.schedule)),
      kept_(winograd_buffers(spec)),
      form_(*winograd_form(spec.attributes, spec.in.type.channels)),
      by_(*winograd(form_, s_.output)),
      type_(computed_type(spec)),
      m_(to_int(by_.output)),
      step_(to_int(by_.output * by_.stride)),
      across_(ceil_div(type_.width, m_)),
      down_(ceil_div(type_.height, m_)),
      tiles_x_(std::min(s_.tiles.w, across_)),
      rows_(kept_.transformed.extent("ty")),
      channel_blocks_(spec.out.stored_channels() / lanes),
      vectors_(kept_.products.extent("c") / lanes),
      packed_(s_.depth == 0),
      depth_(packed_ ? form_.channels : s_.depth),
      steps_(form_.channels / depth_),
      wide_(keeps_all_products(spec)),
      pool_(spec.pool.value_or(OpAttributes{})),
      pool_rows_(spec.pool ? pooled_rows(spec) : 0),
      row_blocks_(spec.pool ? to_int(ceil_div(spec.out.type.height, pool_rows_)) : 1),
      width_(register_lanes(target)),
      together_(width_ < lanes ? width_ : to_int(vectors_ * lanes)),
      whole_(!spec.pool && across_ % tiles_x_ == 0 && down_ % rows_ == 0 && type_.width % m_ == 0 && type_.height % m_ == 0 &&
             by_.stride == 1),
      in_(operands_.tensor("in", spec.in)),
      weight_(operands_.constant("weight", spec.weight)),
      picture_(axes_.n),
      first_line_(0),
      result_(spec.pool ? Func("result") : out_) {
  if (!spec.pool) return;
  picture_ = axes_.n / row_blocks_;
  first_line_ = ((axes_.n % row_blocks_) * to_int(pool_rows_ * pool_.stride.h) - to_int(pool_.pad.top)) * to_int(by_.stride);
}

void WinogradKernel::build(Built& built) {
  transform_input();
  transform_weights();
  multiply();
  transform_back();
  set_output(out_, axes_, spec_.out, false);

  out_.split(axes_.c, co_, axes_.c, to_int(lanes * vectors_), Halide::TailStrategy::RoundUp);
  if (spec_.pool) {
    schedule_pooled_result();
  } else {
    schedule_result();
  }
  schedule_input();
  schedule_products();
  if (!packed_) schedule_weights();
  schedule_back();
  schedule_projections();
  prefetch_weights(built);
  built.output = out_;
  built.arguments = operands_.arguments;
}

/// No result depends on elements past the halo, so the first or last line is read instead of them.
Expr WinogradKernel::source(const Expr& channel, const Expr& column, const Expr& row) const {
  const TensorType& type = spec_.in.type;
  const Extent2 halo = spec_.in.halo;
  const Sides& pad = spec_.attributes.pad;
  const auto last = [&](int64_t extent, int64_t padding, int64_t around) {
    return to_int(form_.phases ? (extent + around - 3) / 2 : extent - 1 + padding);
  };
  const Expr at_x = whole_ ? column : Halide::min(column, last(type.width, pad.right, halo.w));
  Expr at_y = whole_ ? row : Halide::min(row, last(type.height, pad.bottom, halo.h));
  if (spec_.pool) at_y = Halide::max(at_y, -to_int(form_.phases ? halo.h / 2 : pad.top));
  if (!form_.phases) return in_(channel, at_x, at_y, picture_);
  const int half_lanes = to_int(phase_lanes);
  return in_(channel % half_lanes, 2 * at_x, 2 * at_y + channel / half_lanes, picture_);
}

/// Computes BT d, then (BT d) B.
void WinogradKernel::transform_input() {
  const int pad_x = to_int(form_.pad.w), pad_y = to_int(form_.pad.h);
  phases_(ci_, x_, ty_, axes_.n) = source(ci_, x_, ty_ + first_line_);
  half_(ci_, cb_, i_, x_, ty_, axes_.n) = product(by_.bt, i_, [&](int at) {
    const Expr row = step_ * ty_ + at - pad_y;
    return form_.phases ? phases_(ci_, x_, row, axes_.n) : source(cb_ * vector + ci_, x_, row + first_line_);
  });
  transformed_(ci_, tx_, ty_, cb_, j_, i_, axes_.n) =
      product(by_.bt, j_, [&](int at) { return half_(ci_, cb_, i_, step_ * tx_ + at - pad_x, ty_, axes_.n); });
}

/// Computes G g, then (G g) GT.
void WinogradKernel::transform_weights() {
  const int channels = to_int(form_.channels), kinds = to_int(by_.weights());
  if (packed_) {
    const Expr element = cb_ * vector + ci_ + channels * (j_ + kinds * (i_ + kinds * block_of(axes_.c)));
    weights_(axes_.c, ci_, j_, i_, cb_) = Halide::cast<float>(weight_(element * vector + lane_of(axes_.c)));
    return;
  }
  half_weights_(axes_.c, ci_, x_, i_, cb_) = product(by_.g, i_, [&](int at) {
    const Expr tap = cb_ * vector + ci_ + channels * (x_ + 3 * (at + 3 * block_of(axes_.c)));
    return Halide::cast<float>(weight_(tap * vector + lane_of(axes_.c)));
  });
  weights_(axes_.c, ci_, j_, i_, cb_) = product(by_.g, j_, [&](int at) { return half_weights_(axes_.c, ci_, at, i_, cb_); });
}

void WinogradKernel::multiply() {
  // The first rows of products can share the first row of weights.
  const int shared = to_int(by_.products() - by_.weights());
  const auto weights_of = [&](const Expr& at) { return shared == 0 ? at : Halide::max(at - shared, 0); };
  // The lanes of a vector that are channels, and the number of vectors. For phases, the lanes of each row of the squares.
  const int64_t inner = form_.phases ? form_.summed / 2 : lanes, outer = form_.phases ? 2 : depth_ / lanes;
  r_ = RDom(0, to_int(inner), 0, to_int(outer), "r");
  rk_ = RDom(0, to_int(steps_), "rk");
  const Expr channel = form_.phases ? r_.x + to_int(phase_lanes) * r_.y : Expr(r_.x);
  const Expr channel_block = form_.phases ? Expr(0) : k_ * to_int(depth_ / lanes) + r_.y;
  sum_(axes_.c, tx_, ty_, j_, i_, axes_.n, k_) = 0.0f;
  sum_(axes_.c, tx_, ty_, j_, i_, axes_.n, k_) += weights_(axes_.c, channel, weights_of(j_), weights_of(i_), channel_block) *
                                                  transformed_(channel, tx_, ty_, channel_block, j_, i_, axes_.n);
  if (steps_ == 1) {
    products_(axes_.c, tx_, ty_, j_, i_, axes_.n) = sum_(axes_.c, tx_, ty_, j_, i_, axes_.n, 0);
  } else {
    products_(axes_.c, tx_, ty_, j_, i_, axes_.n) = 0.0f;
    products_(axes_.c, tx_, ty_, j_, i_, axes_.n) += sum_(axes_.c, tx_, ty_, j_, i_, axes_.n, rk_);
  }
}

/// Computes M A, then AT (M A), and the epilogue.
void WinogradKernel::transform_back() {
  back_(axes_.c, p_, i_, tx_, ty_, axes_.n) = product(by_.at, p_, [&](int at) { return products_(axes_.c, tx_, ty_, at, i_, axes_.n); });
  const Expr value =
      product(by_.at, axes_.y % m_, [&](int at) { return back_(axes_.c, axes_.x % m_, at, axes_.x / m_, axes_.y / m_, axes_.n); });
  result_(axes_.c, axes_.x, axes_.y, axes_.n) =
      apply_epilogue(spec_, value, axes_, operands_, [this](const Projection& shortcut) { return project(shortcut); });
  if (spec_.pool) out_(axes_.c, axes_.x, axes_.y, axes_.n) = stored(spec_.out, pooled());
}

Expr WinogradKernel::project(const Projection& shortcut) {
  const Projected& one = projections_.emplace_back(
      Projected{Func(shortcut.name + "_sum"), Func(shortcut.name + "_row"), RDom(0, shortcut.channels(), shortcut.name + "_r")});
  const Expr x = Halide::min(axes_.x, to_int(type_.width) - 1), y = Halide::min(axes_.y, to_int(type_.height) - 1);
  Func sums = one.sum, row = one.row;
  sums(axes_.c, axes_.x, axes_.y, axes_.n) = 0.0f;
  sums(axes_.c, axes_.x, axes_.y, axes_.n) += shortcut.term(axes_, x, y, one.channel);
  row(axes_.c, axes_.x, axes_.y, axes_.n) = sums(axes_.c, axes_.x, axes_.y, axes_.n);
  return row(axes_.c, axes_.x, axes_.y, axes_.n);
}

Expr WinogradKernel::pooled() const {
  const Expr block_of_rows = axes_.y / to_int(pool_rows_);
  Expr largest;
  for (int dy = 0; dy < pool_.kernel.h; ++dy) {
    for (int dx = 0; dx < pool_.kernel.w; ++dx) {
      // A clamped coordinate repeats an element of the same window, so it cannot change the maximum.
      const Expr column = Halide::clamp(axes_.x * to_int(pool_.stride.w) + dx - to_int(pool_.pad.left), 0, to_int(type_.width) - 1);
      const Expr row = Halide::clamp(axes_.y * to_int(pool_.stride.h) + dy - to_int(pool_.pad.top), 0, to_int(type_.height) - 1);
      const Expr from_first = row - block_of_rows * to_int(pool_rows_ * pool_.stride.h) + to_int(pool_.pad.top);
      const Expr element = result_(axes_.c, column, from_first, axes_.n * row_blocks_ + block_of_rows);
      largest = largest.defined() ? max_keeping_nan(largest, element) : element;
    }
  }
  return largest;
}

void build_winograd(const program::KernelSpec& spec, const Target& target, Built& built) { WinogradKernel(spec, target).build(built); }

}  // namespace resnetc::codegen::cpu

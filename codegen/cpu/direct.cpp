/// \file Direct sums in register tiles. Linear layers are 1x1 convolutions on one pixel.
///
/// A tile is `vectors` vectors of 16 output channels by `pixels` pixels of a row, held in registers while it is summed. Vectors consist of
/// output channels, so that weights need one load and an input element one broadcast. Padding is the producer's halo of zeros.
///
/// In a flat schedule the pixels of all rows form one axis, which is divided into tiles. If rows do not follow one another in memory,
/// because of halos, strides or a window, a task's sums go to scratch memory and from there, row by row, through the epilogue.
///
/// With a depth, the reduction is divided into steps of `depth` input channels of one element of the window. All tiles of a task sum one
/// step before the next begins, so the weights of a step stay in the first-level cache. The sums are kept in scratch memory between steps.
///
/// Sums of integers have 32 bits. Their innermost loop has the neighbouring channels that lie side by side in each lane of the weights; as
/// a reduction within the vector it becomes one instruction for products of bytes. So it does for pairs of bf16, whose sums are floats.
/// Weights past the last channel are zeros, so what stands there in the input does not count.
#include "codegen/common/epilogue.h"
#include "codegen/cpu/kernels_internal.h"
#include "codegen/cpu/prefetch.h"

namespace resnetc::codegen::cpu {

namespace {

using Halide::TailStrategy;

/// While one task computes, prefetches the weights of the next channels: `rows` rows of `channels` vectors. The loop is unrolled `unrolled`
/// times, so that each iteration reads as many vectors of a row.
std::shared_ptr<Halide::Internal::IRMutator> prefetch_rows(const std::string& buffer, const std::string& loop, int64_t rows,
                                                           int64_t channels, int unrolled) {
  const int segments = to_int(rows), row_elements = to_int(channels * lanes);
  const auto offset = [=](const Expr&, const Expr& segment) { return (segments + segment) * row_elements; };
  return prefetch_pass({buffer, ".task", loop, rows, offset, unrolled});
}

/// While one step computes, prefetches the weights of the next: of `depth` vectors of each of `rows` rows, which have the vectors of all
/// `steps`. After the last step come the next channels.
std::shared_ptr<Halide::Internal::IRMutator> prefetch_steps(const std::string& loop, int64_t rows, int64_t depth, int64_t steps,
                                                            int unrolled) {
  const int step = to_int(depth * lanes), row = to_int(steps) * step, all = to_int(rows) * row, last = to_int(steps) - 1;
  const auto offset = [=](const Expr& at, const Expr& segment) {
    return Halide::select(at == last, all - last * step, step) + segment * row;
  };
  return prefetch_pass({"weight", "rk$x", loop, rows, offset, unrolled});
}

/// A kernel while it is built: its sums and their Funcs first, then their loops.
class DirectKernel {
 public:
  DirectKernel(const program::KernelSpec& spec, Built& built)
      : spec_(spec),
        built_(built),
        s_(std::get<program::DirectSchedule>(spec.schedule)),
        a_(spec.attributes),
        out_type_(spec.out.type),
        span_(group_span(spec.in.type.channels, out_type_.channels, a_.groups)),
        staged_(is_staged(spec)),
        flat_(s_.flat && !staged_),
        kept_(keeps_sums(spec)),
        deep_(s_.depth > 0),
        width_(flat_ ? out_type_.pixels() : out_type_.width),
        height_(flat_ ? 1 : out_type_.height),
        vectors_(program::divisor_at_most(blocks(), s_.vectors)),
        pixels_(std::clamp<int64_t>(s_.pixels, 1, staged_ ? out_type_.pixels() : width_)),
        units_(flat_ ? program::ceil_div(width_, pixels_) : height_),
        rows_(s_.rows <= 0 ? units_ : std::min(s_.rows, units_)),
        taps_(a_.kernel.h * a_.kernel.w),
        depth_(deep_ ? s_.depth : span_.span),
        steps_(deep_ ? span_.span / depth_ * taps_ : 1),
        integers_(program::sums_integers(spec)),
        side_(std::max<int64_t>(s_.dot, 1)),
        side_by_side_(integers_ || side_ > 1),
        joined_(side_by_side_ && !deep_ && a_.groups == 1 && a_.dilation.w == 1 &&
                spec.in.channel_stride == groups_of(span_.span) * side_) {}

  void build() {
    define_pixel();
    define_sums();
    define_output();
    schedule_tasks();
    schedule_kept_sums();
    schedule_sums();
    prefetch_weights();
    built_.output = out_;
    built_.arguments = operands_.arguments;
  }

 private:
  int64_t blocks() const { return spec_.out.stored_channels() / lanes; }
  Expr element(const Func& func, const Expr& x, const Expr& y) const { return func(axes_.c, x, y, axes_.n); }
  Halide::FuncRef here(Func& func) const { return func(axes_.c, axes_.x, axes_.y, axes_.n); }

  /// The pixel that is summed. If the last tile of kept sums reaches past the end, the last pixel is summed again.
  void define_pixel() {
    x_ = axes_.x;
    y_ = axes_.y;
    if (staged_) {
      const Expr pixel = Halide::min(axes_.x, to_int(out_type_.pixels() - 1));
      x_ = pixel % to_int(width_);
      y_ = pixel / to_int(width_);
    } else if (kept_) {
      if (width_ % (flat_ ? rows_ * pixels_ : pixels_) != 0) x_ = Halide::min(x_, to_int(width_ - 1));
      if (height_ % (flat_ ? 1 : rows_) != 0) y_ = Halide::min(y_, to_int(height_ - 1));
    }
  }

  Halide::Type sum_type() const { return integers_ ? Halide::Int(32) : Halide::Float(32); }
  int side() const { return to_int(side_); }
  /// The groups of `side` channels that hold so many.
  int groups_of(int64_t channels) const { return to_int(program::ceil_div(channels, side_)); }

  /// The product of a weight and an element of the input: for channel `channel` of group `group` of the channels of step or window, and an
  /// element of the window. `term` counts groups and elements of the window.
  Expr product(const Expr& group, const Expr& channel, const Expr& column, const Expr& row, const Expr& term) {
    const Elements in = operands_.tensor("in", spec_.in);
    const Halide::ImageParam weight = operands_.constant("weight", spec_.weight);
    const Expr block = block_of(axes_.c);
    Expr from = side_by_side_ ? group * side() + channel : group;
    if (a_.groups > 1) {
      from += Halide::min(block * vector / to_int(span_.co_per_group) * to_int(span_.ci_per_group), to_int(span_.ci - span_.span));
    }
    const Expr in_x = x_ * to_int(a_.stride.w) + column * to_int(a_.dilation.w) - to_int(a_.pad.left);
    const Expr in_y = y_ * to_int(a_.stride.h) + row * to_int(a_.dilation.h) - to_int(a_.pad.top);
    Expr at = (block * to_int(groups_of(span_.span) * taps_) + term) * vector + lane_of(axes_.c);
    if (side_by_side_) at = at * side() + channel;
    return product_of(weight(at), in(from, in_x, in_y, axes_.n), sum_type(), side());
  }

  /// The innermost loop of an update of sums over `groups` groups: over the channels of a group if they lie side by side, otherwise over
  /// the groups, of one channel each.
  RDom over(int64_t channels, const std::string& name) const {
    return side_by_side_ ? RDom(0, side(), 0, groups_of(channels), name) : RDom(0, to_int(channels), name);
  }
  Halide::RVar group(const RDom& r) const { return side_by_side_ ? r.y : r.x; }
  Expr zero() const { return Halide::Internal::make_zero(sum_type()); }

  /// What sums begin with: the bias, if they are of integers. It comes after the product in the kernel's operands.
  Expr begin() {
    const Expr bias = first_bias(spec_, axes_, operands_, sum_type());
    first_step_ = bias.defined() ? 1 : 0;
    return bias.defined() ? bias : zero();
  }
  void sum_once(const Expr& term) {
    here(sum_) = begin();
    here(sum_) += term;
  }

  void define_sums() {
    const int columns = to_int(a_.kernel.w), rows = to_int(a_.kernel.h), groups = groups_of(deep_ ? depth_ : span_.span);
    if (joined_) {
      // The window's pixels of a row follow one another, so one loop goes over all of their channels: short loops end with a branch that
      // is predicted wrongly.
      r_ = RDom(0, side(), 0, groups * columns, 0, rows, "r");
      sum_once(product(r_.y, r_.x, 0, r_.z, r_.y + groups * columns * r_.z));
      return;
    }
    if (!deep_) {
      r_ = side_by_side_ ? RDom(0, side(), 0, groups, 0, columns, 0, rows, "r") : RDom(0, groups, 0, columns, 0, rows, "r");
      const Halide::RVar column = side_by_side_ ? r_.z : r_.y, row = side_by_side_ ? r_.w : r_.z;
      sum_once(product(group(r_), r_.x, column, row, group(r_) + groups * (column + columns * row)));
      return;
    }
    // A step is a part of the channels of one element of the window.
    const int parts = to_int(span_.span / depth_);
    Var k("k");
    r_ = over(depth_, "r");
    rk_ = RDom(0, to_int(steps_), "rk");
    sum_(axes_.c, axes_.x, axes_.y, axes_.n, k) = zero();
    sum_(axes_.c, axes_.x, axes_.y, axes_.n, k) +=
        product(k % parts * groups + group(r_), r_.x, k / parts % columns, k / parts / columns, k * groups + group(r_));
    here(sums_) = begin();
    here(sums_) += sum_(axes_.c, axes_.x, axes_.y, axes_.n, rk_);
  }

  /// A projection is added to the same sums, as another sum over the channels of another tensor. Sums of which integers have other steps
  /// than its own are rescaled before.
  void add_projection(const Projection& shortcut) {
    const RDom channel = over(shortcut.channels(), shortcut.name + "_r");
    const Expr all = side_by_side_ ? channel.y * side() + channel.x : Expr(channel.x);
    const Expr value = shortcut.term(axes_, x_, y_, all, sum_type(), side());
    Func one(shortcut.name + "_sum");
    if (deep_) {
      here(one) = zero();
      here(one) += value;
      here(sums_) = (shortcut.factor.defined() ? rescaled(here(sums_), shortcut.factor) : Expr(here(sums_))) + here(one);
    } else {
      if (shortcut.factor.defined()) {
        here(sum_) = rescaled(here(sum_), shortcut.factor);
        rescalings_.push_back(sum_.num_update_definitions() - 1);
      }
      here(sum_) += value;
    }
    projected_.push_back({channel, one, sum_.num_update_definitions() - 1});
    if (s_.wide) return;
    const int64_t groups = groups_of(shortcut.channels());
    const int by = unroll_of(vectors_ * pixels_, groups);
    built_.passes.push_back(
        prefetch_rows(shortcut.name + "_weight", shortcut.name + (side_by_side_ ? "_r$y" : "_r$x"), vectors_, groups * side_, by));
  }

  void define_output() {
    const Func& all = deep_ ? sums_ : sum_;
    const Expr value = staged_ ? element(all, axes_.y * to_int(width_) + axes_.x, 0) : element(all, axes_.x, axes_.y);
    const Project project = [&](const Projection& shortcut) {
      add_projection(shortcut);
      return Expr();
    };
    out_(axes_.c, axes_.x, axes_.y, axes_.n) = apply_epilogue(spec_, value, axes_, operands_, project, first_step_);
    set_output(out_, axes_, spec_.out, flat_);
  }

  /// The loops, innermost first: one tile (c, xi), tiles of a row, rows of a task; then tasks (co, yo, n). If sums are kept, their Func has
  /// the loops of the tiles, and `out` goes pixel by pixel.
  void schedule_tasks() {
    out_.split(axes_.c, co_, axes_.c, to_int(lanes * vectors_), TailStrategy::RoundUp);
    if (kept_) {
      out_.split(axes_.x, xo_, xi_, 1);
    } else {
      out_.split(axes_.x, xo_, xi_, to_int(pixels_), shift_unless(width_ % pixels_ == 0));
    }
    // A wide task computes all channels of a tile before the next tile.
    std::vector<Halide::VarOrRVar> loops{axes_.c, xi_, xo_, axes_.y};
    loops.insert(s_.wide ? loops.begin() + 2 : loops.end(), co_);
    if (s_.rows <= 0) {  // there is too little work to share, so a picture is a task
      loops.emplace_back(axes_.n);
      out_.reorder(loops).parallel(axes_.n);
    } else {
      share_rows(std::move(loops));
    }
    out_.vectorize(axes_.c, vector).unroll(axes_.c).unroll(xi_).never_partition_all();
  }

  void share_rows(std::vector<Halide::VarOrRVar> loops) {
    const int64_t of_task = kept_ && flat_ ? rows_ * pixels_ : rows_, there = kept_ && flat_ ? width_ : units_;
    Var& unit = flat_ ? xo_ : axes_.y;
    Var yo("yo"), outer("outer");
    out_.split(unit, yo, unit, to_int(of_task), guard_unless(there % of_task == 0));
    if (s_.wide) {
      loops.insert(loops.end(), {yo, axes_.n});
      out_.reorder(loops).fuse(yo, axes_.n, task_);
    } else if (blocks() * lanes * span_.span * taps_ > spec_.in.type.elements()) {
      // The larger of weights and picture stays in the cache while the other is read through.
      loops.insert(loops.end() - 1, {yo, axes_.n});
      out_.reorder(loops).fuse(yo, axes_.n, outer).fuse(outer, co_, task_);
    } else {
      loops.insert(loops.end(), {yo, axes_.n});
      out_.reorder(loops).fuse(co_, yo, outer).fuse(outer, axes_.n, task_);
    }
    out_.parallel(task_);
  }

  void over_tiles(Halide::Stage stage, const std::vector<Halide::VarOrRVar>& steps) const {
    stage.split(axes_.x, xo_, xi_, to_int(pixels_), TailStrategy::RoundUp);
    std::vector<Halide::VarOrRVar> loops{xo_, axes_.y};
    loops.insert(loops.end(), steps.begin(), steps.end());
    loops.emplace_back(axes_.n);
    in_tile(stage, xi_, loops);
  }

  void schedule_kept_sums() {
    tiled_ = !kept_ ? out_ : deep_ ? sums_ : sum_.in(out_);
    if (!kept_) return;
    const program::ScratchBuffer buffer = kept_sums(spec_);
    tiled_.compute_at(out_, s_.rows <= 0 ? co_ : task_).store_in(Halide::MemoryType::Heap).never_partition_all();
    bound(tiled_, axes_.x, buffer);
    bound(tiled_, axes_.y, buffer);
    tiled_.bound_extent(axes_.n, 1);
    if (!deep_) return over_tiles(tiled_, {});
    tiled_.vectorize(axes_.c, vector);
    over_tiles(tiled_.update(), {rk_.x});
    for (size_t i = 0; i < projected_.size(); ++i) over_tiles(tiled_.update(static_cast<int>(i) + 1), {});
  }

  void in_registers(Func& sum) const {
    sum.compute_at(tiled_, s_.wide ? co_ : xo_)
        .store_in(Halide::MemoryType::Stack)
        .vectorize(axes_.c, vector)
        .unroll(axes_.c)
        .unroll(axes_.x);
    sum.never_partition_all();
  }

  /// Unrolls the channels and the pixels `x` of a tile within `loops`.
  void in_tile(Halide::Stage stage, const Var& x, const std::vector<Halide::VarOrRVar>& loops) const {
    std::vector<Halide::VarOrRVar> order{axes_.c, x};
    order.insert(order.end(), loops.begin(), loops.end());
    stage.reorder(order).vectorize(axes_.c, vector).unroll(axes_.c).unroll(x).never_partition_all();
  }

  /// The same for an update that sums over `r`.
  void sum_in_tile(Halide::Stage stage, const RDom& r) const {
    std::vector<Halide::VarOrRVar> loops{group(r)};
    for (int i = side_by_side_ ? 2 : 1; i < r.dimensions(); ++i) loops.emplace_back(r[i]);
    if (side_ > 1) {
      Var inner("ci");
      stage.split(axes_.c, axes_.c, inner, vector);
      std::vector<Halide::VarOrRVar> order{r.x, inner, axes_.c, axes_.x};
      order.insert(order.end(), loops.begin(), loops.end());
      stage.reorder(order).atomic().vectorize(r.x).vectorize(inner).unroll(axes_.c).unroll(axes_.x).never_partition_all();
    } else {
      in_tile(stage, axes_.x, loops);
    }
  }

  void schedule_sums() {
    in_registers(sum_);
    Halide::Stage update = sum_.update();
    sum_in_tile(update, r_);
    for (const int at : rescalings_) in_tile(sum_.update(at), axes_.x, {});
    for (Projected& one : projected_) {
      if (deep_) in_registers(one.sums);
      Halide::Stage stage = deep_ ? one.sums.update() : sum_.update(one.update);
      sum_in_tile(stage, one.channels);
      const int64_t groups = *Halide::Internal::as_const_int(group(one.channels).extent());
      if (const int by = unroll_of(vectors_ * pixels_, groups); by > 1) stage.unroll(group(one.channels), by);
    }
    // For a few input channels, a loop over them would cost more than its work. (Joined columns are more; unrolled, their elements would be
    // kept in memory for the next column.)
    if (span_.span <= few && !joined_) {
      update.unroll(group(r_));
      if (!deep_ && groups_of(span_.span) * a_.kernel.w <= 9) update.unroll(side_by_side_ ? r_.z : r_.y);
    } else if (unrolled() > 1) {
      update.unroll(group(r_), unrolled());
    }
  }

  void prefetch_weights() const {
    if ((span_.span <= few && !joined_) || s_.wide) return;  // the weights of a wide schedule stay in the second-level cache
    const std::string loop = side_by_side_ ? "r$y" : "r$x";
    const int64_t of_row = joined_ ? a_.kernel.w : 1, channels = groups_of(span_.span) * side_;
    built_.passes.push_back(deep_ ? prefetch_steps(loop, vectors_, groups_of(depth_) * side_, steps_, unrolled())
                                  : prefetch_rows("weight", loop, vectors_ * taps_ / of_row, channels * of_row, unrolled()));
  }

  int unrolled() const { return unroll_of(vectors_ * pixels_, groups_of(depth_)); }

  static constexpr int64_t few = 4;

  /// How a projection is summed: with several steps for itself, with a single one by an update of the other sums.
  struct Projected {
    RDom channels;
    Func sums;
    int update;
  };

  const program::KernelSpec& spec_;
  Built& built_;
  const program::DirectSchedule& s_;
  const OpAttributes& a_;
  const TensorType& out_type_;
  GroupSpan span_;
  bool staged_, flat_, kept_, deep_;
  int64_t width_, height_;    ///< of the axes along which pixels lie
  int64_t vectors_, pixels_;  ///< of a tile
  int64_t units_, rows_;      ///< what a schedule's `rows` counts: all, and those of a task
  int64_t taps_;              ///< elements of the window
  int64_t depth_, steps_;     ///< input channels of a step, and steps
  bool integers_;             ///< whether sums are of integers
  int64_t side_;              ///< neighbouring channels in a lane of the weights
  bool side_by_side_;         ///< whether sums go over groups of such channels, not single ones
  bool joined_;               ///< whether one loop goes over the window's columns and their channels

  Axes axes_;
  Operands operands_;
  Expr x_, y_;         ///< of the pixel that is summed
  RDom r_;             ///< terms, of one step if there are several
  RDom rk_;            ///< steps
  Func sum_{"sum"};    ///< the sums of one tile, of one step if there are several
  Func sums_{"sums"};  ///< with several steps, those of a task over all steps
  std::vector<Projected> projected_;
  std::vector<int> rescalings_;  ///< the updates of the sums that rescale them
  size_t first_step_ = 0;        ///< of the epilogue, without the bias that sums begin with
  Func out_{"out"};
  Func tiled_;  ///< the Func that has the loops over tiles
  Var co_{"co"}, xi_{"xi"}, xo_{"xo"}, task_{"task"};
};

}  // namespace

void build_direct(const program::KernelSpec& spec, const Target&, Built& built) { DirectKernel(spec, built).build(); }

}  // namespace resnetc::codegen::cpu

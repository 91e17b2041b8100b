/// \file Convolutions in register tiles. Linear layers are 1x1 convolutions on one pixel.
///
/// A thread keeps the sums of `channels` neighbouring output channels for a tile of pixels in registers during the whole reduction.
/// Neighbouring threads have the next channels of the same pixels, so that they read weights in whole lines, and all of them read an input
/// element at once. Input elements are read as vectors of up to four input channels, and weights as vectors of the thread's output
/// channels. With tiles of 28 to 112 sums, 86 to 96 % of the innermost loop's instructions are multiply-adds. Data that threads and blocks
/// share comes from the first-level cache (docs/decisions/0014-cuda.md).
///
/// An output channel reads only the input channels of its own group, also if its neighbours read others. Padding is the halo.
#include <vector>

#include "codegen/common/epilogue.h"
#include "codegen/cuda/kernels_internal.h"

namespace resnetc::codegen::cuda {

namespace {

/// The number of input channels that are loaded at once; `channels` channels are adjacent.
int loaded_at_once(int64_t channels, bool aligned) {
  if (!aligned) return channels <= 4 ? to_int(channels) : 1;
  return channels % 4 == 0 ? 4 : channels % 2 == 0 ? 2 : 1;
}

/// The loop over a window's columns is unrolled unless that makes more multiply-adds than this.
constexpr int64_t most_unrolled = 4096;

class Convolution {
 public:
  explicit Convolution(const program::KernelSpec& spec) : spec_(spec), s_(threads_of(spec)), operands_(Operands::Place::gpu) {}

  void build(Built& built) {
    const OpAttributes& a = spec_.attributes;
    const int64_t co = spec_.out.type.channels, ci = spec_.in.type.channels;
    const Elements in = operands_.tensor("in", spec_.in);
    const Halide::ImageParam weight = operands_.constant("weight");
    sum_(axes_.c, axes_.x, axes_.y, axes_.n) = 0.0f;

    const int64_t per_group = ci / a.groups;
    Expr first = 0;
    // Lanes past the last channel belong to no group, and nothing reads their sums.
    if (a.groups > 1) first = Halide::min(axes_.c / to_int(co / a.groups) * to_int(per_group), to_int(ci - per_group));
    add({"r", in, weight, first, per_group, a, spec_.in.aligned()});

    const Project project = [&](const Projection& shortcut) {
      const OpAttributes one = graph::projection(co);
      add({shortcut.name + "_r", shortcut.in, shortcut.weight, 0, shortcut.channels(), one, shortcut.step.operand.aligned()});
      return Expr();
    };
    Func out("out");
    out(axes_.c, axes_.x, axes_.y, axes_.n) = apply_epilogue(spec_, sum_(axes_.c, axes_.x, axes_.y, axes_.n), axes_, operands_, project);
    set_output(out, axes_, spec_.out, s_.flat);
    out.output_buffer().set_host_alignment(gpu_alignment);
    schedule(out);
    finish(out, operands_, built);
  }

 private:
  struct Term {
    std::string name;
    Elements in;
    Halide::ImageParam weight;
    Expr first;  ///< first input channel of the current output channel
    int64_t channels;
    OpAttributes window;
    bool aligned;
  };

  /// A sum over a window and channels, and the two stages that load its operands into registers.
  struct Sum {
    Func in, weight;  ///< (channel, tap column, tap row, c, x, y, n) and (channel, tap column, tap row, c)
    RDom r;
    int at_once;
    bool unrolled;  ///< whether the loop over columns is unrolled
  };

  void add(const Term& term) {
    const OpAttributes& a = term.window;
    const int64_t block = s_.channels * s_.block.w;
    const int channels = to_int(term.channels), columns = to_int(a.kernel.w), rows = to_int(a.kernel.h), b = to_int(block);
    RDom r(0, channels, 0, columns, 0, rows, term.name);
    const int at_once = loaded_at_once(term.channels, term.aligned);
    const int64_t multiply_adds = s_.channels * s_.tiles.h * s_.tiles.w * a.kernel.w * at_once;
    Sum sum{Func(term.name + "_in"), Func(term.name + "_weight"), r, at_once, multiply_adds <= most_unrolled};
    // In a flat schedule, the pixels of all rows form one axis in memory.
    sum.in(ci_, kx_, ky_, axes_.c, axes_.x, axes_.y, axes_.n) =
        term.in(term.first + ci_, axes_.x * to_int(a.stride.w) + kx_ * to_int(a.dilation.w) - to_int(a.pad.left),
                axes_.y * to_int(a.stride.h) + ky_ * to_int(a.dilation.h) - to_int(a.pad.top), axes_.n);
    sum.weight(ci_, kx_, ky_, axes_.c) = term.weight((ci_ + channels * (kx_ + columns * (ky_ + rows * (axes_.c / b)))) * b + axes_.c % b);
    sum_(axes_.c, axes_.x, axes_.y, axes_.n) +=
        sum.weight(r.x, r.y, r.z, axes_.c) * sum.in(r.x, r.y, r.z, axes_.c, axes_.x, axes_.y, axes_.n);
    sums_.push_back(std::move(sum));
  }

  void schedule(Func& out) {
    const TensorType& type = spec_.out.type;
    const int64_t width = s_.flat ? type.pixels() : type.width, height = s_.flat ? 1 : type.height;
    const ThreadLoops loops = share_between_threads(s_, out, axes_, spec_.out.stored_channels(), width, height);
    // The sums leave their loop one by one and become vectors after it. Otherwise each iteration of the loop would pack and unpack them.
    Func result = sum_.in(out);
    result.compute_at(out, loops.row).store_in(Halide::MemoryType::Register).unroll(axes_.c).unroll(axes_.x).unroll(axes_.y);
    sum_.compute_at(out, loops.thread).store_in(Halide::MemoryType::Register).unroll(axes_.c).unroll(axes_.x).unroll(axes_.y);
    for (size_t i = 0; i < sums_.size(); ++i) schedule_sum(sums_[i], sum_.update(static_cast<int>(i)));
  }

  /// For each row of the tile, processes one row of the window and a few channels at a time: first the loads, then all multiply-adds with
  /// them.
  void schedule_sum(Sum& sum, Halide::Stage update) {
    Halide::RVar outer("outer"), inner("inner");
    update.split(sum.r.x, outer, inner, sum.at_once);
    if (sum.unrolled) {
      update.reorder(axes_.c, axes_.x, inner, sum.r.y, axes_.y, outer, sum.r.z).unroll(sum.r.y);
    } else {
      update.reorder(axes_.c, axes_.x, inner, axes_.y, sum.r.y, outer, sum.r.z);
    }
    update.unroll(axes_.c).unroll(axes_.x).unroll(inner).unroll(axes_.y);
    // This makes one load for each tap and output channel. The compiler finds those that are the same.
    sum.in.compute_at(sum_, axes_.y).store_in(Halide::MemoryType::Register);
    sum.in.unroll(kx_).unroll(ky_).unroll(axes_.c).unroll(axes_.x).unroll(axes_.y);
    if (sum.at_once == 2 || sum.at_once == 4) {
      sum.in.vectorize(ci_);
    } else {
      sum.in.unroll(ci_);
    }
    if (sum.unrolled) {
      sum.weight.compute_at(sum_, outer);
    } else {
      sum.weight.compute_at(sum_, sum.r.y);
    }
    sum.weight.store_in(Halide::MemoryType::Register).reorder_storage(axes_.c, ci_, kx_, ky_).reorder(axes_.c, ci_, kx_, ky_);
    sum.weight.unroll(ci_).unroll(kx_).unroll(ky_);
    widen(s_, sum.weight, axes_.c);
  }

  const program::KernelSpec& spec_;
  const program::ThreadSchedule& s_;
  Axes axes_;
  Operands operands_;
  Var ci_{"ci"}, kx_{"kx"}, ky_{"ky"};
  Func sum_{"sum"};
  std::vector<Sum> sums_;
};

}  // namespace

void build_conv2d(const program::KernelSpec& spec, Built& built) { Convolution(spec).build(built); }

}  // namespace resnetc::codegen::cuda

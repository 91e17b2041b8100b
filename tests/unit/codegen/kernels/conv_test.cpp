/// \file Convolutions on every instruction set that this machine has, against float64 loops.
#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <sstream>

#include "ir/algorithms/implementation.h"
#include "ir/forms/text_forms.h"
#include "tests/unit/codegen/kernels/harness.h"

namespace resnetc::testing {
namespace {

using program::KernelKind;

struct Conv {
  int64_t ci, co = 0;
  Extent2 size, kernel{3, 3}, stride{1, 1};
  int64_t groups = 1;
  Extent2 dilation{1, 1};
  program::Schedule schedule = program::DirectSchedule{1, 4, 2, false};
  Extent2 out_halo{0, 0};
  int64_t batch = 1;
  std::vector<graph::StepKind> epilogue{graph::StepKind::bias};
  bool in_place = false;
  int64_t in_stride = 0, out_stride = 0;  ///< 0: whole vectors
  Extent2 pool{0, 0};                     ///< window of a pool at stride 2; none
  bool on_every_target = true;
  int64_t projected = 0;            ///< channels of the tensor that a project step reads
  std::optional<Sides> pad{};       ///< the default of a convolution
  std::optional<Sides> pool_pad{};  ///< (window - 1) / 2
  bool pool_ceil = false;
  ElementType weight = ElementType::f32;
};

bool is_flat(const program::Schedule& schedule) {
  const auto* direct = std::get_if<program::DirectSchedule>(&schedule);
  return direct != nullptr && direct->flat;
}

KernelCase conv_case(const Conv& conv, uint32_t seed) {
  program::KernelSpec spec;
  spec.kind = KernelKind::conv2d;
  OpAttributes& a = spec.attributes;
  a.channels = conv.co;
  a.kernel = conv.kernel;
  a.stride = conv.stride;
  a.dilation = conv.dilation;
  a.groups = conv.groups;
  a.pad = conv.pad.value_or(Sides(conv.dilation.h * (conv.kernel.h - 1) / 2, conv.dilation.w * (conv.kernel.w - 1) / 2));
  const auto extent = [](int64_t padded, int64_t kernel, int64_t stride, int64_t dilation) {
    return (padded - dilation * (kernel - 1) - 1) / stride + 1;
  };
  const TensorType out = TensorType::picture(conv.co, extent(conv.size.h + a.pad.top + a.pad.bottom, a.kernel.h, a.stride.h, a.dilation.h),
                                             extent(conv.size.w + a.pad.left + a.pad.right, a.kernel.w, a.stride.w, a.dilation.w));
  const Extent2 in_halo = implementation_of(conv.schedule).halo(a, conv.ci);
  spec.in = layout(TensorType::picture(conv.ci, conv.size.h, conv.size.w), in_halo, conv.in_stride);
  // Where there are gaps, every second input is a part of a tensor that begins within a vector.
  if (conv.in_stride > whole_vectors(conv.ci) && seed % 2 == 0) spec.in.first_channel = 5;
  spec.out = layout(out, conv.out_halo, conv.out_stride);
  if (conv.pool != Extent2{0, 0}) {
    OpAttributes& pool = spec.pool.emplace();
    pool.kernel = conv.pool;
    pool.stride = {2, 2};
    pool.pad = conv.pool_pad.value_or(Sides((conv.pool.h - 1) / 2, (conv.pool.w - 1) / 2));
    pool.ceil = conv.pool_ceil;
    const Result<TensorType> pooled = infer_type(OpKind::max_pool, pool, std::span(&out, 1));
    REQUIRE_MESSAGE(pooled.has_value(), pooled.failure().text);
    spec.out.type = *pooled;
  }
  for (graph::StepKind kind : conv.epilogue) {
    program::KernelSpec::StepSpec step{kind, {}, false};
    if (kind == graph::StepKind::add) {
      step.operand = conv.in_place ? spec.out : layout(out, conv.out_halo);
      step.in_place = conv.in_place;
    }
    if (kind == graph::StepKind::project) {
      const Extent2 halo = is_flat(conv.schedule) ? Extent2{0, 0} : Extent2{1, 2};
      step.operand = layout(TensorType::picture(conv.projected, out.height, out.width), halo);
      step.weight = conv.weight;
    }
    if (kind == graph::StepKind::mul) step.operand = layout(TensorType::vector(conv.co));
    spec.epilogue.push_back(step);
  }
  spec.weight = conv.weight;
  spec.schedule = conv.schedule;
  const std::string name = "conv " + std::to_string(conv.ci) + "->" + std::to_string(conv.co) + " " + to_string(conv.size) + " k" +
                           to_string(conv.kernel) + " s" + to_string(conv.stride) + " p" + to_string(a.pad) + " g" +
                           std::to_string(conv.groups) + " " + std::string(to_string(conv.weight)) + text::schedule(conv.schedule);
  return make_case(name, spec, conv.batch, seed);
}

program::Schedule tile(int64_t vectors, int64_t pixels, int64_t rows, bool flat = false, int64_t depth = 0) {
  return program::DirectSchedule{vectors, pixels, rows, flat, depth};
}

/// A tile whose pixels get all channels before the next.
program::Schedule wide(int64_t vectors, int64_t pixels, int64_t rows, bool flat = false) {
  return program::DirectSchedule{vectors, pixels, rows, flat, 0, true};
}

/// With depth 0, the weights are packed transformed.
program::Schedule transformed(int64_t output, int64_t vectors, Extent2 tiles, int64_t rows, int64_t depth, int64_t parts = 1) {
  return program::WinogradSchedule{output, vectors, tiles, rows, depth, parts};
}

/// The schedule of a convolution in narrow groups.
program::Schedule grouped(int64_t channels, Extent2 tiles, int64_t vectors, int64_t rows) {
  return program::GroupedSchedule{channels, tiles, vectors, rows};
}

/// The schedule of Strassen's products.
program::Schedule halved(int64_t vectors, Extent2 tiles, int64_t rows, int64_t parts = 1) {
  return program::StrassenSchedule{vectors, tiles, rows, parts};
}

/// Convolutions whose padding differs from side to side: each window from 1x1 to 7x7 at stride 1 and 2, and each algorithm.
std::vector<Conv> unevenly_padded() {
  using graph::StepKind;
  const std::vector<StepKind> residual{StepKind::bias, StepKind::add, StepKind::relu};
  std::vector<Conv> convs;
  const auto add = [&](Conv conv) { convs.push_back(std::move(conv)); };
  for (int64_t k = 1; k <= 7; ++k) {
    for (int64_t stride : {1, 2}) {
      // One after the other, each side is padded most.
      const int64_t most = k / 2 + 1, least = (k - 1) / 4;
      const Sides pads[] = {{least, least, most, most}, {most, 0, least, 1}, {0, most, 1, least}, {1, 2, 3, 0}};
      const auto number = static_cast<size_t>(2 * k + stride);
      const program::Schedule schedules[] = {tile(1, 5, 3), tile(2, 4, 0, true), tile(2, 6, 4, false, 16), wide(1, 3, 2)};
      add({.ci = 16,
           .co = 40,
           .size = {13, 9 + k},
           .kernel = {k, k},
           .stride = {stride, stride},
           .schedule = schedules[number % 4],
           .out_halo = {1, 0},
           .batch = 3,
           .epilogue = residual,
           .on_every_target = k == 3,
           .pad = pads[number / 2 % 4]});
      add({.ci = 32,
           .co = 32,
           .size = {8 + k, 13},
           .kernel = {k, k},
           .stride = {stride, stride},
           .groups = k % 2 == 0 ? 32 : 8,
           .schedule = grouped(4, {2, 3}, 2, 2),
           .batch = 3,
           .on_every_target = k == 3,
           .pad = pads[(number + 1) % 4]});
    }
  }
  add({.ci = 3, .co = 17, .size = {14, 20}, .stride = {2, 2}, .schedule = tile(2, 4, 3), .in_stride = 3, .pad = Sides{0, 0, 1, 1}});
  add({.ci = 17, .co = 24, .size = {14, 11}, .dilation = {2, 3}, .schedule = tile(1, 4, 3), .pad = Sides{1, 4, 3, 2}});
  add({.ci = 16,
       .co = 16,
       .size = {9, 11},
       .groups = 16,
       .dilation = {3, 2},
       .schedule = grouped(4, {1, 4}, 1, 2),
       .pad = Sides{3, 0, 0, 4}});
  add({.ci = 64, .co = 128, .size = {7, 7}, .groups = 2, .schedule = tile(4, 4, 7), .pad = Sides{2, 0, 0, 2}});
  add({.ci = 40, .co = 17, .size = {5, 1}, .kernel = {4, 2}, .schedule = tile(1, 2, 1), .pad = Sides{0, 1, 3, 0}});
  // Winograd: results that fill whole tiles and that do not, of each size of tile and stride; weights packed or not.
  for (int64_t stride : {1, 2}) {
    for (int64_t m : {2, 4}) {
      for (int64_t depth : {0, 16}) {
        const bool on_every_target = m == 4 && depth == 0;
        add({.ci = 32,
             .co = 40,
             .size = {2 * m * stride, 3 * m * stride},
             .stride = {stride, stride},
             .schedule = transformed(m, 2, {1, 3}, 1, depth),
             .epilogue = residual,
             .on_every_target = on_every_target,
             .pad = stride == 1 ? Sides{2, 0, 0, 2} : Sides{0, 0, 1, 1}});
        add({.ci = 16,
             .co = 32,
             .size = {13, 22},
             .stride = {stride, stride},
             .schedule = transformed(m, 1, {1, 2}, 2, depth, 2),
             .out_halo = {1, 2},
             .batch = 3,
             .on_every_target = on_every_target,
             .pad = stride == 1 ? Sides{0, 3, 2, 0} : Sides{1, 0, 3, 2}});
      }
    }
  }
  // Pools of what is computed.
  for (int64_t rows : {1, 3}) {
    for (bool ceil : {false, true}) {
      add({.ci = 16,
           .co = 32,
           .size = {21, 18},
           .schedule = transformed(4, 2, {1, 2}, rows, 0),
           .batch = 3,
           .pool = {3, 3},
           .on_every_target = rows == 1 && ceil,
           .pad = rows == 1 ? Sides{0, 2, 2, 0} : Sides{1, 1},
           .pool_pad = rows == 1 ? Sides{0, 0, 1, 1} : Sides{1, 0, 0, 1},
           .pool_ceil = ceil});
    }
    add({.ci = 3,
         .co = 40,
         .size = {36, 51},
         .kernel = {7, 7},
         .stride = {2, 2},
         .schedule = transformed(4, 1, {1, 4}, rows, 0),
         .out_halo = {rows % 2, 0},
         .batch = 3,
         .in_stride = 3,
         .pool = {3, 2},
         .on_every_target = false,
         .pool_pad = Sides{0, 0},
         .pool_ceil = true});
  }
  return convs;
}

std::vector<KernelCase> all_convolutions() {
  using graph::StepKind;
  const std::vector<StepKind> residual{StepKind::bias, StepKind::add, StepKind::relu};
  const std::vector<StepKind> everything{StepKind::bias, StepKind::affine, StepKind::mul, StepKind::add, StepKind::sigmoid};
  std::vector<Conv> convs;
  auto add = [&](Conv conv) { convs.push_back(std::move(conv)); };
  // Channels that do not fill vectors, odd sizes, tails in every axis.
  add({.ci = 1, .co = 3, .size = {13, 21}, .schedule = tile(1, 4, 2)});
  add({.ci = 3, .co = 17, .size = {13, 21}, .kernel = {7, 7}, .stride = {2, 2}, .schedule = tile(2, 4, 3), .batch = 3, .in_stride = 3});
  add({.ci = 17,
       .co = 40,
       .size = {13, 21},
       .kernel = {5, 5},
       .schedule = tile(1, 6, 4),
       .out_halo = {1, 2},
       .batch = 3,
       .epilogue = residual});
  add({.ci = 40, .co = 40, .size = {7, 7}, .schedule = tile(3, 7, 7), .epilogue = residual});
  add({.ci = 64, .co = 64, .size = {14, 14}, .schedule = tile(2, 7, 7), .batch = 3, .epilogue = residual, .in_place = true});
  add({.ci = 40, .co = 17, .size = {13, 21}, .stride = {2, 2}, .schedule = tile(2, 5, 0), .batch = 3});
  add({.ci = 64, .co = 40, .size = {13, 21}, .kernel = {1, 1}, .stride = {2, 2}, .schedule = tile(1, 11, 2), .out_halo = {2, 2}});
  add({.ci = 17, .co = 64, .size = {13, 21}, .kernel = {1, 1}, .schedule = tile(2, 14, 3, true), .batch = 3, .epilogue = residual});
  add({.ci = 64, .co = 256, .size = {7, 7}, .kernel = {1, 1}, .schedule = tile(4, 6, 2, true), .batch = 3, .epilogue = everything});
  add({.ci = 40, .co = 40, .size = {7, 7}, .kernel = {1, 1}, .schedule = tile(1, 7, 0, true), .epilogue = residual, .in_place = true});
  // Flat where rows do not follow each other: halos, strides, windows; tasks that do not divide the rows, tiles that do not divide a task.
  add({.ci = 64, .co = 64, .size = {7, 7}, .kernel = {1, 1}, .schedule = tile(2, 6, 3, true), .out_halo = {1, 1}, .epilogue = residual});
  add({.ci = 17, .co = 40, .size = {13, 21}, .schedule = tile(1, 5, 4, true), .out_halo = {1, 2}, .batch = 3, .epilogue = everything});
  add({.ci = 40,
       .co = 64,
       .size = {14, 14},
       .stride = {2, 2},
       .schedule = tile(4, 6, 0, true),
       .batch = 3,
       .epilogue = residual,
       .in_place = true});
  add({.ci = 3, .co = 17, .size = {13, 21}, .kernel = {7, 7}, .stride = {2, 2}, .schedule = tile(2, 4, 3, true), .in_stride = 3});
  add({.ci = 3, .co = 40, .size = {21, 13}, .kernel = {1, 3}, .stride = {2, 1}, .schedule = tile(1, 13, 5)});
  add({.ci = 17, .co = 17, .size = {13, 21}, .dilation = {2, 2}, .schedule = tile(2, 3, 4), .out_halo = {1, 1}});
  // Groups: one to one, fewer and more channels than a vector, a block that covers parts of two groups.
  add({.ci = 40, .co = 40, .size = {7, 7}, .groups = 40, .schedule = tile(3, 7, 2)});
  add({.ci = 128, .co = 128, .size = {7, 9}, .stride = {2, 2}, .groups = 32, .schedule = tile(2, 5, 2), .batch = 3});
  add({.ci = 64, .co = 128, .size = {7, 7}, .groups = 2, .schedule = tile(4, 4, 7)});
  add({.ci = 36, .co = 60, .size = {7, 7}, .groups = 3, .schedule = tile(4, 4, 7)});
  add({.ci = 6, .co = 4, .size = {5, 5}, .groups = 2, .schedule = tile(1, 5, 5)});
  // In steps: of one and of several parts of the channels, along rows and along one axis, whole tiles and tails in every axis.
  add({.ci = 64, .co = 64, .size = {14, 14}, .schedule = tile(2, 7, 7, false, 32), .batch = 3, .epilogue = residual, .in_place = true});
  add({.ci = 17, .co = 40, .size = {13, 21}, .schedule = tile(1, 6, 4, false, 17), .out_halo = {1, 2}, .epilogue = everything});
  add({.ci = 40, .co = 17, .size = {13, 21}, .kernel = {5, 5}, .stride = {2, 2}, .schedule = tile(2, 5, 0, false, 20), .batch = 3});
  add({.ci = 48, .co = 256, .size = {7, 7}, .kernel = {1, 1}, .schedule = tile(4, 6, 2, true, 16), .batch = 3, .epilogue = everything});
  add({.ci = 64, .co = 64, .size = {7, 7}, .kernel = {1, 1}, .schedule = tile(2, 7, 7, true, 32), .epilogue = residual, .in_place = true});
  add({.ci = 32, .co = 40, .size = {5, 7}, .kernel = {1, 1}, .schedule = tile(1, 4, 0, true, 16), .out_halo = {1, 1}});
  add({.ci = 32, .co = 64, .size = {13, 21}, .stride = {2, 2}, .schedule = tile(2, 5, 3, true, 16), .batch = 3, .epilogue = residual});
  add({.ci = 64, .co = 128, .size = {7, 7}, .groups = 2, .schedule = tile(4, 4, 7, false, 16)});
  add({.ci = 16, .co = 17, .size = {13, 21}, .dilation = {2, 2}, .schedule = tile(2, 3, 4, false, 16), .out_halo = {1, 1}});
  // All channels of some pixels before the next.
  add({.ci = 64, .co = 64, .size = {14, 14}, .schedule = wide(2, 7, 3), .batch = 3, .epilogue = residual, .in_place = true});
  add({.ci = 17, .co = 40, .size = {13, 21}, .schedule = wide(1, 6, 0), .out_halo = {1, 2}, .batch = 3, .epilogue = everything});
  add({.ci = 48, .co = 256, .size = {7, 7}, .kernel = {1, 1}, .schedule = wide(4, 6, 2, true), .batch = 3, .epilogue = everything});
  add({.ci = 64, .co = 128, .size = {7, 7}, .groups = 2, .schedule = wide(4, 4, 7)});
  // Depthwise: each width of vectors, windows that are unrolled and that are not, whole tiles and tails in every axis, one task and many.
  for (int64_t channels : {16, 8, 4}) {
    const auto channelwise = [&](Conv conv) {
      conv.co = conv.groups = conv.ci;
      conv.on_every_target = channels == 4;
      add(std::move(conv));
    };
    channelwise({.ci = 40, .size = {13, 21}, .schedule = grouped(channels, {1, 4}, 2, 2), .out_halo = {1, 2}, .batch = 3});
    channelwise({.ci = 64, .size = {14, 14}, .schedule = grouped(channels, {2, 7}, 4, 3), .epilogue = residual, .in_place = true});
    channelwise({.ci = 17,
                 .size = {13, 21},
                 .kernel = {5, 5},
                 .stride = {2, 2},
                 .schedule = grouped(channels, {2, 3}, 1, 2),
                 .batch = 3,
                 .epilogue = everything});
    channelwise({.ci = 48, .size = {9, 11}, .kernel = {7, 7}, .schedule = grouped(channels, {3, 2}, 3, 0), .epilogue = residual});
    channelwise({.ci = 32, .size = {11, 9}, .kernel = {3, 5}, .stride = {1, 2}, .schedule = grouped(channels, {2, 2}, 2, 4)});
    channelwise({.ci = 32, .size = {16, 16}, .kernel = {13, 13}, .schedule = grouped(channels, {1, 4}, 2, 16), .batch = 3});
    channelwise({.ci = 16, .size = {13, 13}, .dilation = {2, 2}, .schedule = grouped(channels, {2, 5}, 1, 2)});
    channelwise({.ci = 20, .size = {1, 2}, .kernel = {5, 5}, .schedule = grouped(channels, {4, 8}, 2, 1)});
    channelwise({.ci = 40,
                 .size = {13, 21},
                 .kernel = {5, 5},
                 .stride = {2, 2},
                 .schedule = grouped(channels, {2, 3}, 3, 2),
                 .batch = 3,
                 .in_stride = 64});
    channelwise({.ci = 32,
                 .size = {9, 11},
                 .kernel = {7, 7},
                 .dilation = {2, 1},
                 .schedule = grouped(channels, {3, 2}, 1, 0),
                 .out_halo = {1, 2},
                 .epilogue = residual,
                 .in_stride = 48,
                 .out_stride = 48});
    channelwise({.ci = 32, .size = {7, 7}, .kernel = {1, 1}, .schedule = grouped(channels, {1, 7}, 1, 3)});
    channelwise({.ci = 32,
                 .size = {9, 9},
                 .schedule = grouped(channels, {1, 4}, 2, 2),
                 .epilogue = {StepKind::bias, StepKind::project, StepKind::relu},
                 .projected = 24});
  }
  // The same for groups of two and of four channels.
  for (int64_t channels : {16, 8, 4}) {
    for (int64_t group : {2, 4}) {
      const auto in_groups = [&](Conv conv) {
        conv.co = conv.ci;
        conv.groups = conv.ci / group;
        conv.on_every_target = channels == 4;
        add(std::move(conv));
      };
      in_groups({.ci = 44, .size = {13, 21}, .schedule = grouped(channels, {1, 4}, 3, 2), .out_halo = {1, 2}, .batch = 3});
      in_groups({.ci = 64,
                 .size = {12, 12},
                 .stride = {2, 2},
                 .schedule = grouped(channels, {2, 3}, 4, 3),
                 .epilogue = residual,
                 .in_place = true});
      in_groups({.ci = 20, .size = {9, 11}, .kernel = {5, 5}, .schedule = grouped(channels, {1, 7}, 2, 0), .epilogue = everything});
      in_groups({.ci = 32, .size = {7, 7}, .kernel = {1, 1}, .schedule = grouped(channels, {1, 7}, 1, 3)});
      in_groups({.ci = 32, .size = {8, 6}, .schedule = grouped(channels, {2, 3}, 2, 2), .epilogue = residual, .in_place = true});
      in_groups({.ci = 32, .size = {13, 13}, .dilation = {2, 2}, .schedule = grouped(channels, {2, 2}, 1, 2), .batch = 3});
    }
  }
  // Gaps between the pixels of the input, of the result and of both, with each algorithm.
  add({.ci = 40, .co = 40, .size = {7, 7}, .schedule = tile(3, 7, 7), .epilogue = residual, .in_stride = 64});
  add({.ci = 17, .co = 64, .size = {13, 21}, .kernel = {1, 1}, .schedule = tile(2, 14, 3, true), .epilogue = residual, .out_stride = 80});
  add({.ci = 40,
       .co = 64,
       .size = {14, 14},
       .stride = {2, 2},
       .schedule = tile(4, 6, 0, true),
       .batch = 3,
       .epilogue = residual,
       .in_place = true,
       .in_stride = 64,
       .out_stride = 80});
  add({.ci = 64,
       .co = 80,
       .size = {13, 21},
       .schedule = transformed(4, 1, {1, 2}, 2, 16, 3),
       .out_halo = {1, 2},
       .batch = 3,
       .epilogue = residual,
       .in_stride = 80,
       .out_stride = 96});
  add({.ci = 64,
       .co = 128,
       .size = {14, 14},
       .kernel = {1, 1},
       .schedule = halved(2, {2, 7}, 4),
       .batch = 3,
       .epilogue = residual,
       .in_stride = 80,
       .out_stride = 144});
  // A linear layer.
  add({.ci = 512, .co = 1000, .size = {1, 1}, .kernel = {1, 1}, .schedule = tile(9, 1, 1, true), .batch = 3});
  // The picture is smaller than the window.
  add({.ci = 17, .co = 3, .size = {1, 2}, .kernel = {5, 5}, .schedule = tile(1, 2, 1)});
  // Projections, summed directly.
  const std::vector<StepKind> projected{StepKind::bias, StepKind::project, StepKind::relu};
  add({.ci = 64,
       .co = 64,
       .size = {7, 7},
       .kernel = {1, 1},
       .schedule = tile(2, 12, 2, true),
       .batch = 3,
       .epilogue = projected,
       .projected = 40});
  add({.ci = 32,
       .co = 40,
       .size = {13, 21},
       .kernel = {1, 1},
       .schedule = tile(1, 14, 3),
       .out_halo = {1, 1},
       .batch = 3,
       .epilogue = {StepKind::add, StepKind::project, StepKind::project, StepKind::sigmoid},
       .projected = 64});
  add({.ci = 17, .co = 24, .size = {7, 9}, .schedule = tile(2, 5, 0), .epilogue = {StepKind::project}, .projected = 3});
  add({.ci = 32, .co = 32, .size = {9, 9}, .groups = 8, .schedule = tile(2, 5, 2), .epilogue = projected, .projected = 16});
  add({.ci = 17, .co = 24, .size = {7, 9}, .schedule = tile(2, 5, 2, true), .epilogue = projected, .projected = 33});
  add({.ci = 32, .co = 48, .size = {9, 7}, .schedule = tile(3, 7, 4, false, 16), .epilogue = projected, .projected = 33});
  add({.ci = 17, .co = 96, .size = {7, 9}, .schedule = wide(3, 5, 2), .epilogue = projected, .projected = 33});
  add({.ci = 32, .co = 48, .size = {7, 7}, .kernel = {1, 1}, .schedule = tile(3, 4, 5, true, 16), .epilogue = projected, .projected = 16});
  // Winograd: whole tiles, and tails in every axis, of each size of tile and stride; weights packed, or transformed all at once or in
  // steps. A quarter of these has each pair of stride, tile, depth and shape, and takes a quarter of the time.
  for (Extent2 stride : {Extent2{1, 1}, Extent2{2, 2}}) {
    const int64_t t = stride.h;
    for (int64_t m : {2, 4}) {
      for (int64_t depth : {0, 16, 32}) {
        const int64_t all = depth == 16 ? 16 : 32;
        int64_t number = 0;
        const auto shape = [&](Conv conv) {
          conv.on_every_target = (number++ + depth / lanes) % 4 == 2 * (t - 1) + m / 2 - 1;
          add(std::move(conv));
        };
        shape({.ci = 32,
               .co = 32,
               .size = {2 * m * t, 3 * m * t},
               .stride = stride,
               .schedule = transformed(m, 2, {1, 3}, 1, depth),
               .in_stride = 32});
        shape({.ci = all,
               .co = 40,
               .size = {13 * t, 21 * t},
               .stride = stride,
               .schedule = transformed(m, 1, {1, 2}, 2, depth, 3),
               .out_halo = {1, 2},
               .batch = 3,
               .epilogue = residual});
        shape({.ci = 48 + all,
               .co = 64,
               .size = {7, 7},
               .stride = stride,
               .schedule = transformed(m, 2, {2, 2}, 2, depth == 32 ? 16 : depth, 2),
               .batch = 3,
               .epilogue = residual,
               .in_place = true});
        shape({.ci = 32,
               .co = 16,
               .size = {1, 2},
               .stride = stride,
               .schedule = transformed(m, 3, {2, 3}, 0, depth),
               .epilogue = everything});
        // Parts of unequal size: two and one, three and two.
        shape({.ci = 32, .co = 40, .size = {9 * t, 9 * t}, .stride = stride, .schedule = transformed(m, 1, {1, 3}, 9, depth, 2)});
        shape({.ci = 32,
               .co = 80,
               .size = {5 * t, 6 * t},
               .stride = stride,
               .schedule = transformed(m, 1, {2, 2}, 2, depth, 2),
               .batch = 3,
               .epilogue = residual,
               .in_place = true});
        shape({.ci = 32, .co = 3, .size = {25, 9}, .stride = stride, .schedule = transformed(m, 1, {3, 1}, 3, depth)});
        shape({.ci = 32,
               .co = 48,
               .size = {11 * t, 13 * t},
               .stride = stride,
               .schedule = transformed(m, 3, {2, 2}, 2, depth, 1),
               .batch = 3,
               .epilogue = depth == 0 ? std::vector{StepKind::project, StepKind::add, StepKind::project} : projected,
               .projected = 24});
      }
    }
  }
  // Strassen: whole tiles and tails in every axis, one part of the channels and many, projections.
  const auto one_by_one = [&](Conv conv) {
    conv.kernel = {1, 1};
    add(std::move(conv));
  };
  one_by_one({.ci = 32, .co = 32, .size = {4, 8}, .schedule = halved(1, {2, 4}, 2)});
  one_by_one({.ci = 64, .co = 128, .size = {14, 14}, .schedule = halved(2, {2, 7}, 4), .batch = 3, .epilogue = residual, .in_place = true});
  one_by_one(
      {.ci = 96, .co = 160, .size = {7, 9}, .schedule = halved(1, {1, 3}, 2, 2), .out_halo = {1, 1}, .batch = 3, .epilogue = everything});
  one_by_one({.ci = 64, .co = 50, .size = {5, 1}, .schedule = halved(2, {3, 2}, 3), .batch = 3});
  one_by_one({.ci = 160, .co = 192, .size = {1, 5}, .schedule = halved(3, {1, 2}, 0, 2), .epilogue = residual});
  one_by_one({.ci = 64,
              .co = 96,
              .size = {6, 10},
              .schedule = halved(3, {1, 5}, 6, 3),
              .batch = 3,
              .epilogue = {StepKind::add, StepKind::project, StepKind::project, StepKind::sigmoid},
              .projected = 32});
  one_by_one(
      {.ci = 32, .co = 24, .size = {13, 21}, .schedule = halved(1, {2, 5}, 4), .out_halo = {1, 2}, .epilogue = projected, .projected = 96});
  // Phases: whole tiles and tails, every number of channels, both windows.
  add({.ci = 3,
       .co = 32,
       .size = {16, 32},
       .kernel = {7, 7},
       .stride = {2, 2},
       .schedule = transformed(4, 2, {1, 2}, 2, 0),
       .in_stride = 3});
  for (int64_t ci : {1, 2, 3, 4}) {
    add({.ci = ci,
         .co = 40,
         .size = {21, 27},
         .kernel = {7, 7},
         .stride = {2, 2},
         .schedule = transformed(4, 1, {1, 3}, 1, 0, ci),
         .out_halo = {1, 1},
         .batch = 3,
         .epilogue = residual,
         .in_stride = ci});
    add({.ci = ci,
         .co = 17,
         .size = {9 + ci, 14},
         .kernel = {5, 5},
         .stride = {2, 2},
         .schedule = transformed(ci < 3 ? 2 : 4, 2, {2, 2}, ci == 1 ? 0 : 2, 0),
         .batch = 3,
         .in_stride = ci});
  }
  // Pools of what is computed: whole tasks and tails, one task and many.
  for (int64_t rows : {1, 2, 3, 9}) {
    add({.ci = 3,
         .co = 40,
         .size = {37, 50},
         .kernel = {7, 7},
         .stride = {2, 2},
         .schedule = transformed(4, rows == 2 ? 3 : 1, {1, 4}, rows, 0),
         .out_halo = {rows % 2, rows % 2},
         .batch = 3,
         .epilogue = {StepKind::bias, StepKind::relu},
         .in_stride = 3,
         .pool = {3, 3}});
    add({.ci = 16,
         .co = 32,
         .size = {21, 18},
         .schedule = transformed(4, 2, {1, 2}, rows, rows == 3 ? 16 : 0),
         .batch = 3,
         .epilogue = {StepKind::bias},
         .pool = {rows == 1 ? 4 : 2, 2}});
  }
  for (Conv& conv : unevenly_padded()) add(std::move(conv));
  std::vector<KernelCase> cases;
  uint32_t seed = 1;
  for (const Conv& conv : convs) {
    cases.push_back(conv_case(conv, seed++));
    cases.back().on_every_target = conv.on_every_target;
  }
  // NaN reaches the outputs that see it, through the ReLU.
  Conv nan{.ci = 17, .co = 17, .size = {9, 9}, .epilogue = residual};
  KernelCase one = conv_case(nan, seed);
  one.name += " with NaN";
  one.input[40] = std::numeric_limits<double>::quiet_NaN();
  one.input[200] = -std::numeric_limits<double>::quiet_NaN();
  one.steps[1][77] = std::numeric_limits<double>::quiet_NaN();
  cases.push_back(finished(std::move(one)));
  return cases;
}

/// Multiplies the rows of the weights, also those of projections, and the bias by the `factor` of their channel.
template <class Factor>
KernelCase with_rows(KernelCase one, Factor factor) {
  const auto scale = [&](double* values, size_t count) {
    const size_t row = count / static_cast<size_t>(one.spec.out.type.channels);
    for (size_t i = 0; i < count; ++i) values[i] *= factor(static_cast<int64_t>(i / row));
  };
  scale(one.weight.data(), one.weight.size());
  for (size_t i = 0; i < one.steps.size(); ++i) {
    const auto constants =
        static_cast<size_t>(one.spec.out.type.channels) *
        (one.spec.epilogue[i].kind == graph::StepKind::project ? static_cast<size_t>(one.spec.epilogue[i].operand.type.channels) : 1);
    scale(one.steps[i].data() + (one.steps[i].size() - constants), constants);
  }
  one.by_channel = true;
  return finished(std::move(one));
}

}  // namespace

TEST_CASE("kernels: each channel is as exact as its own values ask for, whatever the others'") {
  using graph::StepKind;
  const std::vector<Conv> convs{
      {.ci = 64, .co = 50, .size = {13, 14}, .schedule = tile(2, 3, 2)},
      {.ci = 64, .co = 64, .size = {13, 14}, .schedule = transformed(2, 2, {1, 2}, 2, 0)},
      {.ci = 64, .co = 64, .size = {13, 14}, .schedule = transformed(2, 2, {1, 2}, 2, 16)},
      {.ci = 64, .co = 50, .size = {13, 14}, .kernel = {1, 1}, .schedule = halved(1, {1, 3}, 2)},
      {.ci = 256, .co = 128, .size = {14, 14}, .kernel = {1, 1}, .schedule = halved(2, {1, 7}, 7, 2), .epilogue = {}},
      {.ci = 64,
       .co = 96,
       .size = {6, 10},
       .kernel = {1, 1},
       .schedule = halved(3, {1, 5}, 6, 3),
       .batch = 3,
       .epilogue = {StepKind::project, StepKind::bias, StepKind::project},
       .projected = 32}};
  const auto every_other_block = [](int64_t row) { return row / lanes % 2 == 0 ? 1e4 : 1.0; };
  const auto all_sizes = [](int64_t row) { return std::pow(10.0, static_cast<double>(row % 16) - 8); };
  std::vector<KernelCase> cases;
  uint32_t seed = 1;
  for (const Conv& conv : convs) {
    cases.push_back(with_rows(conv_case(conv, seed++), every_other_block));
    cases.push_back(with_rows(conv_case(conv, seed++), all_sizes));
    KernelCase projected = conv_case(conv, seed++);  // the weights of the convolution alone
    for (size_t i = 0; i < projected.weight.size(); ++i) projected.weight[i] *= i % 2 == 0 ? 1e-3 : 1e-5;
    cases.push_back(with_rows(std::move(projected), every_other_block));
  }
  for (const Target& target : runnable_targets()) {
    for (const std::string& failure : run_cases(cases, target)) FAIL_CHECK(failure);
  }
}

TEST_CASE("kernels: convolutions with weights of half the size") {
  using graph::StepKind;
  const std::vector<StepKind> projected{StepKind::bias, StepKind::project, StepKind::relu};
  std::vector<KernelCase> cases;
  uint32_t seed = 1;
  for (const ElementType weight : {ElementType::bf16, ElementType::f16}) {
    const std::vector<Conv> convs{
        {.ci = 3, .co = 40, .size = {13, 14}, .kernel = {7, 7}, .stride = {2, 2}, .schedule = tile(1, 5, 3), .in_stride = 3},
        {.ci = 33, .co = 50, .size = {9, 14}, .schedule = tile(2, 6, 2), .epilogue = {StepKind::bias, StepKind::add, StepKind::relu}},
        {.ci = 64, .co = 64, .size = {7, 7}, .schedule = tile(2, 7, 4, true)},
        {.ci = 64, .co = 48, .size = {9, 9}, .kernel = {1, 1}, .schedule = tile(3, 4, 5, true, 32), .epilogue = projected, .projected = 24},
        {.ci = 64, .co = 48, .size = {9, 9}, .kernel = {1, 1}, .schedule = wide(3, 4, 5, true), .epilogue = projected, .projected = 24},
        {.ci = 64, .co = 100, .size = {1, 1}, .kernel = {1, 1}, .schedule = tile(1, 1, 0, true)},
        {.ci = 32, .co = 48, .size = {13, 14}, .schedule = transformed(4, 1, {1, 3}, 2, 16)},
        {.ci = 32, .co = 48, .size = {13, 14}, .schedule = transformed(2, 1, {1, 3}, 2, 32), .epilogue = projected, .projected = 24},
        {.ci = 64, .co = 64, .size = {9, 9}, .groups = 64, .schedule = grouped(16, {2, 3}, 2, 2)},
        {.ci = 64, .co = 64, .size = {9, 9}, .groups = 16, .schedule = grouped(16, {2, 3}, 2, 2)}};
    for (Conv conv : convs) {
      conv.weight = weight;
      cases.push_back(conv_case(conv, seed++));
    }
  }
  for (const Target& target : runnable_targets()) {
    for (const std::string& failure : run_cases(cases, target)) FAIL_CHECK(failure);
  }
}

TEST_CASE("kernels: convolutions") {
  std::vector<KernelCase> cases = all_convolutions();
  for (const Target& target : runnable_targets()) {  // the best first
    for (const std::string& failure : run_cases(cases, target)) FAIL_CHECK(failure);
    std::erase_if(cases, [](const KernelCase& one) { return !one.on_every_target; });
  }
}

/// Whether a line of a loop nest is a loop over the lanes of a vector that lies in another. Halide computes such a nest lane by lane.
bool has_vectors_of_vectors(const std::string& loops) {
  std::istringstream lines(loops);
  size_t outer = std::string::npos;  // the indentation of the loop over lanes that is open
  for (std::string line; std::getline(lines, line);) {
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos) continue;
    if (outer != std::string::npos && indent <= outer) outer = std::string::npos;
    if (line.compare(indent, 10, "vectorized") != 0) continue;
    if (outer != std::string::npos) return true;
    outer = indent;
  }
  return false;
}

TEST_CASE("kernels: no loop over the lanes of a vector lies in another") {
  std::vector<KernelCase> cases = all_convolutions();
  std::erase_if(cases, [](const KernelCase& one) { return !one.on_every_target; });
  const Target best = runnable_targets().front();
  std::vector<codegen::KernelJob> jobs;
  for (const KernelCase& one : cases) jobs.push_back({one.spec, &best});
  const auto texts = codegen::texts_of(jobs, std::vector{codegen::KernelText::loops}, {});
  REQUIRE_MESSAGE(texts, texts.failure().text);
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string& loops = texts->texts[texts->index[i]][0];
    CHECK_MESSAGE(!has_vectors_of_vectors(loops), cases[i].name, "\n", loops);
  }
}

}  // namespace resnetc::testing

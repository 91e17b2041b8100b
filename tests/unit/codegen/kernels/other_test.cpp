/// \file All kernels but the convolutions, on every instruction set that this machine has, against float64 loops.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "tests/unit/codegen/kernels/harness.h"

namespace resnetc::testing {
namespace {

using graph::StepKind;
using program::KernelKind;
using program::KernelSpec;

program::Schedule rows(int64_t count) { return program::GeneralSchedule{1, count}; }

KernelSpec spec_of(KernelKind kind, program::Tensor in, program::Tensor out, int64_t task_rows) {
  KernelSpec spec;
  spec.kind = kind;
  spec.in = std::move(in);
  spec.out = std::move(out);
  spec.schedule = rows(task_rows);
  return spec;
}

KernelSpec pool(KernelKind kind, int64_t channels, Extent2 size, Extent2 kernel, Extent2 stride, Extent2 pad, int64_t task_rows,
                Extent2 halo = {0, 0}) {
  const TensorType out =
      TensorType::picture(channels, (size.h + 2 * pad.h - kernel.h) / stride.h + 1, (size.w + 2 * pad.w - kernel.w) / stride.w + 1);
  KernelSpec spec = spec_of(kind, layout(TensorType::picture(channels, size.h, size.w), {1, 2}), layout(out, halo), task_rows);
  spec.attributes.kernel = kernel;
  spec.attributes.stride = stride;
  spec.attributes.pad = pad;
  return spec;
}

/// A pool with padding on four sides, of a picture of 13 x 14.
KernelSpec uneven_pool(KernelKind kind, int64_t kernel, int64_t stride, Sides pad, bool ceil, bool count_pad = true) {
  const bool largest = kind == KernelKind::max_pool;
  const TensorType in = TensorType::picture(17, 13, 14);
  OpAttributes a;
  a.kernel = {kernel, kernel};
  a.stride = {stride, stride};
  a.pad = pad;
  a.ceil = ceil;
  a.count_pad = count_pad;
  const Result<TensorType> out = infer_type(largest ? OpKind::max_pool : OpKind::avg_pool, a, std::span(&in, 1));
  REQUIRE_MESSAGE(out.has_value(), out.failure().text);
  KernelSpec spec = spec_of(kind, layout(in, {1, 2}), layout(*out, {1, 0}), 2);
  spec.attributes = a;
  return spec;
}

KernelSpec load(ElementType element, TensorType type, int64_t stride, Extent2 halo, int64_t task_rows) {
  program::Tensor caller;
  caller.type = type;
  caller.type.element = element;
  KernelSpec spec = spec_of(KernelKind::load, caller, layout(type, halo, stride), task_rows);
  spec.input.type = caller.type;
  if (element == ElementType::u8) {
    spec.input.order = DimensionOrder::channels_last;
    for (int64_t c = 0; c < type.channels; ++c) {
      spec.input.mean.push_back(0.485 - 0.01 * static_cast<double>(c));
      spec.input.std.push_back(0.229 + 0.01 * static_cast<double>(c));
    }
  }
  return spec;
}

KernelSpec store(program::Tensor in, int64_t task_rows) {
  program::Tensor caller;
  caller.type = in.type;
  return spec_of(KernelKind::store, std::move(in), caller, task_rows);
}

/// The kernel, which moves this number of vectors of channels at a time.
KernelSpec moving(int64_t vectors, KernelSpec spec) {
  std::get<program::GeneralSchedule>(spec.schedule).vectors = vectors;
  return spec;
}

KernelSpec with(KernelSpec spec, const std::vector<StepKind>& steps, bool in_place = false) {
  for (StepKind kind : steps) {
    KernelSpec::StepSpec step{kind, {}, false};
    if (kind == StepKind::add) {
      step.operand = in_place ? spec.out : layout(spec.out.type, {2, 0});
      step.in_place = in_place;
    }
    if (kind == StepKind::mul) step.operand = layout(TensorType::vector(spec.out.type.channels));
    spec.epilogue.push_back(step);
  }
  return spec;
}

std::vector<KernelCase> all_others() {
  std::vector<KernelCase> cases;
  uint32_t seed = 100;
  auto add = [&](const char* name, KernelSpec spec, int64_t batch = 1) {
    cases.push_back(make_case(name, std::move(spec), batch, seed++));
  };
  const auto picture = [](int64_t c, int64_t h, int64_t w) { return TensorType::picture(c, h, w); };
  add("max 3x3 s2", pool(KernelKind::max_pool, 64, {13, 21}, {3, 3}, {2, 2}, {1, 1}, 2, {1, 1}), 3);
  add("max 2x2 s2, 17 channels", pool(KernelKind::max_pool, 17, {14, 7}, {2, 2}, {2, 2}, {0, 0}, 0));
  KernelSpec with_gaps = pool(KernelKind::max_pool, 40, {13, 21}, {3, 3}, {2, 2}, {1, 1}, 2);
  with_gaps.in.channel_stride = with_gaps.out.channel_stride = 64;
  add("max 3x3 s2, with gaps", with_gaps);
  add("max 1x1 s2", pool(KernelKind::max_pool, 40, {7, 7}, {1, 1}, {2, 2}, {0, 0}, 4));
  add("max 7x5", pool(KernelKind::max_pool, 3, {13, 21}, {7, 5}, {1, 1}, {3, 2}, 5));
  add("avg 3x3 s1", with(pool(KernelKind::avg_pool, 40, {13, 21}, {3, 3}, {1, 1}, {1, 1}, 4, {0, 1}), {StepKind::affine, StepKind::relu}),
      3);
  add("avg 2x2 s2", pool(KernelKind::avg_pool, 1, {13, 21}, {2, 2}, {2, 2}, {0, 0}, 0));
  add("avg 7x7", pool(KernelKind::avg_pool, 64, {7, 7}, {7, 7}, {7, 7}, {0, 0}, 1));
  add("avg 3x3 s2, padding counts on no side", uneven_pool(KernelKind::avg_pool, 3, 2, {1, 1}, false, false), 2);
  // Padding that differs from side to side, and windows that leave even that.
  for (int64_t kernel : {2, 3, 5}) {
    for (int64_t stride : {2, 3}) {
      const int64_t most = kernel / 2;
      const Sides pad = stride == 2 ? Sides{0, 0, most, most} : Sides{most, 1, 0, 0};
      add("max, uneven", uneven_pool(KernelKind::max_pool, kernel, stride, pad, false));
      add("avg, uneven", uneven_pool(KernelKind::avg_pool, kernel, stride, pad, false));
      for (const Sides& sides : {pad, Sides()}) {
        add("max, ceil", uneven_pool(KernelKind::max_pool, kernel, stride, sides, true));
        add("avg, ceil", uneven_pool(KernelKind::avg_pool, kernel, stride, sides, true));
        add("avg, ceil, of the picture alone", uneven_pool(KernelKind::avg_pool, kernel, stride, sides, true, false));
      }
      add("avg, of the picture alone",
          with(uneven_pool(KernelKind::avg_pool, kernel, stride, pad, false, false), {StepKind::affine, StepKind::relu}), 2);
    }
  }
  for (const KernelKind kind : {KernelKind::global_avg_pool, KernelKind::global_max_pool, KernelKind::global_l2_pool}) {
    for (int64_t channels : {1, 40, 64}) {
      add("global", spec_of(kind, layout(picture(channels, 13, 21), {1, 1}), layout(TensorType::vector(channels)), channels == 64), 3);
    }
    add("global, with gaps", spec_of(kind, layout(picture(40, 13, 21), {1, 1}, 64), layout(TensorType::vector(40)), 0));
  }
  add("copy",
      with(spec_of(KernelKind::copy, layout(picture(17, 13, 21), {1, 1}), layout(picture(17, 13, 21), {3, 3}), 4),
           {StepKind::affine, StepKind::mul, StepKind::add, StepKind::relu}),
      3);
  add("copy, with gaps", with(spec_of(KernelKind::copy, layout(picture(17, 7, 9), {0, 0}, 48), layout(picture(17, 7, 9), {1, 1}, 48), 4),
                              {StepKind::mul, StepKind::add, StepKind::relu}));
  add("more channels, with gaps",
      spec_of(KernelKind::copy, layout(picture(17, 7, 7), {0, 0}, 48), layout(picture(64, 7, 7), {0, 0}, 80), 3));
  add("copy in place", with(spec_of(KernelKind::copy, layout(picture(40, 7, 7)), layout(picture(40, 7, 7), {1, 1}), 0),
                            {StepKind::add, StepKind::sigmoid}, true));
  add("copy of a vector",
      with(spec_of(KernelKind::copy, layout(TensorType::vector(40)), layout(TensorType::vector(40)), 0),
           {StepKind::bias, StepKind::sigmoid}),
      3);
  for (StepKind activation :
       {StepKind::leaky_relu, StepKind::prelu, StepKind::elu, StepKind::selu, StepKind::gelu, StepKind::gelu_tanh, StepKind::silu,
        StepKind::mish, StepKind::softplus, StepKind::softsign, StepKind::hard_sigmoid, StepKind::hard_swish, StepKind::tanh,
        StepKind::clip, StepKind::scale, StepKind::multiply, StepKind::square}) {
    // Elements from -6 to 6: both ends of each activation, and what is between them.
    KernelCase wide = make_case(
        "activation", with(spec_of(KernelKind::copy, layout(picture(17, 7, 9), {1, 0}), layout(picture(17, 7, 9)), 3), {activation}), 2,
        seed++);
    for (double& v : wide.input) v *= 6;
    wide.name += " " + std::string(info(activation).name);
    cases.push_back(finished(std::move(wide)));
  }
  add("flatten",
      with(spec_of(KernelKind::flatten, layout(picture(17, 5, 3), {1, 0}), layout(TensorType::vector(255)), 0), {StepKind::bias}), 3);
  add("flatten one pixel", spec_of(KernelKind::flatten, layout(picture(33, 1, 1)), layout(TensorType::vector(33)), 0), 2);
  for (Extent2 factor : {Extent2{2, 2}, Extent2{3, 1}, Extent2{1, 2}}) {
    KernelSpec spec = spec_of(KernelKind::pixel_shuffle, layout(picture(17 * factor.h * factor.w, 5, 4), {0, 1}),
                              layout(picture(17, 5 * factor.h, 4 * factor.w), {1, 0}), 3);
    spec.attributes.factor = factor;
    add("pixel shuffle", with(spec, {StepKind::bias, StepKind::relu}), 2);
  }
  for (Extent2 factor : {Extent2{2, 2}, Extent2{3, 1}, Extent2{1, 2}}) {
    KernelSpec spec = spec_of(KernelKind::pixel_unshuffle, layout(picture(17, 5 * factor.h, 4 * factor.w), {1, 0}),
                              layout(picture(17 * factor.h * factor.w, 5, 4), {0, 1}), 3);
    spec.attributes.factor = factor;
    add("pixel unshuffle", with(spec, {StepKind::bias, StepKind::relu}), 2);
  }
  add("unflatten",
      with(spec_of(KernelKind::unflatten, layout(TensorType::vector(255)), layout(picture(17, 5, 3), {1, 0}), 2), {StepKind::bias}), 3);
  add("unflatten one channel", spec_of(KernelKind::unflatten, layout(TensorType::vector(40)), layout(picture(1, 1, 40)), 0), 2);
  add("join rows",
      with(spec_of(KernelKind::join_rows, layout(picture(20, 5, 7), {1, 2}), layout(picture(20, 1, 35), {0, 1}), 3), {StepKind::bias}), 3);
  add("transpose",
      with(spec_of(KernelKind::transpose, layout(picture(20, 1, 35), {0, 1}), layout(picture(35, 1, 20), {1, 0}), 0),
           {StepKind::bias, StepKind::relu}),
      3);
  add("transpose one pixel", spec_of(KernelKind::transpose, layout(picture(33, 1, 1)), layout(picture(1, 1, 33)), 0), 2);
  for (const bool reflect : {false, true}) {
    for (const Sides& pad : {Sides{1, 2, 0, 3}, Sides{4, 0, 4, 2}, Sides{}, Sides{-1, -2, 0, -1}, Sides{-2, 1, 2, -1}}) {
      KernelSpec spec = spec_of(KernelKind::pad, layout(picture(20, 5, 4), {1, 0}),
                                layout(picture(20, 5 + pad.top + pad.bottom, 4 + pad.left + pad.right), {0, 1}), reflect ? 3 : 0);
      spec.attributes.pad = pad;
      spec.attributes.reflect = reflect;
      add("pad", with(spec, {StepKind::bias, StepKind::relu}), 2);
    }
  }
  KernelSpec cropped = spec_of(KernelKind::pixel_shuffle, layout(picture(17 * 9, 5, 4), {0, 1}), layout(picture(17, 13, 11), {1, 0}), 3);
  cropped.attributes.factor = {3, 3};
  cropped.attributes.size = {13, 11};
  add("pixel shuffle, cropped", with(cropped, {StepKind::bias}), 2);
  for (int64_t groups : {1, 2, 3, 8}) {
    KernelSpec spec =
        spec_of(KernelKind::channel_shuffle, layout(picture(48, 3, 5), {1, 1}), layout(picture(48, 3, 5)), groups == 2 ? 0 : 2);
    spec.attributes.groups = groups;
    add("channel shuffle", with(spec, {StepKind::relu}), 2);
  }
  struct Sizes {
    Extent2 from, to;
  };
  for (const auto [from, to] : {Sizes{{5, 4}, {10, 12}}, {{5, 7}, {8, 7}}, {{1, 1}, {6, 5}}, {{6, 5}, {1, 3}}, {{13, 9}, {14, 31}}}) {
    for (int64_t mode = 0; mode < 3; ++mode) {
      KernelSpec spec = spec_of(KernelKind::upsample, layout(picture(20, from.h, from.w), {1, 0}), layout(picture(20, to.h, to.w), {0, 1}),
                                mode == 0 ? 0 : 3);
      spec.attributes.size = to;
      spec.attributes.bilinear = mode > 0;
      spec.attributes.align_corners = mode == 2;
      add("upsample", with(spec, {StepKind::relu}), 2);
    }
  }
  for (int64_t channels : {3, 40, 96, 130}) {
    KernelSpec spec = spec_of(KernelKind::layer_norm, layout(picture(channels, 5, 9), {1, 0}), layout(picture(channels, 5, 9), {0, 1}),
                              channels == 96 ? 2 : 0);
    spec.attributes.eps = channels == 3 ? 0.5 : 1e-6;
    spec.attributes.subtract_mean = channels != 40;
    add("layer norm", with(spec, {StepKind::affine, StepKind::gelu}), 2);
  }
  for (const KernelKind kind : {KernelKind::rms_norm, KernelKind::mean_norm}) {
    for (int64_t channels : {3, 40, 96}) {
      KernelSpec spec = spec_of(kind, layout(picture(channels, 5, 9), {1, 0}), layout(picture(channels, 5, 9), {0, 1}), 2);
      spec.attributes.eps = kind == KernelKind::mean_norm ? 1 : 1e-6;  // elements of both signs have a mean near 0
      add("norm without centre", with(spec, {StepKind::scale, StepKind::relu}), 2);
    }
  }
  add("layer norm of a vector", spec_of(KernelKind::layer_norm, layout(TensorType::vector(33)), layout(TensorType::vector(33)), 0), 3);
  struct Groups {
    int64_t channels, groups;
  };
  // Groups within a vector, of whole vectors, across vectors, with and without a tail; one group; one channel each.
  for (const auto [channels, groups] : {Groups{64, 32}, {96, 2}, {48, 16}, {40, 5}, {64, 1}, {17, 17}, {3, 1}, {144, 6}, {32, 32}}) {
    for (int64_t rows : {0, 2}) {
      KernelSpec spec =
          spec_of(KernelKind::group_norm, layout(picture(channels, 6, 5), {0, 1}, whole_vectors(channels) + (rows == 0 ? 0 : 32)),
                  layout(picture(channels, 6, 5), {1, 0}), rows);
      spec.attributes.groups = groups;
      spec.attributes.eps = 1e-5;
      spec.attributes.subtract_mean = groups != 2;
      add("group norm", with(spec, {StepKind::affine, StepKind::relu}), rows + 1);
    }
  }
  // Parts of tensors: they begin at any channel, between other channels.
  for (int64_t first : {16, 5}) {
    const auto part = [&](TensorType type, Extent2 halo) {
      program::Tensor tensor = layout(type, halo, 96);
      tensor.first_channel = first;
      return tensor;
    };
    add("copy of a part into a part",
        with(spec_of(KernelKind::copy, part(picture(40, 7, 9), {1, 0}), part(picture(40, 7, 9), {0, 1}), 3),
             {StepKind::affine, StepKind::relu}),
        2);
    KernelSpec sum = with(spec_of(KernelKind::copy, layout(picture(33, 7, 9)), part(picture(33, 7, 9), {0, 0}), 3), {StepKind::add});
    sum.epilogue[0].operand = part(picture(33, 7, 9), {1, 1});
    add("sum of a part", sum, 2);
    KernelSpec pooled = pool(KernelKind::max_pool, 33, {13, 21}, {3, 3}, {2, 2}, {1, 1}, 2);
    pooled.in = part(pooled.in.type, {1, 1});
    pooled.out = part(pooled.out.type, {0, 0});
    add("max of a part", pooled);
    add("global average of a part",
        spec_of(KernelKind::global_avg_pool, part(picture(33, 5, 6), {1, 1}), part(TensorType::vector(33), {0, 0}), 0), 2);
    add("global maximum of a part",
        with(spec_of(KernelKind::global_max_pool, part(picture(33, 5, 6), {1, 1}), part(TensorType::vector(33), {0, 0}), 0),
             {StepKind::affine}));
    add("softmax of a part", spec_of(KernelKind::softmax, part(TensorType::vector(33), {0, 0}), part(TensorType::vector(33), {0, 0}), 0),
        2);
    add("store of a part", store(part(picture(33, 7, 9), {1, 1}), 2), 2);
    add("store of a part, 17 channels, dense", store(part(picture(17, 7, 9), {0, 0}), 0));
    add("store of a part of a vector", store(part(TensorType::vector(40), {0, 0}), 0), 2);
    add("load of a part", [&] {
      KernelSpec spec = load(ElementType::f32, picture(17, 7, 9), 96, {1, 0}, 2);
      spec.out.first_channel = first;
      return spec;
    }());
  }
  // A sum and a product with a picture of one channel or a vector, which are spread.
  for (StepKind kind : {StepKind::add, StepKind::mul}) {
    KernelSpec spread = with(spec_of(KernelKind::copy, layout(picture(33, 7, 9)), layout(picture(33, 7, 9), {1, 1}), 3), {kind, kind});
    spread.epilogue[0].operand = layout(picture(1, 7, 9), {0, 2});
    spread.epilogue[1].operand = layout(TensorType::vector(33));
    add("spread", spread, 2);
  }
  add("a vector over a picture", spec_of(KernelKind::copy, layout(TensorType::vector(33)), layout(picture(33, 7, 9), {1, 1}), 3), 2);
  add("more channels", spec_of(KernelKind::copy, layout(picture(17, 7, 7)), layout(picture(64, 7, 7), {1, 1}), 3), 3);
  add("many more channels", spec_of(KernelKind::copy, layout(picture(16, 3, 5)), layout(picture(50, 3, 5)), 0));
  for (int64_t channels : {1, 17, 1000}) {
    add("softmax", spec_of(KernelKind::softmax, layout(TensorType::vector(channels)), layout(TensorType::vector(channels)), 0), 3);
  }
  for (int64_t channels : {3, 17, 96}) {
    add("softmax at each pixel",
        with(spec_of(KernelKind::softmax, layout(picture(channels, 5, 9), {1, 0}), layout(picture(channels, 5, 9), {0, 1}),
                     channels == 96 ? 2 : 0),
             {StepKind::affine, StepKind::mul}),
        2);
  }
  struct Parts {
    int64_t channels, parts;
  };
  // Parts of whole vectors, of more than a vector, of less, of one channel; many parts.
  for (const auto [channels, parts] : {Parts{64, 2}, {96, 3}, {40, 2}, {34, 2}, {10, 2}, {9, 3}, {17, 17}, {120, 40}, {160, 5}}) {
    for (int64_t rows : {0, 2}) {
      KernelSpec spec =
          spec_of(KernelKind::softmax, layout(picture(channels, 6, 5), {0, 1}, whole_vectors(channels) + (rows == 0 ? 0 : 32)),
                  layout(picture(channels, 6, 5), {1, 0}), rows);
      spec.attributes.parts = parts;
      add("softmax over parts", with(spec, {StepKind::affine}), rows + 1);
    }
    KernelSpec spec = spec_of(KernelKind::softmax, layout(TensorType::vector(channels)), layout(TensorType::vector(channels)), 0);
    spec.attributes.parts = parts;
    add("softmax over parts of a vector", spec, 3);
  }
  add("load planar, own stride", load(ElementType::f32, picture(3, 13, 21), 3, {3, 3}, 4), 3);
  add("load planar, narrow", load(ElementType::f32, picture(3, 5, 6), 3, {1, 1}, 0));
  add("load planar, one channel", load(ElementType::f32, picture(1, 13, 21), 1, {1, 1}, 0), 3);
  add("load planar, padded", load(ElementType::f32, picture(17, 7, 9), 32, {1, 0}, 2), 3);
  add("load planar, 17 channels", load(ElementType::f32, picture(17, 7, 9), 17, {1, 0}, 2));
  add("load planar, 64 channels", load(ElementType::f32, picture(64, 7, 9), 64, {0, 0}, 3));
  add("load planar, 2 of 4 vectors", moving(2, load(ElementType::f32, picture(64, 7, 9), 64, {0, 1}, 3)), 3);
  add("load planar, 3 of 3 vectors, with gaps", moving(3, load(ElementType::f32, picture(40, 7, 21), 64, {1, 0}, 2)));
  add("load planar, short rows, with gaps", load(ElementType::f32, picture(40, 7, 3), 64, {1, 0}, 0));
  add("load bytes", load(ElementType::u8, picture(3, 13, 21), 3, {3, 3}, 4), 3);
  add("load bytes, padded", load(ElementType::u8, picture(3, 13, 21), 16, {1, 1}, 0), 3);
  add("load bytes, 70 channels", load(ElementType::u8, picture(70, 2, 3), 80, {0, 0}, 0));
  KernelSpec as_they_are = load(ElementType::u8, picture(3, 13, 21), 3, {3, 3}, 4);
  as_they_are.input.mean.clear();
  as_they_are.input.std.clear();
  add("load bytes as they are", as_they_are);
  add("load bytes, one channel", load(ElementType::u8, picture(1, 28, 28), 1, {1, 1}, 0), 3);
  add("load vector", load(ElementType::f32, TensorType::vector(40), 48, {0, 0}, 0), 3);
  add("load vector, own stride", load(ElementType::f32, TensorType::vector(17), 17, {0, 0}, 0), 3);
  add("store picture", store(layout(picture(17, 13, 21), {1, 2}), 1), 3);
  add("store picture, dense", store(layout(picture(40, 7, 7)), 0), 3);
  add("store picture, narrow", store(layout(picture(3, 5, 4), {1, 1}), 0), 3);
  add("store picture, 2 of 4 vectors", moving(2, store(layout(picture(64, 7, 21), {1, 0}), 2)), 3);
  add("store picture, 3 of 3 vectors, dense, with gaps", moving(3, store(layout(picture(40, 7, 7), {0, 0}, 64), 0)), 3);
  add("store picture, narrow, with gaps", store(layout(picture(40, 5, 3), {1, 1}, 64), 0));
  add("store vector", store(layout(TensorType::vector(1000)), 0), 3);
  add("store vector, short", store(layout(TensorType::vector(10)), 0), 3);
  add("store vector, 17", store(layout(TensorType::vector(17)), 0), 3);

  // Pools keep a NaN wherever it stands in the window, and so does the epilogue.
  const double nan = std::numeric_limits<double>::quiet_NaN();
  KernelCase pooled = make_case("max with NaN", pool(KernelKind::max_pool, 17, {13, 21}, {3, 3}, {2, 2}, {1, 1}, 0), 1, seed++);
  for (size_t i = 0; i < pooled.input.size(); i += 37) pooled.input[i] = i % 2 != 0 ? nan : -nan;
  cases.push_back(finished(std::move(pooled)));
  KernelCase whole = make_case(
      "global max with NaN", spec_of(KernelKind::global_max_pool, layout(picture(40, 3, 5)), layout(TensorType::vector(40)), 0), 1, seed++);
  for (size_t i = 0; i < whole.input.size(); i += 37) whole.input[i] = i % 2 != 0 ? nan : -nan;
  cases.push_back(finished(std::move(whole)));
  KernelCase copied = make_case(
      "epilogue with NaN",
      with(spec_of(KernelKind::copy, layout(picture(17, 13, 21)), layout(picture(17, 13, 21)), 0), {StepKind::relu, StepKind::sigmoid}), 1,
      seed++);
  for (size_t i = 0; i < copied.input.size(); i += 5) copied.input[i] = i % 2 != 0 ? nan : -nan;
  cases.push_back(finished(std::move(copied)));
  // The values are far apart: exp must neither overflow nor lose small results.
  KernelCase wide = make_case("softmax, far apart",
                              spec_of(KernelKind::softmax, layout(TensorType::vector(40)), layout(TensorType::vector(40)), 0), 1, seed++);
  for (double& v : wide.input) v *= 300;
  KernelCase apart = wide;
  apart.name += ", over parts";
  apart.spec.attributes.parts = 4;
  cases.push_back(finished(std::move(wide)));
  cases.push_back(finished(std::move(apart)));
  KernelCase steep =
      make_case("sigmoid, far apart",
                with(spec_of(KernelKind::copy, layout(picture(17, 5, 5)), layout(picture(17, 5, 5)), 0), {StepKind::sigmoid}), 1, seed++);
  for (double& v : steep.input) v *= 200;
  cases.push_back(finished(std::move(steep)));
  return cases;
}

}  // namespace

TEST_CASE("kernels: pools, copies, softmax, load and store") {
  const std::vector<KernelCase> cases = all_others();
  for (const OpInfo& step : graph::all_steps()) {
    if (step.kind == StepKind::project || step.kind == StepKind::rescale) continue;  // a convolution's
    if (step.kind == StepKind::fake_quantize) continue;                              // kernels have it as other steps
    const auto has = [&](const program::KernelSpec::StepSpec& one) { return one.kind == step.kind; };
    const bool tested = std::any_of(cases.begin(), cases.end(), [&](const KernelCase& one) {
      return one.spec.kind == KernelKind::copy && std::any_of(one.spec.epilogue.begin(), one.spec.epilogue.end(), has);
    });
    CHECK_MESSAGE(tested, "no case of ", std::string(step.name));
  }
  for (const Target& target : runnable_targets()) {
    for (const std::string& failure : run_cases(cases, target)) FAIL_CHECK(failure);
  }
}

}  // namespace resnetc::testing

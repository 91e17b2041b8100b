/// \file The table of operations: shapes, every reason for a rejection, weights, work.
#include <doctest/doctest.h>

#include <limits>

#include "ir/foreign_layers.h"
#include "ir/op.h"
#include "ir/step.h"
#include "ir/window.h"
#include "support/suggest.h"

using namespace resnetc;

namespace {

OpAttributes window(Extent2 kernel, Extent2 stride = {}, Extent2 pad = {0, 0}, int64_t channels = 0) {
  OpAttributes a;
  a.channels = channels;
  a.kernel = kernel;
  a.stride = stride;
  a.pad = pad;
  return a;
}

/// The type as text, or the reason.
std::string infer(OpKind kind, const OpAttributes& a, std::vector<TensorType> operands) {
  const Result<TensorType> type = infer_type(kind, a, operands);
  return type ? to_string(*type) : type.failure().text;
}

const TensorType image = TensorType::picture(3, 224, 224);

}  // namespace

TEST_CASE("the table of operations is in the order of its kinds") {
  for (size_t i = 0; i < all_ops().size(); ++i) {
    const OpInfo& op = all_ops()[i];
    CHECK(static_cast<size_t>(op.kind) == i);
    CHECK(op_named(op.name) == op.kind);
    if (!op.layer.empty()) CHECK(layer_named(op.layer) == op.kind);
    CHECK(bool(op.weights) == !weight_specs(op.kind, window({3, 3}, {}, {}, 8), image).empty());
  }
  CHECK(!op_named("conv"));
  CHECK(!layer_named("conv2d"));
  CHECK(!layer_named(""));
}

TEST_CASE("the table of steps is that of the operations that can be one") {
  for (const OpInfo& step : graph::all_steps()) {
    CHECK(graph::step_named(step.name) == step.kind);
    CHECK(graph::is_step(step.kind));
    // One of two operands is the value that passes through the epilogue.
    CHECK(step.operands == (step.joins() ? 2 : 1));
    // A step needs nothing but its operands, its constants and its meaning. The attributes of its layer are constants by then.
    for_each_attribute([&](const auto& attribute) {
      if (!attribute.ops.has(step.kind)) return;
      CHECK(attribute.reach == Reach::topology);
      CHECK(std::count(step.constants.begin(), step.constants.end(), attribute.name) == 1);
    });
    const auto weights = weight_specs(step.kind, {}, image);
    REQUIRE((weights.empty() || weights.size() == step.constants.size()));
    for (size_t i = 0; i < weights.size(); ++i) {
      CHECK(weights[i].suffix == step.constants[i]);
      CHECK(weights[i].shape == std::vector<int64_t>{image.channels});
    }
    CHECK(step.kernel == program::KernelKind::copy);
  }
  CHECK(graph::is_step(OpKind::project));
  CHECK(!op_named("project"));
  CHECK(!graph::step_named("conv2d"));
  CHECK(!graph::is_step(OpKind::softmax));
}

TEST_CASE("shapes of windows follow PyTorch's floor rule") {
  CHECK(infer(OpKind::conv2d, window({7, 7}, {2, 2}, {3, 3}, 64), {image}) == "f32[N, 64, 112, 112]");
  CHECK(infer(OpKind::conv2d, window({3, 5}, {2, 3}, {0, 1}, 8), {TensorType::picture(4, 10, 11)}) == "f32[N, 8, 4, 3]");
  OpAttributes dilated = window({3, 3}, {}, {2, 2}, 8);
  dilated.dilation = {2, 2};
  CHECK(infer(OpKind::conv2d, dilated, {TensorType::picture(4, 9, 9)}) == "f32[N, 8, 9, 9]");
  CHECK(infer(OpKind::max_pool, window({3, 3}, {2, 2}, {1, 1}), {TensorType::picture(64, 112, 112)}) == "f32[N, 64, 56, 56]");
  CHECK(infer(OpKind::avg_pool, window({2, 2}, {2, 2}), {TensorType::picture(64, 7, 7)}) == "f32[N, 64, 3, 3]");
  OpAttributes uneven = window({3, 3}, {2, 2}, {}, 8);
  uneven.pad = {0, 1, 1, 2};
  CHECK(infer(OpKind::conv2d, uneven, {TensorType::picture(4, 10, 10)}) == "f32[N, 8, 5, 6]");
  uneven.pad = {2, 0, 0, 3};
  uneven.dilation = {2, 3};
  CHECK(infer(OpKind::conv2d, uneven, {TensorType::picture(4, 3, 4)}) == "f32[N, 8, 1, 1]");
  CHECK(default_pad({3, 3}, {1, 1}) == Extent2{1, 1});
  CHECK(default_pad({2, 7}, {1, 2}) == Extent2{0, 6});
}

TEST_CASE("with ceil, a last window may leave the padding, but begins in the picture or the padding before it") {
  const auto out = [](int64_t size, int64_t kernel, int64_t stride, int64_t before, int64_t after) {
    OpAttributes a = window({1, kernel}, {1, stride});
    a.pad = {0, before, 0, after};
    a.ceil = true;
    const TensorType in = TensorType::picture(4, 1, size);
    const Result<TensorType> type = infer_type(OpKind::max_pool, a, std::span(&in, 1));
    CHECK(infer_type(OpKind::avg_pool, a, std::span(&in, 1)).has_value() == type.has_value());
    return type ? type->width : -1;
  };
  // As PyTorch has it.
  CHECK(out(3, 2, 2, 0, 0) == 2);
  CHECK(out(4, 2, 2, 0, 0) == 2);
  CHECK(out(112, 3, 2, 0, 0) == 56);
  CHECK(out(112, 3, 2, 1, 1) == 57);
  CHECK(out(5, 3, 3, 1, 1) == 2);  // a third window would begin in the padding behind the picture
  CHECK(out(6, 4, 3, 1, 1) == 3);
  CHECK(out(4, 1, 2, 0, 0) == 2);
  CHECK(out(2, 3, 2, 0, 0) == 1);
  CHECK(out(1, 3, 2, 0, 0) == -1);  // not even with the stride
  CHECK(out(5, 3, 3, 0, 1) == 2);
  CHECK(out(6, 3, 3, 1, 0) == 3);
  CHECK(out(7, 3, 2, 0, 1) == 4);
}

TEST_CASE("same_pad is as little padding as makes ceil(size / stride) results, the smaller half first") {
  const auto padding = [](Extent2 kernel, Extent2 stride, Extent2 dilation, Extent2 size) {
    OpAttributes a = window(kernel, stride, {0, 0}, 8);
    a.dilation = dilation;
    a.same_pad = true;
    const TensorType in = TensorType::picture(4, size.h, size.w);
    CHECK(infer(OpKind::conv2d, a, {in}) ==
          to_string(TensorType::picture(8, (size.h + stride.h - 1) / stride.h, (size.w + stride.w - 1) / stride.w)));
    return padding_of(a, in);
  };
  CHECK(padding({3, 3}, {1, 1}, {1, 1}, {7, 7}) == Sides{1, 1});
  CHECK(padding({3, 3}, {2, 2}, {1, 1}, {8, 7}) == Sides{0, 1, 1, 1});
  CHECK(padding({7, 7}, {2, 2}, {1, 1}, {224, 223}) == Sides{2, 3, 3, 3});
  CHECK(padding({2, 4}, {1, 1}, {1, 1}, {5, 5}) == Sides{0, 1, 1, 2});
  CHECK(padding({3, 3}, {1, 2}, {2, 3}, {9, 9}) == Sides{2, 3, 2, 3});
  // Windows that do not reach each other need none.
  CHECK(padding({1, 2}, {2, 3}, {1, 1}, {9, 8}) == Sides{});
  CHECK(padding({5, 5}, {1, 4}, {1, 1}, {1, 2}) == Sides{2, 1, 2, 2});
  OpAttributes a = window({3, 3}, {2, 2});
  CHECK(padding_of(a, image) == Sides());
  a.pad = {1, 0, 0, 1};
  CHECK(padding_of(a, image) == a.pad);
  a.same_pad = true;
  CHECK(infer(OpKind::max_pool, a, {image}) == "pad = 1x0x0x1 stands beside same_pad");
  a.pad = {};
  CHECK(infer(OpKind::avg_pool, a, {TensorType::picture(64, 6, 7)}) == "f32[N, 64, 3, 4]");
  a.kernel = {3, 100'000'000};
  CHECK(infer(OpKind::avg_pool, a, {TensorType::picture(64, 6, 7)}) == "f32[N, 64, 6, 7] with pad = 0x49999999x1x50000000 is too large");
}

TEST_CASE("shapes of the other operations") {
  const TensorType v = TensorType::vector(512);
  OpAttributes a;
  a.channels = 1000;
  CHECK(infer(OpKind::linear, a, {v}) == "f32[N, 1000]");
  CHECK(infer(OpKind::pad_channels, a, {image}) == "f32[N, 1000, 224, 224]");
  CHECK(infer(OpKind::global_avg_pool, {}, {image}) == "f32[N, 3]");
  CHECK(infer(OpKind::global_max_pool, {}, {image}) == "f32[N, 3]");
  for (const OpInfo& op : all_ops()) {
    if (op.kind != OpKind::batch_norm && !graph::is_step(op.kind)) continue;
    const auto operands = static_cast<size_t>(op.operands);
    CHECK(infer(op.kind, {}, std::vector<TensorType>(operands, image)) == to_string(image));
    CHECK(infer(op.kind, {}, std::vector<TensorType>(operands, v)) == to_string(v));
  }
  CHECK(infer(OpKind::softmax, {}, {v}) == to_string(v));
  CHECK(infer(OpKind::softmax, {}, {image}) == to_string(image));
  CHECK(infer(OpKind::add, {}, {image, image}) == to_string(image));
  CHECK(infer(OpKind::mul, {}, {image, image}) == to_string(image));
  CHECK(infer(OpKind::mul, {}, {image, TensorType::vector(3)}) == to_string(image));
}

TEST_CASE("shapes of pads, pixels as channels and vectors as pictures") {
  OpAttributes a;
  a.pad = {1, 2, 3, 4};
  CHECK(infer(OpKind::pad, a, {image}) == "f32[N, 3, 228, 230]");
  CHECK(infer(OpKind::pad, a, {TensorType::picture(3, 3, 5)}) == "f32[N, 3, 7, 11]");
  a.reflect = true;
  CHECK(infer(OpKind::pad, a, {TensorType::picture(3, 4, 5)}) == "f32[N, 3, 8, 11]");
  CHECK(infer(OpKind::pad, a, {TensorType::picture(3, 3, 5)}) == "a picture of 3 x 5 pixels cannot be reflected by pad = 4");
  a.pad = {-1, 0, 0, 0};
  CHECK(infer(OpKind::pad, a, {image}) == "f32[N, 3, 223, 224]");
  a.pad = {-1, 2, 0, -2};
  CHECK(infer(OpKind::pad, a, {TensorType::picture(3, 3, 5)}) == "f32[N, 3, 2, 5]");
  a.pad = {-1, 3, 1, -2};
  CHECK(infer(OpKind::pad, a, {TensorType::picture(3, 3, 5)}) ==
        "what is left of the picture, 2 x 3 pixels, cannot be reflected by pad = 3");
  a = {};
  a.pad = {-1, -2, -1, -2};
  CHECK(infer(OpKind::pad, a, {TensorType::picture(3, 3, 5)}) == "f32[N, 3, 1, 1]");
  CHECK(infer(OpKind::pad, a, {TensorType::picture(3, 3, 4)}) == "pad = -1x-2 leaves nothing of 3x4");
  a.pad = {-3, 0, 2, 0};
  CHECK(infer(OpKind::pad, a, {TensorType::picture(3, 3, 5)}) == "pad = -3x0x2x0 leaves nothing of 3x5");
  a.pad = {-max_elements - 1, 0, 0, 0};
  CHECK(infer(OpKind::pad, a, {image}) == "pad = -268435457 is not between -268435456 and 268435456");
  for (const OpKind kind : {OpKind::conv2d, OpKind::conv_transpose, OpKind::max_pool, OpKind::avg_pool}) {
    OpAttributes windows;
    windows.kernel = {3, 3};
    windows.channels = kind == OpKind::conv2d || kind == OpKind::conv_transpose ? 8 : 0;
    windows.pad = {0, 0, -1, 0};
    CHECK(infer(kind, windows, {image}) == "pad = 0x0x-1x0 is not between 0 and 268435456");
  }
  a = {};
  a.factor = {2, 4};
  CHECK(infer(OpKind::pixel_unshuffle, a, {image}) == "f32[N, 24, 112, 56]");
  a.factor = {3, 3};
  CHECK(infer(OpKind::pixel_unshuffle, a, {image}) == "factor = 3x3 does not divide 224 x 224 pixels");
  a = {};
  a.channels = 3;
  a.size = {2, 5};
  CHECK(infer(OpKind::unflatten, a, {TensorType::vector(30)}) == "f32[N, 3, 2, 5]");
  CHECK(infer(OpKind::unflatten, a, {TensorType::vector(31)}) == "a picture of 3 channels and 2x5 pixels is made of 30 features, not 31");
  CHECK(infer(OpKind::join_rows, {}, {TensorType::picture(3, 4, 5)}) == "f32[N, 3, 1, 20]");
  CHECK(infer(OpKind::join_rows, {}, {TensorType::line(3, 4)}) == "f32[N, 3, 4]");
  CHECK(infer(OpKind::join_rows, {}, {TensorType::vector(3)}).find("join_rows needs") == 0);
  CHECK(infer(OpKind::transpose, {}, {TensorType::picture(3, 1, 5)}) == "f32[N, 5, 1, 3]");
  CHECK(infer(OpKind::transpose, {}, {TensorType::line(3, 5)}) == "f32[N, 5, 3]");
  CHECK(infer(OpKind::transpose, {}, {TensorType::picture(3, 4, 5)}) ==
        "transpose needs one row of pixels, and a picture of 4 x 5 has 4; join_rows makes one of them");
  a.size = {int64_t{1} << 40, int64_t{1} << 40};
  CHECK(infer(OpKind::unflatten, a, {TensorType::vector(30)}) == "size = 1099511627776x1099511627776 is not between 1 and 268435456");
}

TEST_CASE("lines keep their rank, and have windows of one row") {
  const TensorType line = TensorType::line(12, 100), vector = TensorType::vector(12);
  CHECK(to_string(line) == "f32[N, 12, 100]");
  CHECK(line.as_picture() == TensorType::picture(12, 1, 100));
  CHECK(image.as_picture() == image);
  OpAttributes a = window({1, 7}, {1, 2}, {0, 3}, 64);
  CHECK(infer(OpKind::conv2d, a, {line}) == "f32[N, 64, 50]");
  CHECK(weight_specs(OpKind::conv2d, a, line)[0].shape == std::vector<int64_t>{64, 12, 7});
  CHECK(weight_specs(OpKind::conv2d, a, line.as_picture())[0].shape == std::vector<int64_t>{64, 12, 1, 7});
  CHECK(infer(OpKind::max_pool, window({1, 3}, {1, 2}, {0, 1}), {line}) == "f32[N, 12, 50]");
  CHECK(infer(OpKind::global_avg_pool, {}, {line}) == "f32[N, 12]");
  CHECK(infer(OpKind::flatten, {}, {line}) == "f32[N, 1200]");
  CHECK(infer(OpKind::relu, {}, {line}) == "f32[N, 12, 100]");
  CHECK(infer(OpKind::concat, {}, {line, TensorType::line(3, 100)}) == "f32[N, 15, 100]");
  CHECK(infer(OpKind::mul, {}, {line, vector}) == "f32[N, 12, 100]");
  CHECK(infer(OpKind::add, {}, {line, TensorType::line(1, 100)}) == "f32[N, 12, 100]");
  OpAttributes made;
  made.size = {1, 4};
  made.line = true;
  CHECK(infer(OpKind::spread, made, {vector}) == "f32[N, 12, 4]");
  made.channels = 3;
  CHECK(infer(OpKind::unflatten, made, {vector}) == "f32[N, 3, 4]");
  OpAttributes larger;
  larger.factor = {1, 2};
  CHECK(infer(OpKind::upsample, larger, {line}) == "f32[N, 12, 200]");
  OpAttributes sides;
  sides.pad = {0, 1, 0, 2};
  CHECK(infer(OpKind::pad, sides, {line}) == "f32[N, 12, 103]");

  CHECK(infer(OpKind::conv2d, window({3, 3}, {}, {0, 1}, 8), {line}) ==
        "kernel = 3x3 is for pictures: a line has one row, with nothing above and below");
  CHECK(infer(OpKind::max_pool, window({1, 3}, {2, 2}), {line}) ==
        "stride = 2x2 is for pictures: a line has one row, with nothing above and below");
  CHECK(infer(OpKind::avg_pool, window({1, 3}, {}, {1, 1}), {line}) ==
        "pad = 1x1 is for pictures: a line has one row, with nothing above and below");
  made.size = {2, 2};
  CHECK(infer(OpKind::unflatten, made, {vector}) == "size = 2x2 is for pictures: a line has one row, with nothing above and below");
  made.size = {1, 5};
  CHECK(infer(OpKind::unflatten, made, {vector}) == "a line of 3 channels and 5 pixels is made of 15 features, not 12");
  CHECK(infer(OpKind::conv2d, window({1, 200}, {}, {0, 3}, 8), {line}) ==
        "the window of 200 is larger than the input, which is 106 with its padding");
  CHECK(infer(OpKind::max_pool, window({1, 3}, {}, {0, 2}), {line}) == "pad = 2 is more than half of the window of 3");
  CHECK(infer(OpKind::pixel_shuffle, larger, {line}) == "f32[N, 6, 200]");
  CHECK(infer(OpKind::pixel_unshuffle, larger, {line}) == "f32[N, 24, 50]");
  larger.factor = {1, 7};
  CHECK(infer(OpKind::pixel_shuffle, larger, {line}) == "factor = 7 does not divide 12 channels into pixels");
  OpAttributes transposed = window({1, 4}, {1, 2}, {0, 1}, 8);
  CHECK(infer(OpKind::conv_transpose, transposed, {line}) == "f32[N, 8, 200]");
  CHECK(weight_specs(OpKind::conv_transpose, transposed, line)[0].shape == std::vector<int64_t>{12, 8, 4});
  transposed.output_pad = {0, 1};
  CHECK(infer(OpKind::conv_transpose, transposed, {line}) == "f32[N, 8, 201]");
  transposed.output_pad = {0, 2};
  CHECK(infer(OpKind::conv_transpose, transposed, {line}) == "output_pad = 2 is not less than stride = 2");
  CHECK(infer(OpKind::linear, made, {line}) ==
        "linear needs a vector, f32[N, features], not f32[N, 12, 100]; global_avg_pool and flatten make a vector of a line");
  CHECK(infer(OpKind::add, {}, {line, line.as_picture()}) ==
        "add of f32[N, 12, 100] needs the same type, f32[N, 12] or f32[N, 1, 100], not f32[N, 12, 1, 100]");
  CHECK(infer(OpKind::concat, {}, {line, TensorType::line(3, 99)}) ==
        "concat of f32[N, 12, 100] needs a value of the same length, not f32[N, 3, 99]");
  sides.reflect = true;
  sides.pad = {0, 100, 0, 0};
  CHECK(infer(OpKind::pad, sides, {line}) == "a line of 100 pixels cannot be reflected by pad = 100");
  sides.pad = {0, 99, 0, -1};
  CHECK(infer(OpKind::pad, sides, {line}) == "what is left of the line, 99 pixels, cannot be reflected by pad = 99");
  sides.pad = {0, -60, 0, -40};
  CHECK(infer(OpKind::pad, sides, {line}) == "pad = [-60, -40] leaves nothing of 100");
  TensorType high = line;
  high.height = 2;
  CHECK(!fits(high));
}

TEST_CASE("every rejection states its rule") {
  const TensorType v = TensorType::vector(10);
  const TensorType small = TensorType::picture(64, 4, 4);
  CHECK(infer(OpKind::input, {}, {}) == "an input has no operand to take a type from");
  CHECK(infer(OpKind::relu, {}, {}) == "relu takes 1 operand, not 0");
  CHECK(infer(OpKind::add, {}, {v}) == "add takes 2 operands, not 1");
  CHECK(infer(OpKind::relu, {}, {TensorType::picture(0, 1, 1)}) == "the operand f32[N, 0, 1, 1] is empty or too large");
  CHECK(infer(OpKind::relu, {}, {TensorType::picture(1 << 14, 1 << 14, 2)}) == "the operand f32[N, 16384, 16384, 2] is empty or too large");
  CHECK(infer(OpKind::relu, {}, {TensorType::picture(int64_t{1} << 62, int64_t{1} << 62, 4)}).ends_with("is empty or too large"));
  CHECK(infer(OpKind::conv2d, window({3, 3}, {}, {}, 8), {v}) ==
        "conv needs a picture, f32[N, channels, height, width], or a line, f32[N, channels, length], not f32[N, 10]");
  CHECK(infer(OpKind::max_pool, window({3, 3}), {v}) ==
        "max_pool needs a picture, f32[N, channels, height, width], or a line, f32[N, channels, length], not f32[N, 10]");
  CHECK(infer(OpKind::global_avg_pool, {}, {v}) ==
        "global_avg_pool needs a picture, f32[N, channels, height, width], or a line, f32[N, channels, length], not f32[N, 10]");
  OpAttributes parted;
  parted.parts = 1;
  CHECK(infer(OpKind::softmax, parted, {small}) == "parts = 1 is not between 2 and 268435456");
  parted.parts = 3;
  CHECK(infer(OpKind::softmax, parted, {small}) == "parts = 3 does not divide 64 channels");
  parted.parts = 2;
  CHECK(infer(OpKind::softmax, parted, {TensorType::vector(1 << 20)}) == "each of 2 parts has 524288 channels, more than 8192");
  CHECK(infer(OpKind::linear, {}, {small}) ==
        "linear needs a vector, f32[N, features], not f32[N, 64, 4, 4]; global_avg_pool and flatten make a vector of a picture");
  CHECK(infer(OpKind::linear, {}, {v}) == "channels = 0 is not between 1 and 268435456");
  CHECK(infer(OpKind::conv2d, window({3, 3}), {small}) == "channels = 0 is not between 1 and 268435456");
  CHECK(infer(OpKind::conv2d, window({0, 3}, {}, {0, 0}, 8), {small}) == "kernel = 0x3 is not between 1 and 268435456");
  CHECK(infer(OpKind::conv2d, window({3, 3}, {1, 0}, {0, 0}, 8), {small}) == "stride = 1x0 is not between 1 and 268435456");
  CHECK(infer(OpKind::conv2d, window({3, 3}, {}, {-1, 0}, 8), {small}) == "pad = -1x0 is not between 0 and 268435456");
  OpAttributes t = window({3, 3}, {2, 2}, {1, 1}, 8);
  t.output_pad = {0, 2};
  CHECK(infer(OpKind::conv_transpose, t, {small}) == "output_pad = 0x2 is not less than stride = 2x2");
  t.output_pad = {0, 1};
  CHECK(infer(OpKind::conv_transpose, t, {small}) == "f32[N, 8, 7, 8]");
  t.pad = {5, 0};
  CHECK(infer(OpKind::conv_transpose, t, {small}) == "pad = 5x0 leaves nothing of 9x10");
  t.pad = {4, 0};
  CHECK(infer(OpKind::conv_transpose, t, {small}) == "f32[N, 8, 1, 10]");
  t.groups = 3;
  CHECK(infer(OpKind::conv_transpose, t, {small}) == "groups = 3 does not divide 64 input channels");
  CHECK(infer(OpKind::conv_transpose, window({3, 3}, {1 << 28, 1 << 28}, {0, 0}, 8), {TensorType::picture(64, 1, 1)}) ==
        "with stride = 268435456x268435456, its phases have more than 268435456 channels");
  CHECK(infer(OpKind::conv_transpose, window({3, 3}, {4096, 4096}, {0, 0}, 8), {TensorType::picture(64, 1, 1)}) ==
        "as a convolution of its phases: its weight would have more than 268435456 elements");
  CHECK(infer(OpKind::conv_transpose, window({1 << 28, 1 << 28}, {1 << 28, 1}, {0, 0}, 8), {small})
            .ends_with("counting channels in vectors of 16 twice that"));
  CHECK(infer(OpKind::conv_transpose, window({3, 3}, {}, {}, 8), {v}) ==
        "conv_transpose needs a picture, f32[N, channels, height, width], or a line, f32[N, channels, length], not f32[N, 10]");
  OpAttributes s;
  s.factor = {3, 3};
  s.size = {7, 4};
  CHECK(infer(OpKind::pixel_shuffle, s, {TensorType::picture(9, 3, 2)}) == "f32[N, 1, 7, 4]");
  s.size = {6, 4};
  CHECK(infer(OpKind::pixel_shuffle, s, {TensorType::picture(9, 3, 2)}) ==
        "size = 6x4 leaves out more than the last rows and columns of f32[N, 1, 9, 6]");
  OpAttributes a = window({3, 3}, {}, {0, 0}, 64);
  a.groups = 3;
  CHECK(infer(OpKind::conv2d, a, {small}) == "groups = 3 does not divide 64 input channels");
  a.channels = 63;
  a.groups = 2;
  CHECK(infer(OpKind::conv2d, a, {small}) == "groups = 2 does not divide 63 output channels");
  a.groups = 0;
  CHECK(infer(OpKind::conv2d, a, {small}) == "groups = 0 is not between 1 and 268435456");
  a = window({3, 3}, {}, {0, 0}, 8);
  a.dilation = {0, 1};
  CHECK(infer(OpKind::conv2d, a, {small}) == "dilation = 0x1 is not between 1 and 268435456");
  a.dilation = {2, 2};
  CHECK(infer(OpKind::conv2d, a, {small}) == "the 3x3 window with dilation = 2x2 is larger than the input, which is 4x4 with its padding");
  CHECK(infer(OpKind::avg_pool, window({7, 7}), {small}) == "the 7x7 window is larger than the input, which is 4x4 with its padding");
  CHECK(infer(OpKind::max_pool, window({3, 3}, {}, {2, 2}), {small}) == "pad = 2x2 is more than half of the 3x3 window");
  OpAttributes uneven = window({3, 3}, {}, {0, 0}, 8);
  uneven.pad = {0, 0, -1, 0};
  CHECK(infer(OpKind::conv2d, uneven, {small}) == "pad = 0x0x-1x0 is not between 0 and 268435456");
  uneven.pad = {0, 0, 2, 0};
  CHECK(infer(OpKind::max_pool, uneven, {small}) == "pad = 0x0x2x0 is more than half of the 3x3 window");
  uneven.kernel = {7, 5};
  CHECK(infer(OpKind::conv2d, uneven, {small}) == "the 7x5 window is larger than the input, which is 6x4 with its padding");
  uneven.pad = {0, 0, 0, 100'000'000};
  CHECK(infer(OpKind::conv2d, uneven, {small}) == "f32[N, 64, 4, 4] with pad = 0x0x0x100000000 is too large");
  CHECK(infer(OpKind::conv2d, window({1, 1}, {}, {100000, 100000}, 1), {small}) ==
        "f32[N, 64, 4, 4] with pad = 100000x100000 is too large");
  CHECK(
      infer(OpKind::conv2d, window({1, 1}, {}, {0, 0}, 10000), {TensorType::picture(1, 1000, 1000)}) ==
      "the result f32[N, 10000, 1000, 1000] is too large: the limit is 268435456 elements, counting channels in vectors of 16 twice that");
  CHECK(infer(OpKind::conv2d, window({100, 100}, {}, {0, 0}, 10000), {TensorType::picture(1000, 100, 100)}) ==
        "its weight would have more than 268435456 elements");
  a = {};
  a.channels = 200000;
  CHECK(infer(OpKind::linear, a, {TensorType::vector(200000)}) == "its weight would have more than 268435456 elements");
  a.channels = 32;
  CHECK(infer(OpKind::pad_channels, a, {small}) == "pad_channels(32) is less than the 64 channels there are");
  a.eps = -1;
  CHECK(infer(OpKind::batch_norm, a, {small}) == "eps = -1 is not a number from 0 up");
  CHECK(infer(OpKind::add, {}, {small, image}) ==
        "add of f32[N, 64, 4, 4] needs the same type, f32[N, 64] or f32[N, 1, 4, 4], not f32[N, 3, 224, 224]");
  CHECK(infer(OpKind::mul, {}, {small, v}) == "mul of f32[N, 64, 4, 4] needs the same type, f32[N, 64] or f32[N, 1, 4, 4], not f32[N, 10]");
}

TEST_CASE("attributes of any value neither overflow nor divide by zero") {
  const int64_t hostile[] = {std::numeric_limits<int64_t>::min(), -1, 0, 1, 3, max_elements, max_elements + 1,
                             std::numeric_limits<int64_t>::max()};
  for (int64_t k : hostile) {
    for (int64_t p : hostile) {
      for (int64_t d : hostile) {
        OpAttributes a = window({k, k}, {d, d}, {p, p}, d);
        a.dilation = {d, k};
        a.groups = k;
        for (int64_t Sides::* side : {&Sides::top, &Sides::left, &Sides::bottom, &Sides::right}) {
          OpAttributes uneven = a;
          uneven.pad = {1, 1};
          uneven.pad.*side = p;
          for (bool same : {false, true}) {
            uneven.ceil = d % 2 == 0;
            uneven.same_pad = same;
            for (OpKind op : {OpKind::conv2d, OpKind::max_pool, OpKind::avg_pool}) infer(op, uneven, {image});
            if (same) uneven.pad = {};
            for (OpKind op : {OpKind::conv2d, OpKind::max_pool, OpKind::avg_pool}) infer(op, uneven, {image});
          }
        }
        default_pad(a.kernel, a.dilation);
        for (const OpInfo& op : all_ops()) infer(op.kind, a, std::vector<TensorType>(static_cast<size_t>(op.operands), image));
      }
    }
  }
}

TEST_CASE("layers that frameworks alone have are no layers, in any spelling") {
  for (const OpInfo& op : all_ops()) {
    if (!op.layer.empty()) CHECK_MESSAGE(foreign_layer(op.layer) == nullptr, std::string(op.layer));
  }
  for (std::string_view name : foreign_names()) {
    CHECK(!layer_named(name));
    REQUIRE(foreign_layer(name) != nullptr);
    CHECK(foreign_layer(name)->name == name);
  }
  REQUIRE(foreign_layer("CELU") != nullptr);
  CHECK(foreign_layer("CELU")->name == "celu");
  CHECK(foreign_layer("Dropout2d")->name == "dropout");
  CHECK(foreign_layer("BatchNorm2d") == nullptr);
  CHECK(foreign_layer("") == nullptr);
}

TEST_CASE("a suggestion is a misspelling, not another thing") {
  const std::vector<std::string_view> layers = {"relu", "max_pool", "global_avg_pool"};
  CHECK(suggestion("ReLU", layers) == "; did you mean 'relu'?");
  CHECK(suggestion("MAX_POOOL", layers) == "; did you mean 'max_pool'?");
  CHECK(suggestion("globl_avg_pool", layers, foreign_names()) == "; did you mean 'global_avg_pool'?");
  CHECK(suggestion("prelu", layers) == "; did you mean 'relu'?");  // of names that a user chose
  for (const char* other : {"celu", "crelu", "min_pool", "global_sum_pool", "global_sum_pol"}) {
    CHECK_MESSAGE(suggestion(other, layers, foreign_names()).empty(), other);
  }
}

TEST_CASE("weights and work") {
  OpAttributes a = window({3, 3}, {}, {1, 1}, 64);
  a.groups = 2;
  a.bias = true;
  const TensorType in = TensorType::picture(32, 8, 8), out = TensorType::picture(64, 8, 8);
  const auto specs = weight_specs(OpKind::conv2d, a, in);
  REQUIRE(specs.size() == 2);
  CHECK(specs[0].shape == std::vector<int64_t>{64, 16, 3, 3});
  CHECK(specs[1].shape == std::vector<int64_t>{64});
  CHECK(weight_specs(OpKind::batch_norm, {}, in).size() == 4);
  OpAttributes plain;
  plain.affine = false;
  const auto statistics = weight_specs(OpKind::batch_norm, plain, in);
  REQUIRE(statistics.size() == 2);
  CHECK(statistics[0].suffix == "running_mean");
  CHECK(statistics[1].suffix == "running_var");
  const auto linear = weight_specs(OpKind::linear, a, TensorType::vector(7));
  REQUIRE(linear.size() == 2);
  CHECK(linear[0].shape == std::vector<int64_t>{64, 7});
  CHECK(linear[1].shape == std::vector<int64_t>{64});
  a.bias = false;
  CHECK(weight_specs(OpKind::linear, a, TensorType::vector(7)).size() == 1);
  CHECK(weight_specs(OpKind::relu, {}, in).empty());
  CHECK(multiply_adds(OpKind::conv2d, a, in, out) == 64 * 64 * 16 * 9);
  CHECK(multiply_adds(OpKind::linear, a, TensorType::vector(7), TensorType::vector(64)) == 448);
  CHECK(multiply_adds(OpKind::relu, {}, in, in) == 0);
}

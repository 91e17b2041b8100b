/// \file A generator that tracks shapes, so that every network it writes is valid.
#include "tests/unit/random_network.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "frontend/arguments.h"
#include "ir/packing.h"
#include "ir/step.h"
#include "ir/winograd.h"
#include "passes/candidates.h"

namespace {

/// SplitMix64, which gives the same numbers everywhere, unlike the standard's distributions.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  /// A number from 0 to n - 1.
  int64_t below(int64_t n) {
    uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return static_cast<int64_t>((z ^ (z >> 31)) % static_cast<uint64_t>(n));
  }
  bool chance(int64_t percent) { return below(100) < percent; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<int64_t>(values.size()))];
  }

 private:
  uint64_t state_;
};

struct Shape {
  int64_t channels, height, width;
  bool operator==(const Shape&) const = default;
};

/// The most channels that values of a random network are appended to each other for.
constexpr int64_t most_channels = 96;

class Generator {
 public:
  Generator(uint64_t seed, bool for_gpus) : random_(seed), aside_(~seed), for_gpus_(for_gpus), lines_(Random(seed ^ 0x11e5).chance(15)) {
    for (const resnetc::OpInfo& op : resnetc::all_ops()) {
      const bool elementwise = resnetc::graph::is_step(op.kind) || op.kind == resnetc::OpKind::batch_norm;
      if (elementwise && !op.layer.empty()) elementwise_.push_back(called(op));
    }
  }

  std::string run() {
    bool vectors = random_.chance(8);
    if (vectors) lines_ = false;
    vectors ? residual_mlp() : picture_network();
    return text_ + "}\n";
  }

 private:
  /// The layer with numbers for the arguments that it must have.
  static std::string called(const resnetc::OpInfo& op) {
    std::string call(op.layer), separator = "(";
    double number = -0.5;
    for (const resnetc::Slot& slot : resnetc::layer_slots(op.kind)) {
      if (!slot.required) continue;
      call += fmt::format("{}{}", std::exchange(separator, ", "), number);
      number += 1.75;
    }
    return separator == "(" ? call : call + ")";
  }

  struct Named {
    std::string label;
    Shape shape;
  };

  std::string norm() { return norm(current_.channels); }
  std::string norm(int64_t of_channels) {
    if (aside_.chance(15)) return "batch_norm(affine = false)";
    if (!aside_.chance(20) || for_gpus_) return "batch_norm";
    switch (aside_.below(3)) {
      case 0:
        return aside_.one_of<std::string>({"layer_norm", "layer_norm(1e-3, affine = false)", "layer_norm(subtract_mean = false)",
                                           "rms_norm", "rms_norm(affine = false)"});
      case 1: return "instance_norm(affine = true)";
      default: break;
    }
    int64_t groups = 1;
    for (int64_t g : {8, 5, 4, 3, 2}) {
      if (groups == 1 && of_channels % g == 0) groups = g;
    }
    return fmt::format("group_norm({})", groups);
  }
  std::string linear(int64_t features) { return fmt::format("linear({}{})", features, aside_.chance(25) ? ", bias = false" : ""); }

  /// Over all channels, or over parts of them if their number has a divisor.
  std::string softmax() {
    if (aside_.chance(60)) {
      for (int64_t parts : {2, 3, 5, 17}) {
        if (current_.channels % parts == 0) return fmt::format("softmax(parts = {})", parts);
      }
    }
    return "softmax";
  }

  const std::string& elementwise() { return elementwise_[static_cast<size_t>(aside_.below(static_cast<int64_t>(elementwise_.size())))]; }
  std::string activation() { return aside_.chance(60) ? "relu" : elementwise(); }

  std::string global_pool() {
    return aside_.one_of<std::string>({"global_avg_pool", "global_avg_pool", "global_max_pool", "global_l2_pool"});
  }

  void line(const std::string& statement) { text_ += "  " + statement + "\n"; }
  std::string fresh() { return fmt::format("v{}", ++labels_); }

  /// A statement that changes the current value and gives it no label. It keeps the current shape.
  void edge(const std::string& statement) {
    line(statement);
    label_.reset();
  }

  std::string written(const resnetc::Sides& pad) const {
    if (lines_) return fmt::format(", pad = [{}, {}]", pad.left, pad.right);
    return fmt::format(", pad = [{}, {}, {}, {}]", pad.top, pad.left, pad.bottom, pad.right);
  }
  /// A window of equal sides.
  std::string window(int64_t side) const { return lines_ ? std::to_string(side) : fmt::format("{0}x{0}", side); }
  /// The height of a value that would be so high in a network of pictures.
  int64_t rows(int64_t height) const { return lines_ ? 1 : height; }
  /// Whether height and width are more than `least`.
  bool larger_than(int64_t least) const { return (lines_ || current_.height > least) && current_.width > least; }
  /// Padding of four sides, with `sum` pixels along each axis.
  resnetc::Sides uneven(int64_t sum) {
    const int64_t top = aside_.below(sum + 1), left = aside_.below(sum + 1);
    return {top, left, sum - top, sum - left};
  }

  void go_back(const Named& to) {
    line("from " + to.label);
    label_ = to.label;
    current_ = to.shape;
  }

  /// The current value under a label.
  Named here() {
    if (!label_) layer(activation(), current_);
    return {*label_, current_};
  }

  /// A labelled layer that makes `shape` the current one.
  void layer(const std::string& call, Shape shape) {
    label_ = fresh();
    line(fmt::format("{}: {}", *label_, call));
    current_ = shape;
    named_.push_back({*label_, shape});
  }

  int64_t channels_aside() { return aside_.one_of<int64_t>({3, 16, 17, 24}); }
  int64_t channels() { return random_.one_of<int64_t>({1, 3, 16, 17, 32, 32, 40, 48}); }

  /// Sometimes adds an element-wise operation that no earlier kernel can take: a layer, a sum or a gate. The input has no such kernel, and
  /// a value that is used again does not change.
  void unfused(int64_t percent) {
    if (!aside_.chance(percent)) return;
    if (named_.empty()) named_.push_back({"x", current_});
    const std::string from = named_.back().label;
    if (aside_.chance(80)) layer(elementwise(), current_);
    if (current_.height * current_.width > 1 && aside_.chance(40)) {
      edge(fmt::format("gate via {} {{ {}  {}  sigmoid }}", fresh(), global_pool(), linear(current_.channels)));
    } else {
      edge("skip from " + from);
    }
  }

  void residual_mlp() {
    int64_t features = channels();
    text_ = fmt::format("network random_network {{\n  input x: f32[N, {}]\n", features);
    current_ = {features, 1, 1};
    unfused(70);
    current_ = {channels(), 1, 1};
    layer(linear(current_.channels), current_);
    for (int64_t i = 1 + random_.below(3); i > 0; --i) {
      std::string from = named_.back().label;
      layer(linear(current_.channels), current_);
      if (random_.chance(50)) layer(norm(), current_);
      if (random_.chance(50)) layer("relu", current_);
      edge("skip from " + from);
      layer(random_.one_of({"relu", "sigmoid"}), current_);
      if (random_.chance(40) && !for_gpus_) vectors_side_by_side();
    }
    if (random_.chance(30)) layer(softmax(), current_);
    line("output y");
  }

  void picture_network() {
    current_ = {channels(), 5 + random_.below(17), 5 + random_.below(17)};
    if (random_.chance(25)) current_ = {current_.channels, 13, 21};
    if (lines_) current_ = {current_.channels, 1, current_.height * current_.width};
    std::string form = lines_ ? fmt::format("f32[N, {}, {}]", current_.channels, current_.width)
                              : fmt::format("f32[N, {}, {}, {}]", current_.channels, current_.height, current_.width);
    if (random_.chance(25)) {
      current_.channels = random_.one_of<int64_t>({1, 3});
      std::string mean = current_.channels == 1 ? "(0.286)" : "(0.485, 0.456, 0.406)";
      std::string deviation = current_.channels == 1 ? "(0.353)" : "(0.229, 0.224, 0.225)";
      const std::string extent = lines_ ? std::to_string(current_.width) : fmt::format("{}, {}", current_.height, current_.width);
      form = fmt::format("u8[N, {}, {}] mean = {} std = {}", extent, current_.channels, mean, deviation);
    }
    text_ = fmt::format("network random_network {{\n  input x: {}\n", form);
    label_ = "x";
    unfused(70);
    if (current_.channels <= 3 && random_.chance(40)) {
      first_layers();
    } else {
      convolution(current_.channels == 1 && random_.chance(50) ? 1 : channels());
    }
    for (int64_t i = 2 + random_.below(5); i > 0; --i) item();
    tail();
  }

  /// Adds the usual beginning of networks for pictures: a large window with a stride, then a pool.
  void first_layers() {
    const int64_t kernel = random_.one_of<int64_t>({5, 7}), out_channels = random_.one_of<int64_t>({16, 40, 64});
    const auto half = [](int64_t extent) { return (extent + 1) / 2; };
    const std::string pad = aside_.chance(25) ? written(uneven(kernel - 1)) : "";
    layer(fmt::format("conv({}, {}, stride = 2{})", window(kernel), out_channels, pad),
          {out_channels, half(current_.height), half(current_.width)});
    layer(norm(), current_);
    layer("relu", current_);
    if (random_.chance(70))
      layer(fmt::format("max_pool({}, stride = 2, pad = 1)", window(3)), {out_channels, half(current_.height), half(current_.width)});
  }

  void item() {
    switch (random_.below(18)) {
      case 0: pool(); break;
      case 1: gate(); break;
      case 2: pre_activation(); break;
      case 3: convolution(channels()); break;
      case 4:
        if (current_.channels < 40) {
          layer(fmt::format("pad_channels({})", current_.channels + 5), {current_.channels + 5, current_.height, current_.width});
        } else if (!for_gpus_) {
          layer(fmt::format("slice_channels(3, {})", current_.channels - 5), {current_.channels - 5, current_.height, current_.width});
        }
        break;
      case 5:
        if (!skip_from_anywhere()) residual(1);
        break;
      case 6: for_gpus_ ? residual(1) : concatenation(); break;  // GPUs append and slice at multiples of 16 channels only
      case 7: for_gpus_ ? residual(2) : dense(); break;
      case 8: for_gpus_ ? residual(1) : branches(); break;
      case 9: spread(); break;
      case 10: for_gpus_ ? residual(1) : slice(); break;
      default: residual(1 + random_.below(3)); break;
    }
    if (aside_.chance(15)) rearranged();
    if (aside_.chance(15)) transposed();
    if (random_.chance(12) && outputs_ < 2) line(fmt::format("output extra{} from {}", ++outputs_, named_.back().label));
  }

  /// Adds a convolution and the layers that may surround it. `stride` 1 keeps height and width.
  void convolution(int64_t out_channels, bool strided = true) {
    int64_t kernel = random_.one_of<int64_t>({1, 1, 3, 3, 3, 5, 7});
    int64_t dilation = kernel == 3 && random_.chance(15) ? 2 : 1;
    int64_t stride = strided && random_.chance(25) && larger_than(3) ? 2 : 1;
    int64_t groups = 1;
    if (random_.chance(30)) {
      for (int64_t g : {40, 17, 16, 8, 5, 4, 3, 2}) {
        if (current_.channels % g == 0 && out_channels % g == 0 && random_.chance(50)) groups = g;
      }
    }
    std::string call = fmt::format("conv({}, {}", window(kernel), out_channels);
    if (stride != 1) call += fmt::format(", stride = {}", stride);
    if (dilation != 1) call += fmt::format(", dilation = {}", dilation);
    if (groups != 1) call += fmt::format(", groups = {}", groups);
    if (random_.chance(25)) call += ", bias = true";
    // With as much padding as that of an odd kernel by default, a stride of s turns the size n into ceil(n / s).
    int64_t more = 0;
    if (aside_.chance(15)) {
      call += ", pad = same";
    } else if (aside_.chance(25)) {
      resnetc::Sides pad = uneven(dilation * (kernel - 1));
      more = strided ? aside_.below(2) : 0;
      pad.bottom += more;
      pad.right += more;
      call += written(pad);
    }
    const auto out = [&](int64_t in) { return (in + more + stride - 1) / stride; };
    layer(call + ")", {out_channels, rows(out(current_.height)), out(current_.width)});
    if (random_.chance(80)) layer(norm(), current_);
    if (random_.chance(60)) layer(activation(), current_);
    unfused(30);
  }

  /// Adds a block of `depth` convolutions with a skip over all of them, and sometimes another over a part.
  void residual(int64_t depth) {
    Named from = named_.back();
    if (random_.chance(30)) convolution(channels());
    Named inner = named_.back();
    for (int64_t i = 0; i < depth; ++i) convolution(current_.channels, false);
    if (inner.shape == current_ && random_.chance(30)) edge("skip from " + inner.label);
    skip(from);
    if (random_.chance(80)) layer(activation(), current_);
  }

  /// A skip edge from a value, with a convolution if the shapes differ.
  void skip(const Named& from) {
    if (from.shape == current_) {
      edge("skip from " + from.label);
    } else if (const int64_t stride = stride_from(from.shape)) {
      edge(fmt::format("skip from {} via {} {{ {} }}", from.label, fresh(), projection(current_.channels, stride)));
    }
  }

  /// The stride of a 1x1 convolution that makes a value of the current height and width; 0 if there is none. There may have been two
  /// strides on the way.
  int64_t stride_from(const Shape& from) const {
    for (int64_t stride : {1, 2, 4}) {
      if ((from.height + stride - 1) / stride == current_.height && (from.width + stride - 1) / stride == current_.width) return stride;
    }
    return 0;
  }

  std::string projection(int64_t out_channels, int64_t stride) {
    const std::string normalised = random_.chance(70) ? "  " + norm(out_channels) : "";
    return fmt::format("conv({}, {}, stride = {}){}", window(1), out_channels, stride, normalised);
  }

  /// Appends the channels of a value, or of what a convolution makes of it.
  void append(const Named& from) {
    const int64_t stride = stride_from(from.shape);
    if (stride == 0) return;
    if (stride == 1 && current_.channels + from.shape.channels <= most_channels && random_.chance(70)) {
      edge("concat from " + from.label);
      current_.channels += from.shape.channels;
    } else {
      const int64_t appended = random_.one_of<int64_t>({1, 3, 8, 16, 20});
      edge(fmt::format("concat from {} via {} {{ {} }}", from.label, fresh(), projection(appended, stride)));
      current_.channels += appended;
    }
  }

  const Named& any_named() { return named_[static_cast<size_t>(random_.below(static_cast<int64_t>(named_.size())))]; }

  /// A layer that reads what edges have made, or none.
  void after_edges() {
    if (random_.chance(50)) {
      convolution(channels(), false);
    } else if (random_.chance(70)) {
      layer(random_.chance(50) ? norm() : activation(), current_);
    }
  }

  void concatenation() {
    for (int64_t i = 1 + random_.below(2); i > 0; --i) append(any_named());
    after_edges();
  }

  /// Layers whose results stay beside the values that they were made of.
  void dense() {
    for (int64_t i = 1 + random_.below(3); i > 0; --i) {
      const Named before = here();
      convolution(random_.one_of<int64_t>({4, 12, 16}), false);
      const Named made = here();
      if (random_.chance(70)) {
        go_back(before);
        append(made);
      } else {
        append(before);
      }
    }
    after_edges();
  }

  /// Two ways from one value, which meet again.
  void branches() {
    const Named start = here();
    const int64_t first = current_.channels > 1 && random_.chance(40) ? 1 + random_.below(current_.channels - 1) : 0;
    if (first != 0) slice(0, first);
    convolution(channels(), false);
    const Named one = here();
    go_back(start);
    if (first != 0) slice(first, current_.channels - first);
    if (random_.chance(60)) convolution(channels(), false);
    random_.chance(70) ? append(one) : skip(one);
    after_edges();
  }

  /// An edge with something that is spread: a vector, or one channel.
  void spread() {
    const Named at = here();
    const std::string from = random_.chance(50) ? at.label : any_named().label;
    const std::string squeezed = "global_avg_pool  ";
    const bool may_append = !for_gpus_ || current_.channels % 16 == 0;
    if (current_.channels % 2 == 0 && (!for_gpus_ || current_.channels % 32 == 0) && aside_.chance(20)) return split_attention();
    switch (random_.below(4)) {
      case 0: edge(fmt::format("skip spread from {} via {} {{ {}{} }}", from, fresh(), squeezed, linear(current_.channels))); break;
      case 1: {
        if (!may_append) break;
        const int64_t appended = random_.one_of<int64_t>({1, 5, 16});
        edge(fmt::format("concat spread from {} via {} {{ {}{} }}", from, fresh(), squeezed, linear(appended)));
        current_.channels += appended;
        break;
      }
      case 2:
        if (current_.channels == 1) break;
        edge(fmt::format("skip spread from {} via {} {{ {} }}", at.label, fresh(), one_channel()));
        break;
      default: {
        const std::string vector = fresh();
        line(vector + ": global_avg_pool");
        go_back(at);
        edge("skip spread from " + vector);
        if (may_append && current_.channels <= most_channels / 2 && random_.chance(40)) {
          edge("concat spread from " + vector);
          current_.channels *= 2;
        }
        break;
      }
    }
    after_edges();
  }

  /// Two halves of the channels, each times its share, as in ResNeSt.
  void split_attention() {
    const Named whole = here();
    const int64_t half = current_.channels / 2;
    line("global_avg_pool");
    const std::string shares = fresh();
    line(linear(2 * half).insert(0, fresh() + ": "));
    line(fmt::format("{}: softmax(parts = 2)", shares));
    Named sides[2];
    for (int64_t i = 0; i < 2; ++i) {
      line("from " + shares);
      const std::string share = fresh();
      line(fmt::format("{}: slice_channels({}, {})", share, i * half, half));
      go_back(whole);
      slice(i * half, half);
      edge(fmt::format("gate via {{ from {} }}", share));
      sides[i] = here();
    }
    edge("skip from " + sides[0].label);
    after_edges();
  }

  /// A layer that makes one channel of all current ones.
  std::string one_channel() {
    return for_gpus_ || random_.chance(50) ? fmt::format("conv({}, 1)", window(1))
                                           : fmt::format("slice_channels({}, 1)", random_.below(current_.channels));
  }

  void slice(int64_t first, int64_t count) {
    layer(fmt::format("slice_channels({}, {})", first, count), {count, current_.height, current_.width});
  }
  void slice() {
    const int64_t first = random_.chance(30) ? current_.channels / 32 * 16 : random_.below(current_.channels);
    slice(first, 1 + random_.below(current_.channels - first));
  }

  /// Vectors are appended to vectors, and sliced.
  void vectors_side_by_side() {
    edge("concat from " + any_named().label);
    label_.reset();
    const int64_t features = channels();
    layer(linear(features), {features, 1, 1});
    if (random_.chance(50)) slice();
  }

  bool skip_from_anywhere() {
    std::vector<const Named*> fitting;
    for (size_t i = 0; i + 1 < named_.size(); ++i) {
      if (named_[i].shape == current_) fitting.push_back(&named_[i]);
    }
    if (fitting.empty()) return false;
    skip(*fitting[static_cast<size_t>(random_.below(static_cast<int64_t>(fitting.size())))]);
    return true;
  }

  /// A transposed convolution with a batch norm, or without.
  void transposed() {
    const Shape in = current_;
    const int64_t stride = in.height < 8 && in.width < (lines_ ? 300 : 12) ? aside_.one_of<int64_t>({1, 2, 2, 3}) : 1,
                  kernel = 1 + aside_.below(5);
    const int64_t more = aside_.below(stride), co = channels_aside(), before = aside_.below(kernel), after = aside_.below(kernel);
    int64_t groups = 1;
    for (int64_t g : {17, 8, 3, 2}) {
      if (groups == 1 && in.channels % g == 0 && co % g == 0 && aside_.chance(30)) groups = g;
    }
    const auto out = [&](int64_t n) { return (n - 1) * stride + kernel + more - before - after; };
    if ((!lines_ && out(in.height) < 1) || out(in.width) < 1) return;
    layer(fmt::format("conv_transpose({}, {}, stride = {}{}, output_pad = {}, groups = {}{})", window(kernel), co, stride,
                      written({before, before, after, after}), more, groups, aside_.chance(50) ? ", bias = true" : ""),
          {co, rows(out(in.height)), out(in.width)});
    if (aside_.chance(60)) layer(norm(), current_);
    if (aside_.chance(60)) layer(activation(), current_);
  }

  /// A layer that moves elements elsewhere.
  void rearranged() {
    const int64_t c = current_.channels, h = current_.height, w = current_.width;
    switch (aside_.below(8)) {
      case 0:
        for (int64_t groups : {8, 5, 3, 2}) {
          if (c % groups == 0) return layer(fmt::format("channel_shuffle({})", groups), current_);
        }
        break;
      case 3:
        if (lines_ && w % 2 == 0 && c <= 40) return layer("pixel_unshuffle(2)", {2 * c, 1, w / 2});
        if (!lines_ && h % 2 == 0 && w % 2 == 0 && c <= 40) return layer("pixel_unshuffle(2)", {4 * c, h / 2, w / 2});
        break;
      case 5: {
        // The pixels of each channel are mixed, as in MLP mixers.
        if (h * w > 200) break;
        if (!lines_) layer("join_rows", {c, 1, h * w});
        layer("transpose", {h * w, 1, c});
        const int64_t pixels = 1 + aside_.below(60);
        layer(fmt::format("conv({}, {}, bias = true)", window(1), pixels), {pixels, 1, c});
        if (aside_.chance(80)) layer("transpose", {c, 1, pixels});
        break;
      }
      case 4:
        if (larger_than(3) && h < 30 && (lines_ ? w < 300 : w < 30)) {
          const auto side = [&](int64_t most) { return aside_.chance(30) ? -1 : aside_.below(most + 1); };
          const resnetc::Sides pad{side(3), side(2), side(1), side(3)};
          // What is reflected is left after the cuts.
          const bool fits =
              (lines_ || std::max(pad.top, pad.bottom) < h + std::min(pad.top, int64_t{0}) + std::min(pad.bottom, int64_t{0})) &&
              std::max(pad.left, pad.right) < w + std::min(pad.left, int64_t{0}) + std::min(pad.right, int64_t{0});
          const std::string reflect = aside_.chance(60) && fits ? ", reflect = true" : "";
          if (lines_) return layer(fmt::format("pad([{}, {}]{})", pad.left, pad.right, reflect), {c, 1, w + pad.left + pad.right});
          return layer(fmt::format("pad([{}, {}, {}, {}]{})", pad.top, pad.left, pad.bottom, pad.right, reflect),
                       {c, h + pad.top + pad.bottom, w + pad.left + pad.right});
        }
        break;
      case 1:
        if (lines_ && c % 2 == 0 && w < 300) return layer("pixel_shuffle(2)", {c / 2, 1, 2 * w});
        if (!lines_ && c % 4 == 0 && h < 12) return layer("pixel_shuffle(2)", {c / 4, 2 * h, 2 * w});
        break;
      case 2:
        if (lines_ && w < 300) return layer(fmt::format("upsample(2{})", aside_.chance(50) ? ", bilinear = true" : ""), {c, 1, 2 * w});
        if (!lines_ && h < 8)
          return layer(fmt::format("upsample([2, 3]{})", aside_.chance(50) ? ", bilinear = true" : ""), {c, 2 * h, 3 * w});
        break;
      default:
        if (lines_) return layer(fmt::format("upsample(size = {}{})", w + 3, aside_.chance(50) ? ", bilinear = true" : ""), {c, 1, w + 3});
        return layer(
            fmt::format("upsample(size = [{}, {}]{})", h + 3, w + 1, aside_.chance(50) ? ", bilinear = true, align_corners = true" : ""),
            {c, h + 3, w + 1});
    }
  }

  void pre_activation() {
    Named from = named_.back();
    layer(norm(), current_);
    layer("relu", current_);
    convolution(channels(), random_.chance(50));
    skip(from);
  }

  void gate() {
    if (random_.chance(20)) {
      edge(fmt::format("gate via {} {{ {}  sigmoid }}", fresh(), one_channel()));
    } else if (aside_.chance(15) && current_.channels >= 16) {
      if (for_gpus_ || aside_.chance(50)) {
        edge(fmt::format("gate via {} {{ global_avg_pool  unflatten(1, {})  conv({}, 1)  flatten  sigmoid }}", fresh(),
                         lines_ ? std::to_string(current_.channels) : fmt::format("[1, {}]", current_.channels), lines_ ? "3" : "[1, 3]"));
      } else {
        edge(fmt::format("gate via {} {{ global_l2_pool  mean_norm(1e-2) }}", fresh()));
      }
    } else if (random_.chance(70)) {
      const std::string squeeze = linear(1 + random_.below(6));
      edge(fmt::format("gate via {} {{ {}  {}  relu  {}  sigmoid }}", fresh(), global_pool(), squeeze, linear(current_.channels)));
    } else {
      edge(fmt::format("gate via {} {{ conv({}, {})  sigmoid }}", fresh(), window(1), current_.channels));
    }
    layer("relu", current_);
  }

  void pool() {
    int64_t kernel = random_.one_of<int64_t>({2, 3});
    if (!larger_than(3)) return;
    const std::string kind = random_.one_of({"max_pool", "avg_pool"});
    const bool ceil = aside_.chance(30);
    std::string call = fmt::format("{}({}, stride = 2", kind, window(kernel));
    Shape shape{current_.channels, rows((current_.height + 1) / 2), (current_.width + 1) / 2};
    if (aside_.chance(15)) {
      call += ", pad = same";
    } else {
      resnetc::Sides pad((kernel - 1) / 2, (kernel - 1) / 2);
      if (aside_.chance(30)) pad = {aside_.below(2), aside_.below(2), aside_.below(2), aside_.below(2)};
      const auto out = [&](int64_t in, int64_t before, int64_t after) {
        const int64_t most = (before + in + after - kernel + (ceil ? 1 : 0)) / 2 + 1;
        return ceil && (most - 1) * 2 >= before + in ? most - 1 : most;
      };
      call += written(pad);
      shape = {current_.channels, rows(out(current_.height, pad.top, pad.bottom)), out(current_.width, pad.left, pad.right)};
    }
    if (ceil) call += ", ceil = true";
    if (kind == "avg_pool" && aside_.chance(30)) call += ", count_pad = false";
    layer(call + ")", shape);
    if (random_.chance(30)) layer(norm(), current_);
    if (random_.chance(30)) layer(random_.one_of({"relu", "sigmoid"}), current_);
    if (aside_.chance(15)) layer(softmax(), current_);
  }

  /// Another head, which is an output.
  void head() {
    const Named body = here();
    convolution(random_.one_of<int64_t>({1, 2, 16}), false);
    line(fmt::format("output head from {}", here().label));
    go_back(body);
  }

  void tail() {
    if (random_.chance(25)) head();
    if (random_.chance(70)) {
      line(aside_.chance(20) ? "flatten" : global_pool());
      const int64_t features = random_.one_of<int64_t>({1, 10, 17, 100});
      line("fc: " + linear(features));
      current_ = {features, 1, 1};
      // A sum may cancel: one number has no larger one beside it to compare with, and its share of all is always 1.
      const bool shares = random_.chance(20);
      if (features == 1) {
        line("sigmoid");
      } else if (shares) {
        line(softmax());
      }
    } else {
      layer("relu", current_);
    }
    line("output y");
  }

  Random random_, aside_;  ///< aside_ makes choices on which those of random_ must not depend
  bool for_gpus_;
  bool lines_;                            ///< whether the values are lines: shapes of height 1
  std::vector<std::string> elementwise_;  ///< element-wise layers with their arguments
  std::string text_;
  std::vector<Named> named_;
  Shape current_{};
  std::optional<std::string> label_;  ///< of the current value, if it has one
  int labels_ = 0;
  int outputs_ = 0;
};

}  // namespace

std::string random_network(uint64_t seed, bool for_gpus) { return Generator(seed, for_gpus).run(); }

resnetc::program::Tuning random_tuning(const resnetc::program::Program& program, uint64_t seed) {
  using namespace resnetc;
  Random random(seed);
  program::Tuning tuning;
  for (const program::Kernel& kernel : program.kernels) {
    const std::vector<program::Schedule> candidates =
        passes::schedule_candidates(program, kernel, default_machine(), largest_winograd_tile);
    const std::string work = work_of(spec_of(program, kernel));
    if (candidates.empty() || tuning.find(work) != nullptr || random.chance(33)) continue;
    const auto chosen = static_cast<size_t>(random.below(static_cast<int64_t>(candidates.size())));
    tuning.kernels.push_back({work, candidates[chosen], "measured", {}});
  }
  return tuning;
}

namespace {

using namespace resnetc;

/// Changes one parameter of any schedule.
class Edit {
 public:
  Edit(Random& random, int64_t place) : random_(random), left_(place) {}

  void number(std::string_view, int64_t& value, std::string_view) {
    if (left_-- == 0) value = random_.one_of<int64_t>({0, 1, 1, 2, 2, 3, 4, 6, 7, 8, 15, 16, 31, 32});
  }
  void unless_zero(std::string_view name, int64_t& value, std::string_view meaning) { number(name, value, meaning); }
  void extent(std::string_view, Extent2& value, std::string_view) {
    if (left_-- == 0) value.h = small();
    if (left_-- == 0) value.w = small();
  }
  void flag(std::string_view, bool& value, std::string_view) {
    if (left_-- == 0) value = !value;
  }
  /// The number of parameters that could have been changed, beyond the place.
  int64_t parameters(int64_t place) const { return place - left_; }

 private:
  int64_t small() { return random_.one_of<int64_t>({1, 1, 2, 2, 3, 4, 7, 8, 16, 32}); }

  Random& random_;
  int64_t left_;
};

void edit(program::Schedule& schedule, Random& random) {
  if (random.chance(10)) {  // another type of schedule
    const auto all = program::default_schedules();
    schedule = all[static_cast<size_t>(random.below(static_cast<int64_t>(all.size())))];
  }
  constexpr int64_t nowhere = 1000;
  Edit count(random, nowhere);
  describe(count, schedule);
  const int64_t parameters = count.parameters(nowhere);
  if (parameters == 0) return;
  Edit change(random, random.below(parameters));
  describe(change, schedule);
}

/// Packs the weights of a convolution for its schedule, which the convolution must be able to have.
void repack(program::Program& program, const program::Kernel& kernel) {
  std::vector<program::ConstantId> ids{kernel.weight};
  for (const program::Step& step : kernel.epilogue) {
    if (step.kind == graph::StepKind::project) ids.push_back(step.constants[0]);
  }
  std::vector<RecipePtr> weights;
  for (const program::ConstantId id : ids) weights.push_back(program::packed_by(*program.constant(id).recipe));
  weights = program::pack(weights, kernel.attributes, program.tensor(kernel.in).type.channels, kernel.schedule);
  for (size_t i = 0; i < ids.size(); ++i) program.constants[static_cast<size_t>(ids[i])].recipe = weights[i];
  int64_t end = 0;
  for (program::Constant& constant : program.constants) {
    constant.offset = end;
    end += (constant.bytes() + 63) / 64 * 64;
  }
}

/// Whether a tile has more than one and a half times as many sums as the registers hold. LLVM takes up to ten seconds for such a kernel.
bool far_beyond_registers(const program::Schedule& schedule, const Registers& registers) {
  const auto* direct = std::get_if<program::DirectSchedule>(&schedule);
  if (direct == nullptr) return false;
  return 2 * bytes_of(ElementType::f32, direct->vectors * lanes * direct->pixels) > 3 * registers.count * registers.bytes;
}

}  // namespace

int edit_schedules(program::Program& program, uint64_t seed) {
  Random random(seed);
  int kept = 0;
  for (size_t k = 0; k < program.kernels.size(); ++k) {
    for (int tries = 0; tries < 12; ++tries) {
      program::Program edited = program;
      program::Kernel& kernel = edited.kernels[k];
      for (int64_t edits = 1 + random.below(3); edits > 0; --edits) edit(kernel.schedule, random);
      if (kernel.schedule == program.kernels[k].schedule || far_beyond_registers(kernel.schedule, program.target->registers)) continue;
      const bool anew = random.chance(50);
      if (anew && kernel.kind == program::KernelKind::conv2d && !schedule_fault(spec_of(edited, kernel))) repack(edited, kernel);
      if (program::verify(edited)) continue;
      program = std::move(edited);
      ++kept;
    }
  }
  return kept;
}

/// \file The buffers of a kernel, with every stride and minimum compiled in.
#pragma once

#include <Halide.h>

#include <string>
#include <vector>

#include "ir/program.h"

namespace resnetc::codegen::common {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

/// The number that an element is: bf16 becomes float32, other elements stay as they are.
Expr number(const Expr& element);

/// An arena tensor. Its elements are read as numbers.
class Elements {
 public:
  explicit Elements(Halide::ImageParam param) : param_(std::move(param)) {}

  Expr operator()(const Expr& c, const Expr& x, const Expr& y, const Expr& n) const { return number(param_(c, x, y, n)); }
  /// The type of what is read.
  Halide::Type type() const { return param_.type().is_bfloat() ? Halide::Float(32) : param_.type(); }

 private:
  Halide::ImageParam param_;
};

/// The axes of every kernel. A flattened picture has all its pixels along x, and y = 0.
struct Axes {
  Var c{"c"}, x{"x"}, y{"y"}, n{"n"};
};

/// The input buffers of a kernel. Each function makes a buffer and adds it to the kernel's arguments. Elements outside the buffer's extents
/// (the halo) may be read: the product is compiled without bounds queries and assertions, so an index only gives an address.
class Operands {
 public:
  enum class Place { host, gpu };
  explicit Operands(Place place = Place::host) : on_gpu_(place == Place::gpu) {}

  /// Whether the kernel is for a GPU. Loads of several elements at once need to know there that they are aligned. Constants are marked as
  /// aligned, and so are tensors whose pixels are aligned.
  bool on_gpu() const { return on_gpu_; }

  /// An arena tensor with the axes (c, x, y, n).
  Elements tensor(const std::string& name, const program::Tensor& tensor);
  /// A caller's buffer, dense, with the axes (x, y, c, n) if it has planes and otherwise (c, x, y, n).
  Halide::ImageParam caller(const std::string& name, const InputBuffer& buffer);
  /// A constant with one dimension.
  Halide::ImageParam constant(const std::string& name, ElementType element = ElementType::f32);

  std::vector<Halide::Argument> arguments;

 private:
  void add(Halide::ImageParam& param, bool aligned);

  bool on_gpu_;
};

Halide::Type halide_type(ElementType element);

/// The alignment of vectors on a GPU in bytes: the widest load of a thread.
inline constexpr int gpu_alignment = 16;

/// Fixes the layout of an output that is an arena tensor; with `flat` its pixels lie along one axis.
void set_output(Func& out, const Axes& axes, const program::Tensor& tensor, bool flat);
/// Fixes the layout of a caller's output. Its dimensions are those of `out`, in the same order.
void set_caller_output(Func& out, const std::vector<int64_t>& extents);

inline int to_int(int64_t value) { return static_cast<int>(value); }

/// The index of the block of 16 channels that holds channel c, and the channel's index in its block.
inline Expr block_of(const Expr& c) { return c / to_int(lanes); }
inline Expr lane_of(const Expr& c) { return c % to_int(lanes); }

/// The number of blocks of 16 that hold `channels` channels.
inline int64_t blocks(int64_t channels) { return (channels + lanes - 1) / lanes; }

}  // namespace resnetc::codegen::common

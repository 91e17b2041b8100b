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

/// The axes of every kernel; a flattened picture has all its pixels along x and y = 0.
struct Axes {
  Var c{"c"}, x{"x"}, y{"y"}, n{"n"};
};

/// An input buffer that makes itself an argument of the kernel. Elements outside the buffer's extents (the halo) may be read: the
/// product is compiled without bounds queries and assertions, so an index is only an address.
class Operands {
 public:
  enum class Place { host, gpu };
  explicit Operands(Place place = Place::host) : on_gpu_(place == Place::gpu) {}

  /// Then loads of several elements at once need to know that they are aligned: tensors whose pixels are and constants say so.
  bool on_gpu() const { return on_gpu_; }

  /// An arena tensor, (c, x, y, n).
  Halide::ImageParam tensor(const std::string& name, const program::Tensor& tensor);
  /// A caller's buffer, dense: (x, y, c, n) if it has planes, else (c, x, y, n).
  Halide::ImageParam caller(const std::string& name, const InputBuffer& buffer);
  /// A constant of f32, one dimension.
  Halide::ImageParam constant(const std::string& name);

  std::vector<Halide::Argument> arguments;

 private:
  void add(Halide::ImageParam& param, bool aligned);

  bool on_gpu_;
};

Halide::Type halide_type(ElementType element);

/// Bytes at which vectors begin on a GPU, the widest that a thread loads.
inline constexpr int gpu_alignment = 16;

/// Fixes the layout of the output: an arena tensor whose pixels may lie along one axis.
void set_output(Func& out, const Axes& axes, const program::Tensor& tensor, bool flat);
/// Fixes the layout of a caller's output, whose dimensions are those of `out` in order.
void set_caller_output(Func& out, const std::vector<int64_t>& extents);

inline int to_int(int64_t value) { return static_cast<int>(value); }

/// Index of a block of 16 channels, and of a channel in its block.
inline Expr block_of(const Expr& c) { return c / to_int(lanes); }
inline Expr lane_of(const Expr& c) { return c % to_int(lanes); }

/// Blocks of 16 that hold `channels`.
inline int64_t blocks(int64_t channels) { return (channels + lanes - 1) / lanes; }

}  // namespace resnetc::codegen::common

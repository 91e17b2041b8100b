/// \file Makes buffers with compiled-in layouts.
#include "codegen/common/operands.h"

namespace resnetc::codegen::common {

Halide::Type halide_type(ElementType element) {
  switch (element) {
    case ElementType::f32: return Halide::Float(32);
    case ElementType::bf16: return Halide::BFloat(16);
    case ElementType::f16: return Halide::Float(16);
    case ElementType::u8: return Halide::UInt(8);
    case ElementType::i8: return Halide::Int(8);
    case ElementType::i32: return Halide::Int(32);
  }
  return {};
}

void Operands::add(Halide::ImageParam& param, bool aligned) {
  if (on_gpu_ && aligned) param.set_host_alignment(gpu_alignment);
  arguments.push_back(param);
}

Expr number(const Expr& element) { return element.type().is_bfloat() ? Halide::cast<float>(element) : element; }

Elements Operands::tensor(const std::string& name, const program::Tensor& tensor) {
  Halide::ImageParam param(halide_type(tensor.type.element), 4, name);
  param.dim(0).set_min(0).set_stride(1);
  param.dim(1).set_min(0).set_stride(to_int(tensor.channel_stride));
  param.dim(2).set_min(0).set_stride(to_int(tensor.row_elements()));
  param.dim(3).set_min(0).set_stride(to_int(tensor.picture_elements()));
  add(param, tensor.aligned());
  return Elements(param);
}

Halide::ImageParam Operands::caller(const std::string& name, const InputBuffer& buffer) {
  const TensorType& shape = buffer.type;
  Halide::ImageParam param(halide_type(shape.element), 4, name);
  const bool planar = buffer.has_planes();
  param.dim(0).set_min(0).set_stride(1);
  param.dim(1).set_min(0).set_stride(to_int(planar ? shape.width : shape.channels));
  param.dim(2).set_min(0).set_stride(to_int(planar ? shape.pixels() : shape.channels * shape.width));
  param.dim(3).set_min(0).set_stride(to_int(shape.elements()));
  add(param, false);
  return param;
}

Halide::ImageParam Operands::constant(const std::string& name, ElementType element) {
  Halide::ImageParam param(halide_type(element), 1, name);
  param.dim(0).set_min(0).set_stride(1);
  add(param, true);
  return param;
}

void set_output(Func& out, const Axes& axes, const program::Tensor& tensor, bool flat) {
  const TensorType& type = tensor.type;
  const int width = to_int(flat ? type.pixels() : type.width);
  const int height = to_int(flat ? 1 : type.height);
  const int channels = to_int(tensor.stored_channels());
  Halide::OutputImageParam buffer = out.output_buffer();
  buffer.dim(0).set_bounds(0, channels).set_stride(1);
  buffer.dim(1).set_bounds(0, width).set_stride(to_int(tensor.channel_stride));
  buffer.dim(2).set_bounds(0, height).set_stride(to_int(tensor.row_elements()));
  buffer.dim(3).set_min(0).set_stride(to_int(tensor.picture_elements()));
  out.bound(axes.c, 0, channels).bound(axes.x, 0, width).bound(axes.y, 0, height);
}

void set_caller_output(Func& out, const std::vector<int64_t>& extents) {
  Halide::OutputImageParam buffer = out.output_buffer();
  int64_t stride = 1;
  for (size_t d = 0; d < extents.size(); ++d) {
    const int dim = static_cast<int>(d);
    buffer.dim(dim).set_bounds(0, to_int(extents[d])).set_stride(to_int(stride));
    out.bound(out.args()[d], 0, to_int(extents[d]));
    stride *= extents[d];
  }
  buffer.dim(static_cast<int>(extents.size())).set_min(0).set_stride(to_int(stride));
}

}  // namespace resnetc::codegen::common

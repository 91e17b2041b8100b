/// \file The operands and halos of each kernel, in the order of the kernels' calling convention (codegen/kernels.h).
#include "codegen/tables.h"

#include <fmt/format.h>

#include <limits>

namespace resnetc::codegen {
namespace {

static_assert(graph::max_kernel_operands == RN_MAX_OPERANDS);

class Builder {
 public:
  explicit Builder(const program::Program& program) : program_(program) {}

  Result<ProgramTables> build() {
    ProgramTables tables;
    for (const program::Kernel& kernel : program_.kernels) {
      ProgramTables::Kernel row;
      row.name = kernel.name;
      row.first_operand = narrow(static_cast<int64_t>(tables.operands.size()));
      add_operands(kernel, tables.operands);
      row.operand_count = narrow(static_cast<int64_t>(tables.operands.size())) - row.first_operand;
      if (row.operand_count != program::operand_count(kernel)) {
        // The verifier's count must be right, because the runtime has room for that number.
        return Failure{fmt::format("kernel '{}' has {} operands, not {}", kernel.name, row.operand_count, program::operand_count(kernel))};
      }
      if (kernel.out != program::none) {
        const program::Tensor& out = program_.tensor(kernel.out);
        row.halo = halo(out);
        row.scale = out.type.quantization.scale;
        row.zero = out.type.quantization.zero;
      }
      tables.kernels.push_back(row);
      if (!fits_) {
        return Failure{fmt::format("kernel '{}' has an operand without a place, or one too large for 32-bit indices", kernel.name),
                       Blame::limit};
      }
    }
    return tables;
  }

 private:
  int32_t narrow(int64_t value) {
    if (value < 0 || value > std::numeric_limits<int32_t>::max()) fits_ = false;
    return static_cast<int32_t>(value);
  }

  /// Tells the runtime the type of an operand's elements.
  static void set_type(rn_operand& operand, ElementType element) {
    operand.type_bits = static_cast<int32_t>(8 * bytes_of(element));
    operand.is_signed = element == ElementType::i8 || element == ElementType::i32 ? 1 : 0;
  }

  void add_operands(const program::Kernel& kernel, std::vector<rn_operand>& out) {
    out.push_back(kernel.in == program::none ? input() : tensor(kernel.in));
    if (kernel.weight != program::none) out.push_back(constant(kernel.weight));
    for (const program::Step& step : kernel.epilogue) {
      for (program::ConstantId id : step.constants) out.push_back(constant(id));
      if (step.operand != program::none) out.push_back(tensor(step.operand));
    }
    out.push_back(kernel.out == program::none ? output(kernel.port) : tensor(kernel.out));
  }

  void set_dims(rn_operand& operand, bool planar, const int64_t (&extent)[3], const int64_t (&stride)[4]) {
    operand.dims = 4;
    operand.planar = planar ? 1 : 0;
    for (int i = 0; i < 3; ++i) operand.extent[i] = narrow(extent[i]);
    for (int i = 0; i < 4; ++i) operand.stride[i] = narrow(stride[i]);
  }

  rn_operand tensor(program::TensorId id) {
    const program::Tensor& t = program_.tensor(id);
    rn_operand operand{};
    operand.place = RN_ARENA;
    operand.offset = t.offset;
    operand.halo_bytes = t.halo.h * t.row_bytes() + t.halo.w * t.pixel_bytes() + bytes_of(t.type.element, t.first_channel);
    set_type(operand, t.type.element);
    set_dims(operand, false, {t.type.channels, t.type.width, t.type.height}, {1, t.channel_stride, t.row_elements(), t.picture_elements()});
    if (t.offset < 0) fits_ = false;
    return operand;
  }

  rn_operand constant(program::ConstantId id) {
    const program::Constant& c = program_.constant(id);
    rn_operand operand{};
    operand.place = RN_CONSTANT;
    operand.offset = c.offset;
    set_type(operand, c.element);
    operand.dims = 1;
    operand.extent[0] = narrow(c.elements());
    operand.stride[0] = 1;
    if (c.offset < 0) fits_ = false;
    return operand;
  }

  /// The operand for a caller's buffer, which is dense and either planar or has the channel innermost.
  rn_operand port(int32_t place, const TensorType& type, bool planar) {
    rn_operand operand{};
    operand.place = place;
    set_type(operand, type.element);
    const int64_t c = type.channels, h = type.height, w = type.width;
    if (planar) {
      set_dims(operand, true, {w, h, c}, {1, w, w * h, w * h * c});
    } else {
      set_dims(operand, false, {c, w, h}, {1, c, c * w, c * w * h});
    }
    return operand;
  }

  rn_operand input() { return port(RN_INPUT, program_.input.type, program_.input.has_planes()); }

  rn_operand output(int32_t index) {
    const TensorType& type = program_.outputs[static_cast<size_t>(index)].type;
    rn_operand operand = port(RN_OUTPUT, type, !type.is_vector());
    operand.port = index;
    return operand;
  }

  rn_halo halo(const program::Tensor& t) {
    rn_halo result{};
    if (t.dense()) return result;
    result.offset = t.offset;
    result.picture_bytes = t.picture_bytes();
    result.row_bytes = t.row_bytes();
    result.pixel_bytes = t.pixel_bytes();
    result.height = narrow(t.type.height);
    result.width = narrow(t.type.width);
    result.rows = narrow(t.halo.h);
    result.columns = narrow(t.halo.w);
    return result;
  }

  const program::Program& program_;
  bool fits_ = true;
};

}  // namespace

Result<ProgramTables> tables_of(const program::Program& program) {
  if (program.arena_bytes < 0) return Failure{"the program's memory is not planned"};
  return Builder(program).build();
}

}  // namespace resnetc::codegen

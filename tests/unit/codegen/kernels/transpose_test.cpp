/// \file Blocks of every size that the pass transposes, compiled for this machine and compared element by element. A block of 16x16 is for
/// registers of 512 bits, but machines without them compute the same with more instructions.
#include "codegen/cpu/transpose.h"

#include <doctest/doctest.h>

namespace resnetc::testing {

namespace {

using namespace Halide::Internal;

/// Whether a statement still has the loop over the columns of a block.
class HasColumns final : public IRMutator {
 public:
  bool found = false;

 private:
  using IRMutator::visit;

  Stmt visit(const For* loop) override {
    found = found || loop->name.ends_with(".column");
    return IRMutator::visit(loop);
  }
};

/// The transposition of a matrix, computed in blocks.
struct Transposed {
  Halide::Buffer<float> in{40, 37}, out{37, 40};
  bool has_columns = false;

  Transposed(int rows, int columns) {
    in.for_each_element([&](int x, int y) { in(x, y) = static_cast<float>(100 * y + x); });
    Halide::Var x("x"), y("y"), row("row"), column("column");
    Halide::Func f("transposed");
    f(y, x) = in(x, y) + 1.0f;
    f.split(y, y, row, rows, Halide::TailStrategy::ShiftInwards).vectorize(row);
    f.split(x, x, column, columns, Halide::TailStrategy::ShiftInwards).reorder(row, column, y, x);
    Halide::Pipeline pipeline(f);
    const auto pass = codegen::cpu::transpose_pass();
    HasColumns look;
    pipeline.add_custom_lowering_pass(pass.get(), [] {});
    pipeline.add_custom_lowering_pass(&look, [] {});
    pipeline.realize(out);
    has_columns = look.found;
  }

  bool is_right() const {
    bool right = true;
    in.for_each_element([&](int x, int y) { right = right && out(y, x) == in(x, y) + 1; });
    return right;
  }
};

}  // namespace

TEST_CASE("kernels: transpositions of blocks") {
  for (const int rows : {4, 8, 16}) {
    for (const int columns : {4, 8, 16}) {
      CAPTURE(rows);
      CAPTURE(columns);
      const Transposed blocks(rows, columns);
      CHECK(blocks.is_right());
      CHECK_FALSE(blocks.has_columns);
    }
  }
}

TEST_CASE("kernels: blocks of other sizes stay loops") {
  const Transposed blocks(8, 5);
  CHECK(blocks.is_right());
  CHECK(blocks.has_columns);
}

}  // namespace resnetc::testing

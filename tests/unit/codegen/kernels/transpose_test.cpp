/// \file Blocks of every size that the pass transposes, compiled for this machine and compared element by element. A block of 16x16 is for
/// registers of 512 bits, but machines without them compute the same with more instructions.
#include "codegen/cpu/transpose.h"

#include <doctest/doctest.h>

namespace resnetc::testing {

namespace {

using namespace Halide::Internal;
using Halide::Expr;

/// Whether a statement still has the loop over the columns of a block, and the number of its prefetches.
class Look final : public IRMutator {
 public:
  bool has_columns = false;
  int prefetches = 0;

 private:
  using IRMutator::visit;

  Expr visit(const Call* call) override {
    prefetches += call->name == "llvm.prefetch.p0" ? 1 : 0;
    return IRMutator::visit(call);
  }

  Stmt visit(const For* loop) override {
    has_columns = has_columns || loop->name.ends_with(".column");
    return IRMutator::visit(loop);
  }
};

/// The transposition of a matrix, computed in blocks.
struct Transposed {
  Halide::Buffer<float> in{{40, 37}, "matrix"}, out{37, 40};
  Look look;

  Transposed(int rows, int columns, const std::string& ahead = {}) {
    in.for_each_element([&](int x, int y) { in(x, y) = static_cast<float>(100 * y + x); });
    Halide::Var x("x"), y("y"), row("row"), column("column");
    Halide::Func f("transposed");
    f(y, x) = in(x, y) + 1.0f;
    f.split(y, y, row, rows, Halide::TailStrategy::ShiftInwards).vectorize(row);
    f.split(x, x, column, columns, Halide::TailStrategy::ShiftInwards).reorder(row, column, y, x);
    Halide::Pipeline pipeline(f);
    const auto pass = codegen::cpu::transpose_pass(ahead == "out" ? f.name() : ahead);
    pipeline.add_custom_lowering_pass(pass.get(), [] {});
    pipeline.add_custom_lowering_pass(&look, [] {});
    pipeline.realize(out);
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
      CHECK_FALSE(blocks.look.has_columns);
    }
  }
}

TEST_CASE("kernels: a transposition fetches its rows, or its columns, ahead") {
  for (const auto& [ahead, prefetches] : {std::pair("out", 8), std::pair("matrix", 4), std::pair("", 0)}) {
    CAPTURE(prefetches);
    const Transposed blocks(4, 8, ahead);
    CHECK(blocks.is_right());
    CHECK(blocks.look.prefetches == prefetches);
  }
}

TEST_CASE("kernels: blocks of other sizes stay loops") {
  const Transposed blocks(8, 5);
  CHECK(blocks.is_right());
  CHECK(blocks.look.has_columns);
}

}  // namespace resnetc::testing

/// \file A pass over Halide's lowered statement that adds prefetches to each iteration.
#include "codegen/cpu/prefetch.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace resnetc::codegen::cpu {

namespace {

using namespace Halide::Internal;
using Halide::Expr;

/// Finds the index and the size of the first element that is loaded from a buffer, in terms of names that are known outside the visited
/// statement: loops are at their first iteration.
class FirstLoad final : public IRVisitor {
 public:
  explicit FirstLoad(const std::string& buffer) : buffer_(buffer) {}
  Expr index;
  int element_bytes = 0;

 private:
  using IRVisitor::visit;

  void visit(const Load* load) override {
    IRVisitor::visit(load);
    if (index.defined() || load->name != buffer_) return;
    index = load->index;
    while (const Ramp* ramp = index.as<Ramp>()) index = ramp->base;
    element_bytes = load->type.bytes();
    for (auto name = names_.rbegin(); name != names_.rend(); ++name) index = substitute(name->first, name->second, index);
  }
  void visit(const For* loop) override {
    names_.emplace_back(loop->name, loop->min);
    loop->body.accept(this);
    names_.pop_back();
  }
  void visit(const LetStmt* let) override {
    names_.emplace_back(let->name, let->value);
    let->body.accept(this);
    names_.pop_back();
  }

  const std::string& buffer_;
  std::vector<std::pair<std::string, Expr>> names_;
};

class InsertPrefetch final : public IRMutator {
 public:
  explicit InsertPrefetch(Prefetch what) : what_(std::move(what)) {}

 private:
  using IRMutator::visit;

  Stmt visit(const For* loop) override {
    if (first_.defined()) return inside(loop);
    if (!ends_with(loop->name, what_.step)) return IRMutator::visit(loop);
    FirstLoad load(what_.buffer);
    loop->body.accept(&load);
    if (!load.index.defined()) return IRMutator::visit(loop);
    first_ = load.index;
    element_bytes_ = load.element_bytes;
    step_ = Variable::make(Halide::Int(32), loop->name) - loop->min;
    slot_ = 0;
    slots_ = 1;
    Stmt result = IRMutator::visit(loop);
    first_ = Expr();
    return result;
  }

  Stmt inside(const For* loop) {
    const Expr at = Variable::make(Halide::Int(32), loop->name) - loop->min;
    if (ends_with(loop->name, what_.loop)) {
      // If there are iterations for several rounds for each segment, each round fetches a part of the lines.
      const int rounds = std::max(static_cast<int>(slots_ / what_.segments), 1), all = static_cast<int>(slots_);
      const int extent = static_cast<int>(as_const_int(loop->extent).value_or(1));
      const Expr segment =
          rounds == 1 ? slot_ * static_cast<int>(what_.segments) / all : min(slot_ / rounds, static_cast<int>(what_.segments) - 1);
      // If there are not, an iteration fetches everything that an iteration of the next step will read. Unsigned numbers are used because
      // their division takes only two instructions.
      const int lines = (what_.unrolled + rounds - 1) / rounds;
      const Expr number = cast(Halide::UInt(32), slot_ % rounds * extent + at) * what_.unrolled / rounds;
      const Expr first = simplify(first_ + what_.offset(step_, simplify(segment)));
      // What the first-level cache cannot hold until the next step is fetched into the second.
      constexpr int64_t most_into_first = 16 << 10;
      const Into into = what_.segments * what_.unrolled * extent * cache_line_bytes > most_into_first ? Into::second : Into::first;
      Stmt body = loop->body;
      for (int i = 0; i < lines; ++i) {
        const int line = cache_line_bytes / element_bytes_;  // elements
        const Expr index = cast(Halide::UInt(64), first) + cast(Halide::UInt(64), simplify(number)) * line + i * line;
        body = Block::make(prefetch_line(what_.buffer, index, element_bytes_, into), body);
      }
      return For::make(loop->name, loop->min, loop->extent, loop->for_type, loop->partition_policy, loop->device_api, body);
    }
    const int extent = static_cast<int>(as_const_int(loop->extent).value_or(1));
    const Expr slot = std::exchange(slot_, slot_ * extent + at);
    slots_ *= extent;
    Stmt result = IRMutator::visit(loop);
    slots_ /= extent;
    slot_ = slot;
    return result;
  }

  Prefetch what_;
  Expr first_, step_;  ///< within the loop `step`
  int element_bytes_ = 0;
  Expr slot_;  ///< number of the current iteration of the loops between `step` and `loop`, of `slots_`
  int64_t slots_ = 1;
};

}  // namespace

Stmt prefetch_line(const std::string& buffer, const Expr& index, int element_bytes, Into into) {
  const int locality = into == Into::first ? 3 : 2;  // of llvm.prefetch
  const Expr address = reinterpret(Halide::UInt(64), Variable::make(Halide::Handle(), buffer)) + index * element_bytes;
  return Evaluate::make(
      Call::make(Halide::Int(32), "llvm.prefetch.p0", {reinterpret(Halide::Handle(), address), 0, locality, 1}, Call::Extern));
}

std::shared_ptr<IRMutator> prefetch_pass(Prefetch prefetch) { return std::make_shared<InsertPrefetch>(std::move(prefetch)); }

}  // namespace resnetc::codegen::cpu

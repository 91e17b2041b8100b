#include "codegen/cpu/transpose.h"

#include <map>
#include <utility>
#include <vector>

#include "codegen/cpu/prefetch.h"

namespace resnetc::codegen::cpu {

namespace {

using namespace Halide::Internal;
using Halide::Expr;

constexpr int side = smallest_block;

bool is_transposable(int64_t count) { return count == 4 || count == 8 || count == 16; }

/// One lane of an index. It is undefined if the index has parts whose lanes are not known, such as loads.
class Lane final : public IRMutator {
 public:
  explicit Lane(int lane) : lane_(lane) {}

  Expr of(const Expr& index) {
    const Expr lane = mutate(index);
    return known_ && lane.type().is_scalar() ? lane : Expr();
  }

 private:
  using IRMutator::visit;

  Expr visit(const Ramp* ramp) override { return ramp->base + lane_ * ramp->stride; }
  Expr visit(const Broadcast* all) override { return all->value; }
  Expr visit(const Variable* e) override { return scalar(e); }
  Expr visit(const Load* e) override { return scalar(e); }
  Expr visit(const Call* e) override { return scalar(e); }
  Expr visit(const Shuffle* e) override { return scalar(e); }

  Expr scalar(const Expr& e) {
    if (e.type().is_scalar()) return e;
    known_ = false;
    return make_zero(e.type().element_of());
  }

  int lane_;
  bool known_ = true;
};

/// Puts the values of names where the names are used.
class InlineLets final : public IRMutator {
 private:
  using IRMutator::visit;

  Expr visit(const Let* let) override { return mutate(substitute(let->name, let->value, let->body)); }
  Stmt visit(const LetStmt* let) override { return mutate(substitute(let->name, let->value, let->body)); }
};

/// Widens the operands of sums and not the sums, so that the difference of two indices is known. No sum of 32 bits overflows.
class WidenOperands final : public IRMutator {
 private:
  using IRMutator::visit;

  Expr visit(const Cast* cast) override {
    const Add* sum = cast->value.as<Add>();
    if (sum == nullptr || !cast->type.is_int() || sum->type != Halide::Int(32)) return IRMutator::visit(cast);
    return mutate(Cast::make(cast->type, sum->a)) + mutate(Cast::make(cast->type, sum->b));
  }
};

/// The rows, `count` elements each, of which a load reads a column in each iteration of a loop. Empty if it does not: if its lanes are
/// neighbours, or are not followed by their neighbours in the next iteration.
std::vector<Expr> rows_of(const Load* load, const std::string& loop, int count) {
  if (!is_transposable(load->type.lanes()) || load->type.bits() != 32 || !is_const_one(load->predicate)) return {};
  const Ramp* ramp = load->index.as<Ramp>();
  if (ramp != nullptr && is_const_one(ramp->stride)) return {};
  std::vector<Expr> rows;
  for (int lane = 0; lane < load->type.lanes(); ++lane) {
    const Expr index = Lane(lane).of(load->index);
    if (!index.defined()) return {};
    const auto in_iteration = [&](int at) { return simplify(WidenOperands().mutate(substitute(loop, at, index))); };
    const Expr first = in_iteration(0);
    if (!is_const_one(simplify(in_iteration(1) - first))) return {};
    const Expr row = Ramp::make(first, make_one(first.type()), count);
    rows.push_back(Load::make(load->type.with_lanes(count), load->name, row, load->image, load->param, const_true(count), {}));
  }
  return rows;
}

/// Vectors of 4 * n elements are n parts of four.
Expr parts(const Expr& a, const Expr& b, std::initializer_list<int> chosen) {
  std::vector<int> lanes;
  for (int part : chosen) {
    for (int i = 0; i < side; ++i) lanes.push_back(side * part + i);
  }
  return Shuffle::make({a, b}, lanes);
}

/// In each part: elements `chosen` of eight, the four of `a` and the four of `b`.
Expr within_parts(const Expr& a, const Expr& b, std::initializer_list<int> chosen) {
  const int count = a.type().lanes();
  std::vector<int> lanes;
  for (int part = 0; part < count; part += side) {
    for (int element : chosen) lanes.push_back(element < side ? part + element : count + part + element - side);
  }
  return Shuffle::make({a, b}, lanes);
}

/// Column `at` of 4, 8 or 16 rows, which are equally long vectors. First each four rows are transposed in blocks of 4x4, by shuffles within
/// 128 bits, which are the cheapest on every target. A column's blocks are then put together. LLVM finds what the columns share.
Expr column(const std::vector<Expr>& rows, int at) {
  const int in_block = at % side, block = at / side, count = rows.front().type().lanes();
  std::vector<Expr> fours;
  for (size_t r = 0; r < rows.size(); r += side) {
    const auto pairs = [&](size_t row) {
      return in_block < 2 ? within_parts(rows[row], rows[row + 1], {0, 4, 1, 5}) : within_parts(rows[row], rows[row + 1], {2, 6, 3, 7});
    };
    const Expr first = pairs(r), second = pairs(r + 2);
    fours.push_back(in_block % 2 == 0 ? within_parts(first, second, {0, 1, 4, 5}) : within_parts(first, second, {2, 3, 6, 7}));
  }
  const int blocks = count / side;
  if (fours.size() == 1) return Shuffle::make_slice(fours[0], side * block, 1, side);
  if (fours.size() == 2) return parts(fours[0], fours[1], {block, blocks + block});
  if (blocks == 1) return Shuffle::make_concat(fours);
  // Two neighbouring columns of blocks share the first step.
  const int left = block / 2 * 2, of_two = block % 2;
  const auto halves = [&](const Expr& a, const Expr& b) { return parts(a, b, {left, left + 1, blocks + left, blocks + left + 1}); };
  return parts(halves(fours[0], fours[1]), halves(fours[2], fours[3]), {of_two, 2 + of_two, 4 + of_two, 6 + of_two});
}

/// The loads of columns in the body of a loop, with their rows, its stores, and whether it has a loop.
class Columns final : public IRVisitor {
 public:
  Columns(const std::string& loop, int count) : loop_(loop), count_(count) {}

  bool has_loop = false;
  std::map<const Load*, std::vector<Expr>> rows;
  std::vector<const Store*> stores;

 private:
  using IRVisitor::visit;

  void visit(const For*) override { has_loop = true; }
  void visit(const Store* store) override {
    stores.push_back(store);
    IRVisitor::visit(store);
  }
  void visit(const Load* load) override {
    if (std::vector<Expr> found = rows_of(load, loop_, count_); !found.empty()) rows.emplace(load, std::move(found));
    IRVisitor::visit(load);
  }

  const std::string& loop_;
  int count_;
};

/// One iteration of a loop, whose columns come from rows.
class Iteration final : public IRMutator {
 public:
  Iteration(const std::string& loop, int at, const Columns& columns) : loop_(loop), at_(at), columns_(columns) {}

 private:
  using IRMutator::visit;

  Expr visit(const Variable* variable) override { return variable->name == loop_ ? Expr(at_) : Expr(variable); }

  Expr visit(const Load* load) override {
    const auto found = columns_.rows.find(load);
    return found == columns_.rows.end() ? IRMutator::visit(load) : column(found->second, at_);
  }

  const std::string& loop_;
  int at_;
  const Columns& columns_;
};

class TransposeLoads final : public IRMutator {
 public:
  explicit TransposeLoads(std::string ahead) : ahead_(std::move(ahead)) {}

 private:
  using IRMutator::visit;

  /// Puts vectors of indices where they are used, so that their lanes are known there.
  Stmt visit(const LetStmt* let) override {
    return let->value.type().is_vector() ? mutate(substitute(let->name, let->value, let->body)) : IRMutator::visit(let);
  }

  Stmt visit(const For* loop) override {
    const auto count = as_const_int(loop->extent);
    if (!count || !is_transposable(*count) || !is_const_zero(loop->min)) return IRMutator::visit(loop);
    const Stmt body = InlineLets().mutate(loop->body);
    Columns columns(loop->name, static_cast<int>(*count));
    body.accept(&columns);
    if (columns.has_loop || columns.rows.empty()) return IRMutator::visit(loop);
    std::vector<Stmt> all;
    for (const auto& [load, rows] : columns.rows) {
      for (const Expr& row : rows) fetch_ahead(load->name, row.as<Load>()->index, all);
    }
    for (const Store* store : columns.stores) {
      for (int at = 0; at < *count; ++at) fetch_ahead(store->name, substitute(loop->name, at, store->index), all);
    }
    for (int at = 0; at < *count; ++at) all.push_back(Iteration(loop->name, at, columns).mutate(body));
    return Block::make(all);
  }

  /// Adds a prefetch of what follows the elements `index` of a buffer, if the buffer is `ahead_`.
  void fetch_ahead(const std::string& buffer, const Expr& index, std::vector<Stmt>& all) const {
    const Ramp* ramp = index.as<Ramp>();
    if (buffer != ahead_ || ramp == nullptr) return;
    constexpr int element_bytes = 4, elements_ahead = lines_ahead * cache_line_bytes / element_bytes;
    all.push_back(prefetch_line(buffer, Cast::make(Halide::UInt(64), simplify(ramp->base + elements_ahead)), element_bytes));
  }

  std::string ahead_;
};

}  // namespace

std::shared_ptr<IRMutator> transpose_pass(std::string ahead) { return std::make_shared<TransposeLoads>(std::move(ahead)); }

}  // namespace resnetc::codegen::cpu

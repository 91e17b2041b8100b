/// \file Computes live ranges, lets outputs take the places of operands, then assigns offsets greedily by size.
#include "passes/plan_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace resnetc::passes {
namespace {

using program::Kernel;
using program::Program;
using program::TensorId;

/// Tensors that share one place, and the first and last kernel during which the place is occupied.
struct Place {
  int first = 0, last = 0;
  int64_t bytes = 0;
  int64_t offset = 0;
};

bool overlap(const Place& a, const Place& b) { return a.first <= b.last && b.first <= a.last; }

/// The operand whose place the kernel's output may take, or none.
TensorId in_place_operand(const Program& program, const Kernel& kernel, int index, const std::vector<int>& last_use) {
  if (kernel.out == program::none || !program::writes_once(program, kernel)) return program::none;
  // An operand that is read twice keeps its place, because a convolution reads the neighbours of the element that it writes, whatever its
  // epilogue does. So does one of which a part is read too.
  auto mentions = [&](TensorId id) {
    const auto in = [&](TensorId other) { return other != program::none && program::whole_of(program, other) == id; };
    auto steps = std::count_if(kernel.epilogue.begin(), kernel.epilogue.end(), [&](const program::Step& s) { return in(s.operand); });
    return steps + (in(kernel.in) ? 1 : 0);
  };
  auto fits = [&](TensorId id) {
    return id != program::none && last_use[static_cast<size_t>(id)] == index && mentions(id) == 1 &&
           program.tensor(id).same_layout(program.tensor(kernel.out));  // so none of them is a part
  };
  if (kernel.kind == program::KernelKind::copy && fits(kernel.in)) return kernel.in;
  for (const program::Step& s : kernel.epilogue) {
    if (info(s.kind).joins_in_place() && fits(s.operand)) return s.operand;
  }
  return program::none;
}

/// Places of tensors with halos on a GPU. Tensors of other layouts never share them, and each place is occupied during the whole program.
class LastingPlaces {
 public:
  /// The place in `places` for the tensor that kernel `now` makes and `last_use` reads last: a place with its layout that is free by then,
  /// or a new one.
  size_t take(const Program& program, TensorId id, int now, int last_use, std::vector<Place>& places) {
    const program::Tensor& tensor = program.tensor(id);
    for (Lasting& known : known_) {
      if (known.free_after >= now || !program.tensor(known.first).same_layout(tensor)) continue;
      known.free_after = last_use;
      return known.place;
    }
    known_.push_back({id, places.size(), last_use});
    places.push_back({0, static_cast<int>(program.kernels.size()) - 1, tensor.picture_bytes(), 0});
    return known_.back().place;
  }

 private:
  struct Lasting {
    TensorId first;
    size_t place;
    int free_after;
  };
  std::vector<Lasting> known_;
};

/// The last kernel that reads or writes each tensor. A part counts as the whole that it is a part of.
std::vector<int> last_uses(const Program& program) {
  std::vector<int> last(program.tensors.size(), -1);
  for (size_t k = 0; k < program.kernels.size(); ++k) {
    const auto use = [&](TensorId id) { last[static_cast<size_t>(program::whole_of(program, id))] = static_cast<int>(k); };
    if (program.kernels[k].out != program::none) use(program.kernels[k].out);
    for (TensorId id : program::reads(program.kernels[k])) use(id);
  }
  return last;
}

}  // namespace

void plan_memory(Program& program, PassContext& context) {
  const std::vector<int> last_use = last_uses(program);
  constexpr size_t no_place = std::numeric_limits<size_t>::max();
  std::vector<Place> places;
  std::vector<size_t> place_of(program.tensors.size(), no_place);
  const bool gpu = program::on_gpu(program);
  LastingPlaces lasting;
  int64_t shared = 0;
  for (size_t k = 0; k < program.kernels.size(); ++k) {
    const Kernel& kernel = program.kernels[k];
    if (kernel.out == program::none) continue;
    const TensorId id = program::whole_of(program, kernel.out);
    const auto out = static_cast<size_t>(id);
    if (place_of[out] != no_place) continue;  // another part of it was written before
    TensorId operand = in_place_operand(program, kernel, static_cast<int>(k), last_use);
    if (operand != program::none) {
      place_of[out] = place_of[static_cast<size_t>(operand)];
      places[place_of[out]].last = last_use[out];
      shared += program.tensors[out].picture_bytes();
      context.remarks.push_back(
          {"plan-memory", kernel.name, fmt::format("written in place of '{}'", program.tensor(operand).name), kernel.at});
      continue;
    }
    if (gpu && !program.tensors[out].dense()) {
      place_of[out] = lasting.take(program, id, static_cast<int>(k), last_use[out], places);
      continue;
    }
    place_of[out] = places.size();
    places.push_back({static_cast<int>(k), last_use[out], program.tensors[out].picture_bytes(), 0});
  }

  std::vector<size_t> order(places.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return places[a].bytes != places[b].bytes ? places[a].bytes > places[b].bytes : a < b; });
  std::vector<size_t> placed;  // sorted by offset
  int64_t arena = 0;
  for (size_t i : order) {
    Place& p = places[i];
    for (size_t q : placed) {
      if (!overlap(p, places[q])) continue;
      if (places[q].offset >= p.offset + p.bytes) break;
      p.offset = std::max(p.offset, places[q].offset + places[q].bytes);
    }
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), i, [&](size_t a, size_t b) { return places[a].offset < places[b].offset; }), i);
    arena = std::max(arena, p.offset + p.bytes);
  }

  // The sizes that begin and end to be live at each kernel give the bytes that are live at once.
  std::vector<int64_t> change(program.kernels.size() + 1, 0);
  for (const Place& p : places) {
    change[static_cast<size_t>(p.first)] += p.bytes;
    change[static_cast<size_t>(p.last) + 1] -= p.bytes;
  }
  int64_t most = 0, all = 0, live = 0;
  for (int64_t c : change) most = std::max(most, live += c);
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    program::Tensor& tensor = program.tensors[t];
    if (tensor.is_part()) {  // of one that stands before it
      tensor.offset = program.tensor(tensor.part_of).offset;
      continue;
    }
    tensor.offset = place_of[t] == no_place ? 0 : places[place_of[t]].offset;
    all += tensor.picture_bytes();
  }
  program.arena_bytes = arena;
  context.remarks.push_back({"plan-memory",
                             program.name,
                             fmt::format("arena {} bytes a picture for {} bytes of tensors; {} alive at once at most, {} written in place",
                                         arena, all, most, shared),
                             {}});
}

}  // namespace resnetc::passes

/// \file Replays the memory plan without knowing how it was made. The owner of a byte of the arena is the tensor that was written there
/// last. A part of a tensor counts as the whole, because the verifier checks the order in which parts are written and read. All addresses
/// are proportional to the batch, so a batch of one stands for every batch.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "ir/checks.h"
#include "ir/program.h"

namespace resnetc::program {

namespace {

/// Byte ranges without overlap, sorted by their start.
class Owners {
 public:
  struct Range {
    int64_t end;
    TensorId owner;
  };

  /// The first owner in [start, end) for which `wrong` holds, or `none - 1` if there is no such owner. Bytes without an owner have the
  /// owner `none`.
  template <class Predicate>
  TensorId find(int64_t start, int64_t end, Predicate wrong) const {
    auto it = ranges_.upper_bound(start);
    if (it != ranges_.begin()) --it;
    for (int64_t at = start; at < end;) {
      while (it != ranges_.end() && it->second.end <= at) ++it;
      const bool owned = it != ranges_.end() && it->first <= at;
      const TensorId owner = owned ? it->second.owner : none;
      if (wrong(owner)) return owner;
      at = owned ? it->second.end : it == ranges_.end() ? end : it->first;
    }
    return nobody;
  }

  void set(int64_t start, int64_t end, TensorId owner) {
    split(start);
    split(end);
    ranges_.erase(ranges_.lower_bound(start), ranges_.lower_bound(end));
    ranges_[start] = {end, owner};
  }

  static constexpr TensorId nobody = none - 1;

 private:
  void split(int64_t at) {
    auto it = ranges_.lower_bound(at);
    if (it == ranges_.begin()) return;
    --it;
    if (it->second.end <= at) return;
    const Range tail = it->second;
    it->second.end = at;
    ranges_[at] = tail;
  }

  std::map<int64_t, Range> ranges_;
};

class Replay {
 public:
  explicit Replay(const Program& program) : p_(program), last_read_(program.tensors.size(), -1) {}

  Fault run() {
    if (p_.arena_bytes == none) return "the memory is not planned: the arena has no size";
    for (size_t i = 0; i < p_.kernels.size(); ++i) {
      for (TensorId id : reads(p_.kernels[i])) last_read_[static_cast<size_t>(whole_of(p_, id))] = static_cast<int64_t>(i);
    }
    for (const Kernel& kernel : p_.kernels) {
      if (kernel.out == none) continue;
      at_ = {"", Finding::Part::value, static_cast<size_t>(kernel.out)};
      if (Fault fault = check_place(p_.tensor(kernel.out))) return fault;
    }
    if (on_gpu(p_)) {
      if (Fault fault = check_halos()) return fault;
    }
    for (size_t i = 0; i < p_.kernels.size(); ++i) {
      at_ = {"", Finding::Part::kernel, i};
      if (Fault fault = step(p_.kernels[i], static_cast<int64_t>(i))) return fmt::format("kernel '{}' {}", p_.kernels[i].name, *fault);
    }
    return std::nullopt;
  }

  /// The part that was checked last when run() returned.
  const Finding& at() const { return at_; }

 private:
  const std::string& name(TensorId id) const { return p_.tensor(id).name; }

  Fault check_place(const Tensor& t) const {
    if (t.offset == none) return fmt::format("tensor '{}' has no place in the arena", t.name);
    if (t.offset < 0 || t.offset % 64 != 0) return fmt::format("tensor '{}' is not aligned to 64 bytes", t.name);
    if (t.picture_bytes() > p_.arena_bytes || t.offset > p_.arena_bytes - t.picture_bytes()) {
      return fmt::format("tensor '{}' lies outside the arena", t.name);
    }
    return std::nullopt;
  }

  /// Checks that halos which are zeroed once stay zero: every tensor that shares their place must have its halo in the same place.
  Fault check_halos() {
    std::vector<const Tensor*> by_offset;
    for (const Tensor& t : p_.tensors) {
      if (!t.is_part()) by_offset.push_back(&t);
    }
    std::sort(by_offset.begin(), by_offset.end(), [](const Tensor* a, const Tensor* b) { return a->offset < b->offset; });
    for (size_t i = 0; i < by_offset.size(); ++i) {
      const Tensor& a = *by_offset[i];
      for (size_t j = i + 1; j < by_offset.size() && by_offset[j]->offset < a.offset + a.picture_bytes(); ++j) {
        const Tensor& b = *by_offset[j];
        at_ = {"", Finding::Part::value, static_cast<size_t>(&a - p_.tensors.data())};
        if ((a.dense() && b.dense()) || (a.offset == b.offset && a.same_layout(b))) continue;
        return fmt::format("tensor '{}' shares memory with '{}', and one of them has a halo that the other overwrites", a.name, b.name);
      }
    }
    return std::nullopt;
  }

  Fault step(const Kernel& kernel, int64_t now) {
    for (TensorId id : reads(kernel)) {
      const Tensor& t = p_.tensor(id);
      const TensorId whole = whole_of(p_, id);
      const TensorId other = owners_.find(t.offset, t.offset + t.picture_bytes(), [whole](TensorId owner) { return owner != whole; });
      if (other == none) return fmt::format("reads bytes of '{}' that nothing has written", t.name);
      if (other != Owners::nobody) return fmt::format("reads '{}', which '{}' has overwritten", t.name, name(other));
    }
    if (kernel.out == none) return std::nullopt;
    const Tensor& out = p_.tensor(kernel.out);
    const int64_t end = out.offset + out.picture_bytes();
    const TensorId whole = whole_of(p_, kernel.out);
    Fault why;
    owners_.find(out.offset, end, [&](TensorId owner) {
      // A tensor that is not read from here on is dead. The others may share the output's place only in the permitted way.
      if (owner == none || owner == whole || last_read_[static_cast<size_t>(owner)] < now) return false;
      why = in_place_fault(kernel, owner, now);
      return why.has_value();
    });
    if (why) return why;
    owners_.set(out.offset, end, whole);
    return std::nullopt;
  }

  Fault in_place_fault(const Kernel& kernel, TensorId owner, int64_t now) const {
    const auto overwrites = [&](std::string_view reason) { return fmt::format("overwrites '{}', {}", name(owner), reason); };
    if (last_read_[static_cast<size_t>(owner)] > now) return overwrites("which is still to be read");
    if (!in_place(p_, kernel, owner)) return overwrites("which it reads");
    if (!p_.tensor(owner).same_layout(p_.tensor(kernel.out))) return overwrites("which it reads in another layout");
    if (!writes_once(p_, kernel)) return overwrites("which it reads again: its schedule writes some elements twice");
    return std::nullopt;
  }

  const Program& p_;
  std::vector<int64_t> last_read_;
  Owners owners_;
  Finding at_;
};

}  // namespace

std::optional<Finding> check_memory_plan(const Program& program) {
  Replay replay(program);
  if (Fault fault = replay.run()) return Finding{*fault, replay.at().part, replay.at().index};
  return std::nullopt;
}

}  // namespace resnetc::program

/// \file Halide has no expression for a permutation of the lanes that vectorization will make. So a call stands for the permutation until
/// the statement is lowered. An index such as c / 4 * 4 + member would become a load for each lane.
#include "codegen/cpu/groups.h"

#include <optional>
#include <vector>

namespace resnetc::codegen::cpu {

namespace {

using namespace Halide::Internal;
using Halide::Expr;

constexpr const char* call_name = "rn_member_of_group";

class MakeShuffles final : public IRMutator {
 private:
  using IRMutator::visit;

  Expr visit(const Call* call) override {
    if (call->name != call_name) return IRMutator::visit(call);
    const Expr value = mutate(call->args[0]);
    const auto member = constant(call->args[1]), group = constant(call->args[2]);
    // A call that stays is a name that the linker does not find.
    if (!member || !group || value.type().lanes() % *group != 0) return call;
    std::vector<int> lanes;
    for (int lane = 0; lane < value.type().lanes(); ++lane) lanes.push_back(lane / *group * *group + *member);
    return Shuffle::make({value}, lanes);
  }

  static std::optional<int> constant(const Expr& e) {
    const Broadcast* all = e.as<Broadcast>();
    const auto value = as_const_int(all == nullptr ? e : all->value);
    return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
  }
};

}  // namespace

Expr member_of_group(const Expr& value, const Expr& member, int group) {
  if (group == 1) return value;
  return Call::make(value.type(), call_name, {value, member, group}, Call::PureExtern);
}

std::shared_ptr<IRMutator> group_pass() { return std::make_shared<MakeShuffles>(); }

}  // namespace resnetc::codegen::cpu

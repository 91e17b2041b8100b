/// \file Channels of narrow groups, which lie side by side in one vector.
#pragma once

#include <Halide.h>

#include <memory>

namespace resnetc::codegen::cpu {

/// In each lane of a vector of neighbouring channels, the value of channel number `member` of the lane's group. A group is `group` lanes,
/// which must divide the vector. `value` is the vector of the lanes' own values, and `member` must become a constant when loops are
/// unrolled. Kernels that use this need the pass of group_pass().
Halide::Expr member_of_group(const Halide::Expr& value, const Halide::Expr& member, int group);

/// A pass over the lowered statement that makes a shuffle within a register of each member_of_group().
std::shared_ptr<Halide::Internal::IRMutator> group_pass();

}  // namespace resnetc::codegen::cpu

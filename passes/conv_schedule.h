/// \file Which register tile and which tasks a direct convolution gets on a target, and which tasks every other kernel. A small model of
/// the machine, not a search: the same input gives the same choice everywhere.
#pragma once

#include <string>
#include <vector>

#include "ir/program.h"

namespace resnetc::passes {

struct ScheduleChoice {
  program::Schedule schedule;
  std::string reason;  ///< one sentence for --opt-report
};

/// The schedule of a convolution of `in` to `out` with `multiply_adds` for one picture. `one_axis` says whether all pixels lie one after
/// the other (program::has_one_axis()).
ScheduleChoice choose_conv_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes, bool one_axis,
                                    int64_t multiply_adds, const Target& target);
/// That schedule, then others of direct sums that are worth a trial, with other tasks, roughly in the order of what the model expects.
std::vector<program::Schedule> direct_candidates(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes,
                                                 bool one_axis, int64_t multiply_adds, const Target& target);

/// The schedule of any other kernel, which passes `elements` of one picture through memory and makes `height` rows.
ScheduleChoice choose_general_schedule(int64_t elements, int64_t height);

}  // namespace resnetc::passes

/// \file Which register tile and which tasks a direct convolution gets on a target. A small model of the machine, not a search: the same
/// input gives the same choice everywhere.
#pragma once

#include <string>

#include "ir/program.h"

namespace resnetc::passes {

struct ScheduleChoice {
  program::Schedule schedule;
  std::string reason;  ///< one sentence for --opt-report
};

/// The schedule of a convolution of `in` to `out` with `multiply_adds` for one picture. `flat` says whether all pixels may be one axis.
ScheduleChoice choose_conv_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes, bool flat,
                                    int64_t multiply_adds, const std::string& target);

/// The tile of Winograd's transforms that computes a convolution faster than sums do, or 0. It decides how the weights are packed, which
/// is the same for all targets: the figures behind it lie between those of the machines measured.
int64_t choose_winograd(const TensorType& in, const TensorType& out, const OpAttributes& attributes);
/// The schedule of a convolution for which choose_winograd() gave `output`.
ScheduleChoice choose_winograd_schedule(const program::Tensor& in, const program::Tensor& out, int64_t output, const std::string& target);

/// The schedule of any other kernel, which passes `elements` of one picture through memory and makes `height` rows.
ScheduleChoice choose_general_schedule(int64_t elements, int64_t height);

}  // namespace resnetc::passes

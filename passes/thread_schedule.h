/// \file Which tile of the result each thread of a GPU computes, and which threads form a block: what gpu_model expects to be fastest.
#pragma once

#include "passes/conv_schedule.h"

namespace resnetc::passes {

/// The schedule of a kernel that has none, for runs of `batch` pictures.
ScheduleChoice choose_thread_schedule(const program::KernelSpec& spec, int64_t batch);

}  // namespace resnetc::passes

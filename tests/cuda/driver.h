/// \file The functions of the stand-in for the CUDA driver that tests use, besides the driver's own functions. A test finds them with dlsym
/// in the library that the product has loaded.
#pragma once

#include <cstdint>

extern "C" {

struct resnetc_gpu_counts {
  int64_t allocations, modules, streams, contexts;  ///< numbers held now; contexts count if they are retained or created
  int64_t allocated, launches;                      ///< since the process began
};
resnetc_gpu_counts resnetc_gpu_count(void);

/// The fault, after a call has failed because of a kernel; otherwise empty.
const char* resnetc_gpu_fault(void);

/// Passes the text of each module through `change`, which returns text that lives until its next call. Null: texts do not change.
void resnetc_gpu_change_modules(const char* (*change)(const char* text));

/// Forgets faults and everything that is held, which must not be used any more. From then on there are `devices` GPUs with this compute
/// capability and memory.
void resnetc_gpu_reset(int64_t devices, int64_t capability, int64_t memory);
}

/// \file What tests ask of the stand-in for the CUDA driver, beside the driver's own functions. A test finds them with dlsym, in the
/// library that the product has loaded.
#pragma once

#include <cstdint>

extern "C" {

struct resnetc_gpu_counts {
  int64_t allocations, modules, streams, contexts;  ///< held now; contexts that are retained or created
  int64_t allocated, launches;                      ///< since the process began
};
resnetc_gpu_counts resnetc_gpu_count(void);

/// What is wrong, after a call has failed for what a kernel did; empty otherwise.
const char* resnetc_gpu_fault(void);

/// Each module's text goes through `change`, which returns text that lives until its next call; null: none does.
void resnetc_gpu_change_modules(const char* (*change)(const char* text));

/// Forgets faults and everything that is held, which no one may use any more: as many GPUs, of such a compute capability, with so much
/// memory.
void resnetc_gpu_reset(int64_t devices, int64_t capability, int64_t memory);
}

/* \file The number of processors that this process may use, for libraries and for resnetc itself. The functions are thread-safe and
 * allocate nothing. They read a few small files, which takes tens of microseconds. */
#ifndef RESNETC_RUNTIME_PROCESSORS_H
#define RESNETC_RUNTIME_PROCESSORS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The number that the calling thread's affinity and the CPU quotas of its control groups allow; 1 to RN_MAX_THREADS (runtime/runtime.h). */
int32_t rn_processors(void);

/* The number of whole processors that the CPU quotas of this process's control groups allow, at least 1; INT32_MAX if there is no quota. It
 * is the least quota on the way from the process's group up to the root, of version 2 (cpu.max) and of version 1 (cpu.cfs_quota_us and
 * cpu.cfs_period_us). A missing or invalid file is no quota.
 *
 * The number is rounded down. With more threads than its quota a process uses up each period's time early, and then stands still until the
 * next period. A run of a few milliseconds would then take up to 100.
 *
 * `root` is a prefix of the paths /proc/self/cgroup and /sys/fs/cgroup, where every system mounts them: "" except in tests. The mount of a
 * container shows only its own part of the tree, so a group that /proc/self/cgroup names may be missing. Missing groups are skipped on the
 * way up, and the mount's own folder is always read. */
int32_t rn_quota_processors(const char* root);

#ifdef __cplusplus
}
#endif
#endif

/* \file How many processors this process may use: the one answer for libraries and for resnetc itself. Thread-safe; allocates
 * nothing; reads a few small files, which takes tens of microseconds. */
#ifndef RESNETC_RUNTIME_PROCESSORS_H
#define RESNETC_RUNTIME_PROCESSORS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As many as the calling thread's affinity and the CPU quotas of its control groups allow; 1 to RN_MAX_THREADS (runtime/runtime.h). */
int32_t rn_processors(void);

/* How many whole processors the CPU quotas of this process's control groups allow, at least 1; INT32_MAX where there is no quota. It is
 * the least quota on the way from the process's group up to the root, of version 2 (cpu.max) and of version 1 (cpu.cfs_quota_us and
 * cpu.cfs_period_us). What is not there or makes no sense is no quota.
 *
 * Rounded down: with more threads than its quota a process has used up each period's time early, and then all of it stands still until
 * the next one. A run of a few milliseconds would take up to 100 then.
 *
 * `root` is put before the paths /proc/self/cgroup and /sys/fs/cgroup, where every system mounts them: "" but for tests. A group that
 * /proc/self/cgroup names and that is not there, as the mount of a container shows only its own part of the tree, is passed over on the
 * way up: the mount's own folder is looked at in any case. */
int32_t rn_quota_processors(const char* root);

#ifdef __cplusplus
}
#endif
#endif

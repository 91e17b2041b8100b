/* \file The threads of one context. Nothing here is shared between contexts. */
#ifndef RESNETC_RUNTIME_PARALLEL_H
#define RESNETC_RUNTIME_PARALLEL_H

#include "runtime/runtime.h"

typedef struct rn_pool rn_pool;

/* Starts options->threads - 1 workers, or none where the caller brings a parallel_for, and gives each thread `scratch_bytes` of memory for
 * its tasks. `*pool` stays NULL on failure. */
int32_t rn_pool_create(const rn_options* options, size_t scratch_bytes, rn_pool** pool);
/* Between these the calling thread computes as kernels do (runtime/float_mode.h): loops run there, and code of the caller does not. Tasks
 * are run so on any thread. */
void rn_pool_enter(rn_pool* pool);
void rn_pool_leave(rn_pool* pool);
/* From here on the calling thread runs all tasks itself, and there are no workers to join: for a child made by fork, whatever the pool's
 * threads were doing then. */
void rn_pool_abandon_workers(rn_pool* pool);
/* Stops and joins the workers. NULL is allowed. */
void rn_pool_destroy(rn_pool* pool);
int32_t rn_pool_threads(const rn_pool* pool);
/* The user context to give to kernels, which they hand to halide_do_par_for. */
void* rn_pool_user_context(rn_pool* pool);
/* Whether the loops that follow wake threads that sleep (as they do after rn_pool_create); those that still spin take part in any case. */
void rn_pool_wake_sleepers(rn_pool* pool, int wake);
/* Wakes them now, for loops that may follow soon. */
void rn_pool_rouse(rn_pool* pool);
/* Which thread, 0 ... threads - 1, runs the task that got this user context. */
int32_t rn_pool_thread(const rn_pool* pool, const void* user_context);

typedef int (*rn_halide_task)(void* user_context, int index, uint8_t* closure);
/* Halide's name for "run task(i) for each i of [min, min + size)". */
int halide_do_par_for(void* user_context, rn_halide_task task, int min, int size, uint8_t* closure);
/* Halide's names for scratch memory, from within a task: a part of its thread's own, aligned to 64 bytes, or NULL where that is spent.
 * Each part takes 64 bytes more than asked for. It is free again once it, and all that was taken after it, has been given back. */
void* halide_malloc(void* user_context, size_t bytes);
void halide_free(void* user_context, void* memory);

#endif

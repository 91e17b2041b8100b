/* \file The threads of one context. Nothing here is shared between contexts. */
#ifndef RESNETC_RUNTIME_PARALLEL_H
#define RESNETC_RUNTIME_PARALLEL_H

#include "runtime/runtime.h"

typedef struct rn_pool rn_pool;

/* Starts options->threads - 1 workers, or none if the caller has a parallel_for. Gives each thread `scratch_bytes` of memory for its tasks.
 * `*pool` stays NULL on failure. */
int32_t rn_pool_create(const rn_options* options, size_t scratch_bytes, rn_pool** pool);
/* Between these two calls the calling thread has the float mode of kernels (runtime/float_mode.h). Loops run there, and code of the caller
 * does not. Tasks have this mode on every thread. */
void rn_pool_enter(rn_pool* pool);
void rn_pool_leave(rn_pool* pool);
/* From now on the calling thread runs all tasks, and there are no workers to join. For a child made by fork, in any state of the pool's
 * threads. */
void rn_pool_abandon_workers(rn_pool* pool);
/* Stops and joins the workers. NULL is allowed. */
void rn_pool_destroy(rn_pool* pool);
int32_t rn_pool_threads(const rn_pool* pool);
/* The user context for kernels, which they pass to halide_do_par_for. */
void* rn_pool_user_context(rn_pool* pool);
/* Sets whether later loops wake sleeping threads, as they do after rn_pool_create. Spinning threads always take part. */
void rn_pool_wake_sleepers(rn_pool* pool, int wake);
/* Wakes sleeping threads now, for loops that may follow soon. */
void rn_pool_rouse(rn_pool* pool);
/* The number of the thread, 0 ... threads - 1, that runs the task with this user context. */
int32_t rn_pool_thread(const rn_pool* pool, const void* user_context);

typedef int (*rn_halide_task)(void* user_context, int index, uint8_t* closure);
/* Halide's name for "run task(i) for each i of [min, min + size)". */
int halide_do_par_for(void* user_context, rn_halide_task task, int min, int size, uint8_t* closure);
/* Halide's names for scratch memory within a task: a part of the thread's scratch memory, aligned to 64 bytes, or NULL if too little is
 * left. Each part takes 64 bytes more than requested. It becomes free once it and all later parts have been given back. */
void* halide_malloc(void* user_context, size_t bytes);
void halide_free(void* user_context, void* memory);

#endif

/* \file Parallel loops: persistent workers, a fixed partition of the index range over the threads, a short spin and then a futex.
 *
 * Each thread works through its own part of the range, so that it finds the results of its last kernel in its cache. Then it takes tasks
 * that others have not begun, so a worker that sleeps, or whose processor is busy with something else, delays nobody. The thread that
 * runs a task has no influence on the task's results. Nested loops run inline. They are recognised without thread-local state: tasks get
 * a user context without a pool. */
#include "runtime/parallel.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/float_mode.h"
#include "runtime/pause.h"
#include "runtime/processors.h"

/* Between two kernels of a run a worker waits a few microseconds; after a run it should sleep soon. */
enum { WORKER_SPINS = 4000, CALLER_SPINS = 16000, WORKER_STACK = 2 << 20 };

/* The user context of kernels. `pool` is NULL for those that are already inside a parallel loop. Each thread has its own user context, on
 * its own cache line. */
typedef struct rn_user {
  _Alignas(64) rn_pool* pool;
  unsigned char* scratch;
  size_t size, used;
  size_t top; /* offset of the last block, if used is not 0 */
} rn_user;

typedef struct rn_worker {
  rn_pool* pool;
  pthread_t thread;
  int32_t index; /* 1...; the caller is 0 */
} rn_worker;

/* A late worker may read these fields while the caller writes the next job. The values count only if the worker then claims a task
 * successfully. It cannot: the parts of the last job are done, and the caller closes them before it writes. */
typedef struct rn_job {
  _Atomic(rn_halide_task) task;
  _Atomic(uint8_t*) closure;
  _Atomic int32_t min, size, parts;
} rn_job;

/* One part of the range. The upper half is the epoch of the part's job, and the lower half the next index. */
typedef struct rn_part {
  _Alignas(64) _Atomic uint64_t ticket;
} rn_part;

struct rn_pool {
  rn_user outer; /* the caller's; shares its scratch memory with users[0], but never at the same time */
  rn_user* users;
  unsigned char* scratch;
  rn_parallel_for parallel_for;
  void* parallel_for_data;
  int32_t threads;
  int32_t started; /* number of workers to join */
  int32_t worker_spins, caller_spins;
  int32_t wake; /* whether loops wake sleepers */
  rn_float_mode kernel_mode, caller_mode;
  rn_job job;
  rn_part* parts;
  _Alignas(64) _Atomic uint32_t epoch; /* grows with each job, and once more to stop */
  _Atomic uint32_t sleepers;
  _Atomic uint32_t stop;
  _Alignas(64) _Atomic uint32_t pending; /* number of tasks of the job that are not done */
  _Atomic uint32_t caller_sleeps;
  _Atomic int32_t result; /* the first task result that is not 0 */
  rn_worker workers[];
};

static void wait_while(_Atomic uint32_t* word, uint32_t value) { syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0); }

static void wake(_Atomic uint32_t* word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

/* Claims a task of part `part`; -1 if none is left, or the job of `epoch` is over. */
static int64_t claim(rn_pool* pool, int32_t part, int64_t end, uint32_t epoch) {
  _Atomic uint64_t* word = &pool->parts[part].ticket;
  uint64_t ticket = atomic_load(word);
  while ((uint32_t)(ticket >> 32) == epoch && (int64_t)(uint32_t)ticket < end) {
    if (atomic_compare_exchange_weak(word, &ticket, ticket + 1)) return (int64_t)(uint32_t)ticket;
  }
  return -1;
}

/* Runs thread `self`'s share of the job of `epoch`: its own part, then the rest of the others. */
static void take_part(rn_pool* pool, int32_t self, uint32_t epoch) {
  rn_job* job = &pool->job;
  const rn_halide_task task = atomic_load_explicit(&job->task, memory_order_acquire);
  uint8_t* closure = atomic_load_explicit(&job->closure, memory_order_acquire);
  const int32_t min = atomic_load_explicit(&job->min, memory_order_acquire);
  const int64_t size = atomic_load_explicit(&job->size, memory_order_acquire);
  const int32_t parts = atomic_load_explicit(&job->parts, memory_order_acquire);
  for (int32_t k = 0; k < parts; ++k) {
    const int32_t part = (self + k) % parts;
    const int64_t end = size * (part + 1) / parts;
    for (int64_t i = claim(pool, part, end, epoch); i >= 0; i = claim(pool, part, end, epoch)) {
      if (atomic_load_explicit(&pool->result, memory_order_acquire) == 0) {
        const int32_t result = task(&pool->users[self], (int)(min + i), closure);
        int32_t none = 0;
        if (result != 0) atomic_compare_exchange_strong(&pool->result, &none, result);
      }
      if (atomic_fetch_sub(&pool->pending, 1) == 1 && atomic_load(&pool->caller_sleeps) != 0) wake(&pool->pending);
    }
  }
}

static void take_part_for_caller(void* argument, int32_t index) {
  rn_pool* pool = (rn_pool*)argument;
  const rn_float_mode before = rn_exchange_float_mode(pool->kernel_mode);
  take_part(pool, index, atomic_load(&pool->epoch));
  rn_exchange_float_mode(before);
}

static void* work(void* argument) {
  rn_worker* worker = (rn_worker*)argument;
  rn_pool* pool = worker->pool;
  uint32_t seen = 0;
  rn_exchange_float_mode(pool->kernel_mode);
  for (;;) {
    for (int32_t i = 0; i < pool->worker_spins && atomic_load_explicit(&pool->epoch, memory_order_acquire) == seen; ++i) {
      rn_pause();
    }
    while (atomic_load(&pool->epoch) == seen) {
      /* The worker is counted before the operating system compares the epoch. So if the caller sees no sleepers, the worker sees the new
       * epoch. */
      atomic_fetch_add(&pool->sleepers, 1);
      wait_while(&pool->epoch, seen);
      atomic_fetch_sub(&pool->sleepers, 1);
    }
    seen = atomic_load(&pool->epoch);
    if (atomic_load(&pool->stop) != 0) return NULL;
    take_part(pool, worker->index, seen);
  }
}

static void wake_workers(rn_pool* pool) {
  if (atomic_load(&pool->sleepers) != 0) wake(&pool->epoch);
}

static void wait_for_workers(rn_pool* pool) {
  for (int32_t i = 0; i < pool->caller_spins && atomic_load_explicit(&pool->pending, memory_order_acquire) != 0; ++i) {
    rn_pause();
  }
  if (atomic_load(&pool->pending) == 0) return;
  atomic_store(&pool->caller_sleeps, 1);
  for (uint32_t left = atomic_load(&pool->pending); left != 0; left = atomic_load(&pool->pending)) wait_while(&pool->pending, left);
  atomic_store(&pool->caller_sleeps, 0);
}

int halide_do_par_for(void* user_context, rn_halide_task task, int min, int size, uint8_t* closure) {
  rn_user* user = (rn_user*)user_context;
  rn_pool* pool = user->pool;
  if (pool == NULL || pool->threads == 1 || size <= 1) {
    for (int i = 0; i < size; ++i) {
      const int result = task(user_context, min + i, closure);
      if (result != 0) return result;
    }
    return 0;
  }
  rn_job* job = &pool->job;
  const int32_t parts = size < pool->threads ? size : pool->threads;
  const uint32_t epoch = atomic_load(&pool->epoch) + 1;
  for (int32_t i = 0; i < pool->threads; ++i) atomic_store(&pool->parts[i].ticket, (uint64_t)epoch << 32 | UINT32_MAX);
  atomic_store_explicit(&job->task, task, memory_order_release);
  atomic_store_explicit(&job->closure, closure, memory_order_release);
  atomic_store_explicit(&job->min, min, memory_order_release);
  atomic_store_explicit(&job->size, size, memory_order_release);
  atomic_store_explicit(&job->parts, parts, memory_order_release);
  atomic_store(&pool->result, 0);
  atomic_store(&pool->pending, (uint32_t)size);
  for (int32_t i = 0; i < parts; ++i) {
    atomic_store(&pool->parts[i].ticket, (uint64_t)epoch << 32 | (uint32_t)((int64_t)size * i / parts));
  }
  atomic_store(&pool->epoch, epoch);
  if (pool->parallel_for != NULL) {
    rn_pool_leave(pool);
    pool->parallel_for(pool->parallel_for_data, parts, take_part_for_caller, pool);
    rn_pool_enter(pool);
  } else {
    if (pool->wake) wake_workers(pool);
    take_part(pool, 0, epoch);
    wait_for_workers(pool);
  }
  return atomic_load(&pool->result);
}

static int32_t start_workers(rn_pool* pool) {
  pthread_attr_t attributes;
  sigset_t all, before;
  if (pthread_attr_init(&attributes) != 0) return RN_THREAD_FAILED;
  int failed = pthread_attr_setstacksize(&attributes, WORKER_STACK);
  /* Workers must not handle the program's signals. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (failed == 0 && pool->started < pool->threads - 1) {
    rn_worker* worker = &pool->workers[pool->started];
    worker->pool = pool;
    worker->index = pool->started + 1;
    failed = pthread_create(&worker->thread, &attributes, work, worker);
    if (failed == 0) pool->started += 1;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return failed == 0 ? RN_OK : RN_THREAD_FAILED;
}

/* Allocates the user contexts and scratch memory of all threads. Pages that no task uses cost nothing. */
static int32_t allocate_users(rn_pool* pool, size_t scratch_bytes) {
  const size_t threads = (size_t)pool->threads, size = (scratch_bytes + 4095) / 4096 * 4096;
  void* memory = NULL;
  if (posix_memalign(&memory, 64, threads * sizeof(rn_user)) != 0) return RN_OUT_OF_MEMORY;
  pool->users = (rn_user*)memory;
  if (posix_memalign(&memory, 64, threads * sizeof(rn_part)) != 0) return RN_OUT_OF_MEMORY;
  memset(memory, 0, threads * sizeof(rn_part));
  pool->parts = (rn_part*)memory;
  if (size != 0) {
    if (size > SIZE_MAX / threads || posix_memalign(&memory, 4096, threads * size) != 0) return RN_OUT_OF_MEMORY;
    pool->scratch = (unsigned char*)memory;
  }
  for (size_t i = 0; i < threads; ++i) {
    memset(&pool->users[i], 0, sizeof(rn_user));
    pool->users[i].scratch = size == 0 ? NULL : pool->scratch + i * size;
    pool->users[i].size = size;
  }
  pool->outer = pool->users[0];
  pool->outer.pool = pool;
  return RN_OK;
}

/* Stands before each part of the scratch memory. The parts are a stack but need not be given back in order. */
typedef struct rn_block {
  _Alignas(64) size_t below; /* offset of the block before */
  int32_t given_back;
} rn_block;

void* halide_malloc(void* user_context, size_t bytes) {
  rn_user* user = (rn_user*)user_context;
  const size_t left = user->size - user->used;
  if (left < sizeof(rn_block) || bytes > left - sizeof(rn_block)) return NULL;
  rn_block* block = (rn_block*)(user->scratch + user->used);
  block->below = user->top;
  block->given_back = 0;
  user->top = user->used;
  user->used += sizeof(rn_block) + (bytes + 63) / 64 * 64; /* the sum is a multiple of 64 */
  return block + 1;
}

void halide_free(void* user_context, void* memory) {
  rn_user* user = (rn_user*)user_context;
  if (memory == NULL) return;
  ((rn_block*)memory - 1)->given_back = 1;
  while (user->used != 0) {
    const rn_block* last = (const rn_block*)(user->scratch + user->top);
    if (!last->given_back) return;
    user->used = user->top;
    user->top = last->below;
  }
}

int32_t rn_pool_create(const rn_options* options, size_t scratch_bytes, rn_pool** out) {
  const int32_t workers = options->parallel_for != NULL ? 0 : options->threads - 1;
  const size_t bytes = sizeof(rn_pool) + (size_t)workers * sizeof(rn_worker);
  void* memory = NULL;
  *out = NULL;
  if (posix_memalign(&memory, 64, bytes) != 0) return RN_OUT_OF_MEMORY;
  memset(memory, 0, bytes);
  rn_pool* pool = (rn_pool*)memory;
  pool->parallel_for = options->parallel_for;
  pool->parallel_for_data = options->parallel_for_data;
  pool->threads = options->threads;
  pool->kernel_mode = rn_kernel_float_mode(options->keep_denormals);
  pool->wake = 1;
  /* With more threads than processors, spinning would keep other threads from working. */
  const int crowded = workers > 0 && pool->threads > rn_processors();
  pool->worker_spins = crowded ? 0 : WORKER_SPINS;
  pool->caller_spins = crowded ? 0 : CALLER_SPINS;
  int32_t status = allocate_users(pool, scratch_bytes);
  if (status == RN_OK && workers > 0) status = start_workers(pool);
  if (status != RN_OK) {
    rn_pool_destroy(pool);
    return status;
  }
  *out = pool;
  return RN_OK;
}

void rn_pool_abandon_workers(rn_pool* pool) {
  pool->threads = 1;
  pool->started = 0;
  /* The parent may have been in the middle of a loop, with sleepers and with scratch memory in use. */
  atomic_store(&pool->sleepers, 0);
  pool->outer.used = pool->outer.top = 0;
}

void rn_pool_destroy(rn_pool* pool) {
  if (pool == NULL) return;
  atomic_store(&pool->stop, 1);
  atomic_fetch_add(&pool->epoch, 1);
  wake_workers(pool);
  for (int32_t i = 0; i < pool->started; ++i) pthread_join(pool->workers[i].thread, NULL);
  free(pool->scratch);
  free(pool->users);
  free(pool->parts);
  free(pool);
}

void rn_pool_enter(rn_pool* pool) { pool->caller_mode = rn_exchange_float_mode(pool->kernel_mode); }

void rn_pool_leave(rn_pool* pool) { rn_exchange_float_mode(pool->caller_mode); }

int32_t rn_pool_threads(const rn_pool* pool) { return pool->threads; }

void* rn_pool_user_context(rn_pool* pool) { return &pool->outer; }

void rn_pool_wake_sleepers(rn_pool* pool, int wake) { pool->wake = wake; }

void rn_pool_rouse(rn_pool* pool) { wake_workers(pool); }

int32_t rn_pool_thread(const rn_pool* pool, const void* user_context) {
  return user_context == &pool->outer ? 0 : (int32_t)((const rn_user*)user_context - pool->users);
}

/* \file Denormal numbers, rounding and traps: kernels compute alike on every thread, and the caller's mode is its own. */
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <xmmintrin.h>

#include "runtime/parallel.h"
#include "tests/runtime/network.h"

enum { DEFAULT_MODE = 0x1f80, ROUND_UP = 0x4000, ROUND_TO_ZERO = 0x6000, FLUSH = 0x8040, ALL_MASKS = 0x1f80 };

/* What callers have: the default, other roundings, denormals flushed, traps, noted exceptions. */
static const unsigned modes[] = {DEFAULT_MODE, DEFAULT_MODE | ROUND_UP, DEFAULT_MODE | ROUND_TO_ZERO | FLUSH, 0x0000, DEFAULT_MODE | 0x3f};

typedef struct caller {
  unsigned mode;
  int calls;
} caller;

static const float third = 0x1.000002p0f / 3; /* multiples of it must be rounded */

/* In turn on the calling thread, each time in another mode. */
static void watched_parallel_for(void* data, int32_t count, rn_task task, void* argument) {
  caller* c = data;
  CHECK(_mm_getcsr() == c->mode);
  for (int32_t i = count; i-- > 0;) {
    const unsigned own = modes[(unsigned)i % (sizeof modes / sizeof modes[0])];
    _mm_setcsr(own);
    task(argument, i);
    CHECK(_mm_getcsr() == own);
  }
  _mm_setcsr(c->mode);
  c->calls += 1;
}

static void watch_mode(void* data, const rn_observation* observation) {
  caller* c = data;
  (void)observation;
  CHECK(_mm_getcsr() == c->mode);
  c->calls += 1;
}

/* Every element of a batch's pictures is `value`; `*result` is an element in the middle, the sum of four. */
static int32_t run_with(rn_context* context, float value, float* result) {
  static float in[MAX_BATCH * ELEMENTS], out[MAX_BATCH * ELEMENTS];
  for (int i = 0; i < MAX_BATCH * ELEMENTS; ++i) in[i] = value;
  void* const outputs[1] = {out};
  const size_t bytes = sizeof in;
  const int32_t status = rn_run(context, in, bytes, outputs, &bytes, MAX_BATCH);
  *result = out[2 * ELEMENTS + 2 * 7 + 3];
  return status;
}

static void check_runs(const rn_model* model, const unsigned char* weights, size_t bytes, const rn_options* options, caller* c) {
  rn_context* context = NULL;
  CHECK(rn_create(model, weights, bytes, options, &context) == RN_OK);
  for (int observed = 0; observed <= 1; ++observed) {
    if (observed) rn_set_observer(context, watch_mode, c);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; ++i) {
      float denormal = 0, inexact = 0, large = 0;
      c->mode = modes[i];
      c->calls = 0;
      _mm_setcsr(modes[i]);
      const int32_t statuses =
          run_with(context, 0x1p-140f, &denormal) | run_with(context, third, &inexact) | run_with(context, 0x1.8p127f, &large);
      const unsigned after = _mm_getcsr();
      _mm_setcsr(DEFAULT_MODE);
      CHECK(after == modes[i]);
      CHECK(statuses == RN_OK);
      CHECK(denormal == (options->keep_denormals ? 0x1p-138f : 0));
      volatile float sum = third + third;
      sum = sum + third;
      sum = sum + third;
      CHECK(inexact == sum);
      CHECK(isinf(large));
      CHECK(c->calls > 0 || (!observed && options->parallel_for == NULL));
    }
  }
  rn_destroy(context);
}

static void test_runs(void) {
  const rn_model model = make_model(1);
  size_t bytes = 0;
  unsigned char* weights = make_weights(1, 0, &bytes);
  for (int32_t threads = 1; threads <= 4; ++threads) {
    for (int variant = 0; variant < 8; ++variant) {
      caller c = {DEFAULT_MODE, 0};
      rn_options options = make_options(threads);
      options.keep_denormals = variant & 1;
      if ((variant & 2) != 0) options.target = "pictures";
      if ((variant & 4) != 0 && threads > 1) options.parallel_for = watched_parallel_for;
      options.parallel_for_data = &c;
      check_runs(&model, weights, bytes, &options, &c);
    }
  }
  free(weights);
}

/* Also after a run that fails, or is refused. */
static void test_failed_runs(void) {
  const rn_model model = make_model(1);
  size_t bytes = 0;
  unsigned char* weights = make_weights(1, 0, &bytes);
  rn_options options = make_options(2);
  options.target = "broken";
  rn_context* context = NULL;
  CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OK);
  float result = 0;
  _mm_setcsr(DEFAULT_MODE | ROUND_UP);
  const int32_t failed = run_with(context, 1, &result), refused = rn_run(context, NULL, 0, NULL, NULL, 1);
  const unsigned after = _mm_getcsr();
  _mm_setcsr(DEFAULT_MODE);
  CHECK(failed == RN_KERNEL_FAILED && refused == RN_BAD_ARGUMENT && after == (DEFAULT_MODE | ROUND_UP));
  rn_destroy(context);
  free(weights);
}

enum { THREADS = 3 };
typedef struct meeting {
  _Atomic int arrived;
  _Atomic unsigned modes[THREADS];
} meeting;

/* A task for each thread: none ends before all have begun. */
static int note_mode(void* user_context, int index, uint8_t* closure) {
  meeting* m = (meeting*)(void*)closure;
  (void)user_context;
  atomic_store(&m->modes[index], _mm_getcsr() & ~0x3fu);
  atomic_fetch_add(&m->arrived, 1);
  while (atomic_load(&m->arrived) < THREADS) sched_yield();
  return 0;
}

/* Workers are in the kernels' mode whatever that of the thread that created them. */
static void test_workers(void) {
  for (int keep = 0; keep <= 1; ++keep) {
    rn_options options = make_options(THREADS);
    options.keep_denormals = keep;
    rn_pool* pool = NULL;
    _mm_setcsr(DEFAULT_MODE | ROUND_UP | (keep ? FLUSH : 0));
    CHECK(rn_pool_create(&options, 0, &pool) == RN_OK);
    _mm_setcsr(DEFAULT_MODE);
    meeting m;
    memset(&m, 0, sizeof m);
    rn_pool_enter(pool);
    CHECK(halide_do_par_for(rn_pool_user_context(pool), note_mode, 0, THREADS, (uint8_t*)(void*)&m) == 0);
    rn_pool_leave(pool);
    CHECK(_mm_getcsr() == DEFAULT_MODE);
    for (int i = 0; i < THREADS; ++i) CHECK(atomic_load(&m.modes[i]) == (keep ? ALL_MASKS : ALL_MASKS | FLUSH));
    rn_pool_destroy(pool);
  }
}

void test_float_mode(void) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(DEFAULT_MODE);
  test_runs();
  test_failed_runs();
  test_workers();
  _mm_setcsr(before);
}

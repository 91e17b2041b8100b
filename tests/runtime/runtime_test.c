/* \file The runtime with a network made by hand, in C, so that every line of it can run under the sanitizers: ASan, UBSan and TSan builds
 * of these files are tests. Two models run at the same time; allocations and threads fail on request. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/parallel.h"
#include "runtime/processors.h"
#include "runtime/runtime.h"
#include "tests/runtime/network.h"

/* The linker sends the runtime's calls here (--wrap); when a countdown reaches 0 the call fails. */
static int fail_calloc = -1, fail_thread = -1;
int fail_memalign = -1;
void* __real_calloc(size_t count, size_t size);
int __real_posix_memalign(void** out, size_t alignment, size_t size);
int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument);
void* __wrap_calloc(size_t count, size_t size) { return fail_calloc >= 0 && fail_calloc-- == 0 ? NULL : __real_calloc(count, size); }
int __wrap_posix_memalign(void** out, size_t alignment, size_t size) {
  return fail_memalign >= 0 && fail_memalign-- == 0 ? 12 : __real_posix_memalign(out, alignment, size);
}
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  return fail_thread >= 0 && fail_thread-- == 0 ? 11 : __real_pthread_create(thread, attributes, start, argument);
}

typedef struct job {
  const rn_model* model;
  const void* weights;
  size_t bytes;
  float bias;
  int32_t threads;
  int wrong;
} job;

static void* create_and_run(void* argument) {
  job* j = argument;
  for (int round = 0; round < 5; ++round) {
    rn_context* context = NULL;
    rn_options options = make_options(j->threads);
    if (round % 2 != 0) options.target = "pictures";
    if (rn_create(j->model, j->weights, j->bytes, &options, &context) != RN_OK) ++j->wrong;
    for (int i = 0; i < 40 && context != NULL; ++i) j->wrong += !run_is_right(context, 1 + i % MAX_BATCH, j->bias, i);
    rn_destroy(context);
  }
  return NULL;
}

static void test_two_networks_at_once(void) {
  const rn_model models[2] = {make_model(11), make_model(22)};
  size_t bytes[2];
  unsigned char* weights[2] = {make_weights(11, 3, &bytes[0]), make_weights(22, 5, &bytes[1])};
  job jobs[6];
  pthread_t threads[6];
  for (int i = 0; i < 6; ++i) {
    const job j = {&models[i % 2], weights[i % 2], bytes[i % 2], i % 2 == 0 ? 3 : 5, 1 + i / 2, 0};
    jobs[i] = j;
    CHECK(__real_pthread_create(&threads[i], NULL, create_and_run, &jobs[i]) == 0);
  }
  for (int i = 0; i < 6; ++i) {
    pthread_join(threads[i], NULL);
    CHECK(jobs[i].wrong == 0);
  }
  free(weights[0]);
  free(weights[1]);
}

static void test_threads_and_targets(void) {
  const rn_model model = make_model(1);
  size_t bytes = 0;
  unsigned char* weights = make_weights(1, 2, &bytes);
  rn_context* context = NULL;
  int calls = 0;

  rn_options options = make_options(4);
  options.parallel_for = caller_parallel_for;
  options.parallel_for_data = &calls;
  CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OK);
  for (int i = 0; i < 5; ++i) CHECK(run_is_right(context, 3, 2, i));
  CHECK(calls == 5);
  rn_destroy(context);

  /* More threads than tasks, and than processors. */
  options = make_options(40);
  CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OK);
  CHECK(rn_thread_count(context) == 40);
  for (int i = 0; i < 20; ++i) CHECK(run_is_right(context, 1 + i % 2, 2, i));
  rn_destroy(context);

  options = make_options(0);
  options.verify_contents = 1;
  CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OK);
  CHECK(rn_thread_count(context) == rn_processors());
  rn_destroy(context);

  options.target = NULL;
  CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OK);
  CHECK(strcmp(rn_selected_target(context), "plain") == 0);
  rn_destroy(context);
  options.target = "future";
  CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_NO_TARGET && context == NULL);
  options.target = "past";
  CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_UNKNOWN_TARGET && context == NULL);

  for (int32_t threads = 1; threads <= 3; ++threads) {
    options = make_options(threads);
    options.target = "broken";
    CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OK);
    float picture[ELEMENTS] = {0};
    const size_t size = sizeof picture;
    void* const outputs[1] = {picture};
    CHECK(rn_run(context, picture, size, outputs, &size, 1) == RN_KERNEL_FAILED);
    CHECK(rn_run(context, picture, size, outputs, &size, 1) == RN_KERNEL_FAILED);
    rn_destroy(context);
  }
  free(weights);
}

/* The label of the program that a context of the model takes if `wanted` is asked for; "" if there is none. */
static const char* taken(const rn_model* model, const char* wanted) {
  size_t bytes = 0;
  unsigned char* weights = make_weights(1, 2, &bytes);
  rn_options options = make_options(1);
  options.target = wanted;
  rn_context* context = NULL;
  const int32_t status = rn_create(model, weights, bytes, &options, &context);
  const char* label = rn_selected_target(context);
  CHECK(status == RN_OK || (status == RN_UNKNOWN_TARGET && context == NULL));
  rn_destroy(context);
  free(weights);
  return label;
}

/* Of several programs the one for this processor is taken, then the first that runs here. */
static void test_choice(void) {
  const rn_cpu cpu = rn_this_cpu();
  const rn_cpu_rule nobody = {RN_INTEL, 1, 0, 0, 0}, none = {RN_OTHER_VENDOR, 0, 0, 0, 0}, here = {cpu.vendor, cpu.family, 0, 0, 0};
  rn_model model = make_model(1);
  rn_program programs[4];
  for (int i = 0; i < 4; ++i) programs[i] = model.programs[1];
  programs[0].label = "wide:nobody";
  programs[0].rule = nobody;
  programs[1].label = "wide";
  programs[1].rule = none;
  programs[2].label = "wide:here";
  programs[2].rule = here;
  programs[3].label = "narrow:here";
  programs[3].rule = here;
  model.programs = programs;
  model.program_count = 4;
  const int known = cpu.vendor != RN_OTHER_VENDOR; /* else no rule fits, and the first is taken */
  CHECK(strcmp(taken(&model, NULL), known ? "wide:here" : "wide:nobody") == 0);
  CHECK(strcmp(taken(&model, "wide"), known ? "wide:here" : "wide:nobody") == 0);
  CHECK(strcmp(taken(&model, "wide:nobody"), "wide:nobody") == 0);
  CHECK(strcmp(taken(&model, "wide:generic"), "wide") == 0);
  CHECK(strcmp(taken(&model, "narrow"), "narrow:here") == 0);
  CHECK(strcmp(taken(&model, "narrow:generic"), "") == 0);
  CHECK(strcmp(taken(&model, "wid"), "") == 0);
  CHECK(strcmp(taken(&model, "wide:"), "") == 0);
  CHECK(strcmp(taken(&model, "wide:her"), "") == 0);
  programs[2].features = programs[3].features = UINT64_C(1) << 40; /* they do not run here */
  CHECK(strcmp(taken(&model, NULL), "wide:nobody") == 0);
}

/* A rule asks for all of some features, one of others, and none of a third kind. */
static void test_rules(void) {
  const rn_cpu cpu = {RN_AMD, 0x19, RN_AVX2 | RN_AVX512};
  const rn_cpu_rule fitting[] = {{RN_AMD, 0, 0, 0, 0}, {RN_AMD, 0x19, RN_AVX2 | RN_AVX512, RN_AVX2 | RN_AMX_INT8, RN_AVX_VNNI}};
  const rn_cpu_rule others[] = {{RN_OTHER_VENDOR, 0, 0, 0, 0},     {RN_INTEL, 0, 0, 0, 0},
                                {RN_AMD, 0x1a, 0, 0, 0},           {RN_AMD, 0x19, RN_AVX2 | RN_AVX_VNNI, 0, 0},
                                {RN_AMD, 0x19, 0, RN_AMX_INT8, 0}, {RN_AMD, 0x19, 0, 0, RN_AVX512}};
  for (size_t i = 0; i < sizeof fitting / sizeof *fitting; ++i) CHECK(rn_fits(&fitting[i], &cpu));
  for (size_t i = 0; i < sizeof others / sizeof *others; ++i) CHECK(!rn_fits(&others[i], &cpu));
  const rn_cpu unknown = {RN_OTHER_VENDOR, 0, 0};
  CHECK(!rn_fits(&others[0], &unknown));
}

static void test_failures(void) {
  const rn_model model = make_model(1);
  size_t bytes = 0;
  unsigned char* weights = make_weights(1, 2, &bytes);
  rn_context* context = NULL;
  const rn_options options = make_options(4);
  fail_calloc = 0;
  CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OUT_OF_MEMORY && context == NULL);
  fail_calloc = -1;
  for (int n = 0; n < 4; ++n) {
    fail_memalign = n;
    CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OUT_OF_MEMORY && context == NULL);
  }
  fail_memalign = -1;
  for (int n = 0; n < 3; ++n) {
    fail_thread = n;
    CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_THREAD_FAILED && context == NULL);
  }
  fail_thread = -1;
  rn_options huge = options;
  huge.max_batch = INT32_MAX;
  CHECK(rn_create(&model, weights, bytes, &huge, &context) == RN_BATCH_TOO_LARGE && context == NULL);
  CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OK);
  CHECK(run_is_right(context, 2, 2, 0));
  /* Nothing in a run may allocate or start threads. */
  fail_calloc = fail_memalign = fail_thread = 0;
  CHECK(run_is_right(context, 4, 2, 1));
  CHECK(fail_calloc == 0 && fail_memalign == 0 && fail_thread == 0);
  fail_calloc = fail_memalign = fail_thread = -1;
  rn_destroy(context);
  free(weights);
}

typedef struct seen_kernels {
  int count, wrong;
  int32_t batch; /* of one call */
} seen_kernels;

static void see_kernel(void* data, const rn_observation* o) {
  seen_kernels* seen = data;
  const int walk = seen->count / 3;
  seen->wrong +=
      o->kernel != seen->count % 3 || o->kernel_count != 3 || o->batch != seen->batch || o->picture != (o->batch == 1 ? walk : 0);
  seen->count += 1;
}

/* Of a batch each thread takes whole pictures, and all share what is left over; or all share the batch. */
static void test_batches(void) {
  const rn_model model = make_model(1);
  size_t bytes = 0;
  unsigned char* weights = make_weights(1, 2, &bytes);
  for (int by_picture = 0; by_picture <= 1; ++by_picture) {
    for (int32_t threads = 1; threads <= 6; ++threads) {
      rn_context* context = NULL;
      rn_options options = make_options(threads);
      if (by_picture) options.target = "pictures";
      CHECK(rn_create(&model, weights, bytes, &options, &context) == RN_OK);
      for (int i = 0; i < 12; ++i) CHECK(run_is_right(context, 1 + i % MAX_BATCH, 2, i));
      seen_kernels seen = {0, 0, by_picture ? 1 : 3};
      rn_set_observer(context, see_kernel, &seen);
      CHECK(run_is_right(context, 3, 2, 5));
      CHECK(seen.count == (by_picture ? 9 : 3) && seen.wrong == 0);
      rn_destroy(context);
    }
  }
  rn_options huge = make_options(1);
  rn_context* context = NULL;
  huge.max_batch = INT32_MAX;
  CHECK(rn_create(&model, weights, bytes, &huge, &context) == RN_BATCH_TOO_LARGE && context == NULL);
  huge.target = "pictures"; /* one after the other, in the memory of one */
  CHECK(rn_create(&model, weights, bytes, &huge, &context) == RN_OK);
  CHECK(run_is_right(context, 4, 2, 1));
  rn_destroy(context);
  free(weights);
}

/* What the tasks of one loop share. */
typedef struct loop_state {
  _Atomic int32_t done;
  _Atomic int32_t faults;
} loop_state;

/* The first task waits for all others, also for those that lie in its own thread's part. */
static int wait_for_others(void* user_context, int index, uint8_t* closure) {
  loop_state* state = (loop_state*)(void*)closure;
  (void)user_context;
  if (index == 0) {
    struct timespec pause = {0, 1000000};
    for (int i = 0; i < 20000 && atomic_load(&state->done) < 15; ++i) nanosleep(&pause, NULL);
    if (atomic_load(&state->done) < 15) atomic_fetch_add(&state->faults, 1);
  } else {
    atomic_fetch_add(&state->done, 1);
  }
  return 0;
}

static void test_takeover(void) {
  rn_pool* pool = NULL;
  const rn_options options = make_options(2);
  CHECK(rn_pool_create(&options, 0, &pool) == RN_OK);
  for (int i = 0; i < 20; ++i) {
    loop_state state = {0, 0};
    CHECK(halide_do_par_for(rn_pool_user_context(pool), wait_for_others, 0, 16, (uint8_t*)&state) == 0);
    CHECK(atomic_load(&state.faults) == 0 && atomic_load(&state.done) == 15);
  }
  rn_pool_destroy(pool);
}

/* Loops of changing lengths follow one another at once: each task runs once. */
static int count_task(void* user_context, int index, uint8_t* closure) {
  (void)user_context;
  atomic_fetch_add(&((_Atomic int32_t*)(void*)closure)[index], 1);
  return 0;
}

static void test_each_task_once(void) {
  rn_pool* pool = NULL;
  const rn_options options = make_options(4);
  CHECK(rn_pool_create(&options, 0, &pool) == RN_OK);
  for (int i = 0; i < 3000; ++i) {
    _Atomic int32_t counts[40] = {0};
    const int size = 1 + i * 7 % 40;
    CHECK(halide_do_par_for(rn_pool_user_context(pool), count_task, 0, size, (uint8_t*)counts) == 0);
    for (int k = 0; k < 40; ++k) CHECK(atomic_load(&counts[k]) == (k < size ? 1 : 0));
  }
  rn_pool_destroy(pool);
}

/* Every thread has the scratch memory to itself; a part comes back once it, and all that was taken after it, has. */
static int use_scratch(void* user_context, int index, uint8_t* closure) {
  loop_state* state = (loop_state*)(void*)closure;
  int fault = halide_malloc(user_context, 3 * 4096 + 1) != NULL;
  unsigned char* first = halide_malloc(user_context, 100);
  unsigned char* second = halide_malloc(user_context, 2 * 4096);
  fault |= first == NULL || second == NULL || (uintptr_t)first % 64 != 0 || (uintptr_t)second % 64 != 0 || second < first + 100;
  if (fault == 0) {
    memset(first, index, 100);
    memset(second, index, 2 * 4096);
    for (int i = 0; i < 100; ++i) fault |= first[i] != (unsigned char)index;
    for (int i = 0; i < 2 * 4096; ++i) fault |= second[i] != (unsigned char)index;
  }
  halide_free(user_context, first);
  fault |= halide_malloc(user_context, 2 * 4096) != NULL;
  halide_free(user_context, second);
  first = halide_malloc(user_context, 4096);
  for (int i = 0; i < 3; ++i) {
    second = halide_malloc(user_context, 4096 + 100); /* again and again over one that stays */
    fault |= first == NULL || second == NULL || second < first + 4096;
    halide_free(user_context, second);
  }
  halide_free(user_context, first);
  halide_free(user_context, NULL);
  atomic_fetch_add(fault != 0 ? &state->faults : &state->done, 1);
  return 0;
}

static void test_scratch(void) {
  for (int32_t threads = 1; threads <= 4; ++threads) {
    rn_pool* pool = NULL;
    const rn_options options = make_options(threads);
    CHECK(rn_pool_create(&options, 3 * 4096, &pool) == RN_OK);
    loop_state state = {0, 0};
    for (int i = 0; i < 10; ++i) CHECK(halide_do_par_for(rn_pool_user_context(pool), use_scratch, 0, 50, (uint8_t*)&state) == 0);
    CHECK(atomic_load(&state.faults) == 0 && atomic_load(&state.done) == 500);
    rn_pool_destroy(pool);
  }
}

static void test_no_weights(void) {
  rn_model model = make_model(1);
  rn_context* context = NULL;
  const rn_options options = make_options(1);
  CHECK(rn_create(&model, NULL, 0, &options, &context) == RN_WEIGHTS_MISSING && context == NULL);
  model.weights_bytes = 0;
  model.programs = &load_program;
  model.program_count = 1;
  CHECK(rn_create(&model, NULL, 0, &options, &context) == RN_OK);
  rn_destroy(context);
}

int main(void) {
  test_no_weights();
  test_scratch();
  test_takeover();
  test_each_task_once();
  test_two_networks_at_once();
  test_threads_and_targets();
  test_choice();
  test_rules();
  test_batches();
  test_failures();
  test_copied_weights();
  test_fork();
  test_processors();
  test_float_mode();
  if (failures == 0) puts("runtime tests: all passed");
  return failures != 0;
}

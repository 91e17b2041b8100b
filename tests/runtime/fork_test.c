/* \file What a child made by fork may do with contexts that it inherits. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/device.h"
#include "runtime/parallel.h"
#include "tests/runtime/network.h"

/* Children start threads too, which the thread sanitizer allows only on request. */
const char* __tsan_default_options(void);
const char* __tsan_default_options(void) { return "die_after_fork=0"; }

enum { SECONDS = 60 }; /* a child that takes longer hangs */

typedef struct inherited {
  const rn_model* model;
  const unsigned char* weights;
  size_t bytes;
  rn_context* context;
  int* calls; /* of the caller's parallel_for */
  rn_pool* pool;
} inherited;

static int ends_well(void (*child)(const inherited*), const inherited* given) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(SECONDS);
    failures = 0;
    child(given);
    _exit(failures != 0);
  }
  int status = 0;
  return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void create_another(const inherited* given) {
  rn_context* own = NULL;
  const rn_options options = make_options(3);
  CHECK(rn_create(given->model, given->weights, given->bytes, &options, &own) == RN_OK);
  CHECK(rn_thread_count(own) == 3);
  for (int i = 0; i < 4; ++i) CHECK(run_is_right(own, 1 + i, 2, i));
  rn_destroy(own);
}

static void destroy_it(const inherited* given) { rn_destroy(given->context); }

static void create_and_destroy(const inherited* given) {
  create_another(given);
  rn_destroy(given->context);
  create_another(given);
}

static void run_it(const inherited* given) {
  const int calls = *given->calls;
  CHECK(rn_thread_count(given->context) == 1);
  for (int i = 0; i < 8; ++i) CHECK(run_is_right(given->context, 1 + i % MAX_BATCH, 2, i));
  CHECK(rn_thread_count(given->context) == 1);
  CHECK(*given->calls == calls);
}

static void run_with_others(const inherited* given) {
  run_it(given);
  create_another(given);
  run_it(given);
  CHECK(ends_well(run_it, given));
  CHECK(ends_well(destroy_it, given));
  rn_destroy(given->context);
}

static void test_idle_contexts(const rn_model* model, const unsigned char* weights, size_t bytes) {
  for (int variant = 0; variant < 4; ++variant) {
    int calls = 0;
    rn_options options = make_options(3);
    if (variant % 2 != 0) options.target = "pictures";
    if (variant / 2 != 0) options.parallel_for = caller_parallel_for;
    options.parallel_for_data = &calls;
    options.copy_weights = variant == 1 || variant == 2;
    inherited given = {model, weights, bytes, NULL, &calls, NULL};
    CHECK(rn_create(model, weights, bytes, &options, &given.context) == RN_OK);
    CHECK(ends_well(run_with_others, &given)); /* before the first run */
    CHECK(run_is_right(given.context, 3, 2, 1));
    CHECK(ends_well(destroy_it, &given));
    CHECK(ends_well(create_and_destroy, &given));
    CHECK(ends_well(run_with_others, &given));
    CHECK(rn_thread_count(given.context) == 3);
    CHECK(run_is_right(given.context, 4, 2, 2)); /* the parent goes on as before */
    rn_destroy(given.context);
  }
}

typedef struct runner {
  const inherited* given;
  _Atomic int stop, runs, wrong;
} runner;

static void* keep_running(void* argument) {
  runner* r = argument;
  for (int i = 0; atomic_load(&r->stop) == 0; ++i) {
    if (!run_is_right(r->given->context, 1 + i % MAX_BATCH, 2, i)) atomic_fetch_add(&r->wrong, 1);
    atomic_fetch_add(&r->runs, 1);
  }
  return NULL;
}

/* The moment of the fork may lie anywhere in a run of another thread. */
static void test_context_in_use(const rn_model* model, const unsigned char* weights, size_t bytes) {
  for (int by_picture = 0; by_picture <= 1; ++by_picture) {
    int calls = 0;
    rn_options options = make_options(3);
    if (by_picture) options.target = "pictures";
    inherited given = {model, weights, bytes, NULL, &calls, NULL};
    CHECK(rn_create(model, weights, bytes, &options, &given.context) == RN_OK);
    runner running = {&given, 0, 0, 0};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, keep_running, &running) == 0);
    for (int i = 0; i < 40; ++i) CHECK(ends_well(i % 2 == 0 ? run_with_others : destroy_it, &given));
    atomic_store(&running.stop, 1);
    pthread_join(thread, NULL);
    CHECK(atomic_load(&running.runs) > 0 && atomic_load(&running.wrong) == 0);
    rn_destroy(given.context);
  }
}

/* Scratch memory that the calling thread had taken in the moment of the fork is free again. */
static void take_scratch(const inherited* given) {
  rn_pool* pool = given->pool;
  CHECK(halide_malloc(rn_pool_user_context(pool), 4096) == NULL);
  rn_pool_abandon_workers(pool);
  void* memory = halide_malloc(rn_pool_user_context(pool), 4096);
  CHECK(memory != NULL);
  halide_free(rn_pool_user_context(pool), memory);
  rn_pool_destroy(pool);
}

static void test_scratch_in_use(void) {
  const rn_options options = make_options(2);
  inherited given = {NULL, NULL, 0, NULL, NULL, NULL};
  CHECK(rn_pool_create(&options, 2 * 4096, &given.pool) == RN_OK);
  void* memory = halide_malloc(rn_pool_user_context(given.pool), 4096);
  CHECK(memory != NULL);
  CHECK(ends_well(take_scratch, &given));
  halide_free(rn_pool_user_context(given.pool), memory);
  rn_pool_destroy(given.pool);
}

/* A device that counts. */
struct rn_instance {
  int unused;
};
static int destroyed, abandoned, runs;

static int32_t create_counted(const rn_model* model, const rn_program* program, const unsigned char* constants, const rn_options* options,
                              rn_instance** instance) {
  (void)model;
  (void)program;
  (void)constants;
  (void)options;
  *instance = malloc(sizeof(rn_instance));
  return RN_OK;
}
static void destroy_counted(rn_instance* instance) {
  ++destroyed;
  free(instance);
}
static void abandon_counted(rn_instance* instance) {
  ++abandoned;
  free(instance);
}
static int32_t run_counted(rn_instance* instance, const rn_device_run* run) {
  (void)instance;
  (void)run;
  ++runs;
  return RN_OK;
}
static int32_t observe_nothing(rn_instance* instance) {
  (void)instance;
  return RN_OK;
}
static const rn_device counted = {create_counted, destroy_counted, abandon_counted, run_counted, observe_nothing};

static int32_t run_one(rn_context* context, int on_device) {
  float picture[ELEMENTS] = {0}, result[ELEMENTS];
  void* const outputs[1] = {result};
  void* stream = NULL;
  const size_t bytes = sizeof picture;
  return on_device ? rn_run_device(context, picture, bytes, outputs, &bytes, &stream, 1)
                   : rn_run(context, picture, bytes, outputs, &bytes, 1);
}

static void leave_the_device_alone(const inherited* given) {
  runs = destroyed = abandoned = 0;
  CHECK(run_one(given->context, 0) == RN_AFTER_FORK);
  CHECK(run_one(given->context, 1) == RN_AFTER_FORK);
  CHECK(strcmp(rn_status_string(RN_AFTER_FORK),
               "after a fork the CUDA driver works only in the process that started it; create contexts for a GPU in the child alone, or "
               "call exec") == 0);
  CHECK(rn_thread_count(given->context) == 1);
  CHECK(strcmp(rn_selected_target(given->context), "plain") == 0);
  rn_destroy(given->context);
  CHECK(runs == 0 && destroyed == 0 && abandoned == 1);
}

static void test_device(void) {
  rn_program program = load_program;
  program.device = &counted;
  rn_model model = make_model(1);
  model.weights_bytes = 0;
  model.programs = &program;
  model.program_count = 1;
  const rn_options options = make_options(1);
  inherited given = {&model, NULL, 0, NULL, NULL, NULL};
  CHECK(rn_create(&model, NULL, 0, &options, &given.context) == RN_OK);
  CHECK(run_one(given.context, 0) == RN_OK);
  CHECK(ends_well(leave_the_device_alone, &given));
  CHECK(run_one(given.context, 1) == RN_OK);
  rn_destroy(given.context);
  CHECK(runs == 2 && destroyed == 1 && abandoned == 0);
}

void test_fork(void) {
  const rn_model model = make_model(1);
  size_t bytes = 0;
  unsigned char* weights = make_weights(1, 2, &bytes);
  test_idle_contexts(&model, weights, bytes);
  test_context_in_use(&model, weights, bytes);
  test_scratch_in_use();
  test_device();
  free(weights);
}

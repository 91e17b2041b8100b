/* \file A network made by hand, in C, and what the runtime's tests share. Its results are sums of few small whole numbers: right or wrong,
 * with no bit between. */
#ifndef RESNETC_TESTS_RUNTIME_NETWORK_H
#define RESNETC_TESTS_RUNTIME_NETWORK_H

#include <stdint.h>
#include <stdio.h>

#include "runtime/runtime.h"

enum { ELEMENTS = 3 * 5 * 7, MAX_BATCH = 4 };

extern int failures;
/* A countdown of calls of posix_memalign, the last of which fails; negative: none fails. */
extern int fail_memalign;
#define CHECK(condition) ((condition) ? (void)0 : (void)(++failures, fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition)))

/* Its targets: "future", which no processor runs; "plain"; "pictures", of a batch each thread computes whole pictures; "broken", whose
 * runs fail. */
rn_model make_model(uint64_t recipe_hash);
/* Its weights file, which free() frees. */
unsigned char* make_weights(uint64_t recipe_hash, float bias, size_t* bytes);
/* For "plain", and MAX_BATCH. */
rn_options make_options(int32_t threads);
/* Runs `batch` pictures that depend on the seed. */
int run_is_right(rn_context* context, int batch, float bias, int seed);
/* A program that only loads the input, and needs no weights. */
extern const rn_program load_program;

/* A caller's own parallel_for: a thread a part. Counts its calls in *(int*)data. */
void caller_parallel_for(void* data, int32_t count, rn_task task, void* argument);

void test_copied_weights(void);
void test_fork(void);
void test_processors(void);
void test_float_mode(void);

#endif

/* \file Contexts that copy their weights: what becomes of the caller's bytes, what is copied and where to, and what is left of a failure.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/runtime/network.h"

enum { LARGE_PAGE = 2 << 20, BIAS_BYTES = 64 };

/* The linker sends the runtime's calls here (--wrap). */
static struct {
  int calls;
  const void* block;
  size_t bytes;
  int advice;
} advised;
int __real_madvise(void* block, size_t bytes, int advice);
int __wrap_madvise(void* block, size_t bytes, int advice) {
  advised.calls += 1;
  advised.block = block;
  advised.bytes = bytes;
  advised.advice = advice;
  return __real_madvise(block, bytes, advice);
}

static rn_options copying_options(int32_t threads) {
  rn_options options = make_options(threads);
  options.copy_weights = 1;
  return options;
}

static void check_runs(rn_context* context, float bias) {
  for (int i = 0; i < 8; ++i) CHECK(run_is_right(context, 1 + i % MAX_BATCH, bias, i));
}

/* A context without the option sees what the caller writes; one with it does not, and outlives the caller's bytes. */
static void test_callers_bytes(void) {
  const rn_model model = make_model(1);
  for (int32_t threads = 1; threads <= 3; ++threads) {
    for (int by_picture = 0; by_picture <= 1; ++by_picture) {
      size_t bytes = 0, other_bytes = 0;
      unsigned char *weights = make_weights(1, 2, &bytes), *others = make_weights(1, 7, &other_bytes);
      rn_context *in_place = NULL, *copied = NULL;
      rn_options options = make_options(threads);
      if (by_picture) options.target = "pictures";
      CHECK(rn_create(&model, weights, bytes, &options, &in_place) == RN_OK);
      options.copy_weights = 1;
      CHECK(rn_create(&model, weights, bytes, &options, &copied) == RN_OK);
      memcpy(weights, others, bytes);
      check_runs(in_place, 7);
      check_runs(copied, 2);
      rn_destroy(in_place);
      free(weights);
      free(others);
      check_runs(copied, 2);
      rn_destroy(copied);
    }
  }
}

static void test_misaligned_bytes(void) {
  const rn_model model = make_model(1);
  size_t bytes = 0;
  unsigned char *weights = make_weights(1, 2, &bytes), *shifted = malloc(bytes + 1);
  if (shifted == NULL) abort();
  memcpy(shifted + 1, weights, bytes);
  rn_context* context = NULL;
  rn_options options = make_options(2);
  CHECK(rn_create(&model, shifted + 1, bytes, &options, &context) == RN_WEIGHTS_MISALIGNED && context == NULL);
  options = copying_options(2);
  options.verify_contents = 1;
  CHECK(rn_create(&model, shifted + 1, bytes, &options, &context) == RN_OK);
  check_runs(context, 2);
  rn_destroy(context);

  /* What else is checked of a file is checked of copied ones. */
  shifted[1 + RN_WEIGHTS_ALIGN] ^= 1;
  CHECK(rn_create(&model, shifted + 1, bytes, &options, &context) == RN_WEIGHTS_CORRUPT && context == NULL);
  CHECK(rn_create(&model, shifted + 1, bytes - 1, &options, &context) == RN_WEIGHTS_SIZE_WRONG && context == NULL);
  free(weights);
  free(shifted);
}

static void test_embedded_weights(void) {
  rn_model model = make_model(1);
  size_t bytes = 0;
  unsigned char* weights = make_weights(1, 2, &bytes);
  model.embedded = weights;
  model.embedded_bytes = bytes;
  rn_context* context = NULL;
  const rn_options options = copying_options(2);
  CHECK(rn_create(&model, NULL, 0, &options, &context) == RN_OK);
  memset(weights, 0xff, bytes);
  check_runs(context, 2);
  rn_destroy(context);
  free(weights);
}

/* The number of allocations of a context, each of which fails once. */
static int allocations(const rn_model* model, const void* weights, size_t bytes, const rn_options* options) {
  rn_context* context = NULL;
  int count = 0;
  for (;; ++count) {
    fail_memalign = count;
    const int32_t status = rn_create(model, weights, bytes, options, &context);
    const int failed = fail_memalign < 0;
    fail_memalign = -1;
    if (!failed) {
      CHECK(status == RN_OK);
      break;
    }
    CHECK(status == RN_OUT_OF_MEMORY && context == NULL);
  }
  rn_destroy(context);
  return count;
}

/* The leak sanitizer finds what a failure leaves behind. */
static void test_no_memory(void) {
  rn_model model = make_model(1);
  size_t bytes = 0;
  unsigned char* weights = make_weights(1, 2, &bytes);
  const rn_options in_place = make_options(3), copying = copying_options(3);
  CHECK(allocations(&model, weights, bytes, &copying) == allocations(&model, weights, bytes, &in_place) + 1);
  free(weights);

  /* A network without constants has nothing to copy. */
  rn_options no_weights[2] = {make_options(3), copying_options(3)};
  model.weights_bytes = 0;
  model.programs = &load_program;
  model.program_count = 1;
  CHECK(allocations(&model, NULL, 0, &no_weights[1]) == allocations(&model, NULL, 0, &no_weights[0]));
}

/* Weights of some large pages, of which the program reads the end: this part alone is copied, into large pages. */
static void test_large_pages(void) {
  enum { CONSTANTS = 3 * LARGE_PAGE, OTHERS = 5 * 64 };
  rn_model model = make_model(1);
  rn_program program = model.programs[1]; /* "plain" */
  rn_operand operands[7];
  CHECK(program.operand_count == 7 && program.operands[3].place == RN_CONSTANT);
  memcpy(operands, program.operands, sizeof operands);
  operands[3].offset = OTHERS;
  operands[3].extent[0] = CONSTANTS / (int32_t)sizeof(float);
  program.operands = operands;
  model.programs = &program;
  model.program_count = 1;
  model.weights_bytes = OTHERS + CONSTANTS;

  size_t small_bytes = 0;
  unsigned char* small = make_weights(1, 2, &small_bytes);
  const size_t bytes = RN_WEIGHTS_ALIGN + OTHERS + CONSTANTS;
  unsigned char* weights = calloc(1, bytes + 1);
  if (weights == NULL) abort();
  unsigned char* file = weights + 1; /* misaligned */
  memcpy(file, small, RN_WEIGHTS_ALIGN);
  memcpy(file + offsetof(rn_weights_header, data_bytes), &model.weights_bytes, sizeof model.weights_bytes);
  memcpy(file + RN_WEIGHTS_ALIGN + OTHERS, small + RN_WEIGHTS_ALIGN, BIAS_BYTES);

  rn_context* context = NULL;
  const rn_options options = copying_options(2);
  advised.calls = 0;
  CHECK(rn_create(&model, file, bytes, &options, &context) == RN_OK);
  CHECK(advised.calls == 1 && advised.bytes == CONSTANTS && advised.advice == MADV_HUGEPAGE);
  CHECK((uintptr_t)advised.block % LARGE_PAGE == 0);
  CHECK(advised.block != NULL && memcmp(advised.block, file + RN_WEIGHTS_ALIGN + OTHERS, CONSTANTS) == 0);
  free(weights);
  free(small);
  check_runs(context, 2);
  rn_destroy(context);
}

void test_copied_weights(void) {
  test_callers_bytes();
  test_misaligned_bytes();
  test_embedded_weights();
  test_no_memory();
  test_large_pages();
}

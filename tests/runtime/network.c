/* \file A network made by hand: a stencil over a picture's planes. */
#include "tests/runtime/network.h"

#define XXH_INLINE_ALL
#include <HalideRuntime.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "runtime/parallel.h"

enum { CHANNELS = 3, HEIGHT = 5, WIDTH = 7, STRIDE = 16 };
enum { ROW = (WIDTH + 2) * STRIDE, PICTURE = (HEIGHT + 2) * ROW, DENSE = HEIGHT * WIDTH * STRIDE };

int failures = 0;

static float* element(const halide_buffer_t* b, int i, int j, int k, int n) {
  const halide_dimension_t* d = b->dim;
  return (float*)(void*)b->host + (ptrdiff_t)i * d[0].stride + (ptrdiff_t)j * d[1].stride + (ptrdiff_t)k * d[2].stride +
         (ptrdiff_t)n * d[3].stride;
}

static int load(void** arguments) {
  const halide_buffer_t *in = arguments[1], *out = arguments[2];
  for (int n = 0; n < out->dim[3].extent; ++n)
    for (int c = 0; c < CHANNELS; ++c)
      for (int y = 0; y < HEIGHT; ++y)
        for (int x = 0; x < WIDTH; ++x) *element(out, c, x, y, n) = *element(in, x, y, c, n);
  return 0;
}

static int store(void** arguments) {
  const halide_buffer_t *in = arguments[1], *out = arguments[2];
  for (int n = 0; n < out->dim[3].extent; ++n)
    for (int c = 0; c < CHANNELS; ++c)
      for (int y = 0; y < HEIGHT; ++y)
        for (int x = 0; x < WIDTH; ++x) *element(out, x, y, c, n) = *element(in, c, x, y, n);
  return 0;
}

static int nothing(void* user_context, int index, uint8_t* closure) {
  (void)user_context;
  (void)index;
  (void)closure;
  return 0;
}

static int inner_error(void* user_context, int index, uint8_t* closure) {
  (void)user_context;
  (void)closure;
  return index == 2 ? 7 : 0;
}

/* The sum of the four neighbours, which reads the halo, plus a constant. */
static int stencil_row(void* user_context, int index, uint8_t* closure) {
  halide_buffer_t** b = (halide_buffer_t**)(void*)closure;
  const int y = index % HEIGHT, n = index / HEIGHT;
  if (halide_do_par_for(user_context, nothing, 0, 3, closure) != 0) return 1;
  if (halide_do_par_for(user_context, inner_error, 0, 3, closure) != 7) return 1;
  for (int x = 0; x < WIDTH; ++x)
    for (int c = 0; c < CHANNELS; ++c)
      *element(b[2], c, x, y, n) = *element(b[0], c, x - 1, y, n) + *element(b[0], c, x + 1, y, n) + *element(b[0], c, x, y - 1, n) +
                                   *element(b[0], c, x, y + 1, n) + ((const float*)(const void*)b[1]->host)[c];
  return 0;
}

static int stencil(void** arguments) {
  halide_buffer_t* b[3] = {arguments[1], arguments[2], arguments[3]};
  return halide_do_par_for(*(void**)arguments[0], stencil_row, 0, HEIGHT * b[2]->dim[3].extent, (uint8_t*)(void*)b);
}

static int broken(void** arguments) { return halide_do_par_for(*(void**)arguments[0], inner_error, 0, 5, NULL); }

// clang-format off
#define PORT(place) {place, 0, 0, 0, 32, 4, 1, 0, {WIDTH, HEIGHT, CHANNELS, 0}, {1, WIDTH, WIDTH * HEIGHT, ELEMENTS}}
#define IMAGE {RN_ARENA, 0, 0, (ROW + STRIDE) * 4, 32, 4, 0, 0, {CHANNELS, WIDTH, HEIGHT, 0}, {1, STRIDE, ROW, PICTURE}}
#define RESULT {RN_ARENA, 0, PICTURE * 4, 0, 32, 4, 0, 0, {CHANNELS, WIDTH, HEIGHT, 0}, {1, STRIDE, WIDTH * STRIDE, DENSE}}
#define CONSTANT {RN_CONSTANT, 0, 0, 0, 32, 1, 0, 0, {16, 0, 0, 0}, {1, 0, 0, 0}}
#define HALO {0, PICTURE * 4, ROW * 4, STRIDE * 4, HEIGHT, WIDTH, 1, 1}
#define ANY_CPU {0, 0, 0, 0, 0}
#define NO_HALO {0, 0, 0, 0, 0, 0, 0, 0}
// clang-format on
static const rn_operand operands[] = {PORT(RN_INPUT), IMAGE, IMAGE, CONSTANT, RESULT, RESULT, PORT(RN_OUTPUT)};
static const rn_kernel kernels[] = {{"image", load, 2, 0, HALO}, {"result", stencil, 3, 2, NO_HALO}, {"out", store, 2, 5, NO_HALO}};
static const rn_kernel broken_kernels[] = {{"image", load, 2, 0, HALO}, {"result", broken, 3, 2, NO_HALO}};
static const rn_port result_port[] = {{"out", ELEMENTS * 4}};
static const rn_program programs[] = {{"future", UINT64_C(1) << 40, NULL, (PICTURE + DENSE) * 4, 0, 3, 7, 0, 0, kernels, operands, ANY_CPU},
                                      {"plain", 0, NULL, (PICTURE + DENSE) * 4, 0, 3, 7, 0, 0, kernels, operands, ANY_CPU},
                                      {"pictures", 0, NULL, (PICTURE + DENSE) * 4, 0, 3, 7, 1, 1, kernels, operands, ANY_CPU},
                                      {"broken", 0, NULL, (PICTURE + DENSE) * 4, 0, 2, 7, 0, 0, broken_kernels, operands, ANY_CPU}};

const rn_program load_program = {"plain", 0, NULL, PICTURE * 4, 0, 1, 2, 0, 0, kernels, operands, ANY_CPU};

rn_model make_model(uint64_t recipe_hash) {
  rn_model model = {RN_MODEL_VERSION, RN_WEIGHTS_VERSION, "test", 0, 0, 64, NULL, 0, {"image", ELEMENTS * 4}, 1, 4, result_port, programs};
  model.recipe_hash = recipe_hash;
  return model;
}

unsigned char* make_weights(uint64_t recipe_hash, float bias, size_t* bytes) {
  *bytes = RN_WEIGHTS_ALIGN + 64;
  void* file = NULL;
  if (posix_memalign(&file, 64, *bytes) != 0) abort();
  memset(file, 0, *bytes);
  float* values = (float*)(void*)((unsigned char*)file + RN_WEIGHTS_ALIGN);
  for (int c = 0; c < CHANNELS; ++c) values[c] = bias * (float)c;
  rn_weights_header header;
  memset(&header, 0, sizeof header);
  memcpy(header.magic, RN_WEIGHTS_MAGIC, 8);
  header.version = RN_WEIGHTS_VERSION;
  header.header_bytes = RN_WEIGHTS_ALIGN;
  header.data_bytes = 64;
  header.recipe_hash = recipe_hash;
  header.content_hash = XXH3_64bits(values, 64);
  memcpy(file, &header, sizeof header);
  return file;
}

static float pixel(const float* in, int n, int c, int y, int x) {
  return y < 0 || y >= HEIGHT || x < 0 || x >= WIDTH ? 0 : in[((n * CHANNELS + c) * HEIGHT + y) * WIDTH + x];
}

int run_is_right(rn_context* context, int batch, float bias, int seed) {
  float in[MAX_BATCH * ELEMENTS], out[MAX_BATCH * ELEMENTS];
  for (int i = 0; i < batch * ELEMENTS; ++i) in[i] = (float)((i * 7 + seed) % 31 - 15);
  void* const outputs[1] = {out};
  const size_t bytes = (size_t)batch * ELEMENTS * sizeof(float);
  if (rn_run(context, in, bytes, outputs, &bytes, batch) != RN_OK) return 0;
  for (int n = 0; n < batch; ++n)
    for (int c = 0; c < CHANNELS; ++c)
      for (int y = 0; y < HEIGHT; ++y)
        for (int x = 0; x < WIDTH; ++x) {
          const float sum = pixel(in, n, c, y, x - 1) + pixel(in, n, c, y, x + 1) + pixel(in, n, c, y - 1, x) + pixel(in, n, c, y + 1, x);
          if (out[((n * CHANNELS + c) * HEIGHT + y) * WIDTH + x] != sum + bias * (float)c) return 0;
        }
  return 1;
}

rn_options make_options(int32_t threads) {
  rn_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.max_batch = MAX_BATCH;
  options.threads = threads;
  options.target = "plain";
  return options;
}

typedef struct caller_task {
  rn_task task;
  void* argument;
  int32_t index;
} caller_task;

static void* run_caller_task(void* argument) {
  const caller_task* t = argument;
  t->task(t->argument, t->index);
  return NULL;
}

void caller_parallel_for(void* data, int32_t count, rn_task task, void* argument) {
  pthread_t threads[16];
  caller_task tasks[16];
  *(int*)data += 1;
  for (int32_t i = 0; i < count; ++i) {
    const caller_task t = {task, argument, i};
    tasks[i] = t;
    if (pthread_create(&threads[i], NULL, run_caller_task, &tasks[i]) != 0) abort();
  }
  for (int32_t i = 0; i < count; ++i) pthread_join(threads[i], NULL);
}

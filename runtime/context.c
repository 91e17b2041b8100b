/* \file Contexts: choosing a program, arenas, and the walk over the kernels.
 *
 * A lane is what one run of the kernels needs: an arena and a description of the buffers. A by_picture program has a lane for each thread
 * if a batch can have as many pictures. Any other program has one lane for the whole batch. A program for a device has neither lanes nor
 * threads: it is an instance there (runtime/device.h).
 *
 * A child made by fork has the memory of its parent's contexts, but neither their threads nor their resources on a device. So the
 * calling thread runs an inherited context alone, and a context on a device cannot be run. */
#include <HalideRuntime.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/buffers.h"
#include "runtime/device.h"
#include "runtime/large_pages.h"
#include "runtime/parallel.h"
#include "runtime/processors.h"
#include "runtime/runtime.h"

typedef struct rn_lane {
  unsigned char* arena;
  halide_buffer_t* buffers; /* one per operand of the program */
} rn_lane;

struct rn_context {
  const rn_model* model;
  const rn_program* program;
  unsigned char* weights; /* the context's own copy; NULL: kernels read the caller's */
  unsigned char* arenas;
  rn_lane* lanes;
  int32_t lane_count;
  rn_pool* pool;
  rn_instance* instance; /* for a program for a device */
  rn_observer observer;
  void* observer_data;
  int32_t max_batch;
  pid_t process; /* the process that created the context */
};

static const char* const status_strings[RN_STATUS_COUNT] = {
    "ok",
    "an argument is null or out of range, or the options are of another version",
    "the input's size in bytes is not the network's input size times the batch",
    "an output's size in bytes is not the network's output size times the batch",
    "the batch is larger than the context was created for, or than the network's tensors allow",
    "no weights were given, and the library has none embedded",
    "the weights must start at a multiple of 64 bytes, unless options.copy_weights is 1",
    "these bytes are not a weights file",
    "the weights file has another format version",
    "the weights file was packed for another network or another build of it",
    "the weights file is shorter or longer than its header says; it may be truncated",
    "this library was specialised for other weights and takes no others",
    "the weights file is damaged: its contents do not have the hash that its header states",
    "this processor cannot run any target of the library, or not the one asked for",
    "the library has no target of that name",
    "out of memory",
    "a thread could not be started",
    "a kernel failed; this is a bug in resnetc",
    "there is no CUDA driver on this machine, or it does not start or is too old for the library",
    "there is no GPU of that number",
    "the GPU's compute capability is less than the library needs",
    "out of memory on the GPU",
    "the GPU or its driver reported a failure",
    "the context does not run on a GPU",
    "after a fork the CUDA driver works only in the process that started it; create contexts for a GPU in the child alone, or call exec",
};

const char* rn_status_string(int32_t status) { return status < 0 || status >= RN_STATUS_COUNT ? "unknown status" : status_strings[status]; }

/* The target that the options or the environment ask for; NULL: any. */
static const char* wanted_target(const rn_options* options) {
  const char* wanted = options->target != NULL ? options->target : getenv("RESNETC_TARGET");
  return wanted != NULL && wanted[0] != '\0' ? wanted : NULL;
}

/* Whether a batch of this size fits: kernels index the elements of all their pictures with 32-bit integers. */
static int batch_fits(const rn_program* program, int32_t max_batch) {
  const int32_t batch = program->by_picture ? 1 : max_batch;
  for (int32_t i = 0; i < program->operand_count; ++i) {
    const rn_operand* operand = &program->operands[i];
    if (operand->place != RN_CONSTANT && (int64_t)operand->stride[operand->dims - 1] * batch > INT32_MAX) return 0;
  }
  return program->arena_bytes <= INT64_MAX / max_batch;
}

/* Allocates a context and `more` bytes after it, zeroed. */
static rn_context* new_context(size_t more) {
  rn_context* context = (rn_context*)calloc(1, sizeof(rn_context) + more);
  if (context != NULL) context->process = getpid();
  return context;
}

/* Whether this process is a child of the one that created the context. */
static int is_inherited(const rn_context* context) { return context->process != getpid(); }

/* Allocates the context, its lanes and their buffers in one block, zeroed, and the arenas in another. */
static int32_t allocate(rn_context** out, const rn_program* program, const rn_options* options) {
  const size_t operands = (size_t)program->operand_count;
  const int own_pictures = program->by_picture && options->max_batch >= options->threads;
  const size_t lanes = own_pictures ? (size_t)options->threads : 1;
  const size_t lane_bytes = sizeof(rn_lane) + operands * (sizeof(halide_buffer_t) + RN_MAX_DIMS * sizeof(halide_dimension_t));
  rn_context* context = new_context(lanes * lane_bytes);
  if (context == NULL) return RN_OUT_OF_MEMORY;
  *out = context;
  context->lanes = (rn_lane*)(void*)(context + 1);
  context->lane_count = (int32_t)lanes;
  const size_t pictures = program->by_picture ? 1 : (size_t)options->max_batch;
  const size_t arena_bytes = (size_t)program->arena_bytes * pictures;
  context->arenas = rn_allocate_block(arena_bytes * lanes);
  if (context->arenas == NULL) return RN_OUT_OF_MEMORY;
  halide_buffer_t* buffers = (halide_buffer_t*)(void*)(context->lanes + lanes);
  for (size_t i = 0; i < lanes; ++i) {
    context->lanes[i].arena = context->arenas + i * arena_bytes;
    context->lanes[i].buffers = buffers + i * operands;
  }
  return RN_OK;
}

static int32_t read_options(const rn_options* given, rn_options* options) {
  memset(options, 0, sizeof *options);
  if (given != NULL) {
    if (given->size < sizeof given->size || given->size > sizeof *options) return RN_BAD_ARGUMENT;
    memcpy(options, given, given->size);
  }
  if (options->max_batch < 0 || options->threads < 0 || options->threads > RN_MAX_THREADS) return RN_BAD_ARGUMENT;
  if (options->max_batch == 0) options->max_batch = 1;
  if (options->threads == 0) options->threads = rn_processors();
  return RN_OK;
}

/* The weights' data from byte `first` on. */
typedef struct rn_constants {
  const unsigned char* data;
  uint64_t first;
} rn_constants;

/* Copies the constants that the program reads, and lets `constants` name the copy. */
static int32_t copy_constants(rn_context* context, rn_constants* constants, const rn_program* program) {
  const rn_range read = rn_constants_read(program);
  const size_t bytes = (size_t)(read.end - read.first);
  if (bytes == 0) return RN_OK;
  context->weights = rn_allocate_block(bytes);
  if (context->weights == NULL) return RN_OUT_OF_MEMORY;
  memcpy(context->weights, constants->data + (read.first - constants->first), bytes);
  constants->data = context->weights;
  constants->first = read.first;
  return RN_OK;
}

/* Creates a context with lanes, arenas and threads. */
static int32_t create_on_host(const rn_program* program, const unsigned char* data, const rn_options* options, rn_context** out) {
  if ((program->features & ~rn_this_cpu().features) != 0) return RN_NO_TARGET;
  int32_t status = allocate(out, program, options);
  if (status != RN_OK) return status;
  rn_context* context = *out;
  rn_constants constants = {data, 0};
  if (options->copy_weights != 0) status = copy_constants(context, &constants, program);
  if (status != RN_OK) return status;
  const size_t lanes = (size_t)context->lane_count, operands = (size_t)program->operand_count;
  halide_dimension_t* dimensions = (halide_dimension_t*)(void*)(context->lanes[0].buffers + lanes * operands);
  for (size_t i = 0; i < lanes; ++i) {
    halide_buffer_t* buffers = context->lanes[i].buffers;
    rn_describe_buffers(program, buffers, dimensions + i * operands * RN_MAX_DIMS);
    for (size_t j = 0; j < operands; ++j) {
      if (program->operands[j].place != RN_CONSTANT) continue;
      buffers[j].host = (uint8_t*)(uintptr_t)(constants.data + ((uint64_t)program->operands[j].offset - constants.first));
    }
  }
  return rn_pool_create(options, (size_t)program->scratch_bytes, &context->pool);
}

static int32_t create_on_device(const rn_model* model, const rn_program* program, const unsigned char* constants, const rn_options* options,
                                rn_context** out) {
  *out = new_context(0);
  if (*out == NULL) return RN_OUT_OF_MEMORY;
  return program->device->create(model, program, constants, options, &(*out)->instance);
}

static int32_t create_with(const rn_model* model, const rn_program* program, const unsigned char* constants, const rn_options* options,
                           rn_context** out) {
  if (!batch_fits(program, options->max_batch)) return RN_BATCH_TOO_LARGE;
  rn_context* context = NULL;
  const int32_t status = program->device != NULL ? create_on_device(model, program, constants, options, &context)
                                                 : create_on_host(program, constants, options, &context);
  if (status != RN_OK) {
    rn_destroy(context);
    return status;
  }
  context->model = model;
  context->program = program;
  context->max_batch = options->max_batch;
  *out = context;
  return RN_OK;
}

/* Whether the next program may be used after this failure to create a context: this machine has no processor or GPU for the first. Not if
 * the caller has chosen a GPU. */
static int may_fall_back(int32_t status, const rn_options* options) {
  if (status == RN_NO_TARGET) return 1;
  if (options->device != 0 || options->device_context != NULL) return 0;
  return status == RN_NO_DRIVER || status == RN_NO_DEVICE || status == RN_DEVICE_TOO_OLD || status == RN_OUT_OF_DEVICE_MEMORY;
}

int32_t rn_create(const rn_model* model, const void* weights, size_t weights_bytes, const rn_options* given, rn_context** out) {
  rn_options options;
  if (out == NULL) return RN_BAD_ARGUMENT;
  *out = NULL;
  int32_t status = read_options(given, &options);
  if (status != RN_OK) return status;
  if (weights == NULL && model->embedded != NULL) {
    weights = model->embedded;
    weights_bytes = (size_t)model->embedded_bytes;
  }
  /* A network without constants needs no weights. */
  const int none_needed = weights == NULL && model->weights_bytes == 0;
  if (!none_needed) status = rn_check_weights(model, weights, weights_bytes, &options);
  if (status != RN_OK) return status;
  const unsigned char* constants = weights == NULL ? NULL : (const unsigned char*)weights + RN_WEIGHTS_ALIGN;

  /* Take the first program that this machine can run: of those for a GPU or for this processor, then of the others. If there is none, the
   * caller wants to know why the best one cannot run. */
  const char* wanted = wanted_target(&options);
  const rn_cpu cpu = rn_this_cpu();
  status = RN_UNKNOWN_TARGET;
  for (int fitting = 1; fitting >= 0; --fitting) {
    for (int32_t i = 0; i < model->program_count; ++i) {
      const rn_program* program = &model->programs[i];
      if (wanted != NULL && !rn_answers_to(program->label, wanted)) continue;
      if ((program->device != NULL || rn_fits(&program->rule, &cpu)) != fitting) continue;
      const int32_t now = create_with(model, program, constants, &options, out);
      if (now == RN_OK || !may_fall_back(now, &options)) return now;
      if (status == RN_UNKNOWN_TARGET) status = now;
    }
  }
  return status;
}

void rn_destroy(rn_context* context) {
  if (context == NULL) return;
  const int inherited = is_inherited(context);
  if (context->instance != NULL && inherited) context->program->device->abandon(context->instance);
  if (context->instance != NULL && !inherited) context->program->device->destroy(context->instance);
  if (context->pool != NULL && inherited) rn_pool_abandon_workers(context->pool);
  rn_pool_destroy(context->pool);
  free(context->arenas);
  free(context->weights);
  free(context);
}

/* Fills the rows above and below the picture, each in one block, then the right edge of each row together with the left edge
 * of the next. */
static void fill_halo(const rn_halo* halo, int32_t zero, unsigned char* tensor, int32_t batch) {
  const size_t above = (size_t)(halo->rows * halo->row_bytes), side = (size_t)(halo->columns * halo->pixel_bytes);
  for (int32_t n = 0; n < batch; ++n, tensor += halo->picture_bytes) {
    unsigned char* row = tensor + above;
    memset(tensor, zero, above + side);
    for (int32_t y = 1; y < halo->height; ++y) {
      row += halo->row_bytes;
      if (side != 0) memset(row - side, zero, 2 * side);
    }
    memset(row + halo->row_bytes - side, zero, above + side);
  }
}

/* The pictures of one walk over the kernels, and the caller's buffers of the run. */
typedef struct rn_walk {
  const unsigned char* input;
  void* const* outputs;
  int32_t first, batch;
} rn_walk;

static void place_buffers(const rn_context* context, const rn_lane* lane, const rn_walk* walk) {
  const rn_model* model = context->model;
  const rn_program* program = context->program;
  for (int32_t i = 0; i < program->operand_count; ++i) {
    const rn_operand* operand = &program->operands[i];
    halide_buffer_t* buffer = &lane->buffers[i];
    if (operand->place == RN_CONSTANT) continue;
    buffer->dim[operand->dims - 1].extent = walk->batch;
    if (operand->place == RN_ARENA) {
      buffer->host = lane->arena + walk->batch * operand->offset + operand->halo_bytes;
    } else if (operand->place == RN_INPUT) {
      buffer->host = (uint8_t*)(uintptr_t)(walk->input + walk->first * model->input.picture_bytes);
    } else {
      buffer->host = (uint8_t*)walk->outputs[operand->port] + walk->first * model->outputs[operand->port].picture_bytes;
    }
  }
}

static int32_t walk_kernels(const rn_context* context, const rn_lane* lane, void* user_context, const rn_walk* walk) {
  const rn_program* program = context->program;
  place_buffers(context, lane, walk);
  for (int32_t k = 0; k < program->kernel_count; ++k) {
    const rn_kernel* kernel = &program->kernels[k];
    const halide_buffer_t* result = &lane->buffers[kernel->first_operand + kernel->operand_count - 1];
    void* arguments[1 + RN_MAX_OPERANDS];
    arguments[0] = &user_context;
    for (int32_t i = 0; i < kernel->operand_count; ++i) arguments[1 + i] = &lane->buffers[kernel->first_operand + i];
    const double begin = context->observer != NULL ? rn_now() : 0;
    if (kernel->halo.rows != 0 || kernel->halo.columns != 0) {
      fill_halo(&kernel->halo, kernel->zero, lane->arena + walk->batch * kernel->halo.offset, walk->batch);
    }
    if (kernel->function(arguments) != 0) return RN_KERNEL_FAILED;
    if (context->observer != NULL) {
      const double seconds = rn_now() - begin;
      rn_pool_leave(context->pool);
      rn_observe(context->observer, context->observer_data, program, k, result, result->host, walk->first, walk->batch, seconds);
      rn_pool_enter(context->pool);
    }
  }
  return RN_OK;
}

typedef struct rn_pictures {
  const rn_context* context;
  rn_walk walk;
} rn_pictures;

/* Runs a whole picture on the thread that has this user context. Its loops run inline. */
static int walk_picture(void* user_context, int index, uint8_t* closure) {
  const rn_pictures* pictures = (const rn_pictures*)(const void*)closure;
  const rn_context* context = pictures->context;
  rn_walk walk = pictures->walk;
  walk.first = index;
  walk.batch = 1;
  return walk_kernels(context, &context->lanes[rn_pool_thread(context->pool, user_context)], user_context, &walk);
}

/* Gives each thread a whole picture while there are enough. All threads together compute the remaining pictures, one after the other. */
static int32_t run_by_picture(const rn_context* context, const rn_walk* all) {
  void* user_context = rn_pool_user_context(context->pool);
  const int32_t threads = context->lane_count;
  int32_t first = 0;
  if (threads > 1 && context->observer == NULL) {
    rn_pictures pictures = {context, *all};
    first = all->batch / threads * threads;
    const int failed = halide_do_par_for(user_context, walk_picture, 0, first, (uint8_t*)&pictures);
    if (failed != RN_OK) return failed;
  }
  for (; first < all->batch; ++first) {
    rn_walk walk = *all;
    walk.first = first;
    walk.batch = 1;
    const int32_t status = walk_kernels(context, &context->lanes[0], user_context, &walk);
    if (status != RN_OK) return status;
  }
  return RN_OK;
}

static int32_t check_run(const rn_context* context, const void* input, size_t input_bytes, void* const* outputs, const size_t* output_bytes,
                         int32_t batch) {
  if (context == NULL || input == NULL || outputs == NULL || output_bytes == NULL || batch <= 0) return RN_BAD_ARGUMENT;
  if (batch > context->max_batch) return RN_BATCH_TOO_LARGE;
  const rn_model* model = context->model;
  if (input_bytes != (size_t)model->input.picture_bytes * (size_t)batch) return RN_BAD_INPUT_SIZE;
  for (int32_t i = 0; i < model->output_count; ++i) {
    if (outputs[i] == NULL) return RN_BAD_ARGUMENT;
    if (output_bytes[i] != (size_t)model->outputs[i].picture_bytes * (size_t)batch) return RN_BAD_OUTPUT_SIZE;
  }
  return RN_OK;
}

static int32_t run_on_host(const rn_context* context, const rn_walk* walk) {
  if (is_inherited(context)) rn_pool_abandon_workers(context->pool);
  /* The threads that sleep during a brief run are woken for the next run, which may follow at once. */
  const int alone = context->program->brief && walk->batch == 1;
  rn_pool_wake_sleepers(context->pool, !alone);
  rn_pool_enter(context->pool);
  const int32_t status = context->program->by_picture
                             ? run_by_picture(context, walk)
                             : walk_kernels(context, &context->lanes[0], rn_pool_user_context(context->pool), walk);
  rn_pool_leave(context->pool);
  if (alone) rn_pool_rouse(context->pool);
  return status;
}

static int32_t run_on_device(const rn_context* context, const void* input, void* const* outputs, void* const* stream, int32_t batch) {
  if (is_inherited(context)) return RN_AFTER_FORK;
  const rn_device_run run = {input, outputs, batch, stream, context->observer, context->observer_data};
  return context->program->device->run(context->instance, &run);
}

int32_t rn_run(rn_context* context, const void* input, size_t input_bytes, void* const* outputs, const size_t* output_bytes,
               int32_t batch) {
  const int32_t status = check_run(context, input, input_bytes, outputs, output_bytes, batch);
  if (status != RN_OK) return status;
  if (context->instance != NULL) return run_on_device(context, input, outputs, NULL, batch);
  const rn_walk walk = {(const unsigned char*)input, outputs, 0, batch};
  return run_on_host(context, &walk);
}

int32_t rn_run_device(rn_context* context, const void* input, size_t input_bytes, void* const* outputs, const size_t* output_bytes,
                      void* const* stream, int32_t batch) {
  const int32_t status = stream == NULL ? RN_BAD_ARGUMENT : check_run(context, input, input_bytes, outputs, output_bytes, batch);
  if (status != RN_OK) return status;
  return context->instance == NULL ? RN_NOT_ON_DEVICE : run_on_device(context, input, outputs, stream, batch);
}

const char* rn_selected_target(const rn_context* context) { return context == NULL ? "" : context->program->label; }

int32_t rn_thread_count(const rn_context* context) {
  if (context == NULL) return 0;
  return context->instance != NULL || is_inherited(context) ? 1 : rn_pool_threads(context->pool);
}

void rn_set_observer(rn_context* context, rn_observer observer, void* data) {
  if (context == NULL) return;
  /* If there is no memory for the copy, the next run fails and not this call. */
  if (context->instance != NULL && observer != NULL) context->program->device->prepare_observer(context->instance);
  context->observer = observer;
  context->observer_data = data;
}

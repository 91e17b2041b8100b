/* \file The functions that a library's generated functions call. The structures are those of the generated header, where their names have
 * the network's name instead of `rn_`: change codegen/header.cpp with them, and RN_ABI_VERSION. All names are hidden in the product. */
#ifndef RESNETC_RUNTIME_RUNTIME_H
#define RESNETC_RUNTIME_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RN_ABI_VERSION 5
#define RN_MAX_THREADS 1024

enum {
  RN_OK = 0,
  RN_BAD_ARGUMENT = 1,
  RN_BAD_INPUT_SIZE = 2,
  RN_BAD_OUTPUT_SIZE = 3,
  RN_BATCH_TOO_LARGE = 4,
  RN_WEIGHTS_MISSING = 5,
  RN_WEIGHTS_MISALIGNED = 6,
  RN_WEIGHTS_MAGIC_WRONG = 7,
  RN_WEIGHTS_VERSION_WRONG = 8,
  RN_WEIGHTS_NETWORK_WRONG = 9,
  RN_WEIGHTS_SIZE_WRONG = 10,
  RN_WEIGHTS_VALUES_WRONG = 11,
  RN_WEIGHTS_CORRUPT = 12,
  RN_NO_TARGET = 13,
  RN_UNKNOWN_TARGET = 14,
  RN_OUT_OF_MEMORY = 15,
  RN_THREAD_FAILED = 16,
  RN_KERNEL_FAILED = 17,
  RN_NO_DRIVER = 18,
  RN_NO_DEVICE = 19,
  RN_DEVICE_TOO_OLD = 20,
  RN_OUT_OF_DEVICE_MEMORY = 21,
  RN_DEVICE_FAILED = 22,
  RN_NOT_ON_DEVICE = 23,
  RN_AFTER_FORK = 24,
  RN_STATUS_COUNT = 25
};

typedef void (*rn_task)(void* argument, int32_t index);
typedef void (*rn_parallel_for)(void* data, int32_t count, rn_task task, void* argument);

typedef struct rn_options {
  size_t size;                  /* of this structure, as the caller knows it */
  int32_t max_batch;            /* 0: 1 */
  int32_t threads;              /* 0: one for each processor that this process may use */
  rn_parallel_for parallel_for; /* NULL: own threads */
  void* parallel_for_data;
  const char* target; /* NULL: the best one */
  int32_t verify_contents;
  int32_t device;       /* number of the GPU; ignored if device_context is set */
  void* device_context; /* the caller's CUcontext; NULL: the GPU's primary one */
  int32_t keep_denormals;
  int32_t copy_weights;
} rn_options;

/* The value that a kernel made for `batch` pictures from `picture` on, for an observer: float32, bf16 (the upper halves of floats), or
 * integers, of which q means scale * (q - zero). Of the three pointers one is set. Strides count elements. */
typedef struct rn_observation {
  const char* name;
  double seconds;
  const float* data; /* element (0, 0, 0) of the first picture; NULL if the value has other elements */
  int32_t kernel;    /* the kernel's index */
  int32_t kernel_count;
  int32_t picture, batch, channels, height, width, reserved;
  int64_t stride_batch, stride_channel, stride_y, stride_x;
  const uint8_t* integers; /* the same of a value that has integers; NULL if it has none */
  float scale;
  int32_t zero;
  const uint16_t* bf16; /* the same of a value of bf16 */
} rn_observation;
typedef void (*rn_observer)(void* data, const rn_observation* observation);

typedef struct rn_context rn_context;

int32_t rn_create(const rn_model* model, const void* weights, size_t weights_bytes, const rn_options* options, rn_context** context);
int32_t rn_run(rn_context* context, const void* input, size_t input_bytes, void* const* outputs, const size_t* output_bytes, int32_t batch);
/* The same with input and outputs in the device's memory. The run is queued on *stream. RN_NOT_ON_DEVICE if the context is on no device. */
int32_t rn_run_device(rn_context* context, const void* input, size_t input_bytes, void* const* outputs, const size_t* output_bytes,
                      void* const* stream, int32_t batch);
void rn_destroy(rn_context* context);
const char* rn_status_string(int32_t status);
const char* rn_selected_target(const rn_context* context);
int32_t rn_thread_count(const rn_context* context);
void rn_set_observer(rn_context* context, rn_observer observer, void* data);

/* Checks a weights file's header against the model in constant time. Checks the hash of its contents only with verify_contents. Without
 * copy_weights kernels read the constants in place, so the file must be aligned. */
int32_t rn_check_weights(const rn_model* model, const void* weights, size_t weights_bytes, const rn_options* options);

/* This processor. Each architecture has its own runtime/ARCHITECTURE/cpu.c. */
rn_cpu rn_this_cpu(void);

#ifdef __cplusplus
}
#endif
#endif

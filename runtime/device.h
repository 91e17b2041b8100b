/* \file Where the kernels of a program run, if that is not the caller's own processor. A library has the code of a device only if one of
 * its programs is for it: the program's table names the device, and nothing else does. */
#ifndef RESNETC_RUNTIME_DEVICE_H
#define RESNETC_RUNTIME_DEVICE_H

#include "runtime/runtime.h"

/* A network on a device: its weights, arena and kernels there. */
typedef struct rn_instance rn_instance;

/* `batch` pictures: of the caller's memory or, if `stream` is not NULL, of the device's. */
typedef struct rn_device_run {
  const void* input;
  void* const* outputs;
  int32_t batch;
  void* const* stream; /* NULL: the instance's own, and the results are there on return; else the run is only queued on *stream */
  rn_observer observer;
  void* observer_data;
} rn_device_run;

typedef struct rn_device {
  /* Takes all that runs need: `constants` are uploaded, kernels loaded, memory for options->max_batch pictures allocated. On failure
   * nothing is held. RN_AFTER_FORK in a child of a process that has used the device. */
  int32_t (*create)(const rn_model* model, const rn_program* program, const unsigned char* constants, const rn_options* options,
                    rn_instance** instance);
  void (*destroy)(rn_instance* instance);
  /* Frees the host's memory of an instance and leaves the device alone: in a child of the process that created it. */
  void (*abandon)(rn_instance* instance);
  int32_t (*run)(rn_instance* instance, const rn_device_run* run);
  /* Memory of the host for a copy of any kernel's result, which an observer is then shown. */
  int32_t (*prepare_observer)(rn_instance* instance);
} rn_device;

/* NVIDIA's GPUs, through the CUDA driver, which is loaded when the first instance is created. */
extern const rn_device rn_cuda;

#endif

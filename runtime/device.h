/* \file Devices, on which kernels of a program run instead of the caller's own processor. A library has a device's code only if one of its
 * programs is for the device: nothing but the program's table names the device. */
#ifndef RESNETC_RUNTIME_DEVICE_H
#define RESNETC_RUNTIME_DEVICE_H

#include "runtime/runtime.h"

/* A network on a device: the network's weights, arena and kernels on that device. */
typedef struct rn_instance rn_instance;

/* A run of `batch` pictures. They are in the caller's memory or, if `stream` is not NULL, in the device's. */
typedef struct rn_device_run {
  const void* input;
  void* const* outputs;
  int32_t batch;
  void* const* stream; /* NULL: the instance's own, and the results are complete on return; else the run is only queued on *stream */
  rn_observer observer;
  void* observer_data;
} rn_device_run;

typedef struct rn_device {
  /* Prepares all that runs need: uploads `constants`, loads kernels and allocates memory for options->max_batch pictures. A failure leaves
   * nothing allocated. RN_AFTER_FORK in a child of a process that has used the device. */
  int32_t (*create)(const rn_model* model, const rn_program* program, const unsigned char* constants, const rn_options* options,
                    rn_instance** instance);
  void (*destroy)(rn_instance* instance);
  /* Frees an instance's memory on the host and does not touch the device: for a child of the process that created the instance. */
  void (*abandon)(rn_instance* instance);
  int32_t (*run)(rn_instance* instance, const rn_device_run* run);
  /* Allocates memory on the host for a copy of any kernel's result. Observers get this copy. */
  int32_t (*prepare_observer)(rn_instance* instance);
} rn_device;

/* NVIDIA's GPUs, through the CUDA driver, which is loaded when the first instance is created. */
extern const rn_device rn_cuda;

#endif

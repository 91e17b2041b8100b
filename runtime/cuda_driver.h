/* \file The part of the CUDA driver's interface that the runtime calls (CUDA Driver API, version 11.0 and later), declared here so that
 * nothing of the CUDA toolkit is needed to build or to run a library. */
#ifndef RESNETC_RUNTIME_CUDA_DRIVER_H
#define RESNETC_RUNTIME_CUDA_DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef int32_t rn_cu_result;  /* CUresult */
typedef int32_t rn_cu_device;  /* CUdevice */
typedef void* rn_cu_handle;    /* CUcontext, CUmodule, CUfunction, CUstream */
typedef uint64_t rn_cu_memory; /* CUdeviceptr */

enum { RN_CU_SUCCESS = 0, RN_CU_OUT_OF_MEMORY = 2, RN_CU_NO_DEVICE = 100, RN_CU_INVALID_DEVICE = 101, RN_CU_UNSUPPORTED_PTX_VERSION = 222 };
/* CUjit_option */
enum { RN_CU_JIT_MAX_REGISTERS = 0 };
/* CUdevice_attribute */
enum { RN_CU_CAPABILITY_MAJOR = 75, RN_CU_CAPABILITY_MINOR = 76 };

/* Each function's name without "cu", the driver's symbol, and its parameters. */
#define RN_CU_FUNCTIONS(X)                                                                                                                 \
  X(init, "cuInit", (unsigned flags))                                                                                                      \
  X(device_count, "cuDeviceGetCount", (int32_t* count))                                                                                    \
  X(device_get, "cuDeviceGet", (rn_cu_device * device, int32_t ordinal))                                                                   \
  X(device_attribute, "cuDeviceGetAttribute", (int32_t* value, int32_t attribute, rn_cu_device device))                                    \
  X(primary_context_retain, "cuDevicePrimaryCtxRetain", (rn_cu_handle * context, rn_cu_device device))                                     \
  X(primary_context_release, "cuDevicePrimaryCtxRelease_v2", (rn_cu_device device))                                                        \
  X(context_push, "cuCtxPushCurrent_v2", (rn_cu_handle context))                                                                           \
  X(context_pop, "cuCtxPopCurrent_v2", (rn_cu_handle * context))                                                                           \
  X(context_device, "cuCtxGetDevice", (rn_cu_device * device))                                                                             \
  X(stream_create, "cuStreamCreate", (rn_cu_handle * stream, unsigned flags))                                                              \
  X(stream_destroy, "cuStreamDestroy_v2", (rn_cu_handle stream))                                                                           \
  X(stream_synchronize, "cuStreamSynchronize", (rn_cu_handle stream))                                                                      \
  X(memory_allocate, "cuMemAlloc_v2", (rn_cu_memory * memory, size_t bytes))                                                               \
  X(memory_free, "cuMemFree_v2", (rn_cu_memory memory))                                                                                    \
  X(copy_to_device, "cuMemcpyHtoDAsync_v2", (rn_cu_memory to, const void* from, size_t bytes, rn_cu_handle stream))                        \
  X(copy_to_host, "cuMemcpyDtoHAsync_v2", (void* to, rn_cu_memory from, size_t bytes, rn_cu_handle stream))                                \
  X(fill, "cuMemsetD2D32Async", (rn_cu_memory to, size_t pitch, unsigned value, size_t width, size_t height, rn_cu_handle stream))         \
  X(module_load, "cuModuleLoadDataEx", (rn_cu_handle * module, const void* image, unsigned option_count, int32_t* options, void** values)) \
  X(module_unload, "cuModuleUnload", (rn_cu_handle module))                                                                                \
  X(module_function, "cuModuleGetFunction", (rn_cu_handle * function, rn_cu_handle module, const char* name))                              \
  X(launch, "cuLaunchKernel",                                                                                                              \
    (rn_cu_handle function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,       \
     unsigned shared_bytes, rn_cu_handle stream, void** parameters, void** extra))

typedef struct rn_cu_driver {
#define RN_CU_FIELD(name, symbol, parameters) rn_cu_result(*name) parameters; /* NOLINT(bugprone-macro-parentheses) */
  RN_CU_FUNCTIONS(RN_CU_FIELD)
#undef RN_CU_FIELD
} rn_cu_driver;

#endif

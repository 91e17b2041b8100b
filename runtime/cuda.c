/* \file Programs on NVIDIA's GPUs. The kernels' host code, which Halide makes, computes grids and arguments and calls the functions
 * halide_cuda_... below to launch. They replace Halide's own runtime. All memory is on the device before a kernel is called, so no kernel
 * needs a copy. */
#include <HalideRuntime.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/buffers.h"
#include "runtime/cuda_driver.h"
#include "runtime/device.h"

enum { MAX_PARAMETERS = 64, ALIGNMENT = 256 };
/* Registers of a processor, and the most that a thread can have (compute capability 8.0 and later). */
enum { PROCESSOR_REGISTERS = 65536, MOST_REGISTERS = 255 };

/* A kernel's code on the device. Kernels with the same function share the code, and `owner` is the first of them. */
typedef struct rn_loaded {
  rn_cu_handle module, function;
  int32_t owner;
} rn_loaded;

struct rn_instance {
  const rn_cu_driver* cu;
  const rn_model* model;
  const rn_program* program;
  rn_cu_device device;
  int own_context;
  rn_cu_handle context, stream;
  rn_cu_handle current_stream; /* stream of the current run */
  rn_cu_memory constants, arena, ports;
  uint64_t first_constant; /* offset in the weights' data of the first byte of `constants` */
  int32_t max_batch;
  int32_t kernel;     /* kernel that is being called */
  int loading;        /* whether the kernel's code is being loaded and not run */
  const char* source; /* while loading: the kernel's PTX */
  int32_t failure;    /* the reason why a call failed */
  halide_buffer_t* buffers;
  rn_loaded* loaded;
  unsigned char* observed; /* a copy of one kernel's result */
};

/* ------------------------------------------------------------------ the driver */

static rn_cu_driver driver;
static int32_t driver_status = RN_NO_DRIVER;
static pid_t driver_process; /* the process that started the driver, which does not work after a fork */
static pthread_once_t driver_once = PTHREAD_ONCE_INIT;

/* The library stays loaded, because unloading a driver has no use. */
static void load_driver(void) {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return;
  int complete = 1;
#define LOAD(name, symbol, parameters)                \
  {                                                   \
    void* function = dlsym(library, symbol);          \
    memcpy(&driver.name, &function, sizeof function); \
    complete = complete && function != NULL;          \
  }
  RN_CU_FUNCTIONS(LOAD)
#undef LOAD
  if (!complete) return;
  const rn_cu_result result = driver.init(0);
  driver_process = getpid();
  driver_status = result == RN_CU_SUCCESS ? RN_OK : result == RN_CU_NO_DEVICE ? RN_NO_DEVICE : RN_NO_DRIVER;
}

static int32_t status_of(rn_cu_result result) {
  switch (result) {
    case RN_CU_SUCCESS: return RN_OK;
    case RN_CU_OUT_OF_MEMORY: return RN_OUT_OF_DEVICE_MEMORY;
    case RN_CU_NO_DEVICE:
    case RN_CU_INVALID_DEVICE: return RN_NO_DEVICE;
    case RN_CU_UNSUPPORTED_PTX_VERSION: return RN_NO_DRIVER;
    default: return RN_DEVICE_FAILED;
  }
}

/* ------------------------------------------------------------------ what kernels call */

/* The device interface serves only as a mark in buffers. Nothing is called through it. */
static const struct halide_device_interface_t device_interface;
const struct halide_device_interface_t* halide_cuda_device_interface(void) { return &device_interface; }

int halide_copy_to_device(void* user_context, struct halide_buffer_t* buffer, const struct halide_device_interface_t* interface) {
  (void)user_context;
  (void)interface;
  return buffer->device != 0 ? halide_error_code_success : halide_error_code_copy_to_device_failed;
}

/* `*state` is shared by all contexts of a process and does not change, because the instance keeps the code. */
int halide_cuda_initialize_kernels(void* user_context, void** state, const char* source, int bytes) {
  (void)state;
  (void)bytes; /* not needed: the text ends with a zero */
  ((rn_instance*)user_context)->source = source;
  return halide_error_code_success;
}

void halide_cuda_finalize_kernels(void* user_context, void* state) {
  (void)user_context;
  (void)state;
}

/* Compiles the code for blocks of `threads` threads. Each thread may have as many registers as still let a block fit on a processor. */
static rn_cu_result load(const rn_instance* instance, rn_loaded* loaded, const char* entry, int threads) {
  const int most = PROCESSOR_REGISTERS / ((threads + 31) / 32 * 32) / 8 * 8;
  int32_t option = RN_CU_JIT_MAX_REGISTERS;
  void* value = (void*)(uintptr_t)(unsigned)(most < MOST_REGISTERS ? most : MOST_REGISTERS);
  const rn_cu_result result = instance->cu->module_load(&loaded->module, instance->source, 1, &option, &value);
  return result != RN_CU_SUCCESS ? result : instance->cu->module_function(&loaded->function, loaded->module, entry);
}

int halide_cuda_run(void* user_context, void* state, const char* entry, int grid_x, int grid_y, int grid_z, int block_x, int block_y,
                    int block_z, int shared_bytes, size_t sizes[], void* arguments[], int8_t are_buffers[]) {
  rn_instance* instance = (rn_instance*)user_context;
  rn_loaded* loaded = &instance->loaded[instance->loaded[instance->kernel].owner];
  (void)state;
  if (instance->loading) {
    instance->failure = loaded->function != NULL /* a kernel is one launch */
                            ? RN_KERNEL_FAILED
                            : status_of(load(instance, loaded, entry, block_x * block_y * block_z));
  } else {
    void* parameters[MAX_PARAMETERS];
    size_t count = 0;
    for (; sizes[count] != 0; ++count) {
      if (count == MAX_PARAMETERS) return halide_error_code_device_run_failed;
      parameters[count] = are_buffers[count] ? (void*)&((halide_buffer_t*)arguments[count])->device : arguments[count];
    }
    instance->failure = status_of(instance->cu->launch(loaded->function, (unsigned)grid_x, (unsigned)grid_y, (unsigned)grid_z,
                                                       (unsigned)block_x, (unsigned)block_y, (unsigned)block_z, (unsigned)shared_bytes,
                                                       instance->current_stream, parameters, NULL));
  }
  return instance->failure == RN_OK ? halide_error_code_success : halide_error_code_device_run_failed;
}

/* ------------------------------------------------------------------ instances */

static size_t aligned(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

/* Opens the caller's context, or the primary context of the device that the options name. It is current afterwards. */
static int32_t open_context(rn_instance* instance, const rn_options* options) {
  const rn_cu_driver* cu = instance->cu;
  rn_cu_result result = RN_CU_SUCCESS;
  if (options->device_context != NULL) {
    instance->context = options->device_context;
    result = cu->context_push(instance->context);
    if (result == RN_CU_SUCCESS) result = cu->context_device(&instance->device);
    return status_of(result);
  }
  int32_t count = 0;
  result = cu->device_count(&count);
  if (result != RN_CU_SUCCESS) return status_of(result);
  if (options->device < 0 || options->device >= count) return RN_NO_DEVICE;
  result = cu->device_get(&instance->device, options->device);
  if (result == RN_CU_SUCCESS) result = cu->primary_context_retain(&instance->context, instance->device);
  if (result != RN_CU_SUCCESS) return status_of(result);
  instance->own_context = 1;
  return status_of(cu->context_push(instance->context));
}

static int32_t check_capability(const rn_instance* instance) {
  int32_t major = 0, minor = 0;
  rn_cu_result result = instance->cu->device_attribute(&major, RN_CU_CAPABILITY_MAJOR, instance->device);
  if (result == RN_CU_SUCCESS) result = instance->cu->device_attribute(&minor, RN_CU_CAPABILITY_MINOR, instance->device);
  if (result != RN_CU_SUCCESS) return status_of(result);
  return (uint64_t)(10 * major + minor) < instance->program->features ? RN_DEVICE_TOO_OLD : RN_OK;
}

/* Uploads the constants that the program reads. */
static rn_cu_result upload_constants(rn_instance* instance, const unsigned char* constants) {
  const rn_range read = rn_constants_read(instance->program);
  const uint64_t bytes = read.end - read.first;
  if (bytes == 0) return RN_CU_SUCCESS;
  instance->first_constant = read.first;
  const rn_cu_result result = instance->cu->memory_allocate(&instance->constants, bytes);
  if (result != RN_CU_SUCCESS) return result;
  return instance->cu->copy_to_device(instance->constants, constants + read.first, bytes, instance->stream);
}

/* The offset of a buffer in `ports`, which holds the input and then the outputs. */
static size_t port_offset(const rn_instance* instance, int32_t output) {
  const size_t batch = (size_t)instance->max_batch;
  size_t offset = aligned((size_t)instance->model->input.picture_bytes * batch);
  for (int32_t i = 0; i < output; ++i) offset += aligned((size_t)instance->model->outputs[i].picture_bytes * batch);
  return offset;
}

static rn_cu_result allocate_memory(rn_instance* instance) {
  const size_t arena = (size_t)instance->program->arena_bytes * (size_t)instance->max_batch;
  rn_cu_result result = RN_CU_SUCCESS;
  if (arena != 0) result = instance->cu->memory_allocate(&instance->arena, arena);
  if (result != RN_CU_SUCCESS) return result;
  return instance->cu->memory_allocate(&instance->ports, port_offset(instance, instance->model->output_count));
}

/* The number of bytes that the driver's fill writes at a time. Rows are multiples of it, and so are pixels of a tensor with a halo. */
enum { fill_bytes = 4 };

/* Zeroes a halo. Tensors lie where the largest batch puts them, also in smaller runs. So halos do not move and need be zeroed only once. */
static rn_cu_result zero_halo(const rn_instance* instance, const rn_halo* halo) {
  const size_t above = (size_t)(halo->rows * halo->row_bytes), side = (size_t)(halo->columns * halo->pixel_bytes);
  const size_t batch = (size_t)instance->max_batch, picture = (size_t)halo->picture_bytes, rows = (size_t)halo->height;
  const rn_cu_memory tensor = instance->arena + (rn_cu_memory)halo->offset * batch;
  const size_t below = above + rows * (size_t)halo->row_bytes;
  rn_cu_result result = RN_CU_SUCCESS;
  if (above != 0) result = instance->cu->fill(tensor, picture, 0, above / fill_bytes, batch, instance->stream);
  if (above != 0 && result == RN_CU_SUCCESS)
    result = instance->cu->fill(tensor + below, picture, 0, above / fill_bytes, batch, instance->stream);
  for (size_t n = 0; n < batch && side != 0 && result == RN_CU_SUCCESS; ++n) {
    const rn_cu_memory left = tensor + n * picture + above;
    result = instance->cu->fill(left, (size_t)halo->row_bytes, 0, side / fill_bytes, rows, instance->stream);
    if (result != RN_CU_SUCCESS) break;
    result =
        instance->cu->fill(left + (size_t)halo->row_bytes - side, (size_t)halo->row_bytes, 0, side / fill_bytes, rows, instance->stream);
  }
  return result;
}

static rn_cu_result zero_halos(const rn_instance* instance) {
  rn_cu_result result = RN_CU_SUCCESS;
  for (int32_t k = 0; k < instance->program->kernel_count && result == RN_CU_SUCCESS; ++k) {
    const rn_halo* halo = &instance->program->kernels[k].halo;
    if (halo->rows != 0 || halo->columns != 0) result = zero_halo(instance, halo);
  }
  return result;
}

/* Sets the addresses of all buffers; also of the caller's buffers, if they are on the device. */
static void place_buffers(rn_instance* instance, const rn_device_run* run) {
  const rn_program* program = instance->program;
  for (int32_t i = 0; i < program->operand_count; ++i) {
    const rn_operand* operand = &program->operands[i];
    halide_buffer_t* buffer = &instance->buffers[i];
    buffer->device_interface = &device_interface;
    if (operand->place == RN_CONSTANT) {
      buffer->device = instance->constants + ((uint64_t)operand->offset - instance->first_constant);
      continue;
    }
    buffer->dim[operand->dims - 1].extent = run->batch;
    if (operand->place == RN_ARENA) {
      buffer->device = instance->arena + (uint64_t)operand->offset * (uint64_t)instance->max_batch + (uint64_t)operand->halo_bytes;
    } else if (operand->place == RN_INPUT) {
      buffer->device = run->stream != NULL ? (uint64_t)(uintptr_t)run->input : instance->ports;
    } else if (run->stream != NULL) {
      buffer->device = (uint64_t)(uintptr_t)run->outputs[operand->port];
    } else {
      buffer->device = instance->ports + port_offset(instance, operand->port);
    }
  }
}

static int32_t call_kernel(rn_instance* instance, int32_t k) {
  const rn_kernel* kernel = &instance->program->kernels[k];
  void* user_context = instance;
  void* arguments[1 + RN_MAX_OPERANDS];
  arguments[0] = &user_context;
  for (int32_t i = 0; i < kernel->operand_count; ++i) arguments[1 + i] = &instance->buffers[kernel->first_operand + i];
  instance->kernel = k;
  instance->failure = RN_KERNEL_FAILED;
  return kernel->function(arguments) == 0 ? RN_OK : instance->failure;
}

/* Calls every kernel once so that it passes its code to halide_cuda_initialize_kernels(). */
static int32_t load_kernels(rn_instance* instance) {
  const rn_program* program = instance->program;
  void* no_outputs = NULL; /* no address of an output is used */
  const rn_device_run run = {NULL, &no_outputs, instance->max_batch, NULL, NULL, NULL};
  place_buffers(instance, &run);
  instance->loading = 1;
  int32_t status = RN_OK;
  for (int32_t k = 0; k < program->kernel_count && status == RN_OK; ++k) {
    int32_t owner = 0;
    while (program->kernels[owner].function != program->kernels[k].function) ++owner;
    instance->loaded[k].owner = owner;
    if (owner == k) status = call_kernel(instance, k);
  }
  instance->loading = 0;
  return status;
}

static void pop_context(const rn_instance* instance) {
  rn_cu_handle popped = NULL;
  instance->cu->context_pop(&popped);
}

/* Frees what exists of an instance. Its context is current, if it has one. */
static void release(rn_instance* instance) {
  const rn_cu_driver* cu = instance->cu;
  for (int32_t k = 0; k < instance->program->kernel_count; ++k) {
    if (instance->loaded[k].module != NULL) cu->module_unload(instance->loaded[k].module);
  }
  const rn_cu_memory memory[] = {instance->constants, instance->arena, instance->ports};
  for (size_t i = 0; i < sizeof memory / sizeof memory[0]; ++i) {
    if (memory[i] != 0) cu->memory_free(memory[i]);
  }
  if (instance->stream != NULL) cu->stream_destroy(instance->stream);
}

static void abandon(rn_instance* instance) {
  free(instance->observed);
  free(instance);
}

static void close_context(rn_instance* instance, int is_current) {
  if (is_current) pop_context(instance);
  if (instance->own_context) instance->cu->primary_context_release(instance->device);
  abandon(instance);
}

static void destroy(rn_instance* instance) {
  if (instance == NULL) return;
  const int is_current = instance->cu->context_push(instance->context) == RN_CU_SUCCESS;
  if (is_current) {
    instance->cu->stream_synchronize(instance->stream);
    release(instance);
  }
  close_context(instance, is_current);
}

static int32_t fill_instance(rn_instance* instance, const unsigned char* constants) {
  int32_t status = check_capability(instance);
  if (status != RN_OK) return status;
  rn_cu_result result = instance->cu->stream_create(&instance->stream, 1 /* CU_STREAM_NON_BLOCKING */);
  if (result == RN_CU_SUCCESS) result = upload_constants(instance, constants);
  if (result == RN_CU_SUCCESS) result = allocate_memory(instance);
  if (result == RN_CU_SUCCESS) result = zero_halos(instance);
  status = result == RN_CU_SUCCESS ? load_kernels(instance) : status_of(result);
  if (status == RN_OK) status = status_of(instance->cu->stream_synchronize(instance->stream));
  return status;
}

static int32_t create(const rn_model* model, const rn_program* program, const unsigned char* constants, const rn_options* options,
                      rn_instance** out) {
  *out = NULL;
  pthread_once(&driver_once, load_driver);
  if (driver_status != RN_OK) return driver_status;
  if (driver_process != getpid()) return RN_AFTER_FORK;
  const size_t operands = (size_t)program->operand_count, kernels = (size_t)program->kernel_count;
  const size_t buffer_bytes = operands * (sizeof(halide_buffer_t) + RN_MAX_DIMS * sizeof(halide_dimension_t));
  rn_instance* instance = (rn_instance*)calloc(1, sizeof(rn_instance) + buffer_bytes + kernels * sizeof(rn_loaded));
  if (instance == NULL) return RN_OUT_OF_MEMORY;
  instance->cu = &driver;
  instance->model = model;
  instance->program = program;
  instance->max_batch = options->max_batch;
  instance->buffers = (halide_buffer_t*)(void*)(instance + 1);
  halide_dimension_t* dimensions = (halide_dimension_t*)(void*)(instance->buffers + operands);
  instance->loaded = (rn_loaded*)(void*)(dimensions + operands * RN_MAX_DIMS);
  rn_describe_buffers(program, instance->buffers, dimensions);

  int32_t status = open_context(instance, options);
  if (status != RN_OK) {
    close_context(instance, 0);
    return status;
  }
  status = fill_instance(instance, constants);
  if (status != RN_OK) {
    release(instance);
    close_context(instance, 1);
    return status;
  }
  pop_context(instance);
  *out = instance;
  return RN_OK;
}

/* ------------------------------------------------------------------ runs */

static int32_t prepare_observer(rn_instance* instance) {
  if (instance->observed != NULL) return RN_OK;
  size_t most = 0;
  for (int32_t k = 0; k < instance->program->kernel_count; ++k) {
    const rn_kernel* kernel = &instance->program->kernels[k];
    const rn_operand* result = &instance->program->operands[kernel->first_operand + kernel->operand_count - 1];
    const size_t picture = (size_t)result->stride[RN_MAX_DIMS - 1] * (size_t)rn_element_bytes(result->type_bits);
    const size_t bytes = picture * (size_t)instance->max_batch;
    if (bytes > most) most = bytes;
  }
  instance->observed = (unsigned char*)malloc(most);
  return instance->observed != NULL ? RN_OK : RN_OUT_OF_MEMORY;
}

/* Copies the part of each picture from its first element to its last, and calls the observer. */
static int32_t show(rn_instance* instance, const rn_device_run* run, int32_t k, double begin) {
  const rn_kernel* kernel = &instance->program->kernels[k];
  const halide_buffer_t* result = &instance->buffers[kernel->first_operand + kernel->operand_count - 1];
  rn_cu_result status = instance->cu->stream_synchronize(instance->current_stream);
  const double seconds = rn_now() - begin;
  const size_t element = (size_t)rn_element_bytes(result->type.bits);
  size_t bytes = element;
  for (int32_t d = 0; d + 1 < RN_MAX_DIMS; ++d) bytes += (size_t)(result->dim[d].extent - 1) * (size_t)result->dim[d].stride * element;
  const size_t picture = (size_t)result->dim[RN_MAX_DIMS - 1].stride * element;
  for (size_t n = 0; n < (size_t)run->batch && status == RN_CU_SUCCESS; ++n) {
    status = instance->cu->copy_to_host(instance->observed + n * picture, result->device + n * picture, bytes, instance->current_stream);
  }
  if (status == RN_CU_SUCCESS) status = instance->cu->stream_synchronize(instance->current_stream);
  if (status != RN_CU_SUCCESS) return status_of(status);
  rn_observe(run->observer, run->observer_data, instance->program, k, result, instance->observed, 0, run->batch, seconds);
  return RN_OK;
}

static int32_t run_kernels(rn_instance* instance, const rn_device_run* run) {
  int32_t status = RN_OK;
  for (int32_t k = 0; k < instance->program->kernel_count && status == RN_OK; ++k) {
    const double begin = run->observer != NULL ? rn_now() : 0;
    status = call_kernel(instance, k);
    if (status == RN_OK && run->observer != NULL) status = show(instance, run, k, begin);
  }
  return status;
}

static int32_t run_copied(rn_instance* instance, const rn_device_run* run) {
  const size_t batch = (size_t)run->batch;
  const rn_cu_driver* cu = instance->cu;
  rn_cu_result result =
      cu->copy_to_device(instance->ports, run->input, (size_t)instance->model->input.picture_bytes * batch, instance->stream);
  int32_t status = result == RN_CU_SUCCESS ? run_kernels(instance, run) : status_of(result);
  for (int32_t i = 0; i < instance->model->output_count && status == RN_OK; ++i) {
    const size_t bytes = (size_t)instance->model->outputs[i].picture_bytes * batch;
    status = status_of(cu->copy_to_host(run->outputs[i], instance->ports + port_offset(instance, i), bytes, instance->stream));
  }
  /* Wait in any case, because work that has begun reads and writes the caller's memory. */
  result = cu->stream_synchronize(instance->stream);
  return status == RN_OK ? status_of(result) : status;
}

static int32_t run(rn_instance* instance, const rn_device_run* run) {
  if (run->observer != NULL && instance->observed == NULL) return RN_OUT_OF_MEMORY;
  if (instance->cu->context_push(instance->context) != RN_CU_SUCCESS) return RN_DEVICE_FAILED;
  instance->current_stream = run->stream != NULL ? *run->stream : instance->stream;
  place_buffers(instance, run);
  const int32_t status = run->stream != NULL ? run_kernels(instance, run) : run_copied(instance, run);
  pop_context(instance);
  return status;
}

const rn_device rn_cuda = {create, destroy, abandon, run, prepare_observer};

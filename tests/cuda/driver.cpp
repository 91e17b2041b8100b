/// \file A stand-in for the CUDA driver, libcuda.so.1: the functions that runtime/cuda.c calls, over the machine for PTX (tests/ptx). Work
/// that is put into a stream is done only when a call waits for the stream, so that a missing wait is noticed.
///
/// The first fault ends its stream. It is printed, and every later call fails, as after a failed launch on a real GPU. If a process ends
/// without giving everything back, the rest is printed, and its exit status is 99.
///
/// In a child of the process that called cuInit no function works, as with a real driver. Calling one is a fault.
///
/// Environment: RESNETC_GPU_DEVICES (1) GPUs of compute capability RESNETC_GPU_CAPABILITY (80) with RESNETC_GPU_MEMORY (2^31) bytes each.
/// The process needs two bytes for each byte in use.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "runtime/cuda_driver.h"
#include "tests/cuda/driver.h"
#include "tests/ptx/machine.h"

namespace {

using namespace resnetc;

enum Status : rn_cu_result {
  success = 0,
  invalid_value = 1,
  out_of_memory = 2,
  not_initialised = 3,
  no_device = 100,
  invalid_device = 101,
  invalid_ptx = 218,
  invalid_context = 201,
  invalid_handle = 400,
  not_found = 500,
  launch_failed = 719
};

struct Stream {
  std::vector<std::function<std::string()>> queue;
};

struct Module {
  std::string text;
  ptx::Module code;
  int64_t registers = 255;  ///< the most of a thread
};

/// A kernel that is launched. It lives as long as its context, and its code as long as its module.
struct Function {
  std::weak_ptr<const Module> module;
  std::string name;
};

struct Context {
  int32_t device = 0;
  ptx::GlobalMemory memory;
  std::map<uint64_t, size_t> sizes;
  Stream none;  ///< the default stream
  std::set<std::unique_ptr<Stream>> streams;
  std::map<Module*, std::shared_ptr<Module>> modules;
  std::vector<std::unique_ptr<Function>> functions;
  int64_t bytes = 0;
  int retained = 0;  ///< number of holders of a primary context
};

int64_t setting(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoll(text, nullptr, 0);
}

struct Driver {
  std::mutex mutex;
  bool initialised = false;
  pid_t process = 0;  ///< the process that called cuInit
  bool failed = false;
  int64_t device_count = 1, capability = 80, memory = int64_t{1} << 31;
  std::string fault;
  int64_t allocated = 0, launches = 0;
  const char* (*change)(const char*) = nullptr;
  std::map<int32_t, std::unique_ptr<Context>> primary;
  std::set<std::unique_ptr<Context>> own;

  Status fail(const std::string& what) {
    if (change == nullptr) std::fprintf(stderr, "GPU: %s\n", what.c_str());
    fault = what;
    failed = true;
    return launch_failed;
  }

  /// The status of every call before cuInit or in a child.
  Status ready() {
    if (!initialised) return not_initialised;
    if (process == getpid()) return success;
    fault = "a call in a child of the process that called cuInit";
    return not_initialised;
  }

  resnetc_gpu_counts count() const {
    resnetc_gpu_counts counts{0, 0, 0, static_cast<int64_t>(own.size()), allocated, launches};
    const auto add = [&](const Context& context) {
      counts.allocations += static_cast<int64_t>(context.memory.allocation_count());
      counts.modules += static_cast<int64_t>(context.modules.size());
      counts.streams += static_cast<int64_t>(context.streams.size());
      counts.contexts += context.retained > 0 ? 1 : 0;
    };
    for (const auto& context : own) add(*context);
    for (const auto& [device, context] : primary) add(*context);
    return counts;
  }

  /// Reports what is still held when the process ends.
  ~Driver() {
    if (failed) return;  // after a failure nothing can be given back
    const resnetc_gpu_counts held = count();
    const int64_t left = held.allocations + held.modules + held.streams + held.contexts;
    if (left == 0) return;
    std::fprintf(stderr, "GPU: %lld contexts, streams, modules and pieces of memory were never given back\n", static_cast<long long>(left));
    std::fflush(nullptr);
    _exit(99);
  }
};

Driver& driver() {
  static Driver instance;
  return instance;
}

thread_local std::vector<Context*> current;

/// Calls `f(context)` with the driver locked and a current context.
template <class Function>
Status in_context(Function f) {
  Driver& d = driver();
  const std::lock_guard lock(d.mutex);
  if (const Status result = d.ready(); result != success) return result;
  if (d.failed) return launch_failed;
  if (current.empty()) return invalid_context;
  return f(*current.back());
}

Stream* stream_of(Context& context, rn_cu_handle handle) {
  if (handle == nullptr) return &context.none;
  for (const auto& stream : context.streams) {
    if (stream.get() == handle) return stream.get();
  }
  return nullptr;
}

Status enqueue(rn_cu_handle handle, const std::function<std::function<std::string()>(Context&)>& make) {
  return in_context([&](Context& context) {
    Stream* stream = stream_of(context, handle);
    if (stream == nullptr) return invalid_handle;
    stream->queue.push_back(make(context));
    return success;
  });
}

Status drain(Stream& stream) {
  for (const auto& work : stream.queue) {
    if (const std::string fault = work(); !fault.empty()) return driver().fail(fault);
  }
  stream.queue.clear();
  return success;
}

}  // namespace

extern "C" {

rn_cu_result cuInit(unsigned) {
  Driver& d = driver();
  const std::lock_guard lock(d.mutex);
  if (d.initialised) return d.ready();
  d.device_count = setting("RESNETC_GPU_DEVICES", d.device_count);
  d.capability = setting("RESNETC_GPU_CAPABILITY", d.capability);
  d.memory = setting("RESNETC_GPU_MEMORY", d.memory);
  if (d.device_count == 0) return no_device;
  d.initialised = true;
  d.process = getpid();
  return success;
}

rn_cu_result cuDeviceGetCount(int32_t* count) {
  if (const Status result = driver().ready(); result != success) return result;
  *count = static_cast<int32_t>(driver().device_count);
  return success;
}

rn_cu_result cuDeviceGet(rn_cu_device* device, int32_t ordinal) {
  if (const Status result = driver().ready(); result != success) return result;
  if (ordinal < 0 || ordinal >= driver().device_count) return invalid_device;
  *device = ordinal;
  return success;
}

rn_cu_result cuDeviceGetAttribute(int32_t* value, int32_t attribute, rn_cu_device) {
  if (const Status result = driver().ready(); result != success) return result;
  if (attribute == RN_CU_CAPABILITY_MAJOR) {
    *value = static_cast<int32_t>(driver().capability / 10);
  } else if (attribute == RN_CU_CAPABILITY_MINOR) {
    *value = static_cast<int32_t>(driver().capability % 10);
  } else {
    return invalid_value;
  }
  return success;
}

rn_cu_result cuDevicePrimaryCtxRetain(rn_cu_handle* context, rn_cu_device device) {
  Driver& d = driver();
  const std::lock_guard lock(d.mutex);
  if (const Status result = d.ready(); result != success) return result;
  std::unique_ptr<Context>& primary = d.primary[device];
  if (primary == nullptr) primary = std::make_unique<Context>();
  primary->device = device;
  ++primary->retained;
  *context = primary.get();
  return success;
}

rn_cu_result cuDevicePrimaryCtxRelease_v2(rn_cu_device device) {
  Driver& d = driver();
  const std::lock_guard lock(d.mutex);
  if (const Status result = d.ready(); result != success) return result;
  const auto found = d.primary.find(device);
  if (found == d.primary.end() || found->second->retained == 0) return invalid_context;
  --found->second->retained;
  return success;
}

rn_cu_result cuCtxCreate_v2(rn_cu_handle* context, unsigned, rn_cu_device device) {
  Driver& d = driver();
  const std::lock_guard lock(d.mutex);
  if (const Status result = d.ready(); result != success) return result;
  auto made = std::make_unique<Context>();
  made->device = device;
  *context = made.get();
  current.push_back(made.get());
  d.own.insert(std::move(made));
  return success;
}

rn_cu_result cuCtxDestroy_v2(rn_cu_handle context) {
  Driver& d = driver();
  const std::lock_guard lock(d.mutex);
  if (const Status result = d.ready(); result != success) return result;
  std::erase(current, static_cast<Context*>(context));
  return std::erase_if(d.own, [&](const auto& own) { return own.get() == context; }) == 1 ? success : invalid_context;
}

rn_cu_result cuCtxPushCurrent_v2(rn_cu_handle context) {
  if (const Status result = driver().ready(); result != success) return result;
  current.push_back(static_cast<Context*>(context));
  return success;
}

rn_cu_result cuCtxPopCurrent_v2(rn_cu_handle* context) {
  if (const Status result = driver().ready(); result != success) return result;
  if (current.empty()) return invalid_context;
  *context = current.back();
  current.pop_back();
  return success;
}

rn_cu_result cuCtxGetDevice(rn_cu_device* device) {
  return in_context([&](const Context& context) {
    *device = context.device;
    return success;
  });
}

rn_cu_result cuStreamCreate(rn_cu_handle* stream, unsigned) {
  return in_context([&](Context& context) {
    *stream = context.streams.insert(std::make_unique<Stream>()).first->get();
    return success;
  });
}

rn_cu_result cuStreamDestroy_v2(rn_cu_handle stream) {
  return in_context([&](Context& context) {
    return std::erase_if(context.streams, [&](const auto& known) { return known.get() == stream; }) == 1 ? success : invalid_handle;
  });
}

rn_cu_result cuStreamSynchronize(rn_cu_handle handle) {
  return in_context([&](Context& context) {
    Stream* stream = stream_of(context, handle);
    return stream == nullptr ? invalid_handle : drain(*stream);
  });
}

rn_cu_result cuMemAlloc_v2(rn_cu_memory* memory, size_t bytes) {
  return in_context([&](Context& context) {
    if (bytes == 0) return invalid_value;
    if (static_cast<int64_t>(bytes) > driver().memory - context.bytes) return out_of_memory;
    *memory = context.memory.allocate(bytes);
    context.sizes[*memory] = bytes;
    context.bytes += static_cast<int64_t>(bytes);
    ++driver().allocated;
    return success;
  });
}

rn_cu_result cuMemFree_v2(rn_cu_memory memory) {
  return in_context([&](Context& context) {
    if (!context.memory.release(memory)) return invalid_value;
    context.bytes -= static_cast<int64_t>(context.sizes[memory]);
    context.sizes.erase(memory);
    return success;
  });
}

rn_cu_result cuMemcpyHtoDAsync_v2(rn_cu_memory to, const void* from, size_t bytes, rn_cu_handle stream) {
  return enqueue(stream, [&](Context& context) {
    return [&context, to, from, bytes] { return context.memory.write(to, {static_cast<const std::byte*>(from), bytes}); };
  });
}

rn_cu_result cuMemcpyDtoHAsync_v2(void* to, rn_cu_memory from, size_t bytes, rn_cu_handle stream) {
  return enqueue(stream, [&](Context& context) {
    return [&context, to, from, bytes] { return context.memory.read(from, {static_cast<std::byte*>(to), bytes}); };
  });
}

rn_cu_result cuMemsetD2D32Async(rn_cu_memory to, size_t pitch, unsigned value, size_t width, size_t height, rn_cu_handle stream) {
  if (height > 1 && pitch < width * 4) return invalid_value;
  return enqueue(stream, [&](Context& context) {
    return [&context, to, pitch, value, width, height] {
      const std::vector<unsigned> row(width, value);
      std::string fault;
      for (size_t y = 0; y < height && fault.empty(); ++y) fault = context.memory.write(to + y * pitch, std::as_bytes(std::span(row)));
      return fault;
    };
  });
}

rn_cu_result cuModuleLoadDataEx(rn_cu_handle* module, const void* image, unsigned count, int32_t* options, void** values) {
  return in_context([&](Context& context) {
    auto made = std::make_shared<Module>();
    const auto* text = static_cast<const char*>(image);
    made->text = driver().change != nullptr ? driver().change(text) : text;
    Result<ptx::Module> code = ptx::parse(made->text);
    if (!code) {
      driver().fail("a module: " + code.failure().text);
      return invalid_ptx;
    }
    made->code = std::move(*code);
    for (unsigned i = 0; i < count; ++i) {
      if (options[i] == RN_CU_JIT_MAX_REGISTERS) made->registers = static_cast<int64_t>(reinterpret_cast<uintptr_t>(values[i]));
    }
    Module* const key = made.get();
    *module = key;
    context.modules[key] = std::move(made);
    return success;
  });
}

rn_cu_result cuModuleUnload(rn_cu_handle module) {
  return in_context([&](Context& context) { return context.modules.erase(static_cast<Module*>(module)) == 1 ? success : invalid_handle; });
}

rn_cu_result cuModuleGetFunction(rn_cu_handle* function, rn_cu_handle module, const char* name) {
  return in_context([&](Context& context) {
    const auto found = context.modules.find(static_cast<Module*>(module));
    if (found == context.modules.end()) return invalid_handle;
    if (found->second->code.find(name) == nullptr) return not_found;
    context.functions.push_back(std::make_unique<Function>(Function{found->second, name}));
    *function = context.functions.back().get();
    return success;
  });
}

rn_cu_result cuLaunchKernel(rn_cu_handle function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                            unsigned block_z, unsigned shared_bytes, rn_cu_handle stream, void** parameters, void**) {
  const auto& launched = *static_cast<const Function*>(function);
  return enqueue(stream, [&](Context& context) -> std::function<std::string()> {
    const std::shared_ptr<const Module> module = launched.module.lock();
    if (module == nullptr) return [name = launched.name] { return fmt::format("'{}' was launched after its module was unloaded", name); };
    const ptx::Entry& entry = *module->code.find(launched.name);
    // The number of registers that the real compiler would use is not known here. Assume as many as the kernel has names for, up to the
    // most that the compiler may use.
    const int64_t registers = std::clamp<int64_t>(entry.words + 2 * int64_t{entry.longs}, 16, module->registers);
    // Arguments are copied during the call.
    std::vector<std::byte> block(static_cast<size_t>(entry.parameter_bytes));
    for (size_t i = 0; i < entry.parameters.size(); ++i) {
      const ptx::Parameter& parameter = entry.parameters[i];
      std::memcpy(block.data() + parameter.offset, parameters[i], static_cast<size_t>(parameter.bytes));
    }
    return [grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes, registers, block, launched, &context]() -> std::string {
      const std::shared_ptr<const Module> held = launched.module.lock();
      if (held == nullptr) return fmt::format("the module of '{}' was unloaded before the kernel had run", launched.name);
      ptx::Launch launch;
      launch.grid = {grid_x, grid_y, grid_z};
      launch.block = {block_x, block_y, block_z};
      launch.shared_bytes = shared_bytes;
      launch.registers = registers;
      launch.parameters = block;
      ++driver().launches;
      return ptx::run(*held->code.find(launched.name), launch, context.memory);
    };
  });
}

resnetc_gpu_counts resnetc_gpu_count() {
  const std::lock_guard lock(driver().mutex);
  return driver().count();
}

const char* resnetc_gpu_fault() { return driver().fault.c_str(); }

void resnetc_gpu_change_modules(const char* (*change)(const char* text)) { driver().change = change; }

void resnetc_gpu_reset(int64_t devices, int64_t capability, int64_t memory) {
  Driver& d = driver();
  const std::lock_guard lock(d.mutex);
  d.failed = false;
  d.fault.clear();
  d.primary.clear();
  d.own.clear();
  d.device_count = devices;
  d.capability = capability;
  d.memory = memory;
}

}  // extern "C"

/// \file Runs single kernels.
#include "tests/unit/codegen/kernels/harness.h"

#include <HalideRuntime.h>
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>

#include "codegen/host.h"
#include "support/temp_dir.h"
#include "tests/unit/codegen/kernels/reference.h"

namespace resnetc::testing {

namespace {

using program::KernelKind;

/// One halide_buffer_t and its dimensions.
struct Buffer {
  halide_buffer_t raw{};
  std::array<halide_dimension_t, 4> dims{};
  Buffer(void* host, int bits, std::vector<int64_t> extents, std::vector<int64_t> strides) {
    raw.host = static_cast<uint8_t*>(host);
    raw.type = bits == 8 ? halide_type_t(halide_type_uint, 8) : halide_type_t(halide_type_float, static_cast<uint8_t>(bits));
    raw.dimensions = static_cast<int32_t>(extents.size());
    for (size_t d = 0; d < extents.size(); ++d) {
      dims[d].min = 0;
      dims[d].extent = static_cast<int32_t>(extents[d]);
      dims[d].stride = static_cast<int32_t>(strides[d]);
    }
    raw.dim = dims.data();
  }
};

std::unique_ptr<Buffer> tensor_buffer(const program::Tensor& t, float* origin, int64_t batch) {
  return std::make_unique<Buffer>(origin, 32, std::vector<int64_t>{t.type.channels, t.type.width, t.type.height, batch},
                                  std::vector<int64_t>{1, t.channel_stride, t.row_elements(), t.picture_elements()});
}

std::unique_ptr<Buffer> caller_buffer(const TensorType& t, void* host, int bits, bool planar, int64_t batch) {
  if (planar) {
    return std::make_unique<Buffer>(host, bits, std::vector<int64_t>{t.width, t.height, t.channels, batch},
                                    std::vector<int64_t>{1, t.width, t.pixels(), t.elements()});
  }
  return std::make_unique<Buffer>(host, bits, std::vector<int64_t>{t.channels, t.width, t.height, batch},
                                  std::vector<int64_t>{1, t.channels, t.channels * t.width, t.elements()});
}

std::vector<float> padded_vector(const double* values, int64_t count) {
  std::vector<float> out(static_cast<size_t>((count + lanes - 1) / lanes * lanes), 0.0f);
  for (int64_t i = 0; i < count; ++i) out[static_cast<size_t>(i)] = static_cast<float>(values[i]);
  return out;
}

}  // namespace

program::Tensor layout(TensorType type, Extent2 halo, int64_t stride) {
  program::Tensor tensor;
  tensor.type = type;
  tensor.halo = halo;
  tensor.channel_stride = stride != 0 ? stride : whole_vectors(type.channels);
  return tensor;
}

Planar random_values(const TensorType& type, int64_t batch, std::mt19937& random) {
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  Planar values(static_cast<size_t>(type.elements() * batch));
  for (double& v : values) v = static_cast<double>(uniform(random));
  return values;
}

Storage::Storage(const program::Tensor& tensor, int64_t batch, const Planar* values) : tensor_(tensor), batch_(batch) {
  const int64_t elements = tensor.picture_bytes() / 4 * batch;
  memory_.assign(static_cast<size_t>(elements + 2 * guard + 16), std::numeric_limits<float>::quiet_NaN());
  data_ = memory_.data();
  while (reinterpret_cast<uintptr_t>(data_) % 64 != 0) ++data_;
  const int64_t picture = tensor.picture_bytes() / 4;
  for (int64_t n = 0; n < batch; ++n) {
    float* pixels = data_ + guard + n * picture;
    for (int64_t y = 0; y < tensor.type.height + 2 * tensor.halo.h; ++y) {
      for (int64_t x = 0; x < tensor.type.width + 2 * tensor.halo.w; ++x) {
        const bool halo =
            y < tensor.halo.h || y >= tensor.type.height + tensor.halo.h || x < tensor.halo.w || x >= tensor.type.width + tensor.halo.w;
        float* pixel = pixels + y * tensor.row_elements() + x * tensor.channel_stride;
        for (int64_t c = 0; c < tensor.type.channels && halo; ++c) pixel[tensor.first_channel + c] = 0.0f;
      }
    }
  }
  if (values != nullptr) {
    size_t i = 0;
    for (int64_t n = 0; n < batch; ++n) {
      for (int64_t c = 0; c < tensor.type.channels; ++c) {
        for (int64_t y = 0; y < tensor.type.height; ++y) {
          for (int64_t x = 0; x < tensor.type.width; ++x) data_[at(n, c, y, x)] = static_cast<float>((*values)[i++]);
        }
      }
    }
  }
  before_ = memory_;
}

int64_t Storage::at(int64_t n, int64_t c, int64_t y, int64_t x) const {
  return guard + n * (tensor_.picture_bytes() / 4) + (y + tensor_.halo.h) * tensor_.row_elements() +
         (x + tensor_.halo.w) * tensor_.channel_stride + tensor_.first_channel + c;
}

Planar Storage::read() const {
  Planar values;
  for (int64_t n = 0; n < batch_; ++n) {
    for (int64_t c = 0; c < tensor_.type.channels; ++c) {
      for (int64_t y = 0; y < tensor_.type.height; ++y) {
        for (int64_t x = 0; x < tensor_.type.width; ++x) values.push_back(static_cast<double>(data_[at(n, c, y, x)]));
      }
    }
  }
  return values;
}

bool Storage::inside(int64_t element) const {
  const int64_t picture = tensor_.picture_bytes() / 4;
  if (element < 0 || element >= picture * batch_) return false;
  const int64_t row = element % picture / tensor_.row_elements() - tensor_.halo.h, in_row = element % picture % tensor_.row_elements();
  const int64_t column = in_row / tensor_.channel_stride - tensor_.halo.w;
  const int64_t channel = in_row % tensor_.channel_stride - tensor_.first_channel;
  if (channel < 0 || channel >= tensor_.stored_channels()) return false;
  return row >= 0 && row < tensor_.type.height && column >= 0 && column < tensor_.type.width;
}

bool Storage::untouched_outside() const {
  const int64_t first = data_ - memory_.data() + guard;
  for (size_t i = 0; i < memory_.size(); ++i) {
    if (inside(static_cast<int64_t>(i) - first)) continue;
    const bool both_nan = std::isnan(memory_[i]) && std::isnan(before_[i]);
    if (!both_nan && memory_[i] != before_[i]) return false;
  }
  return true;
}

Result<Planar> run_case(const KernelCase& one, Entry entry) {
  const program::KernelSpec& spec = one.spec;
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<std::unique_ptr<Storage>> storages;
  std::vector<std::unique_ptr<std::string>> constants;
  auto add_tensor = [&](const program::Tensor& tensor, const Planar* values) {
    storages.push_back(std::make_unique<Storage>(tensor, one.batch, values));
    buffers.push_back(tensor_buffer(tensor, storages.back()->origin(), one.batch));
    return storages.back().get();
  };
  auto add_constant = [&](const std::vector<float>& values, ElementType element = ElementType::f32) {
    std::string& bytes = *constants.emplace_back(std::make_unique<std::string>());
    for (const float value : values) append_element(element, static_cast<double>(value), bytes);
    buffers.push_back(std::make_unique<Buffer>(bytes.data(), static_cast<int>(8 * bytes_of(element)),
                                               std::vector<int64_t>{static_cast<int64_t>(values.size())}, std::vector<int64_t>{1}));
  };

  std::vector<float> caller_f32;
  std::vector<uint8_t> caller_u8;
  if (spec.kind == KernelKind::load) {
    const bool planar = spec.input.has_planes();
    if (spec.input.type.element == ElementType::u8) {
      for (double v : one.input) caller_u8.push_back(static_cast<uint8_t>(v));
      buffers.push_back(caller_buffer(spec.out.type, caller_u8.data(), 8, false, one.batch));
    } else {
      for (double v : one.input) caller_f32.push_back(static_cast<float>(v));
      buffers.push_back(caller_buffer(spec.out.type, caller_f32.data(), 32, planar, one.batch));
    }
  } else {
    add_tensor(spec.in, &one.input);
  }
  if (spec.kind == KernelKind::conv2d) add_constant(pack_weights_naively(one), spec.weight);
  Storage* shared = nullptr;
  for (size_t i = 0; i < spec.epilogue.size(); ++i) {
    const program::KernelSpec::StepSpec& step = spec.epilogue[i];
    const std::vector<double>& values = one.steps[i];
    const int64_t channels = spec.out.type.channels;
    const OpInfo& info = resnetc::info(step.kind);
    if (step.kind == graph::StepKind::project) add_constant(pack_projection_naively(one, i), step.weight);
    for (size_t k = 0; k < info.constants.size() && step.kind != graph::StepKind::project; ++k) {
      add_constant(padded_vector(values.data() + static_cast<int64_t>(k) * channels, channels));
    }
    if (info.joins()) {
      Storage* storage = add_tensor(step.operand, &values);
      if (step.in_place) shared = storage;
    }
  }
  Storage* out = nullptr;
  constexpr size_t guard = 64;
  constexpr float mark = -123456.0f;
  std::vector<float> caller_out;
  if (spec.kind == KernelKind::store) {
    caller_out.assign(static_cast<size_t>(spec.in.type.elements() * one.batch) + 2 * guard, mark);
    buffers.push_back(caller_buffer(spec.in.type, caller_out.data() + guard, 32, spec.in.type.rank == 4, one.batch));
  } else if (shared != nullptr) {
    out = shared;
    buffers.push_back(tensor_buffer(spec.out, shared->origin(), one.batch));
  } else {
    out = add_tensor(spec.out, nullptr);
  }
  int64_t scratch = scratch_bytes(spec);
  void* context = &scratch;
  std::vector<void*> arguments{&context};
  for (const auto& buffer : buffers) arguments.push_back(&buffer->raw);
  if (entry(arguments.data()) != 0) return Failure{"the kernel failed"};
  if (out != nullptr) {
    if (!out->untouched_outside()) return Failure{"wrote outside its output"};
    return out->read();
  }
  for (size_t i = 0; i < guard; ++i) {
    if (caller_out[i] != mark || caller_out[caller_out.size() - 1 - i] != mark) return Failure{"wrote outside the caller's buffer"};
  }
  return Planar(caller_out.begin() + guard, caller_out.end() - guard);
}

Result<Library> link_and_load(const std::vector<codegen::KernelObject>& objects) {
  const TempDir temporary;
  const std::filesystem::path folder = temporary.path();
  // The loop runs backwards, so that a kernel whose tasks depend on each other is noticed.
  std::ofstream(folder / "tasks.c")
      << "typedef int (*task)(void *, int, unsigned char *);\n"
         "int halide_do_par_for(void *u, task f, int min, int size, unsigned char *closure) {\n"
         "  for (int i = size - 1; i >= 0; --i) { int r = f(u, min + i, closure); if (r) return r; }\n"
         "  return 0;\n}\n"
         "void *memset(void *p, int c, unsigned long n) {\n"
         "  for (volatile unsigned long i = 0; i < n; ++i) ((unsigned char *)p)[i] = (unsigned char)c;\n"
         "  return p;\n}\n"
         // Gives the scratch memory that the specification states, full of NaN.
         "static unsigned scratch[1 << 22] __attribute__((aligned(128)));\n"
         "static struct { unsigned long at, used; } blocks[64];\n"
         "static int live;\n"
         "void *halide_malloc(void *limit, unsigned long n) {\n"
         "  unsigned long at = live == 0 ? 0 : blocks[live - 1].at + (blocks[live - 1].used + 191) / 64 * 64;\n"
         "  unsigned *p = scratch + at / 4;\n"
         "  if (live == 64 || at + n > *(unsigned long *)limit) return 0;\n"
         "  for (volatile unsigned long i = 0; i < n / 4; ++i) p[i] = ~0u;\n"
         "  blocks[live].at = at; blocks[live++].used = n;\n"
         "  return p;\n}\n"
         "void halide_free(void *limit, void *p) {\n"
         "  for (int i = 0; i < live; ++i) if (scratch + blocks[i].at / 4 == p) blocks[i].used = 0;\n"
         "  while (live > 0 && blocks[live - 1].used == 0) --live;\n}\n";
  std::ofstream list(folder / "objects");
  for (const codegen::KernelObject& object : objects) {
    const std::string path = (folder / (object.symbol + ".o")).string();
    std::ofstream(path, std::ios::binary).write(object.object.data(), static_cast<std::streamsize>(object.object.size()));
    list << path << "\n";
  }
  list.close();
  const std::string at = folder.string();
  const std::string command = "( clang-22 -O1 -fPIC -c -o " + at + "/tasks.o " + at +
                              "/tasks.c && /usr/lib/llvm-22/bin/ld.lld -shared -z defs -o " + at + "/kernels.so " + at + "/tasks.o @" + at +
                              "/objects ) > " + at + "/log 2>&1";
  if (std::system(command.c_str()) != 0) {
    std::ifstream log(folder / "log");
    return Failure{std::string(std::istreambuf_iterator<char>(log), {})};
  }
  void* library = dlopen((at + "/kernels.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Failure{dlerror()};
  return Library(library, [](void* handle) { dlclose(handle); });
}

Entry entry_of(const Library& library, const codegen::KernelObject& object) {
  return reinterpret_cast<Entry>(dlsym(library.get(), (object.symbol + "_argv").c_str()));
}

std::vector<Target> runnable_targets() {
  std::vector<Target> targets;
  for (const Target& target : all_targets()) {
    if (!target.on_gpu() && target.serves(Arithmetic::floats) && codegen::runs_here(target)) targets.push_back(target);
  }
  return targets;
}

std::vector<std::string> run_cases(const std::vector<KernelCase>& cases, const Target& target) {
  std::vector<codegen::KernelJob> jobs;
  for (const KernelCase& one : cases) jobs.push_back({one.spec, &target});
  const Result<codegen::KernelSet> set = codegen::compile_kernels(jobs, {});
  if (!set) return {set.failure().text};
  const Result<Library> library = link_and_load(set->objects);
  if (!library) return {library.failure().text};
  std::vector<std::string> failures;
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string where = target.name + " " + cases[i].name + ": ";
    const Result<Planar> result = run_case(cases[i], entry_of(*library, set->objects[set->index[i]]));
    if (!result) {
      failures.push_back(where + result.failure().text);
      continue;
    }
    struct Group {
      double largest = 0, error = 0;
      size_t worst = 0;
    };
    const TensorType& type = cases[i].spec.out.type;
    std::vector<Group> groups(cases[i].by_channel ? static_cast<size_t>(type.channels) : 1);
    size_t strange = 0;
    for (size_t k = 0; k < result->size(); ++k) {
      Group& group = groups[k / static_cast<size_t>(type.pixels()) % groups.size()];
      const double want = cases[i].expected[k], got = (*result)[k];
      if (std::isnan(want) != std::isnan(got)) ++strange;
      if (std::isnan(want) || std::isnan(got)) continue;
      group.largest = std::max(group.largest, std::fabs(want));
      if (std::fabs(want - got) > group.error) {
        group.error = std::fabs(want - got);
        group.worst = k;
      }
    }
    if (strange != 0)
      failures.push_back(where + std::to_string(strange) + " of " + std::to_string(result->size()) + " elements wrong in being NaN");
    for (const Group& group : groups) {
      if (group.error <= 1e-5 * group.largest) continue;
      failures.push_back(where + "element " + std::to_string(group.worst) + " of " + std::to_string(result->size()) + " is " +
                         std::to_string((*result)[group.worst]) + ", not " + std::to_string(cases[i].expected[group.worst]));
      break;
    }
  }
  return failures;
}

}  // namespace resnetc::testing

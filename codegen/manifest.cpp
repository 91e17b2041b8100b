/// \file Writes the manifest. codegen/manifest_reader.cpp reads it back.
#include "codegen/manifest.h"

#include <fmt/format.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "codegen/interface.h"
#include "codegen/weights/weights_file.h"
#include "ir/forms/text_forms.h"
#include "runtime/runtime.h"

namespace resnetc::codegen {

std::string schedule_text(const program::Schedule& schedule) {
  return text::schedule(schedule).substr(std::string_view(" schedule ").size());
}

namespace {

const char* layout_name(const TensorType& type, DimensionOrder order) {
  if (type.is_vector()) return "vector";
  return order == DimensionOrder::planar ? "planar" : "packed";
}

/// The text as valid UTF-8, which JSON requires. Names come from source text and may contain any bytes.
std::string utf8(const std::string& text) { return llvm::json::isUTF8(text) ? text : llvm::json::fixUTF8(text); }

void write_port(llvm::json::OStream& out, const Port& port, const char* layout) {
  out.attribute("name", utf8(port.name));
  out.attribute("argument", port.c_name);
  out.attribute("type", std::string(to_string(port.element)));
  out.attribute("layout", layout);
  out.attributeArray("shape", [&] {
    for (int64_t d : port.dims) out.value(d);
  });
  out.attribute("picture_bytes", port.picture_bytes);
}

void write_numbers(llvm::json::OStream& out, const char* key, const std::vector<double>& values) {
  if (values.empty()) return;
  out.attributeArray(key, [&] {
    for (double v : values) out.value(v);
  });
}

void write_kernel(llvm::json::OStream& out, const program::Program& program, const program::Kernel& kernel) {
  out.attribute("name", utf8(kernel.name));
  out.attribute("kind", llvm::StringRef(to_string(kernel.kind)));
  out.attribute("algorithm", llvm::StringRef(algorithm_of(kernel)));
  out.attribute("schedule", schedule_text(kernel.schedule));
  out.attribute("multiply_adds", kernel.multiply_adds);
  const program::KernelCost cost = program::cost_of(program, kernel);
  out.attribute("executed_multiply_adds", cost.multiply_adds);
  out.attribute("weight_bytes", cost.weight_bytes);
  out.attribute("tensor_bytes", cost.tensor_bytes);
  out.attributeArray("reads", [&] {
    for (program::TensorId id : program::reads(kernel)) out.value(utf8(program.tensor(id).name));
  });
  out.attributeArray("constants", [&] {
    if (kernel.weight != program::none) out.value(kernel.weight);
    for (const program::Step& step : kernel.epilogue) {
      for (program::ConstantId id : step.constants) out.value(id);
    }
  });
  if (kernel.out != program::none) out.attribute("writes", utf8(program.tensor(kernel.out).name));
}

void write_target(llvm::json::OStream& out, const program::Program& program) {
  out.attribute("name", program.target->name);
  if (!program.machine.empty()) out.attribute("cpu", program.machine);
  out.attribute("halide", program.target->halide);
  out.attribute("arena_bytes", program.arena_bytes);
  out.attributeArray("kernels", [&] {
    for (const program::Kernel& kernel : program.kernels) out.object([&] { write_kernel(out, program, kernel); });
  });
}

void write_weights(llvm::json::OStream& out, const std::vector<program::Constant>& constants, bool embedded, uint64_t content_hash) {
  out.attribute("version", RN_WEIGHTS_VERSION);
  out.attribute("bytes", weights_data_bytes(constants));
  out.attribute("embedded", embedded);
  out.attribute("recipe_hash", fmt::format("{:016x}", recipe_hash(constants)));
  if (content_hash != 0) out.attribute("content_hash", fmt::format("{:016x}", content_hash));
  out.attributeArray("constants", [&] {
    for (const program::Constant& constant : constants) {
      out.object([&] {
        out.attribute("offset", constant.offset);
        out.attribute("bytes", constant.bytes());
        out.attribute("recipe", utf8(to_string(*constant.recipe)));
      });
    }
  });
}

}  // namespace

std::string manifest_json(std::span<const program::Program> programs, const LibraryOptions& options, uint64_t content_hash) {
  const program::Program& first = programs[0];
  const Interface interface = interface_of(first, options.name);
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream out(stream, 1);
  out.object([&] {
    out.attribute("manifest_version", 1);
    out.attribute("name", options.name);
    out.attribute("network", utf8(first.name));
    out.attribute("abi_version", RN_ABI_VERSION);
    out.attributeObject("input", [&] {
      write_port(out, interface.input, layout_name(first.input.type, first.input.order));
      write_numbers(out, "mean", first.input.mean);
      write_numbers(out, "std", first.input.std);
    });
    out.attributeArray("outputs", [&] {
      for (size_t i = 0; i < first.outputs.size(); ++i) {
        out.object([&] { write_port(out, interface.outputs[i], layout_name(first.outputs[i].type, DimensionOrder::planar)); });
      }
    });
    out.attributeObject("weights",
                        [&] { write_weights(out, first.constants, options.embed_weights && !first.constants.empty(), content_hash); });
    out.attributeArray("targets", [&] {
      for (const program::Program& program : programs) out.object([&] { write_target(out, program); });
    });
  });
  text += '\n';
  return text;
}

std::string manifest(std::span<const program::Program> programs, const LibraryOptions& options) {
  uint64_t hash = 0;
  if (options.depends_on_values && options.weights != nullptr) {
    const Result<std::string> file = pack_weights(programs[0].constants, options.name, *options.weights, options.keep_denormals);
    if (file) hash = content_hash(*file);
  }
  return manifest_json(programs, options, hash);
}

}  // namespace resnetc::codegen

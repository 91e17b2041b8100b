/// \file `resnetc run`: runs a library on one input, a picture or an array.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numeric>

#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/loaded_library.h"
#include "driver/npy.h"
#include "driver/picture_input.h"
#include "driver/target_options.h"
#include "driver/trace.h"

namespace resnetc::driver {
namespace {

using Port = codegen::LibraryFacts::Port;

struct RunOptions {
  std::string library, input, weights, output, labels, target, trace;
  int threads = 0;
  int device = 0;
  int top = 5;
  PictureOptions pictures;
  bool keep_denormals = false;
  bool copy_weights = false;
};

/// The bytes of a library's input, and the number of pictures.
struct Input {
  std::string bytes;
  int batch = 1;
};

Result<Input> array_input(std::string_view file, const InputForm& form) {
  Result<ArrayView> array = view_npy(file);
  if (!array) return array.failure();
  const Result<ArrayInput> pictures = ArrayInput::make(std::move(*array), form);
  if (!pictures) return pictures.failure();
  constexpr int64_t most = 65536;
  if (pictures->count() < 1 || pictures->count() > most) return Failure{fmt::format("a batch of {} cannot be run", pictures->count())};
  Input input{{}, static_cast<int>(pictures->count())};
  for (int64_t k = 0; k < pictures->count(); ++k) pictures->append(k, input.bytes);
  return input;
}

Result<Input> picture_input(std::string_view file, const RunOptions& options, const InputForm& form) {
  const Result<PictureInput> pictures = PictureInput::make(options.pictures, form);
  if (!pictures) return pictures.failure();
  Result<std::string> bytes = pictures->bytes(file);
  if (!bytes) return bytes.failure();
  if (!pictures->rule().empty()) fmt::print(beside(options.output), "{}\n", pictures->rule());
  return Input{std::move(*bytes), 1};
}

void print_top(std::FILE* words, std::span<const float> values, int top, const std::vector<std::string>& labels) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  size_t count = std::min(order.size(), static_cast<size_t>(top));
  // NaN has no order, so it comes first, where the user sees it.
  auto key = [&](size_t i) { return std::isnan(values[i]) ? INFINITY : values[i]; };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](size_t a, size_t b) { return key(a) != key(b) ? key(a) > key(b) : a < b; });
  for (size_t i = 0; i < count; ++i) {
    fmt::print(words, "  {:>6}  {:12.6f}{}\n", order[i], values[order[i]], order[i] < labels.size() ? "  " + labels[order[i]] : "");
  }
}

int run(const RunOptions& options, const Invocation& invocation) {
  if (std::string fault = picture_options_fault(options.pictures); !fault.empty()) return usage_error(std::move(fault));
  Sources sources;
  Diagnostics diagnostics(sources);
  std::vector<std::string> labels;
  if (!options.labels.empty()) {
    Result<std::string> text = read_file(options.labels, size_t{1} << 24);
    if (!text) return fail(text.failure());
    if (text->find('\0') != std::string::npos) return fail({fmt::format("'{}' is not text", options.labels)});
    std::erase(*text, '\r');
    labels = split(*text, '\n');
  }
  auto library = LoadedLibrary::open(options.library, diagnostics);
  if (!library) return report(diagnostics, invocation);
  const codegen::LibraryFacts& facts = library->facts();
  const Result<Weights> weights = find_weights(*library, options.library, options.weights);
  if (!weights) return fail(weights.failure());
  if (!weights->found) {
    return fail({fmt::format("there is no {}.weights beside the library: '{}' makes it", facts.name, library->pack_command())});
  }
  std::FILE* words = beside(options.output);
  if (!options.output.empty() && facts.outputs.size() > 1) {  // the outputs' names are parts of the files' names
    if (words != stdout)
      return usage_error(fmt::format("--output -: '{}' has {} outputs, and each wants a file", facts.name, facts.outputs.size()));
    for (const Port& port : facts.outputs) {
      if (port.name.find('/') == std::string::npos) continue;
      return fail({fmt::format("the output '{}' cannot be part of a file's name", port.name)});
    }
  }
  if (std::string fault = picture_options_fault(options.pictures, facts.name, facts.input.element); !fault.empty())
    return usage_error(std::move(fault));
  const Result<std::string> file = read_file(options.input);
  if (!file) return fail(file.failure());
  const bool is_array = file->starts_with(npy_beginning);
  if (is_array && options.pictures.given()) {
    return usage_error("--resize, --mean and --std are for pictures; an array is taken as it is");
  }
  const InputForm form{facts.input.element, facts.input.order, facts.input.dims};
  const Result<Input> input = is_array ? array_input(*file, form) : picture_input(*file, options, form);
  if (!input) return fail({fmt::format("'{}': {}", options.input, input.failure().text), input.failure().blame});
  const int batch = input->batch;

  const Result<std::unique_ptr<Session>> created = Session::create(
      *library, weights->bytes,
      {batch, options.threads, options.target, true, weights->path, options.device, options.keep_denormals, options.copy_weights});
  if (!created) return fail({fmt::format("{}: {}", facts.name, created.failure().text), created.failure().blame});
  Session& session = **created;
  std::optional<TraceWriter> trace;
  if (!options.trace.empty()) {
    trace.emplace(options.trace, batch, facts.input.dims.size() == 2, std::vector{options.input, options.library, options.labels});
    session.observe(TraceWriter::observe, &*trace);
  }
  if (const Result<> ran = session.run(input->bytes); !ran)
    return fail({fmt::format("{}: {}", facts.name, ran.failure().text), ran.failure().blame});
  if (trace) {
    if (const Result<> finished = trace->finish(facts.name, session.target()); !finished) return fail(finished.failure());
  }
  fmt::print(words, "{} on {}\n", facts.name, session.target());
  if (trace) fmt::print(words, "the outputs of {} kernels are in {}\n", trace->kernels(), options.trace);
  for (size_t i = 0; i < facts.outputs.size(); ++i) {
    const Port& port = facts.outputs[i];
    std::span<const float> values = session.output(i);
    size_t elements = values.size() / static_cast<size_t>(batch);
    std::vector<int64_t> shape = port.dims;
    shape.insert(shape.begin(), batch);
    fmt::print(words, "{}: f32{}\n", port.name, shape_text(shape));
    if (port.dims.size() == 1) {
      if (!labels.empty() && labels.size() != elements) {
        say(fmt::format("resnetc: warning: '{}' has {} names, '{}' has {} values\n", options.labels, labels.size(), port.name, elements));
      }
      for (size_t k = 0; k < static_cast<size_t>(batch); ++k) {
        if (batch > 1) fmt::print(words, "picture {}\n", k);
        print_top(words, values.subspan(k * elements, elements), options.top, labels);
      }
    }
    if (options.output.empty()) continue;
    std::filesystem::path path = options.output;
    if (facts.outputs.size() > 1) path.replace_filename(fmt::format("{}.{}{}", path.stem().string(), port.name, path.extension().string()));
    const Result<> leaves = leaves_inputs(path.string(), {options.input, options.library, weights->path, options.labels});
    if (!leaves) return fail(leaves.failure());
    if (const Result<> written = write_file(path.string(), npy_of(values, shape)); !written) return fail(written.failure());
    fmt::print(words, "written to {}\n", path.string());
  }
  return done;
}

}  // namespace

void add_run(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("run", "run a library on a picture or an array");
  auto options = std::make_shared<RunOptions>();
  command.add_positional("LIB.so", options->library, "the library");
  command.add_option("--input", options->input, "a .npy array (with a batch or without), or a PNG, JPEG, PPM or PGM picture")
      .type_name("FILE")
      .required();
  command.add_option("--weights", options->weights, "the packed weights (NAME.weights beside the library)").type_name("NET.weights");
  command.add_option("--output", options->output, "write the output as an array; several outputs: Y.OUTPUT.npy each").type_name("Y.npy");
  command.add_option("--trace", options->trace, "write every kernel's output to DIR/LAYER.npy; nothing else changes ('compare' reads it)")
      .type_name("DIR");
  command.add_option("--threads", options->threads, "threads (one for each processor)").type_name("N").range(1, RN_MAX_THREADS);
  add_library_target(command, options->target, options->device);
  command.add_flag("--keep-denormals", options->keep_denormals, keep_denormals_in_runs);
  command.add_flag("--copy-weights", options->copy_weights, copy_weights_in_runs);
  command.add_option("--top", options->top, "print the K largest values of a vector (5)").type_name("K").range(0, 1000000);
  command.add_option("--labels", options->labels, "names of the classes, one a line").type_name("FILE");
  add_picture_options(command, options->pictures);
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return run(*options, invocation); }; });
}

}  // namespace resnetc::driver

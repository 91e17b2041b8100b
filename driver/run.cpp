/// \file `resnetc run`: runs a library on one input, a picture or an array.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numeric>

#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/loaded_library.h"
#include "driver/npy.h"
#include "driver/picture.h"
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
  bool resize = false;
  bool keep_denormals = false;
  bool copy_weights = false;
  std::vector<double> mean, std;
};

std::string shape_text(const std::vector<int64_t>& dims) { return fmt::format("[{}]", fmt::join(dims, ", ")); }

/// The bytes of a library's input, and the number of pictures.
struct Input {
  std::string bytes;
  int batch = 1;
};

Result<Input> array_input(const Array& array, const Port& port) {
  Input input;
  std::vector<int64_t> shape = array.shape;
  if (shape.size() == port.dims.size() + 1) {
    if (shape.front() < 1 || shape.front() > 65536) return Failure{fmt::format("a batch of {} cannot be run", shape.front())};
    input.batch = static_cast<int>(shape.front());
    shape.erase(shape.begin());
  }
  if (shape != port.dims) {
    return Failure{fmt::format("the array's shape is {}, the network takes {}{}, with or without a batch before it",
                               shape_text(array.shape), to_string(port.element), shape_text(port.dims))};
  }
  if (port.element == ElementType::u8) {
    if (array.type != Array::Type::u8) return Failure{"the network takes 8-bit pixels, the array holds floats"};
    input.bytes = array.data;
    return input;
  }
  int64_t count = array.elements();
  input.bytes.reserve(static_cast<size_t>(bytes_of(port.element, count)));
  for (int64_t i = 0; i < count; ++i) append_element(port.element, array.at(i), input.bytes);
  return input;
}

/// One value for each channel: the user's (one for all channels, or one for each) or the default.
Result<std::vector<double>> per_channel(const std::vector<double>& given, const std::vector<double>& fallback, int64_t channels,
                                        const char* flag) {
  std::vector<double> values = given.empty() ? fallback : given;
  if (values.size() == 1) values.resize(static_cast<size_t>(channels), values.front());
  if (values.size() == static_cast<size_t>(channels)) return values;
  return Failure{fmt::format("{} has {} values, the network has {} channels", flag, values.size(), channels), Blame::command};
}

Result<Input> picture_input(std::string_view file, const RunOptions& options, const Port& port) {
  if (port.dims.size() == 2) {
    return Failure{fmt::format("the network takes lines of shape {}, not pictures: give it a .npy file", shape_text(port.dims))};
  }
  if (port.dims.size() != 3) {
    return Failure{fmt::format("the network takes vectors of {} values, not pictures: give it a .npy file", port.dims.front())};
  }
  const bool last = port.order == DimensionOrder::channels_last;
  int64_t channels = last ? port.dims[2] : port.dims[0];
  int64_t height = last ? port.dims[0] : port.dims[1];
  int64_t width = last ? port.dims[1] : port.dims[2];
  if (channels != 1 && channels != 3) {
    return Failure{fmt::format("the network takes pictures of {} channels: give it a .npy file", channels)};
  }
  Result<Picture> picture = decode_picture(file, channels);
  if (!picture) return picture.failure();
  if (picture->height != height || picture->width != width) {
    if (!options.resize) {
      return Failure{fmt::format("the picture has {}x{} pixels (height x width), the network takes {}x{}: --resize fits it",
                                 picture->height, picture->width, height, width)};
    }
    picture = resize_to(*picture, height, width);
  }
  Input input;
  if (port.element == ElementType::u8) {
    input.bytes.assign(picture->pixels.begin(), picture->pixels.end());
    return input;
  }
  bool imagenet = channels == 3;
  const auto mean = per_channel(options.mean, imagenet ? std::vector{0.485, 0.456, 0.406} : std::vector{0.0}, channels, "--mean");
  if (!mean) return mean.failure();
  const auto std = per_channel(options.std, imagenet ? std::vector{0.229, 0.224, 0.225} : std::vector{1.0}, channels, "--std");
  if (!std) return std.failure();
  fmt::print(beside(options.output), "pixels as (x / 255 - mean) / std with mean {} and std {}{}\n", fmt::join(*mean, ", "),
             fmt::join(*std, ", "), options.mean.empty() && options.std.empty() && imagenet ? " (ImageNet's)" : "");
  auto pixels = static_cast<size_t>(height * width);
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    for (size_t p = 0; p < pixels; ++p) {
      append_element(port.element, (picture->pixels[p * static_cast<size_t>(channels) + c] / 255.0 - (*mean)[c]) / (*std)[c], input.bytes);
    }
  }
  return input;
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
  for (double value : options.std) {
    if (!(value > 0 && std::isfinite(value))) return usage_error("--std takes finite values above 0");
  }
  for (double value : options.mean) {
    if (!std::isfinite(value)) return usage_error("--mean takes finite values");
  }
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
  if (facts.input.element == ElementType::u8 && (!options.mean.empty() || !options.std.empty())) {
    return usage_error(
        fmt::format("'{}' takes 8-bit pixels and normalises them itself; --mean and --std are for networks of floats", facts.name));
  }
  const Result<std::string> file = read_file(options.input);
  if (!file) return fail(file.failure());
  Result<Input> input = Failure{};
  if (file->starts_with("\x93NUMPY")) {
    if (options.resize || !options.mean.empty() || !options.std.empty()) {
      return usage_error("--resize, --mean and --std are for pictures; an array is taken as it is");
    }
    const Result<Array> array = parse_npy(*file);
    input = array ? array_input(*array, facts.input) : array.failure();
  } else {
    input = picture_input(*file, options, facts.input);
  }
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
  command.add_flag("--resize", options->resize, "scale a picture to cover the network's size and cut out the middle");
  command.add_option("--mean", options->mean, "for float networks: subtracted from x / 255 (ImageNet's for 3 channels, else 0)")
      .type_name("M[,M...]")
      .delimiter(',');
  command.add_option("--std", options->std, "for float networks: the divisor of that difference (ImageNet's for 3 channels, else 1)")
      .type_name("S[,S...]")
      .delimiter(',');
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return run(*options, invocation); }; });
}

}  // namespace resnetc::driver

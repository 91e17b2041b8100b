/// \file `resnetc compare`: finds where two traces or two arrays first differ, and by how much.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>

#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/measured_error.h"
#include "driver/npy.h"
#include "driver/table.h"
#include "driver/trace.h"

namespace resnetc::driver {
namespace {

namespace fs = std::filesystem;

struct CompareOptions {
  std::string a, b;
  double tolerance = 1e-4;
  bool all = false;
};

/// The difference of two arrays with the same shape. Differences are relative to the largest finite value of both arrays, absolute if all
/// values are zero, and infinite where only one of the two is a number.
struct Difference {
  std::string shapes;  ///< message if their shapes differ; the other fields are then not set
  int64_t elements = 0, parted = 0;
  int64_t first = -1, most = -1;  ///< index of the first element beyond the tolerance, and of the element with the largest difference
  double error = 0, largest = 0;
  std::vector<int64_t> shape;

  bool parts() const { return !shapes.empty() || parted != 0; }
};

/// The shape without trailing ones: [2, 10, 1, 1] has the same elements as [2, 10].
std::vector<int64_t> significant(std::vector<int64_t> shape) {
  while (!shape.empty() && shape.back() == 1) shape.pop_back();
  return shape;
}

/// The coordinates of element `index`.
std::string place(int64_t index, const std::vector<int64_t>& shape) {
  std::vector<int64_t> at(shape.size());
  for (size_t d = shape.size(); d-- > 0; index /= shape[d]) at[d] = index % shape[d];
  return shape_text(at);
}

Difference difference(const Array& a, const Array& b, double tolerance) {
  Difference found;
  found.shape = a.shape;
  if (significant(a.shape) != significant(b.shape)) {
    found.shapes = fmt::format("its shapes are {} and {}", shape_text(a.shape), shape_text(b.shape));
    return found;
  }
  found.elements = a.elements();
  for (int64_t i = 0; i < found.elements; ++i) {
    for (double value : {a.at(i), b.at(i)}) {
      if (std::isfinite(value)) found.largest = std::max(found.largest, std::abs(value));
    }
  }
  const double unit = found.largest > 0 ? found.largest : 1;
  for (int64_t i = 0; i < found.elements; ++i) {
    const double x = a.at(i), y = b.at(i);
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    const double gap = std::isnan(x) || std::isnan(y) ? std::numeric_limits<double>::infinity() : std::abs(x - y) / unit;
    if (found.most < 0 || gap > found.error) found.error = gap, found.most = i;
    if (gap <= tolerance) continue;
    if (found.parted++ == 0) found.first = i;
  }
  return found;
}

Result<Array> read_array(const std::string& path) {
  const Result<std::string> file = read_file(path, size_t{1} << 32);
  if (!file) return file.failure();
  Result<Array> array = parse_npy(*file);
  if (!array) return Failure{fmt::format("'{}': {}", path, array.failure().text)};
  return array;
}

/// Two arrays that are compared, in order.
struct Pair {
  std::string name, a, b;
};

/// The pairs of two folders. Arrays that only one of them has go to `alone`. Fails if the folders have no array in common.
Result<std::vector<Pair>> pairs_of(const CompareOptions& options, std::vector<std::string>& alone) {
  std::error_code error;
  const bool folder_a = fs::is_directory(options.a, error), folder_b = fs::is_directory(options.b, error);
  if (!folder_a && !folder_b) return std::vector<Pair>{{fs::path(options.a).stem().string(), options.a, options.b}};
  const Result<Trace> a = open_trace(options.a);
  if (!a) return a.failure();
  const Result<Trace> b = open_trace(options.b);
  if (!b) return b.failure();
  const auto has = [](const Trace& trace, const std::string& file) {
    return std::find(trace.files.begin(), trace.files.end(), file) != trace.files.end();
  };
  const bool by_b = !a->ordered && b->ordered;  // a folder of another program has no order
  std::vector<Pair> pairs;
  for (const std::string& file : (by_b ? *b : *a).files) {
    if (has(by_b ? *a : *b, file)) pairs.push_back({fs::path(file).stem().string(), options.a + "/" + file, options.b + "/" + file});
  }
  for (const auto& [own, other, where] : {std::tuple(&*a, &*b, &options.a), std::tuple(&*b, &*a, &options.b)}) {
    for (const std::string& file : own->files) {
      if (!has(*other, file)) alone.push_back(fmt::format("'{}' is in {} alone", fs::path(file).stem().string(), *where));
    }
  }
  if (pairs.empty()) return Failure{fmt::format("'{}' and '{}' have no array's name in common", options.a, options.b)};
  return pairs;
}

/// The place of the first difference and of the largest, with the values there.
void print_places(const Difference& found, const Array& a, const Array& b) {
  const auto line = [&](const char* what, int64_t at) {
    fmt::print("  {} at {}: {:.9g} and {:.9g}\n", what, place(at, found.shape), a.at(at), b.at(at));
  };
  line("first", found.first);
  if (found.most != found.first) line("most ", found.most);
}

int compare(const CompareOptions& options) {
  std::vector<std::string> alone;
  const Result<std::vector<Pair>> pairs = pairs_of(options, alone);
  if (!pairs) return fail(pairs.failure());

  Table table({{"layer"}, {"shape"}, {"largest", Table::Align::right}, {"difference", Table::Align::right}, {""}});
  const Pair* first = nullptr;
  size_t before = 0, parted = 0;
  double agreed = 0;  // largest difference before the first pair that differs
  Progress progress("comparing");
  for (size_t i = 0; i < pairs->size(); ++i) {
    const Pair& pair = (*pairs)[i];
    const Result<Array> a = read_array(pair.a);
    if (!a) return fail(a.failure());
    const Result<Array> b = read_array(pair.b);
    if (!b) return fail(b.failure());
    const Difference found = difference(*a, *b, options.tolerance);
    progress.update(i + 1, pairs->size());
    table.add({pair.name, shape_text(found.shape), found.shapes.empty() ? fmt::format("{:.4g}", found.largest) : "",
               found.shapes.empty() ? error_text(found.error) : "", found.parts() ? "parts" : ""});
    parted += found.parts() ? 1 : 0;
    if (first == nullptr && !found.parts()) ++before, agreed = std::max(agreed, found.error);
    if (first != nullptr || !found.parts()) continue;
    first = &pair;
    progress.finish();
    if (!found.shapes.empty()) {
      fmt::print("they part at '{}': {}\n", pair.name, found.shapes);
      continue;
    }
    fmt::print("they part at '{}': {} of {} values differ by more than {:g} of the largest, {:.4g}; at most by {}\n", pair.name,
               grouped(found.parted), grouped(found.elements), options.tolerance, found.largest, error_text(found.error));
    print_places(found, *a, *b);
  }
  progress.finish();
  const size_t after = pairs->size() - before - 1;
  const auto layers = [](size_t count) { return fmt::format("{} {}", count, count == 1 ? "layer" : "layers"); };
  if (first == nullptr) {
    fmt::print("{} {}: no value differs{}\n", layers(before), before == 1 ? "agrees" : "agree",
               agreed == 0 ? "" : fmt::format(" by more than {} of its layer's largest", error_text(agreed)));
  } else {
    fmt::print("  before it {} {}{}; of the {} after it {} part\n", layers(before), before == 1 ? "agrees" : "agree",
               agreed == 0 ? "" : fmt::format(" within {}", error_text(agreed)), after, parted - 1);
  }
  for (const std::string& line : alone) fmt::print("  not compared: {}\n", line);
  if (options.all) fmt::print("\n{}", table.str());
  return first == nullptr ? done : input_wrong;
}

}  // namespace

void add_compare(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("compare", "tell the first layer and element where two traces differ");
  auto options = std::make_shared<CompareOptions>();
  command.add_positional("A", options->a, "what 'resnetc run --trace' wrote, or any folder of .npy files, or one such file");
  command.add_positional("B", options->b, "what to compare it with; arrays are matched by their files' names");
  command.add_option("--tolerance", options->tolerance, "the largest difference allowed, over the layer's largest value (1e-4)")
      .type_name("E")
      .from_to(0, 1);
  command.add_flag("--all", options->all, "also print a table of all layers");
  command.callback([&invocation, options] { invocation.action = [options] { return compare(*options); }; });
}

}  // namespace resnetc::driver

/// \file The readers of IR text, of tuned schedules, machines, ranges and recipes. What they accept must print to a text that reads back
/// the same, and all functions that later stages call on it must work.
#include <cstdint>
#include <string>

#include "inspect/drawing.h"
#include "ir/graph.h"
#include "ir/machine_text.h"
#include "ir/program.h"
#include "ir/ranges.h"
#include "ir/recipe.h"
#include "ir/topology.h"
#include "ir/tuning.h"
#include "tests/fuzz/require.h"

namespace {

using namespace resnetc;

template <class Parse, class ParseJson, class Use>
void check(const std::string& input, Parse parse, ParseJson parse_json, Use use) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto ir = parse(sources.add("fuzz.ir", input), diagnostics);
  require(ir.has_value() != diagnostics.has_errors(), "a failure without an error, or an error without a failure");
  if (!ir) {
    diagnostics.render();
    return;
  }
  const std::string printed = print(*ir, sources);
  const auto again = parse(sources.add("again.ir", printed), diagnostics);
  require(again.has_value(), "what was printed does not read back");
  require(print(*again, sources) == printed, "what was printed reads back as something else");
  const inspect::Drawing drawing = inspect::draw(passes::AnyIr(*ir));
  to_dot(drawing);
  to_svg(drawing);
  const auto from_json = parse_json(sources.add("again.json", to_json(*ir, sources)), diagnostics);
  require(from_json && print(*from_json, sources) == printed, "the JSON form reads back as something else");
  use(*ir);
}

void check_tuning(const std::string& input) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto tuning = program::parse_tuning(sources.add("fuzz.tuning", input), diagnostics);
  require(tuning.has_value() != diagnostics.has_errors(), "a failure without an error, or an error without a failure");
  diagnostics.render();
  if (!tuning) return;
  const std::string printed = program::print(*tuning);
  const auto again = program::parse_tuning(sources.add("again.tuning", printed), diagnostics);
  require(again && program::print(*again) == printed, "tuned schedules read back as something else");
  // Each schedule is tried on a kernel that could have it.
  program::KernelSpec spec;
  spec.kind = program::KernelKind::conv2d;
  spec.attributes.kernel = {3, 3};
  spec.attributes.pad = {1, 1};
  spec.in.type = spec.out.type = TensorType::picture(32, 14, 14);
  spec.in.channel_stride = spec.out.channel_stride = 32;
  for (const program::TunedKernel& kernel : tuning->kernels) {
    spec.schedule = kernel.schedule;
    if (!program::schedule_fault(spec)) require(program::scratch_bytes(spec) <= program::max_scratch_bytes, "too much scratch memory");
  }
}

void check_machine(const std::string& input) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto machine = parse_machine(sources.add("fuzz.machine", input), diagnostics);
  require(machine.has_value() != diagnostics.has_errors(), "a failure without an error, or an error without a failure");
  diagnostics.render();
  if (!machine) return;
  require(machine->first_period() > 0 && machine->multiply_adds_a_second() > 0, "a machine with a figure out of range");
  const auto again = parse_machine(sources.add("again.machine", print(*machine)), diagnostics);
  require(again && *again == *machine, "a machine reads back as something else");
}

void check_ranges(const std::string& input) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto ranges = parse_ranges(sources.add("fuzz.ranges", input), diagnostics);
  require(ranges.has_value() != diagnostics.has_errors(), "a failure without an error, or an error without a failure");
  diagnostics.render();
  if (!ranges) return;
  for (const ValueRange& range : ranges->values) {
    require(range.low <= 0 && range.high >= 0 && range.high - range.low < 1e39, "a range that does not hold 0, or is not finite");
    require(ranges->find(range.name) == &range, "a value with two ranges");
  }
  const std::string printed = print(*ranges);
  const auto again = parse_ranges(sources.add("again.ranges", printed), diagnostics);
  require(again && print(*again) == printed, "ranges read back as something else");
}

class NoWeights final : public WeightSource {
 public:
  std::vector<double> read(const std::string&, const std::vector<int64_t>&) const override { return {}; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  if (const auto recipe = parse_recipe(input)) {
    const std::string printed = to_string(**recipe);
    const auto again = parse_recipe(printed);
    require(again && to_string(**again) == printed, "a recipe reads back as something else");
    // A constant may have as many elements as a tensor has channels; the fuzzer may take less memory than that.
    if (element_count((*recipe)->shape) <= 1 << 22) evaluate(**recipe, NoWeights());
  }
  check_tuning(input);
  check_machine(input);
  check_ranges(input);
  check(input, topology::parse, topology::parse_json, [](const topology::Network&) {});
  check(input, graph::parse, graph::parse_json, [](graph::Graph graph) {
    graph::checkpoint_tensors(graph);
    for (const graph::Op& op : graph.ops) graph::multiply_adds(graph, op);
    graph::remove_unused(graph);
    require(!graph::verify(graph), "removing unused operations breaks the graph");
  });
  check(input, program::parse, program::parse_json, [](const program::Program& program) {
    for (const program::Kernel& kernel : program.kernels) {
      to_string(program::spec_of(program, kernel));
      program::writes_once(program, kernel);
    }
    program::check_memory_plan(program);
  });
  return 0;
}

/// \file Random networks go through every pass: the results of a graph do not change, every IR verifies and reads back unchanged, and the
/// planned memory passes the checker that run_pass calls.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "tests/unit/ir/forms.h"
#include "tests/unit/passes/session.h"
#include "tests/unit/random_network.h"

using namespace pass_test;

namespace {

constexpr uint64_t network_count = 60;

/// The results for one picture after lower-to-graph and after each later pass on the graph.
void check_graph_passes(uint64_t seed, const WeightSource& weights) {
  Session session;
  std::vector<Values> expected;
  session.context.after_pass = [&](const passes::PassRun& run) {
    if (run.pass.to != passes::Level::graph) return;
    const auto& graph = std::get<graph::Graph>(run.ir);
    std::vector<Values> outputs = interpret(graph, weights, input_for(graph));
    if (expected.empty()) expected = outputs;
    CHECK_MESSAGE(difference(expected, outputs) < 1e-9, "after ", std::string(run.pass.name));
  };
  session.lowered(random_network(seed), passes::Level::graph);
  CHECK(!expected.empty());
}

}  // namespace

TEST_CASE("passes on the graph keep what random networks compute") {
  for (uint64_t seed = 0; seed < network_count; ++seed) {
    CAPTURE(seed);
    check_graph_passes(seed, GeneratedWeights());
  }
}

TEST_CASE("random networks have schedules for every machine, also for one that nobody builds") {
  std::vector<Machine> machines(all_machines().begin(), all_machines().end());
  // The ends of the ranges that a machine's file allows (ir/machine_text.cpp).
  Machine least = default_machine(), most = default_machine();
  for (VectorRates& rates : least.vectors) rates.multiply_adds = rates.loads = rates.stores = 0.01;
  least.first.bytes = least.second.bytes = 1 << 10;
  least.third.bytes = 0;
  least.cycles_a_second = least.first.bytes_a_second = least.second.bytes_a_second = least.third.bytes_a_second = 1e6;
  least.memory_bytes_a_second = 1e6;
  least.first_ways = 1;
  least.latency = 0.25;
  least.hidden = 0;
  for (VectorRates& rates : most.vectors) rates.multiply_adds = rates.loads = rates.stores = 64;
  most.first.bytes = most.second.bytes = most.third.bytes = int64_t{1} << 40;
  most.cycles_a_second = 1e11;
  most.first.bytes_a_second = most.second.bytes_a_second = most.third.bytes_a_second = most.memory_bytes_a_second = 1e15;
  most.first_ways = 1 << 10;
  most.latency = most.crowding = 100;
  most.hidden = 1;
  machines.push_back(least);
  machines.push_back(most);
  const char* targets[] = {"avx512", "avx2", "sse41"};
  for (uint64_t seed = 0; seed < 6 * machines.size(); ++seed) {
    CAPTURE(seed);
    const Machine& machine = machines[seed % machines.size()];
    CAPTURE(machine.name);
    Session session;
    session.context.target = find_target(targets[seed % 3]);
    session.context.machine = &machine;
    const passes::AnyIr ir = session.lowered(random_network(seed), passes::Level::program);
    CHECK(program::verify(std::get<program::Program>(ir)) == std::nullopt);
  }
}

TEST_CASE("random networks are planned without overlap on every target") {
  const char* targets[] = {"avx512", "avx2", "sse41"};
  for (uint64_t seed = 0; seed < 5 * network_count; ++seed) {
    CAPTURE(seed);
    Session session;
    session.context.target = find_target(targets[seed % 3]);
    passes::AnyIr ir = session.lowered(random_network(seed), passes::Level::program);
    const auto& program = std::get<program::Program>(ir);
    CHECK(program::check_memory_plan(program) == std::nullopt);
    // Tensors share memory: the arena is never larger than all tensors side by side, and has room for each of them.
    int64_t all = 0;
    for (const program::Tensor& t : program.tensors) all += t.picture_bytes();
    CHECK(program.arena_bytes <= all);
  }
}

TEST_CASE("every IR of random networks reads back from its text and from its JSON") {
  for (uint64_t seed = 0; seed < network_count; ++seed) {
    CAPTURE(seed);
    Session session;
    session.context.after_pass = [&](const passes::PassRun& run) {
      INFO("after ", std::string(run.pass.name));
      std::visit([&](const auto& level) { ir_test::check_forms(level, session.sources); }, run.ir);
    };
    session.lowered(random_network(seed), passes::Level::program);
  }
}

TEST_CASE("random networks are the same for a seed, and reach what they are meant to reach") {
  CHECK(random_network(7) == random_network(7));
  CHECK(random_network(7) != random_network(8));
  std::string all;
  for (uint64_t seed = 0; seed < 5 * network_count; ++seed) all += random_network(seed);
  for (const char* part : {"u8[",
                           "13, 21",
                           "groups",
                           "dilation",
                           "bias = true",
                           "conv(1x1",
                           "conv(3x3",
                           "conv(5x5",
                           "conv(7x7",
                           "stride = 2",
                           "skip from",
                           " via ",
                           "gate via",
                           "output extra1",
                           "output extra2",
                           ", 40",
                           ", 17",
                           ", 1)",
                           "concat from",
                           "concat spread from",
                           "skip spread from",
                           "slice_channels(0",
                           "\n  from v",
                           "output head",
                           "{ conv(1x1, 1)  sigmoid }"}) {
    CHECK_MESSAGE(all.find(part) != std::string::npos, std::string(part));
  }
  for (const OpInfo& op : all_ops()) CHECK_MESSAGE(all.find(op.layer) != std::string::npos, std::string(op.layer));
}

TEST_CASE("random networks have every element-wise operation where no kernel takes it: on the input, and on a value that is used again") {
  std::set<OpKind> on_input, on_shared;
  for (uint64_t seed = 0; seed < 3 * network_count; ++seed) {
    Session session;
    const auto graph = std::get<graph::Graph>(session.lowered(random_network(seed), passes::Level::graph));
    const std::vector<int> uses = graph::use_counts(graph);
    for (const graph::Op& op : graph.ops) {
      if (!graph::is_step(op.kind)) continue;
      if (op.operands[0] == 0) {
        on_input.insert(op.kind);
      } else if (uses[static_cast<size_t>(op.operands[0])] > 1) {
        on_shared.insert(op.kind);
      }
    }
  }
  for (const OpInfo& step : graph::all_steps()) {
    if (!op_named(step.name) || step.kind == OpKind::fake_quantize) continue;  // only ranges ask for roundings
    CHECK_MESSAGE(on_input.contains(step.kind), std::string(step.name));
    CHECK_MESSAGE(on_shared.contains(step.kind), std::string(step.name));
  }
}

TEST_CASE("among the kernels of random networks are projections, with and without strides, and every algorithm") {
  // By name, so that a new machine does not change what the seeds give.
  const std::vector<const Machine*> machines{find_machine("generic"), find_machine("sapphirerapids"), find_machine("haswell"),
                                             find_machine("znver5"),  find_machine("znver3"),         find_machine("cortex-a72")};
  std::string all;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Session session, tuned;
    session.context.machine = tuned.context.machine = machines[seed % machines.size()];
    const passes::AnyIr ir = session.lowered(random_network(seed), passes::Level::program);
    all += passes::print(ir, session.sources);
    const program::Tuning tuning = random_tuning(std::get<program::Program>(ir), seed);
    tuned.context.tuned = &tuning;
    tuned.context.weights_limited = false;
    all += passes::print(tuned.lowered(random_network(seed), passes::Level::program), tuned.sources);
  }
  for (const char* part : {"project(", ".shortcut, @", "schedule direct", "schedule winograd", "schedule strassen", "split_phases",
                           " pool kernel=", " wide ", "flat depth="})
    CHECK_MESSAGE(all.find(part) != std::string::npos, std::string(part));
}

TEST_CASE("edits of schedules that the verifier accepts are many, on a processor and on a GPU, and some have other weights") {
  for (const std::string target : {"avx2", "cuda"}) {
    CAPTURE(target);
    int edits = 0, packed_anew = 0;
    constexpr uint64_t seeds = network_count * 5 / 2;
    for (uint64_t seed = 0; seed < seeds; ++seed) {
      Session session;
      session.context.target = find_target(target);
      auto program =
          std::get<program::Program>(session.lowered(random_network(seed, session.context.target->on_gpu()), passes::Level::program));
      const auto weights = [&program] {
        std::string all;
        for (const program::Constant& constant : program.constants) all += to_string(*constant.recipe);
        return all;
      };
      const std::string before = weights();
      edits += edit_schedules(program, seed);
      packed_anew += weights() != before ? 1 : 0;
      CHECK(program::verify(program) == std::nullopt);
    }
    CHECK(edits > 10 * static_cast<int>(seeds));
    CHECK(packed_anew > 5);
  }
}

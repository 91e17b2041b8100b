/// \file Compares random small networks, compiled, with the reference interpreter. Network number k has the seed S + k and takes one of
/// this machine's instruction sets in turn. Every second round through the sets has random schedules instead of the compiler's choice.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "codegen/host.h"
#include "frontend/frontend.h"
#include "tests/exactness/compiled.h"
#include "tests/exactness/narrow_networks.h"
#include "tests/unit/random_network.h"

namespace resnetc::exactness {
namespace {

constexpr double limit = 1e-4;
constexpr size_t chunk = 40;  ///< networks whose kernels are compiled together, so that no processor waits for the last of one
constexpr size_t pictures = 3;
constexpr size_t interpreted[] = {0, 2};

struct Network {
  uint64_t seed = 0;
  const Target* target = nullptr;
  std::string text;
  graph::Graph graph;    ///< as it was before any rewrite
  graph::Graph rounded;  ///< of a network with weights of 16 bits: the graph with these weights; otherwise empty
  std::vector<program::Program> programs;
  std::string why;  ///< the fault that was found; empty if there is none
};

/// Where a network's schedules come from: the compiler alone, or also what tuning would measure, or a person who edits the program's text.
enum class Schedules { chosen, tuned, edited };

/// One of the machines that can run the target; all of them come in turn.
const Machine& machine_of(uint64_t seed, const Target& target) {
  std::vector<const Machine*> machines;
  for (const Machine& machine : all_machines()) {
    if (target.on_gpu() || can_run(machine, target)) machines.push_back(&machine);
  }
  return *machines[seed % machines.size()];
}

/// The type of the network's weights: f32, and of every fifth network for a processor f16 or bf16.
ElementType weights_of(uint64_t seed, const Target& target) {
  if (target.on_gpu() || seed % 5 != 4) return ElementType::f32;
  return seed % 2 == 0 ? ElementType::f16 : ElementType::bf16;
}

Network make_network(uint64_t seed, const Target* target, Schedules schedules) {
  Network network;
  network.seed = seed;
  network.target = target;
  network.text = random_network(seed, target->on_gpu());
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto topology = parse_network(fmt::format("seed{}.rn", seed), network.text, {}, diagnostics);
  const Machine& machine = machine_of(seed, *target);
  const ElementType weights = weights_of(seed, *target);
  const auto lowered = [&](graph::Graph* graph, const program::Tuning* tuned) {
    graph::Graph* const rounded = weights == ElementType::f32 ? nullptr : &network.rounded;
    return lower(*topology, {&target, 1}, diagnostics, graph, largest_winograd_tile, tuned, machine, weights, rounded);
  };
  if (topology) network.programs = lowered(&network.graph, nullptr);
  if (!network.programs.empty() && schedules == Schedules::tuned) {
    const program::Tuning tuning = random_tuning(network.programs.front(), seed);
    network.programs = lowered(nullptr, &tuning);
  }
  if (network.programs.empty()) {
    network.why = diagnostics.render();
  } else if (schedules == Schedules::edited) {
    edit_schedules(network.programs.front(), seed);
  }
  return network;
}

/// The largest value on the way to `value` since the last operation that is more than a function of one element. A function such as clip
/// makes a value of 100 a value of 1, but the rounding error of 100 stays. A factor makes both smaller.
double largest_before_functions(const graph::Graph& graph, graph::ValueId value, std::span<const double> largest) {
  double most = 0;
  for (;;) {
    const graph::Op& op = graph.ops[static_cast<size_t>(value)];
    most = std::max(most, largest[static_cast<size_t>(value)]);
    const bool function = !info(op.kind).meaning.empty() && info(op.kind).weights == nullptr && op.kind != OpKind::multiply;
    if (op.operands.size() != 1 || !function) return most;
    value = op.operands[0];
  }
}

/// Compares one compiled network with the interpreter. Returns the fault, or nothing.
std::string check(const Network& network, const codegen::KernelOptions& kernels) {
  const TempDir dir;
  const auto library = Library::make(network.programs, "random_network", dir.path(), kernels);
  if (!library) return library.failure().text;
  const program::Program& program = network.programs.front();
  std::vector<Values> values;
  std::vector<std::vector<std::byte>> bytes;
  for (size_t k = 0; k < pictures; ++k) {
    values.push_back(
        generated_input(program.input_name, static_cast<int64_t>(k), program.input.type.elements(), program.input.type.element));
    bytes.push_back(to_bytes(values.back(), program.input));
  }
  const std::string label = label_of(*network.target, network.programs.front().machine);
  const auto one = Context::make(**library, label, 1, 1);
  if (!one) return one.failure().text;
  const auto two = Context::make(**library, label, 2, static_cast<int32_t>(pictures));
  if (!two) return two.failure().text;
  const auto batch = (*two)->run(bytes);
  if (!batch) return batch.failure().text;
  const std::vector<std::vector<float>>& together = *batch;
  for (size_t k = 0; k < pictures; ++k) {
    const auto ran = (*one)->run({&bytes[k], 1});
    if (!ran) return ran.failure().text;
    const std::vector<float>& alone = ran->front();
    if (alone.size() != together[k].size() || std::memcmp(alone.data(), together[k].data(), alone.size() * sizeof(float)) != 0) {
      return fmt::format("picture {} differs alone on 1 thread and in a batch of {} on 2", k, pictures);
    }
  }
  const GeneratedWeights weights;
  for (size_t k : interpreted) {
    std::span<const float> rest = together[k];
    std::vector<double> largest(network.graph.ops.size());
    const auto observe = [&](const graph::Op& op, const Values& made) {
      double& most = largest[static_cast<size_t>(&op - network.graph.ops.data())];
      for (const double value : made) most = std::max(most, std::abs(value));
    };
    // The sizes of values are those of the network as it was written, whose operations are apart.
    std::vector<Values> wanted = interpret(network.graph, weights, values[k], observe);
    if (!network.rounded.ops.empty()) wanted = interpret(network.rounded, weights, values[k]);
    for (size_t port = 0; port < wanted.size(); ++port) {
      if (rest.size() < wanted[port].size()) return fmt::format("output '{}' is too short", program.outputs[port].name);
      const double scale = largest_before_functions(network.graph, network.graph.outputs[port].value, largest);
      const double difference = relative_difference(rest.first(wanted[port].size()), wanted[port], scale);
      if (!(difference <= limit)) {
        return fmt::format("output '{}' of picture {} differs from the interpreter by {:.3g} of the largest value",
                           program.outputs[port].name, k, difference);
      }
      rest = rest.subspan(wanted[port].size());
    }
  }
  return "";
}

/// Compiles the kernels of several networks into the cache.
Result<codegen::KernelSet> compile_ahead(std::span<const Network> networks, const codegen::KernelOptions& kernels) {
  std::vector<codegen::KernelJob> jobs;
  for (const Network& network : networks) {
    for (const program::Program& program : network.programs) {
      for (const program::Kernel& kernel : program.kernels) jobs.push_back({program::spec_of(program, kernel), program.target});
    }
  }
  return codegen::compile_kernels(jobs, kernels);
}

/// The targets that this machine cannot run.
std::string missing_targets() {
  std::string names;
  for (const Target& target : all_targets()) {
    if (!target.on_gpu() && !codegen::runs_here(target)) names += " " + target.name;
  }
  return names;
}

/// Runs networks that compute with integers or bf16, as check_narrow() says. Returns the exit status.
int run_narrow(uint64_t seed, uint64_t count, const std::string& precision, std::span<const Target* const> targets,
               const codegen::KernelOptions& kernels) {
  const auto start = std::chrono::steady_clock::now();
  const Arithmetic arithmetic = precision == "int8" ? Arithmetic::integers : Arithmetic::bf16;
  const char* what = arithmetic == Arithmetic::integers ? "integers" : "bf16";
  uint64_t failed = 0;
  size_t all = 0, narrow = 0;
  for (uint64_t own = seed; own < seed + count; ++own) {
    const Target& target = *targets[own % targets.size()];
    const NarrowResult result = check_narrow(own, arithmetic, target, machine_of(own, target), kernels);
    all += result.kernels;
    narrow += result.narrow_kernels;
    if (!result.why.empty()) {
      ++failed;
      fmt::print("FAILED: seed {} on {}: {}\n{}\nto repeat: random_networks --precision {} --seed {} --count 1 --target {}\n\n", own,
                 target.name, result.why, result.text, precision, own, target.name);
    }
    if ((own - seed + 1) % chunk != 0) continue;
    fmt::print("{} of {} networks, {} of {} kernels make {}, {:.0f} s\n", own - seed + 1, count, narrow, all, what,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    std::fflush(stdout);
  }
  fmt::print("{} of {} networks make the interpreter's {} (seeds {} to {}); {} of {} kernels make {}\n", count - failed, count, what, seed,
             seed + count - 1, narrow, all, what);
  if (const std::string missing = missing_targets(); !missing.empty()) fmt::print("not run, because this machine lacks them:{}\n", missing);
  return failed == 0 ? 0 : 1;
}

int run(int argc, char** argv) {
  remove_temp_dirs_on_signals();
  CLI::App app{"Compares compiled random networks with the reference interpreter (docs/exactness.md)."};
  uint64_t seed = 1, count = 200;
  bool show = false;
  std::string precision = "f32";
  std::vector<std::string> target_names;
  codegen::KernelOptions kernels;
  const TempDir cache;
  kernels.cache_dir = cache.path();
  app.add_option("--seed", seed, "of the first network (1)")->type_name("S");
  app.add_option("--count", count, "how many networks (200)")->type_name("N");
  app.add_option("--target", target_names, "only these; cuda alone is left out unless it is named (docs/cuda.md)")
      ->delimiter(',')
      ->type_name("T[,T...]");
  app.add_option("--cache-dir", kernels.cache_dir, "where compiled kernels are kept (nowhere)")->type_name("DIR");
  app.add_option("--precision", precision, "f32 (the default), int8: with integers, or bf16")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"f32", "int8", "bf16"}));
  app.add_flag("--show", show, "print the networks' texts");
  CLI11_PARSE(app, argc, argv);

  const Arithmetic arithmetic = precision == "int8" ? Arithmetic::integers : precision == "bf16" ? Arithmetic::bf16 : Arithmetic::floats;
  std::vector<const Target*> all = runnable_targets(arithmetic);
  if (std::find(target_names.begin(), target_names.end(), "cuda") != target_names.end()) all = {find_target("cuda")};
  std::vector<const Target*> targets = all;
  if (!target_names.empty()) {
    std::erase_if(targets,
                  [&](const auto* t) { return std::find(target_names.begin(), target_names.end(), t->name) == target_names.end(); });
  }
  if (targets.empty()) {
    fmt::print(stderr, "random_networks: no such target, or one that this machine lacks\n");
    return 2;
  }

  if (arithmetic != Arithmetic::floats) return run_narrow(seed, count, precision, targets, kernels);
  const auto start = std::chrono::steady_clock::now();
  uint64_t done = 0, failed = 0;
  size_t kernel_count = 0;
  while (done < count) {
    std::vector<Network> networks;
    for (uint64_t k = done; k < std::min<uint64_t>(done + chunk, count); ++k) {
      // The seed alone decides the target and the schedules, so a network that is run alone behaves as it did among others.
      const uint64_t own = seed + k;
      const Schedules cpu[] = {Schedules::chosen, Schedules::tuned, Schedules::edited};
      const Schedules schedules = !all.front()->on_gpu() ? cpu[own / all.size() % 3] : own % 2 == 1 ? Schedules::edited : Schedules::chosen;
      networks.push_back(make_network(own, targets[own % targets.size()], schedules));
      if (show) fmt::print("# seed {}\n{}\n", seed + k, networks.back().text);
    }
    const auto ahead = compile_ahead(networks, kernels);
    if (!ahead) fmt::print("{}\n", ahead.failure().text);  // the network that this concerns fails again below
    for (Network& network : networks) {
      if (network.why.empty()) network.why = check(network, kernels);
      if (!network.programs.empty()) kernel_count += network.programs.front().kernels.size();
      if (network.why.empty()) continue;
      ++failed;
      fmt::print("FAILED: seed {} on {}: {}\n{}\nto repeat: random_networks --seed {} --count 1 --target {}\n\n", network.seed,
                 network.target->name, network.why, network.text, network.seed, network.target->name);
    }
    done += networks.size();
    fmt::print("{} of {} networks, {} kernels, {:.0f} s\n", done, count, kernel_count,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    std::fflush(stdout);
  }
  fmt::print("{} of {} networks agree with the interpreter (seeds {} to {})\n", count - failed, count, seed, seed + count - 1);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace resnetc::exactness

int main(int argc, char** argv) { return resnetc::exactness::run(argc, argv); }

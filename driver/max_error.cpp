/// \file The steps of --max-error, and their report.
#include "driver/max_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "codegen/host.h"
#include "driver/channel_sizes.h"
#include "driver/measured_error.h"
#include "driver/observed.h"
#include "driver/table.h"
#include "driver/trial.h"

namespace resnetc::driver {

namespace {

/// The number of pictures. The interpreter takes seconds for a picture of a large network, but its outputs serve every step and target.
constexpr int picture_count = 2;
/// The tolerance of verify.
constexpr double allowed_in_channels = 1e-4;

/// The values with which a library of the network is compared, for one picture: the outputs in order, and the results of kernels.
struct Reference {
  struct Output {
    Values values;
    std::vector<double> sizes;
  };
  struct Inner {
    const graph::Op* op;
    std::vector<float> values;  ///< exact enough for the tolerance of kernels, with half the bytes
    std::vector<double> sizes;
  };
  std::vector<Output> outputs;
  std::vector<Inner> inner;
};

/// Adds the names of the values that the kernels of all programs compute.
void add_names(const Lowered& lowered, std::set<std::string>& names) {
  for (const program::Program& program : lowered.programs) {
    for (const program::Kernel& kernel : program.kernels) names.insert(kernel.name);
  }
}

Reference interpreted(const graph::Graph& graph, const WeightSource& weights, const Pictures& pictures, size_t picture,
                      const std::set<std::string>& kept) {
  Reference reference;
  ChannelSizes sizes(graph);
  std::vector<Values> outputs = interpret_picture(graph, weights, pictures, picture, [&](const graph::Op& op, const Values& values) {
    const std::vector<double>& of_channels = sizes.add(op, values);
    if (kept.contains(op.name)) reference.inner.push_back({&op, std::vector<float>(values.begin(), values.end()), of_channels});
  });
  for (size_t i = 0; i < outputs.size(); ++i) reference.outputs.push_back({std::move(outputs[i]), sizes.of(graph.outputs[i].value)});
  return reference;
}

Result<TargetErrors> measure(const Trial& trial, const std::string& target, const graph::Graph& graph, const Pictures& pictures,
                             const std::vector<Reference>& references) {
  const Result<std::unique_ptr<Session>> session = trial.session(target, picture_count, 0);
  if (!session) return Failure{fmt::format("{}: {}", target, session.failure().text), session.failure().blame};
  Observed observed;
  observed.watch(**session);
  if (const Result<> ran = (*session)->run(pictures.bytes); !ran) {
    return Failure{fmt::format("{}: {}", target, ran.failure().text), ran.failure().blame};
  }
  TargetErrors errors;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    MeasuredError measured;
    const std::span<const float> all = (*session)->output(i);
    const size_t size = all.size() / picture_count;
    for (size_t k = 0; k < references.size(); ++k) {
      const Reference::Output& expected = references[k].outputs[i];
      measured.add(all.subspan(k * size, size), expected.values, expected.sizes);
    }
    if (!measured.finite) {
      return Failure{"--max-error: by the interpreter already, not all outputs are finite numbers, so there is no error to measure"};
    }
    errors.of_outputs = std::max({errors.of_outputs, measured.error, measured.by_channel()});
  }
  for (size_t k = 0; k < references.size(); ++k) {
    for (const Reference::Inner& expected : references[k].inner) {
      observed.compare(graph, *expected.op, Values(expected.values.begin(), expected.values.end()), expected.sizes, k);
    }
  }
  for (const Observed::Kernel& kernel : observed.kernels()) {
    if (kernel.measured.by_channel() <= errors.in_channels) continue;
    errors.in_channels = kernel.measured.by_channel();
    errors.kernel = kernel.name;
  }
  return errors;
}

}  // namespace

std::string MaxError::fault(const std::vector<const Target*>& targets) {
  for (const auto* target : targets) {
    if (!codegen::runs_here(*target)) {
      return fmt::format("--max-error: an error is measured by running the library, and this machine does not run {}", target->name);
    }
  }
  return "";
}

Result<MaxError> MaxError::reach(double allowed, const topology::Network& network, LoweringOptions lowering, const std::string& name,
                                 const codegen::KernelOptions& kernels, Diagnostics& diagnostics) {
  const auto graph = plain_graph(network, diagnostics);
  if (!graph) return first_failure(diagnostics);
  const GeneratedWeights generated;
  const WeightSource& weights = lowering.weights != nullptr ? *lowering.weights : generated;
  lowering.after_pass = nullptr;  // observers of the passes should see the final choice, not the search

  MaxError result;
  result.allowed_ = allowed;
  for (const Goal& goal : lowering.goals) result.targets_.push_back(goal.label());
  Pictures pictures;
  std::vector<Reference> references;
  while (true) {
    const auto lowered = lower(network, lowering, diagnostics);
    if (!lowered) return first_failure(diagnostics);
    const Result<std::unique_ptr<Trial>> made = Trial::make(*lowered, name, weights, kernels);
    if (!made) return made.failure();
    const Trial& trial = **made;
    if (references.empty()) {
      pictures = trial.pictures(picture_count);
      // With direct sums the kernels may differ, because they do not take a pool into the first layer's kernel.
      LoweringOptions direct = lowering;
      direct.winograd_tile = 0;
      std::set<std::string> kept;
      add_names(*lowered, kept);
      if (const auto last = lower(network, direct, diagnostics)) add_names(*last, kept);
      for (size_t k = 0; k < picture_count; ++k) references.push_back(interpreted(*graph, weights, pictures, k, kept));
    }
    Rung& rung = result.rungs_.emplace_back();
    rung.limit = lowering.winograd_tile;
    for (const program::Program& program : lowered->programs) {
      for (const program::Kernel& kernel : program.kernels) {
        if (const auto* transformed = std::get_if<program::WinogradSchedule>(&kernel.schedule)) {
          rung.tile = std::max(rung.tile, transformed->output);
        }
        rung.halves = rung.halves || std::holds_alternative<program::StrassenSchedule>(kernel.schedule);
      }
    }
    for (const Goal& goal : lowering.goals) {
      Result<TargetErrors> errors = measure(trial, goal.exact_label(), *graph, pictures, references);
      if (!errors) return errors.failure();
      rung.errors.push_back(std::move(*errors));
    }
    if (result.enough(rung)) return result;
    if (rung.direct()) break;
    lowering.winograd_tile = rung.tile > 2 ? 2 : 0;
  }
  return Failure{result.refusal()};
}

std::string MaxError::Rung::algorithms() const {
  if (tile == 0) return halves ? "Strassen's products" : "direct sums";
  return fmt::format("Winograd's tiles up to {0}x{0}{1}", tile, halves ? " and Strassen's products" : "");
}

bool MaxError::enough(const Rung& rung) const {
  return std::all_of(rung.errors.begin(), rung.errors.end(), [&](const TargetErrors& errors) {
    return errors.of_outputs <= allowed_ && (rung.direct() || errors.in_channels <= std::max(allowed_, allowed_in_channels));
  });
}

std::string MaxError::text(const TargetErrors& errors) const {
  std::string text = error_text(errors.of_outputs);
  if (errors.in_channels <= std::max({allowed_, allowed_in_channels, errors.of_outputs})) return text;
  return fmt::format("{} (but {} in a channel of '{}')", text, error_text(errors.in_channels), errors.kernel);
}

std::string MaxError::summary() const {
  std::string errors;
  for (size_t i = 0; i < targets_.size(); ++i) {
    errors += fmt::format("{}{} on {}", i == 0 ? "" : ", ", text(rungs_.back().errors[i]), targets_[i]);
  }
  return fmt::format("error, of the largest output: {}, with {}; {:g} is allowed", errors, rungs_.back().algorithms(), allowed_);
}

std::string MaxError::report() const {
  std::vector<Table::Column> columns{{"error, of the largest output"}};
  for (const std::string& target : targets_) columns.push_back({target, Table::Align::right});
  Table table(std::move(columns));
  for (const Rung& rung : rungs_) {
    std::vector<std::string> cells{rung.algorithms()};
    for (const TargetErrors& errors : rung.errors) cells.push_back(text(errors));
    table.add(std::move(cells));
  }
  return fmt::format("{}{:g} is allowed\n", table.str(), allowed_);
}

std::string MaxError::refusal() const {
  std::string reached;
  for (const Rung& rung : rungs_) {
    const auto worst = std::max_element(rung.errors.begin(), rung.errors.end(),
                                        [](const TargetErrors& a, const TargetErrors& b) { return a.of_outputs < b.of_outputs; });
    reached += fmt::format("{}{} with {}", reached.empty() ? "" : ", ", text(*worst), rung.algorithms());
  }
  return fmt::format("--max-error {:g} is not reached, and nothing is written: of the largest output, the error is {}", allowed_, reached);
}

}  // namespace resnetc::driver

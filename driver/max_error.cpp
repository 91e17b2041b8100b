/// \file The ladder of --max-error, and what is said about it.
#include "driver/max_error.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/measured_error.h"
#include "driver/table.h"

namespace resnetc::driver {

namespace {

/// The interpreter takes seconds for a picture of a large network, and its outputs serve every rung and target.
constexpr int picture_count = 2;

/// Of one picture, all outputs in order.
using References = std::vector<std::vector<Values>>;

/// Each output of each picture has its own largest value to be compared with.
std::optional<double> error_of(const Trial& trial, const std::string& target, const Pictures& pictures, const References& references,
                               std::string& why) {
  auto session = trial.session(target, picture_count, 0, why);
  if (!session || !session->run(pictures.bytes, why)) {
    why = fmt::format("{}: {}", target, why);
    return std::nullopt;
  }
  MeasuredError measured;
  for (size_t k = 0; k < references.size(); ++k) {
    for (size_t i = 0; i < references[k].size(); ++i) {
      const std::span<const float> all = session->output(i);
      const size_t size = all.size() / picture_count;
      measured.add(all.subspan(k * size, size), references[k][i]);
    }
  }
  if (measured.finite) return measured.error;
  why = "--max-error: by the interpreter already, not all outputs are finite numbers, so there is no error to measure";
  return std::nullopt;
}

}  // namespace

std::string MaxError::fault(const std::vector<const codegen::TargetInfo*>& targets) {
  for (const auto* target : targets) {
    if (!codegen::runs_here(*target)) {
      return fmt::format("--max-error: an error is measured by running the library, and this machine does not run {}", target->name);
    }
  }
  return "";
}

std::optional<MaxError> MaxError::reach(double allowed, const topology::Network& network, LoweringOptions lowering, const std::string& name,
                                        const codegen::KernelOptions& kernels, Diagnostics& diagnostics, std::string& why) {
  const auto graph = plain_graph(network, diagnostics);
  if (!graph) return std::nullopt;
  const GeneratedWeights generated;
  const WeightSource& weights = lowering.weights != nullptr ? *lowering.weights : generated;
  lowering.after_pass = nullptr;  // who watches the passes wants to see the choice, not the search

  MaxError result;
  result.allowed_ = allowed;
  for (const auto* target : lowering.targets) result.targets_.push_back(target->name);
  Pictures pictures;
  References references;
  while (true) {
    const auto lowered = lower(network, lowering, diagnostics);
    if (!lowered) {
      why = "internal error: a pass failed and gave no reason";  // unless there are diagnostics
      return std::nullopt;
    }
    const auto trial = Trial::make(*lowered, name, weights, kernels, why);
    if (!trial) return std::nullopt;
    if (references.empty()) {
      pictures = trial->pictures(picture_count);
      for (size_t k = 0; k < picture_count; ++k) references.push_back(interpret_picture(*graph, weights, pictures, k));
    }
    Rung& rung = result.rungs_.emplace_back();
    rung.limit = lowering.winograd_tile;
    for (const program::Program& program : lowered->programs) {
      for (const program::Kernel& kernel : program.kernels) {
        rung.tile = std::max(rung.tile, kernel.schedule.output);
        rung.halves = rung.halves || kernel.schedule.algorithm == program::Algorithm::strassen;
      }
    }
    for (const std::string& target : result.targets_) {
      const auto error = error_of(*trial, target, pictures, references, why);
      if (!error) return std::nullopt;
      rung.errors.push_back(*error);
    }
    if (rung.worst() <= allowed) return result;
    if (rung.tile == 0 && !rung.halves) break;
    lowering.winograd_tile = rung.tile > 2 ? 2 : 0;
  }
  why = result.refusal();
  return std::nullopt;
}

std::string MaxError::Rung::algorithms() const {
  if (tile == 0) return halves ? "Strassen's products" : "direct sums";
  return fmt::format("Winograd's tiles up to {0}x{0}{1}", tile, halves ? " and Strassen's products" : "");
}

double MaxError::Rung::worst() const { return *std::max_element(errors.begin(), errors.end()); }

std::string MaxError::summary() const {
  std::string errors;
  for (size_t i = 0; i < targets_.size(); ++i) {
    errors += fmt::format("{}{} on {}", i == 0 ? "" : ", ", error_text(rungs_.back().errors[i]), targets_[i]);
  }
  return fmt::format("error, of the largest output: {}, with {}; {:g} is allowed", errors, rungs_.back().algorithms(), allowed_);
}

std::string MaxError::report() const {
  std::vector<Table::Column> columns{{"error, of the largest output"}};
  for (const std::string& target : targets_) columns.push_back({target, Table::Align::right});
  Table table(std::move(columns));
  for (const Rung& rung : rungs_) {
    std::vector<std::string> cells{rung.algorithms()};
    for (double error : rung.errors) cells.push_back(error_text(error));
    table.add(std::move(cells));
  }
  return fmt::format("{}{:g} is allowed\n", table.str(), allowed_);
}

std::string MaxError::refusal() const {
  std::string reached;
  for (const Rung& rung : rungs_) {
    reached += fmt::format("{}{} with {}", reached.empty() ? "" : ", ", error_text(rung.worst()), rung.algorithms());
  }
  return fmt::format("--max-error {:g} is not reached, and nothing is written: of the largest output, the error is {}", allowed_, reached);
}

}  // namespace resnetc::driver

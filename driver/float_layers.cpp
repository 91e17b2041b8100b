/// \file Noise of single layers, and the search among them.
#include "driver/float_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "driver/channel_sizes.h"
#include "driver/measured_error.h"
#include "driver/noise.h"
#include "driver/table.h"
#include "driver/trial.h"
#include "ir/quantized.h"
#include "support/printable.h"

namespace resnetc::driver {

namespace {

/// A network's values in float64 for one picture.
struct ExactValues {
  std::map<std::string, Values, std::less<>> named;
  std::vector<Values> outputs;
};

/// Measures one network on some pictures.
class Measuring {
 public:
  Measuring(const topology::Network& network, LoweringOptions lowering, std::vector<Values> pictures, Diagnostics& diagnostics)
      : network_(network), lowering_(std::move(lowering)), diagnostics_(diagnostics), keep_float_(lowering_.precision.keep_float) {
    pictures_.planar = std::move(pictures);
    lowering_.goals.clear();
    lowering_.tuned = nullptr;
    lowering_.after_pass = nullptr;
  }

  /// The float network; false after errors.
  bool compute_exact() {
    const auto graph = plain_graph(network_, diagnostics_);
    if (!graph) return false;
    for (size_t k = 0; k < pictures_.planar.size(); ++k) {
      ExactValues& values = exact_.emplace_back();
      values.outputs =
          interpret_picture(*graph, weights(), pictures_, k, [&](const graph::Op& op, const Values& all) { values.named[op.name] = all; });
    }
    return true;
  }

  /// The network with these layers in float, besides those that are anyway.
  std::optional<graph::Graph> with_floats(const ValueNames& names) {
    lowering_.precision.keep_float = keep_float_;
    lowering_.precision.keep_float.insert(names.begin(), names.end());
    std::optional<Lowered> lowered = lower(network_, lowering_, diagnostics_);
    return lowered ? std::optional(std::move(lowered->graph)) : std::nullopt;
  }

  /// The noise over the signal of each operation that sums integers, whose operands are as exact as their types allow.
  std::map<std::string, double> own_noise(const graph::Graph& graph) const {
    std::map<std::string, Noise> measured;
    for (size_t k = 0; k < exact_.size(); ++k) {
      interpret_picture(graph, weights(), pictures_, k, [&](const graph::Op& op, Values& values) {
        const auto wanted = exact_[k].named.find(op.name);
        if (wanted == exact_[k].named.end() || wanted->second.size() != values.size()) return;
        Values numbers = values;
        graph::to_numbers(op.type, numbers);
        measured[op.name].add(wanted->second, numbers);
        values = wanted->second;
        graph::to_integers(op.type, values);
      });
    }
    std::map<std::string, double> noises;
    for (const graph::Op& op : graph.ops) {
      const auto found = measured.find(op.name);
      if (found != measured.end() && graph::sums_integers(graph, op)) noises[op.name] = found->second.ratio();
    }
    return noises;
  }

  double error_of(const graph::Graph& graph) const {
    double largest = 0;
    for (size_t k = 0; k < exact_.size(); ++k) {
      ChannelSizes sizes(graph);
      const std::vector<Values> outputs =
          interpret_picture(graph, weights(), pictures_, k, [&](const graph::Op& op, Values& values) { sizes.add(op, values); });
      for (size_t i = 0; i < outputs.size(); ++i) {
        MeasuredError measured;
        const std::vector<float> got(outputs[i].begin(), outputs[i].end());
        measured.add(got, exact_[k].outputs[i], sizes.of(graph.outputs[i].value));
        largest = std::max(largest, measured.finite ? measured.error : HUGE_VAL);
      }
    }
    return largest;
  }

 private:
  const WeightSource& weights() const { return lowering_.weights != nullptr ? *lowering_.weights : generated_; }

  const topology::Network& network_;
  LoweringOptions lowering_;
  Diagnostics& diagnostics_;
  ValueNames keep_float_;
  GeneratedWeights generated_;
  Pictures pictures_;
  std::vector<ExactValues> exact_;
};

}  // namespace

Result<FloatLayers> FloatLayers::reach(double allowed, const topology::Network& network, LoweringOptions lowering,
                                       std::vector<Values> pictures, Diagnostics& diagnostics) {
  Measuring measuring(network, std::move(lowering), std::move(pictures), diagnostics);
  if (!measuring.compute_exact()) return first_failure(diagnostics);
  FloatLayers result;
  result.allowed_ = allowed;
  const auto measure = [&](size_t kept) {
    result.chosen_.kept = kept;
    const std::optional<graph::Graph> graph = measuring.with_floats(result.kept());
    if (!graph) return false;
    result.chosen_.error = measuring.error_of(*graph);
    result.tries_.push_back(result.chosen_);
    if (kept != 0 || result.chosen_.error <= allowed) return true;
    for (const auto& [name, noise] : measuring.own_noise(*graph)) result.layers_.push_back({name, noise});
    std::sort(result.layers_.begin(), result.layers_.end(),
              [](const Layer& a, const Layer& b) { return std::tie(b.noise, a.name) < std::tie(a.noise, b.name); });
    return true;
  };
  if (!measure(0)) return first_failure(diagnostics);
  if (result.chosen_.error <= allowed) return result;
  const double all_integers = result.chosen_.error;
  // What is not enough, and what is; the fewest layers in between.
  size_t below = 0, enough = result.layers_.size();
  if (!measure(enough)) return first_failure(diagnostics);
  Try best = result.chosen_;
  if (best.error > allowed) {
    return Failure{fmt::format(
        "--max-error {:g} is not reached, and nothing is written: of the largest output, the error is {} with integers, and {} with "
        "all layers in float",
        allowed, error_text(all_integers), error_text(best.error))};
  }
  while (enough - below > 1) {
    const size_t middle = below + (enough - below) / 2;
    if (!measure(middle)) return first_failure(diagnostics);
    if (result.chosen_.error <= allowed) {
      enough = middle;
      best = result.chosen_;
    } else {
      below = middle;
    }
  }
  result.chosen_ = best;
  return result;
}

ValueNames FloatLayers::kept() const {
  ValueNames names;
  for (size_t i = 0; i < chosen_.kept; ++i) names.insert(layers_[i].name);
  return names;
}

std::string FloatLayers::summary() const {
  const std::string layers =
      layers_.empty() ? "all layers in integers" : fmt::format("{} of {} layers in float", chosen_.kept, layers_.size());
  return fmt::format("error, of the largest output: {}, with {}; {:g} is allowed", error_text(chosen_.error), layers, allowed_);
}

std::string FloatLayers::report() const {
  Table errors({{"layers in float", Table::Align::right}, {"error, of the largest output", Table::Align::right}});
  for (const Try& one : tries_) errors.add({std::to_string(one.kept), error_text(one.error)});
  Table layers({{"layer"}, {"its own signal to noise", Table::Align::right}, {""}});
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string noise = layers_[i].noise > 0 ? fmt::format("{:.1f} dB", -10 * std::log10(layers_[i].noise)) : "no noise";
    layers.add({printable(layers_[i].name), noise, i < chosen_.kept ? "in float" : ""});
  }
  return fmt::format("{}{:g} is allowed\n{}", errors.str(), allowed_, layers_.empty() ? "" : "\n" + layers.str());
}

}  // namespace resnetc::driver

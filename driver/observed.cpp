/// \file Observes kernels, and finds the values that they compute.
#include "driver/observed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <string_view>

#include "driver/channel_sizes.h"
#include "driver/observation.h"
#include "ir/quantized.h"

namespace resnetc::driver {

namespace {

void take(void* data, const rn_observation* seen) {
  auto& kernels = *static_cast<std::vector<Observed::Kernel>*>(data);
  if (kernels.empty()) kernels.resize(static_cast<size_t>(seen->kernel_count));
  Observed::Kernel& kernel = kernels[static_cast<size_t>(seen->kernel)];
  kernel.name = seen->name;
  for (int64_t n = 0; n < seen->batch; ++n) {
    for (int64_t c = 0; c < seen->channels; ++c) {
      for (int64_t y = 0; y < seen->height; ++y) {
        const int64_t row = n * seen->stride_batch + c * seen->stride_channel + y * seen->stride_y;
        for (int64_t x = 0; x < seen->width; ++x) kernel.values.push_back(element_at(*seen, row + x * seen->stride_x));
      }
    }
  }
}

/// What a kernel made for one picture, of which a value has so many elements; fewer if it made fewer.
std::span<const float> of_picture(const Observed::Kernel& kernel, size_t picture, size_t elements) {
  const std::span<const float> all(kernel.values);
  const size_t from = std::min(picture * elements, all.size());
  return all.subspan(from, std::min(elements, all.size() - from));
}

void add(std::span<const float> got, const Values& expected, IntegerError& error) {
  error.elements += static_cast<int64_t>(expected.size());
  if (got.size() != expected.size()) {
    error.unequal += static_cast<int64_t>(expected.size());
    error.most = std::numeric_limits<double>::infinity();
    return;
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(static_cast<double>(got[i]) - expected[i]);
    error.unequal += difference == 0 ? 0 : 1;
    error.most = std::max(error.most, difference);
  }
}

}  // namespace

void Observed::watch(Session& session) { session.observe(take, &kernels_); }

void Observed::find_names(const graph::Graph& graph) {
  // The kernel with the name of a concatenation makes only a part of it.
  std::set<std::string_view> joined;
  for (const graph::Op& op : graph.ops) {
    if (op.kind == OpKind::concat) joined.insert(op.name);
  }
  // A store has its output's name, but the value may have another.
  const size_t stores = std::min(kernels_.size(), graph.outputs.size()), first_store = kernels_.size() - stores;
  for (size_t i = 0; i < kernels_.size(); ++i) {
    const std::string& name = i < first_store ? kernels_[i].name : graph.op(graph.outputs[i - first_store].value).name;
    if (i >= first_store || !joined.contains(name)) of_value_[name].push_back(&kernels_[i]);
  }
}

void Observed::compare(const graph::Graph& graph, const graph::Op& op, const Values& expected, const std::vector<double>& sizes,
                       size_t picture) {
  const std::vector<Kernel*>* kernels = kernels_of(graph, op);
  if (kernels == nullptr) return;
  for (Kernel* kernel : *kernels) {
    kernel->compared = true;
    const std::span<const float> got = of_picture(*kernel, picture, expected.size());
    if (op.type.is_quantized()) {
      add(got, expected, kernel->integers);
      kernel->integers.allowed = graph::has_exact_integers(graph, op) ? 0 : 1;
    } else {
      kernel->measured.add(got, expected, sizes, op.type.element);
    }
  }
}

void Observed::replace(const graph::Graph& graph, const graph::Op& op, Values& values, size_t picture) {
  const std::vector<Kernel*>* kernels = kernels_of(graph, op);
  if (kernels == nullptr) return;
  const std::span<const float> got = of_picture(*kernels->front(), picture, values.size());
  if (got.size() == values.size()) std::copy(got.begin(), got.end(), values.begin());
}

const std::vector<Observed::Kernel*>* Observed::kernels_of(const graph::Graph& graph, const graph::Op& op) {
  if (of_value_.empty()) find_names(graph);
  const auto found = of_value_.find(op.name);
  return found == of_value_.end() ? nullptr : &found->second;
}

void interpret_and_compare(const graph::Graph& graph, const WeightSource& weights, const Pictures& pictures, size_t picture, bool rounds,
                           Observed& observed) {
  ChannelSizes sizes(graph);
  interpret_picture(graph, weights, pictures, picture, [&](const graph::Op& op, Values& values) {
    observed.compare(graph, op, values, sizes.add(op, values), picture);
    if (rounds) observed.replace(graph, op, values, picture);
  });
}

bool is_right(const Observed::Kernel& kernel, double tolerance) {
  const MeasuredError& measured = kernel.measured;
  return !kernel.compared || (measured.finite && measured.error <= tolerance && measured.by_channel() <= tolerance &&
                              kernel.integers.most <= kernel.integers.allowed);
}

}  // namespace resnetc::driver

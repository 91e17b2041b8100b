/// \file Observes kernels, and finds the values that they compute.
#include "driver/observed.h"

#include <algorithm>
#include <set>
#include <span>
#include <string_view>

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
        const float* row = seen->data + n * seen->stride_batch + c * seen->stride_channel + y * seen->stride_y;
        for (int64_t x = 0; x < seen->width; ++x) kernel.values.push_back(row[x * seen->stride_x]);
      }
    }
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
  if (of_value_.empty()) find_names(graph);
  const auto found = of_value_.find(op.name);
  if (found == of_value_.end()) return;
  for (Kernel* kernel : found->second) {
    kernel->compared = true;
    const std::span<const float> all(kernel->values);
    const size_t from = std::min(picture * expected.size(), all.size());
    kernel->measured.add(all.subspan(from, std::min(expected.size(), all.size() - from)), expected, sizes);
  }
}

}  // namespace resnetc::driver

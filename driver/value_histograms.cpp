/// \file Tells which kernels make which values.
#include "driver/value_histograms.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace resnetc::driver {

namespace {

/// Stands for the value of a kernel that makes none of its own.
constexpr size_t no_value = SIZE_MAX;

bool has_kernel(const graph::Op& op) { return op.kind != OpKind::concat && op.kind != OpKind::slice_channels; }

}  // namespace

ValueHistograms::ValueHistograms(const graph::Graph& graph) : graph_(graph), slices_(graph.ops.size()), histograms_(graph.ops.size()) {
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (has_kernel(graph.ops[i])) with_kernel_.emplace(graph.ops[i].name, i);
    if (graph.ops[i].kind == OpKind::slice_channels) find_slice(i);
  }
}

void ValueHistograms::find_slice(size_t value) {
  // A slice may go through many slices and concatenations, and meet the same channels on several ways.
  using Part = std::tuple<graph::ValueId, int64_t, int64_t>;  // a value, its first channel, and the number of channels
  std::vector<Part> parts{{static_cast<graph::ValueId>(value), 0, graph_.ops[value].type.channels}};
  std::set<Part> known(parts.begin(), parts.end());
  const auto go_to = [&](graph::ValueId id, int64_t first, int64_t channels) {
    if (channels > 0 && known.emplace(id, first, channels).second) parts.emplace_back(id, first, channels);
  };
  while (!parts.empty()) {
    const auto [id, first, channels] = parts.back();
    parts.pop_back();
    const graph::Op& op = graph_.op(id);
    if (op.kind == OpKind::slice_channels) {
      go_to(op.operands[0], first + op.attributes.first, channels);
    } else if (op.kind == OpKind::concat) {
      int64_t begin = 0;
      for (const graph::ValueId operand : op.operands) {
        const int64_t end = begin + graph_.op(operand).type.channels;
        const int64_t from = std::max(first, begin), to = std::min(first + channels, end);
        go_to(operand, from - begin, to - from);
        begin = end;
      }
    } else {
      slices_[static_cast<size_t>(id)].push_back({value, first, channels});
    }
  }
}

size_t ValueHistograms::value_of(const rn_observation& seen) {
  if (of_kernel_.empty()) of_kernel_.resize(static_cast<size_t>(seen.kernel_count), no_value);
  const auto kernel = static_cast<size_t>(seen.kernel);
  // The last kernels store the outputs, and have their names, which may be those of other values.
  if (kernel + graph_.outputs.size() >= of_kernel_.size()) return no_value;
  if (of_kernel_[kernel] == no_value) {
    // A kernel that copies a part of a concatenation has a name that is not here.
    if (const auto found = with_kernel_.find(std::string_view(seen.name)); found != with_kernel_.end()) of_kernel_[kernel] = found->second;
  }
  return of_kernel_[kernel];
}

void ValueHistograms::take(void* self, const rn_observation* seen) { static_cast<ValueHistograms*>(self)->add(*seen); }

void ValueHistograms::add(const rn_observation& seen) {
  if (!not_finite_.empty()) return;
  const size_t value = value_of(seen);
  if (value == no_value) return;
  const auto count = [&](size_t counted, int64_t first, int64_t channels) {
    numbers_.clear();
    for (int64_t n = 0; n < seen.batch; ++n) {
      for (int64_t y = 0; y < seen.height; ++y) {
        for (int64_t x = 0; x < seen.width; ++x) {
          const float* pixel = seen.data + n * seen.stride_batch + y * seen.stride_y + x * seen.stride_x + first * seen.stride_channel;
          if (seen.stride_channel == 1) {
            numbers_.insert(numbers_.end(), pixel, pixel + channels);
          } else {
            for (int64_t c = 0; c < channels; ++c) numbers_.push_back(pixel[c * seen.stride_channel]);
          }
        }
      }
    }
    if (!histograms_[counted].add(numbers_) && not_finite_.empty()) not_finite_ = graph_.ops[counted].name;
  };
  count(value, 0, seen.channels);
  for (const Slice& slice : slices_[value]) count(slice.value, slice.first, slice.channels);
}

const std::vector<Histogram>& ValueHistograms::finish() {
  for (size_t i = 0; i < histograms_.size(); ++i) {
    if (graph_.ops[i].kind != OpKind::concat) continue;
    for (const graph::ValueId operand : graph_.ops[i].operands) histograms_[i].add(histograms_[static_cast<size_t>(operand)]);
  }
  return histograms_;
}

}  // namespace resnetc::driver

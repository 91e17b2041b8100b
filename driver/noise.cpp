/// \file Measures noise layer by layer.
#include "driver/noise.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "driver/table.h"
#include "ir/quantized.h"
#include "support/printable.h"

namespace resnetc::driver {

void Noise::add(const Values& exact, const Values& narrow) {
  measured_ = true;
  for (size_t i = 0; i < exact.size(); ++i) {
    signal_ += exact[i] * exact[i];
    noise_ += (narrow[i] - exact[i]) * (narrow[i] - exact[i]);
  }
}

double Noise::ratio() const { return signal_ > 0 ? noise_ / signal_ : noise_ > 0 ? HUGE_VAL : 0; }

std::string Noise::text() const {
  const double decibels = 10 * std::log10(signal_ / noise_);
  return std::isfinite(decibels) ? fmt::format("{:.1f} dB", decibels) : "no noise";
}

std::vector<LayerNoise> measure_noise(const graph::Graph& exact, const graph::Graph& narrow, const WeightSource& weights,
                                      const Pictures& pictures) {
  std::map<std::string, size_t, std::less<>> layer_named;
  std::vector<LayerNoise> layers;
  for (const graph::Op& op : narrow.ops) {
    if (op.kind == OpKind::input) continue;
    layer_named[op.name] = layers.size();
    layers.push_back({op.name, op.at, {}});
  }
  for (size_t k = 0; k < pictures.planar.size(); ++k) {
    std::map<std::string, Values, std::less<>> wanted;
    interpret_picture(exact, weights, pictures, k, [&](const graph::Op& op, const Values& values) {
      if (layer_named.contains(op.name)) wanted[op.name] = values;
    });
    interpret_picture(narrow, weights, pictures, k, [&](const graph::Op& op, const Values& values) {
      const auto found = wanted.find(op.name);
      if (found == wanted.end() || found->second.size() != values.size()) return;
      Values numbers = values;
      graph::to_numbers(op.type, numbers);
      layers[layer_named.find(op.name)->second].noise.add(found->second, numbers);
      wanted.erase(found);
    });
  }
  std::erase_if(layers, [](const LayerNoise& layer) { return !layer.noise.measured(); });
  return layers;
}

std::string noise_table(const std::vector<LayerNoise>& layers) {
  Table table({{"layer"}, {"signal to noise", Table::Align::right}});
  for (const LayerNoise& layer : layers) table.add({printable(layer.name), layer.noise.text()});
  return table.str();
}

}  // namespace resnetc::driver

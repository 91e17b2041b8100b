/// \file Constants with a number for each channel.
#pragma once

#include <optional>
#include <vector>

#include "import/translate.h"

namespace resnetc::importer {

/// The constant beside an input of `node` as one number for each channel of the input, spread from the right as numpy does: [C, 1, 1]
/// beside [N, C, H, W], [C] beside [N, C], a scalar beside anything. Nothing if it differs from pixel to pixel, or the input is no plain
/// view.
std::optional<std::vector<double>> per_channel(const Translation& t, const flat::Node& node, size_t input, const Tensor& constant);

}  // namespace resnetc::importer

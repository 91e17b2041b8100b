/// \file The pieces of norms that are spelled out: means, squares, and what divides.
#pragma once

#include <optional>

#include "import/flat.h"

namespace resnetc::importer {

/// The value whose mean along some axes another value is, with the dimensions kept.
struct Means {
  flat::ValueId of;
  std::vector<size_t> axes;  ///< in ascending order
};
std::optional<Means> mean_along(const flat::Graph& graph, flat::ValueId value);

/// As Means, along one axis.
struct Mean {
  flat::ValueId of;
  size_t axis;
};
std::optional<Mean> mean_along_axis(const flat::Graph& graph, flat::ValueId value);

// Each of these gives no_value if the value is not made so.

/// x of x * x.
flat::ValueId squared(const flat::Graph& graph, flat::ValueId value);
/// d of 1 / d.
flat::ValueId inverted(const flat::Graph& graph, flat::ValueId value);
/// v of sqrt(v) if the value divides, and otherwise v of 1 / sqrt(v).
flat::ValueId under_root(const flat::Graph& graph, flat::ValueId value, bool divides);

}  // namespace resnetc::importer

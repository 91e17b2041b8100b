/// \file Summaries of topologies for people, where numbers are too large to be added.
#include <doctest/doctest.h>

#include <limits>

#include "ir/topology_summary.h"
#include "tests/unit/frontend/cases.h"

using namespace resnetc;
using topology::Cost;

TEST_CASE("ir: costs are added, up to the largest number") {
  Cost cost{1, 2};
  cost += {3, 4};
  CHECK(cost == Cost{4, 6});
  constexpr int64_t largest = std::numeric_limits<int64_t>::max();
  cost += {largest - 4, largest - 5};
  CHECK(cost == Cost{largest, largest});
  const topology::Network network = resolved("network n { input x: f32[N, 3] stage s { linear(2) relu } output y }");
  CHECK(topology::cost(network, network.body.front()) == Cost{});  // no types yet
  CHECK(topology::shape(network, network.body.front().result) == "?");
}

/// \file Names for the values that a pass adds to a graph.
#pragma once

#include <set>
#include <string>

#include "ir/graph.h"

namespace resnetc::passes {

class UniqueNames {
 public:
  explicit UniqueNames(const graph::Graph& graph) {
    for (const graph::Op& op : graph.ops) names_.insert(op.name);
  }

  /// The name that is asked for, or if a value has it, one that begins with it. No later call returns the same.
  std::string unique(std::string name) {
    while (!names_.insert(name).second) name += '_';
    return name;
  }

 private:
  std::set<std::string> names_;
};

}  // namespace resnetc::passes

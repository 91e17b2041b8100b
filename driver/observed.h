/// \file The results of every kernel in a library's run, compared with the interpreter's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "driver/loaded_library.h"
#include "driver/measured_error.h"
#include "ir/graph.h"

namespace resnetc::driver {

class Observed {
 public:
  struct Kernel {
    std::string name;
    std::vector<float> values;  ///< all pictures, planar
    MeasuredError measured;
    bool compared = false;
  };

  /// Observes the next run of `session`, which must not outlive this object.
  void watch(Session& session);
  /// After the run: compares the kernels that computed `op`, an operation of `graph`, for `picture`. `sizes` are those of the channels. A
  /// kernel that makes a part of a concatenation is left out.
  void compare(const graph::Graph& graph, const graph::Op& op, const Values& expected, const std::vector<double>& sizes, size_t picture);
  const std::vector<Kernel>& kernels() const { return kernels_; }

 private:
  void find_names(const graph::Graph& graph);

  std::vector<Kernel> kernels_;
  std::map<std::string, std::vector<Kernel*>> of_value_;  ///< made at the first comparison
};

}  // namespace resnetc::driver

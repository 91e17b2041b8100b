/// \file The results of every kernel in a library's run, compared with the interpreter's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "driver/loaded_library.h"
#include "driver/measured_error.h"
#include "driver/trial.h"
#include "ir/graph.h"

namespace resnetc::driver {

/// The difference between integers of a kernel and of the interpreter.
struct IntegerError {
  int64_t elements = 0, unequal = 0;
  double most = 0;     ///< the largest difference
  double allowed = 0;  ///< that it may have: 0, or 1 where floats are rounded that need not be equal
};

class Observed {
 public:
  struct Kernel {
    std::string name;
    std::vector<float> values;  ///< all pictures, planar; integers as they are stored
    MeasuredError measured;     ///< of floats
    IntegerError integers;
    bool compared = false;
  };

  /// Observes the next run of `session`, which must not outlive this object.
  void watch(Session& session);
  /// After the run: compares the kernels that computed `op`, an operation of `graph`, for `picture`. `sizes` are those of the channels. A
  /// kernel that makes a part of a concatenation is left out.
  void compare(const graph::Graph& graph, const graph::Op& op, const Values& expected, const std::vector<double>& sizes, size_t picture);
  /// After the run: puts what the library made in place of the value of `op`, so that the interpreter computes what follows from it. Does
  /// nothing to a value of which no kernel made all.
  void replace(const graph::Graph& graph, const graph::Op& op, Values& values, size_t picture);
  const std::vector<Kernel>& kernels() const { return kernels_; }

 private:
  void find_names(const graph::Graph& graph);
  /// The kernels that made the value of `op`, or null.
  const std::vector<Kernel*>* kernels_of(const graph::Graph& graph, const graph::Op& op);

  std::vector<Kernel> kernels_;
  std::map<std::string, std::vector<Kernel*>> of_value_;  ///< made at the first comparison
};

/// After the run: interprets one of its pictures and compares each kernel. Where the graph `rounds` values to integers or bf16, the
/// interpreter goes on from what the library made: a float that lies between two of them may become either, so only kernels that read the
/// same ones make equal ones.
void interpret_and_compare(const graph::Graph& graph, const WeightSource& weights, const Pictures& pictures, size_t picture, bool rounds,
                           Observed& observed);
/// Whether what was compared is as near as it must be.
bool is_right(const Observed::Kernel& kernel, double tolerance);

}  // namespace resnetc::driver

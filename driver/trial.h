/// \file A network that is compiled into a temporary folder and loaded, to be run in turns with another one: for tuning.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "driver/loaded_library.h"
#include "driver/timing.h"
#include "support/temp_dir.h"

namespace resnetc::driver {

class Trial {
 public:
  /// With a context for each of these numbers of threads. Null, and the reason in `why`, if the network does not compile or load.
  static std::unique_ptr<Trial> make(const program::Program& program, const codegen::LibraryOptions& options,
                                     const std::vector<int>& threads, std::string& why);

  /// On the `i`th number of threads.
  Session& session(size_t i) { return *sessions_[i]; }
  const codegen::LibraryFacts& facts() const { return library_->facts(); }

 private:
  Trial() = default;

  TempDir folder_;
  std::unique_ptr<LoadedLibrary> library_;
  Weights weights_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

/// What was measured of one of those that take turns.
struct Side {
  KernelTimes kernels;
  std::vector<double> runs;

  /// A few runs, the first of which only brings the caches back from the other side. False, and the reason in `why`, if one fails.
  bool turn(Session& session, const std::string& input, bool by_kernel, std::string& why);
  /// Of these kernels together.
  double seconds(const std::vector<size_t>& some) const;
  double all_seconds() const;
};

}  // namespace resnetc::driver

/// \file The page that `resnetc explain` writes: a compilation from the first line of the text to the last instruction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "passes/pipeline.h"

namespace resnetc::inspect {

/// The IR after one step. The first phase is the front end's result.
struct Phase {
  std::string name, description;
  std::string order;  ///< the reason for its place in the order
  passes::AnyIr ir;
  bool changed = true;  ///< whether its text differs from the phase before
  double seconds = 0;
};
/// What a pass left.
Phase phase_of(const passes::PassRun& run);

/// A form of a kernel's code, with its name and its description in words.
struct CodeKind {
  std::string name, title, description;  ///< "asm", "Assembly", "assembly of the processor"
};

/// Measured or expected times of the program's kernels, in their order.
struct Times {
  std::string source;  ///< "measured on avx512 with 2 threads", "expected on an A100 for 32 pictures"
  struct Kernel {
    double ms = 0;
    std::string roof;  ///< the nearest roof: "arithmetic", "memory"
    double share = 0;  ///< reached share of that roof
  };
  std::vector<Kernel> kernels;
  double run_ms = 0;  ///< of a whole run; 0: not known
};

struct Compilation {
  std::string title;          ///< the network's name
  std::string target;         ///< as the user names it
  std::string version;        ///< of resnetc
  std::vector<Phase> phases;  ///< a topology, with types from infer-shapes on, to a program with its memory planned
  std::vector<passes::Remark> remarks;
  std::vector<CodeKind> kinds;
  std::vector<std::vector<std::string>> code;  ///< by distinct kernel, then by kind
  std::vector<size_t> code_of;                 ///< for each kernel of the program, the index of its code
  std::optional<Times> times;
};

/// The page: one file of HTML that needs nothing else, neither network nor server.
std::string report(const Compilation& compilation, const Sources& sources);

/// The page's data as JSON, without the code of kernels.
std::string report_data(const Compilation& compilation, const Sources& sources);

}  // namespace resnetc::inspect

/// \file Compiles kernels, links them with a serial halide_do_par_for, loads them and runs them on tensors, and checks the tensors' halos,
/// unused lanes and surroundings.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "codegen/kernels.h"
#include "ir/program.h"

namespace resnetc::testing {

/// A tensor of this type with a layout like those of select-kernels. `stride` 0 rounds the channels up to whole vectors.
program::Tensor layout(TensorType type, Extent2 halo = {0, 0}, int64_t stride = 0);

/// Values of one batch, planar: element (n, c, y, x) at ((n * C + c) * H + y) * W + x.
using Planar = std::vector<double>;
/// Random values in [-1, 1), representable as float.
Planar random_values(const TensorType& type, int64_t batch, std::mt19937& random);

/// Arena memory of one tensor, with a halo of zeros and with NaN in unused lanes and around it.
class Storage {
 public:
  Storage(const program::Tensor& tensor, int64_t batch, const Planar* values);
  float* origin() { return data_ + at(0, 0, 0, 0); }
  Planar read() const;
  /// Whether halo, surroundings and the gaps between pixels have not changed.
  bool untouched_outside() const;

 private:
  static constexpr int64_t guard = 4096;
  bool inside(int64_t element) const;
  int64_t at(int64_t n, int64_t c, int64_t y, int64_t x) const;
  program::Tensor tensor_;
  int64_t batch_;
  std::vector<float> memory_, before_;
  float* data_ = nullptr;
};

/// One run of a kernel: its inputs and its correct result.
struct KernelCase {
  std::string name;
  program::KernelSpec spec;
  int64_t batch = 1;
  Planar input;                ///< for a packed u8 load, in the caller's order
  std::vector<double> weight;  ///< conv2d: [co][ci / groups][kh][kw]
  /// For each step its operand, planar, if it has one, then its constants in the order of the table of steps, each [c]. A projection's
  /// weight is [c, ci].
  std::vector<std::vector<double>> steps;
  Planar expected;
  bool on_every_target = true;  ///< false: only the best target needs to run it, because the other targets have similar cases
  bool by_channel = false;      ///< whether errors are relative to the largest value of their channel, not of all channels
};

/// Makes a case with random inputs and the results of float64 loops.
KernelCase make_case(std::string name, program::KernelSpec spec, int64_t batch, uint32_t seed);
/// The case with a new `expected`, after a change of its inputs.
KernelCase finished(KernelCase one);

/// Compiles every case for `target`, runs and checks it. Returns one line for each failure.
std::vector<std::string> run_cases(const std::vector<KernelCase>& cases, const Target& target);

/// The targets that this machine can run.
std::vector<Target> runnable_targets();

/// A library of linked objects. Fails with the linker's message if a kernel calls any function but halide_do_par_for.
using Library = std::shared_ptr<void>;
Result<Library> link_and_load(const std::vector<codegen::KernelObject>& objects);
/// The kernel's argv entry.
using Entry = int (*)(void**);
Entry entry_of(const Library& library, const codegen::KernelObject& object);
/// Runs a case with a compiled kernel. Returns the output's values.
Result<Planar> run_case(const KernelCase& one, Entry entry);

}  // namespace resnetc::testing

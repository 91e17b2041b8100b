/// \file An algorithm on a device: all that the compiler knows of it, in one record. implementation_of() finds the record of a schedule.
/// The record tells how a kernel's weights are packed, what its tasks keep and which schedule it gets, so nothing else asks which algorithm
/// a kernel has. codegen/cpu/NAME.cpp and codegen/cuda make the code.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/packing.h"
#include "ir/program.h"

namespace resnetc::program {

/// A convolution that has no kernel yet: what algorithms are chosen by.
struct Convolution {
  TensorType in, out;
  OpAttributes attributes;
  std::vector<int64_t> projected;  ///< channels of each tensor that its projections read
  bool dense = false;              ///< its input's pixels have no gaps between them, as phases need it
};
/// That of a convolution's kernel, without its pool.
Convolution convolution_of(const KernelSpec& spec);
/// Channels of all its projections.
int64_t projected_channels(const Convolution& convolution);
/// Elements of its weights, those of projections included, in the checkpoint.
double checkpoint_elements(const Convolution& convolution);

/// What is chosen for a convolution before its layouts are known. It decides how weights are packed and what halo the input has.
struct AlgorithmChoice {
  const Implementation* by = &implementation_of(DirectSchedule{});
  int64_t output = 0;   ///< Winograd: rows and columns of a tile of results
  bool packed = false;  ///< Winograd: the weights are transformed when they are packed, not in each run (Strassen's always are; false here)
  bool operator==(const AlgorithmChoice&) const = default;
};

/// What a schedule is chosen by.
struct Situation {
  const KernelSpec& spec;     ///< all but the schedule
  int64_t multiply_adds = 0;  ///< for one picture
  const Target& target;
  const Machine& machine;
  int64_t batch = 1;  ///< pictures of a run that a GPU is to be fast for
};

struct ScheduleChoice {
  Schedule schedule;
  std::string reason;  ///< one sentence for --opt-report
};

class Implementation {
 public:
  using Fault = std::optional<std::string>;

  explicit Implementation(Device device = Device::cpu) : device_(device) {}
  virtual ~Implementation() = default;
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  /// What its schedules are for.
  Device device() const { return device_; }

  // Which kernels can have it.

  virtual bool computes(KernelKind kind) const { return kind == KernelKind::conv2d; }
  /// The algorithm's name, in reports, of a kernel of a kind that it computes.
  virtual std::string_view algorithm(KernelKind kind) const = 0;
  /// Whether it can compute a kernel of such a kind, by whatever schedule of its type.
  virtual bool applies(const KernelSpec&) const { return true; }
  /// Why a kernel of such a kind cannot have its schedule; nothing if it can. Types and layouts are right.
  virtual Fault fault(const KernelSpec& spec) const = 0;

  // What it needs. Schedules are its own, and what the kernel can have.

  /// What a convolution's weight is to be; `in_channels` are those of its input.
  virtual Packing weight_packing(const OpAttributes& attributes, int64_t in_channels, const Schedule& schedule) const;
  /// The same of the weight of a projection in its epilogue.
  virtual Packing projection_packing(const Schedule& schedule) const;
  /// The halo of a convolution's input.
  virtual Extent2 halo(const OpAttributes& attributes, int64_t /*in_channels*/) const { return attributes.pad; }
  /// What a task keeps in scratch memory.
  virtual std::vector<ScratchBuffer> scratch(const KernelSpec&) const { return {}; }

  // What it does.

  /// As program::writes_once().
  virtual bool writes_once(const KernelSpec&) const { return true; }
  /// Multiply-adds that a convolution really does on values; `plain` if they are summed directly.
  virtual int64_t multiply_adds(const KernelSpec&, int64_t plain) const { return plain; }

  // What a convolution is chosen to be. A Convolution is one that a choice was offered for.

  /// The choices that it offers for a convolution; with no tile of Winograd's transforms larger than `largest_tile`, and with sums of
  /// products alone where that is 0.
  virtual std::vector<AlgorithmChoice> choices(const Convolution&, const Machine&, int64_t /*largest_tile*/) const { return {}; }
  /// What a schedule makes of that.
  virtual AlgorithmChoice choice_of(const Schedule&) const { return {this}; }
  /// Whether such a limit allows the choice.
  virtual bool within(const AlgorithmChoice&, int64_t /*largest_tile*/) const { return true; }
  /// Elements of the packed weights, those of projections included, not counted zeros that fill vectors.
  virtual double packed_elements(const Convolution& convolution, const AlgorithmChoice&) const { return checkpoint_elements(convolution); }
  /// What it does on one thread, in multiply-adds of one lane or what takes as long.
  virtual double work(const Convolution&, const AlgorithmChoice&) const { return 0; }
  /// Whether a kernel may end with such a pool of what it computes.
  virtual bool pools(const AlgorithmChoice&, const TensorType& /*computed*/, const OpAttributes& /*pool*/) const { return false; }

  // Its schedules, each one that the kernel can have.

  virtual ScheduleChoice choose(const Situation& situation, const AlgorithmChoice& choice) const = 0;
  /// That schedule, then others of the same choice that are worth a trial, roughly in the order of what the model expects.
  virtual std::vector<Schedule> candidates(const Situation& situation, const AlgorithmChoice& choice) const;

 private:
  Device device_;
};

/// One for each type of schedule, in their order.
std::span<const Implementation* const> all_implementations();
/// All choices for a convolution on a processor.
std::vector<AlgorithmChoice> all_choices(const Convolution& convolution, const Machine& machine, int64_t largest_tile);
/// Whether some choice for a convolution wants another layout of its input than others do.
bool decides_layout(const OpAttributes& attributes, int64_t in_channels);
/// Seconds that the model expects on one thread. They are the same for all targets, because how weights are packed is.
double expected_seconds(const Convolution& convolution, const AlgorithmChoice& choice, const Machine& machine);

// Faults that several have.

using Fault = Implementation::Fault;
Fault tile_fault(int64_t vectors, int64_t pixels);
Fault rows_fault(int64_t rows);
/// Of register tiles of `vectors` by `tiles` and tasks of `rows` of them, of which there are `down`, and of `parts` of the channels.
Fault tiles_fault(int64_t vectors, Extent2 tiles, int64_t rows, int64_t down, int64_t parts);
/// Of a kernel that ends with a pool, for all that cannot have one.
Fault pool_fault(const KernelSpec& spec);
inline constexpr std::string_view cannot_pool = "only a Winograd kernel can pool what it computes, in tasks that hold a whole window";

}  // namespace resnetc::program

/// \file An algorithm on a device: one record holds all that the compiler knows about it. implementation_of() finds the record of a
/// schedule. The record decides how a kernel's weights are packed, which buffers its tasks have and which schedule it gets, so no other
/// code asks which algorithm a kernel has. codegen/cpu/NAME.cpp and codegen/cuda make the code.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/checks.h"
#include "ir/packing.h"
#include "ir/program.h"

namespace resnetc::program {

/// A convolution that has no kernel yet. Algorithms are chosen by these properties.
struct Convolution {
  TensorType in, out;
  OpAttributes attributes;
  std::vector<int64_t> projected;         ///< number of channels of each tensor that its projections read
  bool dense = false;                     ///< whether there are no gaps between the pixels of its input; phases need this
  ElementType weight = ElementType::f32;  ///< the elements of its weights in a graph
};
/// The convolution that a kernel computes, without the kernel's pool.
Convolution convolution_of(const KernelSpec& spec);
/// Whether it sums products of integers.
bool sums_integers(const Convolution& convolution);
/// The number of channels that all its projections read.
int64_t projected_channels(const Convolution& convolution);
/// The number of elements of its weights in the checkpoint, including those of projections.
double checkpoint_elements(const Convolution& convolution);
/// The bytes of these elements in a graph's type.
double checkpoint_bytes(const Convolution& convolution);

/// The choice of an algorithm for a convolution before its layouts are known. It decides how weights are packed and which halo the input
/// has.
struct AlgorithmChoice {
  const Implementation* by = &implementation_of(DirectSchedule{});
  int64_t output = 0;   ///< Winograd: height and width of a tile of results
  bool packed = false;  ///< Winograd: whether the weights are transformed when they are packed, not in each run (false for Strassen, which
                        ///< always packs them transformed)
  bool operator==(const AlgorithmChoice&) const = default;
};

/// What the choice of a schedule depends on.
struct Situation {
  const KernelSpec& spec;     ///< complete except for the schedule
  int64_t multiply_adds = 0;  ///< for one picture
  const Target& target;
  const Machine& machine;
  int64_t batch = 1;  ///< pictures of a run that a GPU is to be fast for
};

/// What a model says of a schedule's arithmetic, with its registers and its tile.
struct Limit {
  double seconds = 0;     ///< on one thread, with weights in the caches; 0: there is no model
  std::string_view what;  ///< what the time is spent with most: "loads"; empty: the model does not say
};

struct ScheduleChoice {
  Schedule schedule;
  std::string reason;  ///< one sentence for --opt-report
  Limit limit = {};
};

class Implementation {
 public:
  explicit Implementation(Device device = Device::cpu) : device_(device) {}
  virtual ~Implementation() = default;
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  /// The device that its schedules are for.
  Device device() const { return device_; }

  // Which kernels it can compute.

  virtual bool computes(KernelKind kind) const { return kind == KernelKind::conv2d; }
  /// The algorithm's name in reports, for a kernel of a kind that it computes.
  virtual std::string_view algorithm(KernelKind kind) const = 0;
  /// Whether some schedule of its type can compute this kernel, whose kind it computes.
  virtual bool applies(const KernelSpec&) const { return true; }
  /// The reason why a kernel cannot have its schedule, or nothing if it can. The kind, types and layouts of the kernel must be right.
  virtual Fault fault(const KernelSpec& spec) const = 0;

  // What a kernel needs. Schedules must be of its type and possible for the kernel.

  /// The packing of a convolution's weight; `in_channels` are the channels of the convolution's input.
  virtual Packing weight_packing(const OpAttributes& attributes, int64_t in_channels, const Schedule& schedule) const;
  /// The packing of the weight of a projection in the convolution's epilogue.
  virtual Packing projection_packing(const Schedule& schedule) const;
  /// The halo of a convolution's input. Halos are the same on both sides of an axis.
  virtual Extent2 halo(const OpAttributes& attributes, int64_t /*in_channels*/) const { return attributes.pad.largest(); }
  /// Whether a gap should lie between the pixels of a convolution's input, because pixels that are read together would share sets of the
  /// first-level cache. Every algorithm can read pixels with gaps.
  virtual bool wants_gap(const Convolution&, const Machine&) const { return false; }
  /// The buffers of a task in scratch memory.
  virtual std::vector<ScratchBuffer> scratch(const KernelSpec&) const { return {}; }

  // What a kernel does.

  /// The answer of program::writes_once().
  virtual bool writes_once(const KernelSpec&) const { return true; }
  /// The multiply-adds that a convolution really computes. `plain` is their number in direct sums.
  virtual int64_t multiply_adds(const KernelSpec&, int64_t plain) const { return plain; }

  // How a convolution is chosen. A choice is passed only with a Convolution for which choices() offered it.

  /// The choices that it offers for a convolution. No tile of Winograd's transforms is larger than `largest_tile`; if that is 0, it offers
  /// only sums of products.
  virtual std::vector<AlgorithmChoice> choices(const Convolution&, const Machine&, int64_t /*largest_tile*/) const { return {}; }
  /// The choice that a schedule corresponds to.
  virtual AlgorithmChoice choice_of(const Schedule&) const { return {this}; }
  /// Whether the limit `largest_tile` allows the choice.
  virtual bool within(const AlgorithmChoice&, int64_t /*largest_tile*/) const { return true; }
  /// The number of elements of the packed weights, including those of projections, without the zeros that fill vectors.
  virtual double packed_elements(const Convolution& convolution, const AlgorithmChoice&) const { return checkpoint_elements(convolution); }
  /// The type of these elements: that of the weights if the packing only moves them.
  virtual ElementType packed_type(const Convolution&, const AlgorithmChoice&) const { return ElementType::f32; }
  /// The work on one thread, in multiply-adds of one lane. Other work counts as the multiply-adds that take the same time. What does not
  /// say its work is never chosen.
  virtual double work(const Convolution&, const AlgorithmChoice&, const Machine&) const { return std::numeric_limits<double>::infinity(); }
  /// Whether a kernel may end with this pool of the tensor that it computes.
  virtual bool pools(const AlgorithmChoice&, const TensorType& /*computed*/, const OpAttributes& /*pool*/) const { return false; }

  // Its schedules.

  virtual ScheduleChoice choose(const Situation& situation, const AlgorithmChoice& choice) const = 0;
  /// The schedule of choose(), then other schedules of the same choice that are worth a trial, roughly in the order that the model expects,
  /// fastest first. The caller leaves out those that the kernel cannot have.
  virtual std::vector<Schedule> candidates(const Situation& situation, const AlgorithmChoice& choice) const;

 private:
  Device device_;
};

/// One implementation for each type of schedule, in the order of the types.
std::span<const Implementation* const> all_implementations();
/// All choices for a convolution on a processor.
std::vector<AlgorithmChoice> all_choices(const Convolution& convolution, const Machine& machine, int64_t largest_tile);
/// Whether different choices for a convolution need different halos of its input. Gaps do not count, because every algorithm reads them.
bool decides_layout(const OpAttributes& attributes, int64_t in_channels);
/// The bytes of a convolution's packed weights, including those of projections, without the zeros that fill vectors.
double packed_bytes(const Convolution& convolution, const AlgorithmChoice& choice);
/// The bytes of weights that one core fetches in a second, in runs of a network with these convolutions, one after another: weights stay in
/// a cache if it has room for those of all convolutions together.
double weight_bytes_a_second(const Machine& machine, std::span<const Convolution> convolutions);
/// The seconds on one thread that the model expects if the core fetches so many bytes of weights in a second. They do not depend on the
/// target, because the packing of weights is the same for all targets.
double expected_seconds(const Convolution& convolution, const AlgorithmChoice& choice, const Machine& machine,
                        double weight_bytes_a_second);
/// The time of a chosen schedule, in words: "0.512 ms expected on a core of machine 'znver5', bound by loads". If it is clearly longer with
/// weights from memory, "; 0.731 with its weights from memory" follows. `limit` is ScheduleChoice's.
std::string expectation(const Convolution& convolution, const AlgorithmChoice& choice, const Machine& machine, const Limit& limit);

// Faults that several implementations share.
Fault tile_fault(int64_t vectors, int64_t pixels);
/// The fault of a task with `rows` of `there` rows. `unit` names the rows in the message.
Fault rows_fault(int64_t rows, int64_t there, std::string_view unit = "rows");
/// The number of vectors of output channels.
int64_t channel_blocks(const KernelSpec& spec);
/// The fault of register tiles of `vectors` by `tiles`, of tasks with `rows` of the `down` rows of tiles, or of `parts` parts of the
/// channels.
Fault tiles_fault(const KernelSpec& spec, int64_t vectors, Extent2 tiles, int64_t rows, int64_t down, int64_t parts);
/// The fault of a kernel that ends with a pool, for the algorithms that cannot pool.
Fault pool_fault(const KernelSpec& spec);
inline constexpr std::string_view cannot_pool = "only a Winograd kernel can pool what it computes, in tasks that hold a whole window";

}  // namespace resnetc::program

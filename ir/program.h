/// \file The third IR: fused kernels in execution order over one planned arena, for one target. Device-specific choices live here.
///
/// Storage. Every tensor in the arena is pixel-major with the channel innermost (NHWC), channels rounded up to `channel_stride`, and a
/// zero halo of `halo` pixels on each side as the widest consumer needs it:
///     address(n, y, x, c) = arena + batch * offset + n * picture_bytes + (((y + halo.h) * (width + 2 * halo.w) + x + halo.w) *
///     channel_stride + c) * bytes of an element
/// Lanes past the last channel hold values that no one reads. The producer of a tensor zeroes its halo in every run. Rank 2 values are
/// pictures of one pixel. Caller's buffers are dense, in the order of the network's interface; only `load` and `store` kernels touch them.
///
/// Text form (`resnetc dump --level program`):
///
///     program "resnet18" target "avx512" arena 1722368 {
///       input "image" : f32[N, 3, 224, 224]
///       output "logits" : f32[N, 1000]
///       by_picture=true because "..."
///       brief=false because "..."
///       tensor %image : f32[N, 3, 224, 224] stride=3 halo=4x4 at 861184 @ "resnet18.rn":5:3+37
///       tensor %max_pool : f32[N, 64, 56, 56] stride=64 halo=1x1 at 0 @ ...
///       constant @0 : f32[64] at 0 = pack_vector(...)
///       kernel "image" load out %image
///           schedule general vectors=1 pixels=1 rows=4 @ ...
///       kernel "max_pool" conv2d channels=64 kernel=7x7 stride=2x2 pad=3x3 in %image weight @1 then bias(@0), relu
///           pool kernel=3x3 stride=2x2 pad=1x1 out %max_pool
///           schedule winograd output=4 vectors=1 tiles=1x14 rows=4 depth=0 parts=1 multiply_adds=118013952 because "..." @ ...
///       kernel "logits" store in %fc output 0
///           schedule general vectors=1 pixels=1 rows=0 @ ...
///     }
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/finding.h"
#include "ir/graph.h"
#include "ir/kernel_kind.h"
#include "ir/machine.h"
#include "ir/op.h"
#include "ir/recipe.h"
#include "ir/schedule.h"
#include "ir/target.h"
#include "support/diagnostics.h"

namespace resnetc::program {

using TensorId = int32_t;
using ConstantId = int32_t;
inline constexpr int32_t none = -1;

/// A tensor in the arena.
struct Tensor {
  std::string name;  ///< the graph value's name
  TensorType type;
  int64_t channel_stride = 0;  ///< in elements; a multiple of `lanes`, or the channel count itself where only convolutions read it
  Extent2 halo{0, 0};
  int64_t offset = none;  ///< bytes for a batch of one, a multiple of 64; `none` before plan-memory
  Location at;

  int64_t row_elements() const { return (type.width + 2 * halo.w) * channel_stride; }
  /// Bytes of one picture, rounded up to 64.
  int64_t picture_bytes() const { return (bytes_of(type.element, (type.height + 2 * halo.h) * row_elements()) + 63) / 64 * 64; }
  /// Elements from picture to picture.
  int64_t picture_elements() const { return elements_in(picture_bytes(), type.element); }
  /// Bytes from row to row and from pixel to pixel.
  int64_t row_bytes() const { return bytes_of(type.element, row_elements()); }
  int64_t pixel_bytes() const { return bytes_of(type.element, channel_stride); }
  bool dense() const { return halo == Extent2{0, 0}; }
  bool same_layout(const Tensor& other) const { return type == other.type && channel_stride == other.channel_stride && halo == other.halo; }
};

/// A constant of the weights file. Equal recipes are one constant.
struct Constant {
  RecipePtr recipe;    ///< its shape gives the element count
  int64_t offset = 0;  ///< bytes from the start of the weights' data; a multiple of 64
  ElementType element = ElementType::f32;
  int64_t elements() const { return element_count(recipe->shape); }
  int64_t bytes() const { return bytes_of(element, elements()); }
};

struct Step {
  graph::StepKind kind = graph::StepKind::relu;
  TensorId operand = none;  ///< of a step that joins()
  /// As the table of operations names them, each of the channels in whole vectors; a weight as the schedule wants it.
  std::vector<ConstantId> constants;
};

struct Kernel {
  KernelKind kind = KernelKind::copy;
  std::string name;  ///< the graph value it computes; of a store, the output's name
  OpAttributes attributes;
  TensorId in = none;        ///< load: none
  TensorId out = none;       ///< store: none
  int32_t port = 0;          ///< store: index of the output
  ConstantId weight = none;  ///< conv2d
  std::vector<Step> epilogue;
  std::optional<OpAttributes> pool;  ///< Winograd: a max_pool of what the epilogue yields, which is not stored itself
  Schedule schedule;
  std::string reason;         ///< why this algorithm and schedule, for --opt-report
  int64_t multiply_adds = 0;  ///< for one picture
  Location at;
};

struct Output {
  std::string name;
  TensorType type;
};

/// What was decided about a whole program, and why.
struct Decision {
  bool yes = false;
  std::string reason;  ///< for people alone
};

struct Program {
  std::string name;
  const Target* target = nullptr;  ///< of the table (ir/target.h); never null once a program is verified
  std::string input_name;
  InputBuffer input;
  std::vector<Output> outputs;
  std::vector<Tensor> tensors;
  std::vector<Constant> constants;
  std::vector<Kernel> kernels;
  int64_t arena_bytes = none;  ///< for a batch of one; `none` before plan-memory
  /// Whether of a batch each thread computes whole pictures, kernel after kernel, so that tensors stay in its cache. Otherwise all threads
  /// together compute one kernel for the whole batch after the other, so that weights are read once. Never on a GPU.
  Decision by_picture;
  /// Whether one picture is so little work that threads which sleep had better sleep on: in a virtual machine, waking one took 0.2 ms from
  /// the run.
  Decision brief;

  const Tensor& tensor(TensorId id) const { return tensors[static_cast<size_t>(id)]; }
  Tensor& tensor(TensorId id) { return tensors[static_cast<size_t>(id)]; }
  const Constant& constant(ConstantId id) const { return constants[static_cast<size_t>(id)]; }
};

/// Whether the program is for a GPU. Then all schedules are of threads; places are those of the largest batch, whatever a run's is; and
/// halos are zeroed once, when a context is created, so that only tensors of the same layout share the place of one that has a halo.
bool on_gpu(const Program& program);

/// Tensors a kernel reads, its epilogue's included.
std::vector<TensorId> reads(const Kernel& kernel);
/// The name of its algorithm: of a GPU's kernels, whose schedules are all of threads, direct sums of a convolution.
std::string_view algorithm_of(const Kernel& kernel);
/// How many operands the kernel has, at most graph::max_operands: what it reads and writes, a tensor as often as it is named, and its
/// constants.
int operand_count(const Kernel& kernel);
/// Whether the schedule stores each element of the output exactly once (a tail that shifts inwards does not), so that the output may take
/// the place of an operand that is read element by element. No kernel on a GPU may do that: it reads through a cache that does not see
/// what it writes.
bool writes_once(const Program& program, const Kernel& kernel);
/// Whether the output takes the place of `operand`, of the epilogue or, of a copy, the input (decided by plan-memory).
bool in_place(const Program& program, const Kernel& kernel, TensorId operand);

/// What a kernel has to do for one picture.
struct KernelCost {
  int64_t multiply_adds =
      0;  ///< that it does on values: fewer than Kernel::multiply_adds where tiles are transformed; not counted zeros of groups and padding
  int64_t weight_bytes = 0;  ///< of all its constants
  int64_t tensor_bytes = 0;  ///< read and written, halos and unused lanes included; a caller's buffer counts as it is
  bool operator==(const KernelCost&) const = default;
};
KernelCost cost_of(const Program& program, const Kernel& kernel);

/// What the program's kernels and constants suggest for Program::by_picture: yes where a picture's arithmetic takes longer than its weights
/// take to come from memory.
Decision choose_by_picture(const Program& program, const Machine& machine);
/// The same for Program::brief.
Decision choose_brief(const Program& program, const Machine& machine);

/// Gives programs of one network, for several targets, the same constants at the same places, so that one weights file serves all: the
/// first program's first. Some may then have constants that they do not read.
void share_constants(std::span<Program> programs);

std::string print(const Program& program, const Sources& sources);
/// The kernels of these names alone, stores left out, with the tensors and constants that they work on, as the text form has them: for
/// reading, not for reading back.
std::string excerpt(const Program& program, const ValueNames& names, const Sources& sources);
/// The same of each kernel by itself, in time in proportion to the program's size.
Excerpts excerpts(const Program& program, const Sources& sources);
std::optional<Program> parse(FileId file, Diagnostics& diagnostics);
/// Everything that later stages index by, and, once memory is planned, check_memory_plan(). Returns the first fault, or nothing.
std::optional<Finding> verify(const Program& program);
/// Replays the program over byte ranges and finds, independently of the planner, any read of bytes that are not the tensor read, any
/// overlap of live tensors, and anything outside the arena. Returns the first fault, or nothing.
std::optional<Finding> check_memory_plan(const Program& program);
std::string to_json(const Program& program, const Sources& sources);
/// Reads the JSON form, as parse() does the text.
std::optional<Program> parse_json(FileId file, Diagnostics& diagnostics);
/// The JSON Schema of the JSON form, published in docs/schema.
std::string json_schema();

/// A kernel without names, offsets, locations and constants' identities: all that its machine code depends on, but the target.
/// Two kernels with equal specs share one object.
/// Text form: one line, which holds every field.
struct KernelSpec {
  KernelKind kind = KernelKind::copy;
  OpAttributes attributes;
  InputBuffer input;  ///< load
  Tensor in, out;     ///< name and offset empty; for load and store, the caller's side has channel_stride 0
  struct StepSpec {
    graph::StepKind kind;
    Tensor operand;  ///< add, mul, project
    bool in_place = false;
  };
  std::vector<StepSpec> epilogue;
  std::optional<OpAttributes> pool;
  Schedule schedule;
  bool in_place = false;  ///< copy: the output takes the input's place
};
KernelSpec spec_of(const Program& program, const Kernel& kernel);
/// The type that a kernel computes, before its pool if it has one.
TensorType computed_type(const KernelSpec& spec);
/// What the kernel computes between which layouts, whatever its schedule: a line that names it in a file of tuned schedules (ir/tuning.h).
std::string work_of(const KernelSpec& spec);
/// Why the kernel, its types and layouts being right, cannot have the schedule it has; nothing if it can.
std::optional<std::string> schedule_fault(const KernelSpec& spec);
/// Whether the pixels of a convolution are one axis in memory: a 1x1 window that reads every pixel, between pictures without halos.
bool has_one_axis(const KernelSpec& spec);
/// Tasks have no more scratch memory than this.
inline constexpr int64_t max_scratch_bytes = int64_t{1} << 28;
/// Bytes of scratch memory that one task of the kernel takes.
int64_t scratch_bytes(const KernelSpec& spec);
std::string to_string(const KernelSpec& spec);

}  // namespace resnetc::program

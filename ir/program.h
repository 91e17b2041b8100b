/// \file The third IR: fused kernels in execution order over one planned arena, for one target. Device-specific choices live here.
///
/// Storage. Every tensor in the arena is pixel-major with the channel innermost (NHWC). Pixels lie `channel_stride` apart, and kernels
/// write the `stored_channels()` of each; nothing reads or writes what lies between. On each side a tensor has a halo of `halo` pixels that
/// mean 0, as wide as the widest consumer needs:
///     address(n, y, x, c) = arena + batch * offset + n * picture_bytes + (((y + halo.h) * (width + 2 * halo.w) + x + halo.w) *
///     channel_stride + c) * bytes of an element
/// Lanes past the last channel hold values that nothing reads. The producer of a tensor zeroes its halo in every run. Vectors are pictures
/// of one pixel, and lines pictures of height 1: only the input and outputs of a program have the type of a line, as callers see them. A
/// tensor may be some channels of another one, which several kernels then write (concat) or of which a kernel reads a part
/// (slice_channels). Callers' buffers are dense, in the order of the network's interface, and only `load` and `store` kernels use them.
///
/// Text form (`resnetc dump --level program`). After the target, `machine "NAME"` names the machine whose schedules these are, unless it is
/// the default one.
///
///     program "resnet18" target "avx512" arena 1722368 {
///       input "image" : f32[N, 3, 224, 224]
///       output "logits" : f32[N, 1000]
///       by_picture=true because "..."
///       brief=false because "..."
///       tensor %image : f32[N, 3, 224, 224] stride=3 halo=4x4 at 861184 @ "resnet18.rn":5:3+37
///       tensor %max_pool : f32[N, 64, 56, 56] stride=64 halo=1x1 at 0 @ ...
///       tensor %norm : f32[N, 32, 56, 56] of %concat from=64 stride=96 halo=0x0 at 802816 @ ...
///       constant @0 : f32[64] at 0 = pack_vector(...)
///       kernel "image" load out %image
///           schedule general vectors=1 rows=4 @ ...
///       kernel "max_pool" conv2d channels=64 kernel=7x7 stride=2x2 pad=3x3 in %image weight @1 then bias(@0), relu
///           pool kernel=3x3 stride=2x2 pad=1x1 out %max_pool
///           schedule winograd output=4 vectors=1 tiles=1x14 rows=4 depth=0 parts=1 multiply_adds=118013952 because "..." @ ...
///       kernel "logits" store in %fc output 0
///           schedule general vectors=1 rows=0 @ ...
///     }
#pragma once

#include <algorithm>
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

/// A network's input that has integers and at most this number of channels may have as many between its pixels, in place of a whole vector.
inline constexpr int64_t channels_in_fours = 4;

/// A tensor in the arena.
struct Tensor {
  std::string name;  ///< the graph value's name
  TensorType type;
  /// The elements from one pixel to the next: the stored channels, or one vector more, so that pixels share fewer sets of a cache.
  int64_t channel_stride = 0;
  Extent2 halo{0, 0};
  int64_t offset = none;  ///< bytes for a batch of one, a multiple of 64; `none` before plan-memory
  /// The tensor of which this one is the channels from `first_channel` on, or `none`. It stands before this one in the program, is no part
  /// itself, and has the same height, width, strides, halo and offset.
  TensorId part_of = none;
  int64_t first_channel = 0;
  Location at;

  bool is_part() const { return part_of != none; }
  /// Whether each pixel begins with a whole vector.
  bool aligned() const { return channel_stride % lanes == 0 && first_channel % lanes == 0; }

  /// The channels of a pixel that kernels write: whole vectors, or the channels alone for a network's input that only convolutions
  /// read.
  int64_t stored_channels() const { return std::min(channel_stride, whole_vectors(type.channels)); }
  int64_t row_elements() const { return (type.width + 2 * halo.w) * channel_stride; }
  /// The bytes of one picture, rounded up to 64.
  int64_t picture_bytes() const { return (bytes_of(type.element, (type.height + 2 * halo.h) * row_elements()) + 63) / 64 * 64; }
  /// The distance in elements from one picture to the next.
  int64_t picture_elements() const { return elements_in(picture_bytes(), type.element); }
  /// The distances in bytes from one row to the next and from one pixel to the next.
  int64_t row_bytes() const { return bytes_of(type.element, row_elements()); }
  int64_t pixel_bytes() const { return bytes_of(type.element, channel_stride); }
  bool dense() const { return halo == Extent2{0, 0}; }
  /// Whether one tensor could take the other's place, element by element, whatever its integers mean. A part never can, because its place
  /// has other parts.
  bool same_layout(const Tensor& other) const {
    return type.of_elements() == other.type.of_elements() && channel_stride == other.channel_stride && halo == other.halo && !is_part() &&
           !other.is_part();
  }
};

/// A constant of the weights file. Equal recipes share one constant.
struct Constant {
  RecipePtr recipe;    ///< its shape gives the element count
  int64_t offset = 0;  ///< bytes from the start of the weights' data; a multiple of 64
  ElementType element = ElementType::f32;
  int64_t elements() const { return element_count(recipe->shape); }
  int64_t bytes() const { return bytes_of(element, elements()); }
};

struct Step {
  graph::StepKind kind = graph::StepKind::relu;
  TensorId operand = none;  ///< only for a step that joins()
  /// In the order of the table of operations. Each has its channels in whole vectors; a weight is packed for the schedule.
  std::vector<ConstantId> constants;
};

struct Kernel {
  KernelKind kind = KernelKind::copy;
  std::string name;  ///< the graph value that the kernel computes; for a store, the output's name
  OpAttributes attributes;
  TensorId in = none;        ///< load: none
  TensorId out = none;       ///< store: none
  int32_t port = 0;          ///< store: index of the output
  ConstantId weight = none;  ///< conv2d
  std::vector<Step> epilogue;
  std::optional<OpAttributes> pool;  ///< only Winograd: a max_pool of the epilogue's result, which is not stored itself
  Schedule schedule;
  std::string reason;         ///< why this algorithm and schedule were chosen, for --opt-report
  int64_t multiply_adds = 0;  ///< for one picture
  Location at;
};

struct Output {
  std::string name;
  TensorType type;
};

/// A decision about a whole program, and its reason.
struct Decision {
  bool yes = false;
  std::string reason;  ///< only for people
};

struct Program {
  std::string name;
  const Target* target = nullptr;  ///< a line of the table (ir/target.h); never null once a program is verified
  std::string machine;             ///< the name of the machine whose schedules it has; empty: the default machine, or it is for a GPU
  std::string input_name;
  InputBuffer input;
  std::vector<Output> outputs;
  std::vector<Tensor> tensors;
  std::vector<Constant> constants;
  std::vector<Kernel> kernels;
  int64_t arena_bytes = none;  ///< for a batch of one; `none` before plan-memory
  /// Whether each thread computes whole pictures of a batch, kernel after kernel, so that tensors stay in its cache. Otherwise all threads
  /// together compute one kernel after another for the whole batch, so that weights are read once. Always false on a GPU.
  Decision by_picture;
  /// Whether one picture is so little work that sleeping threads should not be woken. In a virtual machine, waking one took 0.2 ms of the
  /// run's time.
  Decision brief;

  const Tensor& tensor(TensorId id) const { return tensors[static_cast<size_t>(id)]; }
  Tensor& tensor(TensorId id) { return tensors[static_cast<size_t>(id)]; }
  const Constant& constant(ConstantId id) const { return constants[static_cast<size_t>(id)]; }
};

/// Whether the program is for a GPU. In a program for a GPU, all schedules are ThreadSchedules. Tensors lie where the largest batch puts
/// them, even in a run with a smaller batch. Halos are zeroed once, when a context is created, so a tensor with a halo shares its place
/// only with tensors of the same layout.
bool on_gpu(const Program& program);
/// The program's name in its library (ir/machine.h), and that which no other program of the target answers to.
std::string label(const Program& program);
std::string exact_label(const Program& program);

/// The tensor in whose place this one lies: the one that it is a part of, or itself.
TensorId whole_of(const Program& program, TensorId id);
/// The tensors that a kernel reads, including those of its epilogue.
std::vector<TensorId> reads(const Kernel& kernel);
/// The name of the kernel's algorithm. The convolutions of a GPU are direct sums.
std::string_view algorithm_of(const Kernel& kernel);
/// The number of the kernel's operands, at most graph::max_kernel_operands: the tensors that it reads and writes, each counted as often as
/// it is named, and its constants.
int operand_count(const Kernel& kernel);
/// Whether the schedule stores each element of the output exactly once, so that the output may take the place of an operand that is read
/// element by element. (A tail that shifts inwards stores some elements twice.) Always false on a GPU, where a kernel reads through a cache
/// that does not see what the kernel writes.
bool writes_once(const Program& program, const Kernel& kernel);
/// Whether the output takes the place of `operand`: an operand of the epilogue or a copy's input. plan-memory decides this.
bool in_place(const Program& program, const Kernel& kernel, TensorId operand);

/// The cost of a kernel for one picture.
struct KernelCost {
  int64_t multiply_adds = 0;  ///< multiply-adds that it really computes: fewer than Kernel::multiply_adds where tiles are transformed, and
                              ///< without the zeros of groups and padding
  int64_t weight_bytes = 0;   ///< bytes of all its constants
  int64_t tensor_bytes = 0;   ///< bytes read and written, including halos and unused lanes; a caller's buffer counts with its own size
  bool operator==(const KernelCost&) const = default;
};
KernelCost cost_of(const Program& program, const Kernel& kernel);

/// The value of Program::by_picture that the program's kernels and constants suggest: yes if a picture's arithmetic takes longer than
/// loading its weights from memory.
Decision choose_by_picture(const Program& program, const Machine& machine);
/// The value of Program::brief that the program's kernels suggest, by their multiply-adds and by the bytes of tensors that they move.
Decision choose_brief(const Program& program, const Machine& machine);

/// Gives the programs of one network for several targets the same constants in the same places, so that one weights file serves them all.
/// The first program's constants come first. A program may then have constants that it does not read.
void share_constants(std::span<Program> programs);

std::string print(const Program& program, const Sources& sources);
/// Prints only the kernels with these names, without stores, and the tensors and constants that they use, in the text form. The result is
/// for people: parse() cannot read it.
std::string excerpt(const Program& program, const ValueNames& names, const Sources& sources);
/// The excerpt of each kernel by itself. The time is proportional to the program's size.
Excerpts excerpts(const Program& program, const Sources& sources);
std::optional<Program> parse(FileId file, Diagnostics& diagnostics);
/// Checks all ids and indices that later stages use and, once memory is planned, check_memory_plan(). Returns the first fault, or nothing.
std::optional<Finding> verify(const Program& program);
/// Replays the program over byte ranges. Independently of the planner, it finds any read of bytes that do not belong to the tensor read,
/// any overlap of live tensors, and any access outside the arena. Returns the first fault, or nothing.
std::optional<Finding> check_memory_plan(const Program& program);
std::string to_json(const Program& program, const Sources& sources);
/// Reads the JSON form; reports errors as parse() does for the text form.
std::optional<Program> parse_json(FileId file, Diagnostics& diagnostics);
/// The JSON Schema of the JSON form, published in docs/schema.
std::string json_schema();

/// A kernel without names, offsets, locations and constants' identities: all that its machine code depends on, except the target. Kernels
/// with equal specs share one object. The text form is one line that holds every field.
struct KernelSpec {
  KernelKind kind = KernelKind::copy;
  OpAttributes attributes;
  InputBuffer input;  ///< load
  /// Name, offset and part_of are empty, and types say nothing of what integers mean; first_channel counts from a whole vector. The
  /// caller's side of a load or store has channel_stride 0.
  Tensor in, out;
  struct StepSpec {
    graph::StepKind kind;
    Tensor operand;  ///< add, mul, project
    bool in_place = false;
    ElementType weight = ElementType::f32;  ///< project: the elements of its weight
  };
  std::vector<StepSpec> epilogue;
  std::optional<OpAttributes> pool;
  ElementType weight = ElementType::f32;  ///< conv2d: the elements of its weight
  Schedule schedule;
  bool in_place = false;  ///< only copy: the output takes the input's place
};
KernelSpec spec_of(const Program& program, const Kernel& kernel);
/// Whether a convolution's kernel sums products of integers, as integers of 32 bits.
bool sums_integers(const KernelSpec& spec);
/// The type that a kernel computes before its pool, if it has one.
TensorType computed_type(const KernelSpec& spec);
/// The kernel's computation and layouts, without its schedule and the type of its weight's elements. A line of a file of tuned schedules
/// (ir/tuning.h) names the kernel by this text.
std::string work_of(const KernelSpec& spec);
/// The reason why the kernel cannot have its schedule, or nothing if it can. Types and layouts must be right.
std::optional<std::string> schedule_fault(const KernelSpec& spec);
/// Whether the pixels of a convolution lie along one axis in memory: a 1x1 window that reads every pixel, between pictures without halos.
bool has_one_axis(const KernelSpec& spec);
/// The largest scratch memory of a task, in bytes.
inline constexpr int64_t max_scratch_bytes = int64_t{1} << 28;
/// The bytes of scratch memory that one task of the kernel uses.
int64_t scratch_bytes(const KernelSpec& spec);
std::string to_string(const KernelSpec& spec);

}  // namespace resnetc::program

/// \file Recipes: how a constant of the compiled program is computed from the checkpoint's tensors. A network can be compiled without its
/// weights, so passes never use values. They build recipes, which the IR prints and the library stores. `compile` and `pack` carry them out
/// in the same way: in float64, with one rounding to float32 at the end.
///
/// Text form, the same in the IR and in the library:
///     scale_rows(tensor("layer1.0.conv1.weight", [64, 64, 3, 3]), mul(tensor("layer1.0.bn1.weight", [64]),
///     rsqrt(tensor("layer1.0.bn1.running_var", [64]), 1e-05)))
/// Recipes are immutable trees that share parts. Several threads may read them at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/element_type.h"
#include "ir/tensor_type.h"
#include "support/failure.h"

namespace resnetc {

enum class RecipeKind {
  tensor,         ///< a tensor of the checkpoint, by name and shape
  fill,           ///< every element is `value`; at most max_elements elements, like any tensor's channels
  add,            ///< a + b, equal shapes
  sub,            ///< a - b, equal shapes
  mul,            ///< a * b, equal shapes
  max,            ///< the larger of a and b, equal shapes
  rsqrt,          ///< 1 / sqrt(a + value)
  scale_rows,     ///< a[i, ...] * b[i]; b has shape [rows of a]
  narrow,         ///< the nearest value that `element` can have, to each element
  row_step,       ///< see row_step()
  row_sum,        ///< see row_sum()
  quantize_rows,  ///< see quantize_rows()
  as_picture,     ///< see as_picture()
  scale_columns,  ///< see scale_columns()
  to_phases,      ///< see to_phases()
  take_taps,      ///< see take_taps()
  pack_vector,    ///< a of shape [c], padded with zeros to whole vectors of 16: [ceil(c / 16) * 16]
  pack_conv,      ///< see pack_conv()
  split_phases,   ///< see split_phases()
  pack_winograd,  ///< see pack_winograd()
  pack_strassen,  ///< see pack_strassen()
  pack_blocks,    ///< see pack_blocks()
};

/// Channels are stored and computed in vectors of 16 lanes on every target, so that one packing of the weights serves all targets (an AVX2
/// kernel uses two registers a vector, an SSE4.1 kernel four).
inline constexpr int64_t lanes = 16;

struct Recipe;
using RecipePtr = std::shared_ptr<const Recipe>;

/// How the weights of a transposed convolution become those of a convolution for all its phases (ir/transposed.h).
struct PhaseTaps {
  int64_t groups = 1;
  Extent2 stride;       ///< rows and columns of phases
  Extent2 first{0, 0};  ///< the tap that the first phase meets first
  Extent2 window;       ///< of the convolution
  bool operator==(const PhaseTaps&) const = default;
};

struct Recipe {
  RecipeKind kind;
  std::vector<RecipePtr> args;
  std::string name;                        ///< tensor: name in the checkpoint
  double value = 0;                        ///< fill: the element; rsqrt: the number that is added under the root
  int64_t groups = 1;                      ///< pack_conv, scale_columns
  int64_t lanes = resnetc::lanes;          ///< pack_conv: lanes of a vector
  int64_t interleave = 1;                  ///< pack_conv: number of adjacent input channels in each lane
  int64_t block = 0;                       ///< pack_blocks
  ElementType element = ElementType::f32;  ///< narrow
  int64_t limit = 0;                       ///< row_step, quantize_rows: the largest integer
  int64_t output = 0;                      ///< pack_winograd: height and width of a tile of the result
  int64_t stride = 1;                      ///< pack_winograd
  PhaseTaps taps;                          ///< to_phases; take_taps: `first` and `window`
  std::vector<int64_t> shape;              ///< shape of the result
};

/// `channels` rounded up to whole vectors.
constexpr int64_t whole_vectors(int64_t channels, int64_t vector = lanes) { return (channels + vector - 1) / vector * vector; }

// Builders. Each checks its operands' shapes with an assertion, because a wrong shape is a bug of the caller.
RecipePtr tensor(std::string name, std::vector<int64_t> shape);
RecipePtr fill(double value, std::vector<int64_t> shape);
RecipePtr add(RecipePtr a, RecipePtr b);
RecipePtr sub(RecipePtr a, RecipePtr b);
RecipePtr mul(RecipePtr a, RecipePtr b);
RecipePtr rsqrt(RecipePtr a, double eps);
/// The larger of two elements, or NaN if either is.
RecipePtr max(RecipePtr a, RecipePtr b);
RecipePtr scale_rows(RecipePtr a, RecipePtr b);
/// The elements of `a` as this type has them. Those of an integer type are limited to its range.
RecipePtr narrow(RecipePtr a, ElementType element);
/// The step [co] with which the integers from -limit to limit cover each row of w[co][...]: its largest element in absolute value, divided
/// by the limit.
RecipePtr row_step(RecipePtr w, int64_t limit);
/// The sum [co] of the elements of each row of w[co][...].
RecipePtr row_sum(RecipePtr w);
/// Each element of w[co][...] divided by the step of its row, as the nearest integer, ties to even, from -limit to limit. 0 / 0 gives 0.
RecipePtr quantize_rows(RecipePtr w, RecipePtr step, int64_t limit);
/// The weights w[co][ci][k] of a convolution along lines as those of one over pictures of height 1, [co][ci][1][k].
RecipePtr as_picture(RecipePtr w);
/// Scales the output channels of w[ci][co / groups][...], the weights of a transposed convolution, by b[co].
RecipePtr scale_columns(RecipePtr w, RecipePtr b, int64_t groups);
bool can_scale_columns(const std::vector<int64_t>& w, const std::vector<int64_t>& b, int64_t groups);
/// The weights of the convolution that computes all phases of a transposed one, from w[ci][co / groups][kh][kw]. The result is
/// [co * sh * sw][ci / groups][window]: row (o * sh + i) * sw + j, for phase i, j of output channel o, has tap first + (i, j) - stride * u
/// at place u of the window, or zero where w has no such tap. Along lines, neither has rows: w[ci][co / groups][kw], [...][window.w].
RecipePtr to_phases(RecipePtr w, const PhaseTaps& taps);
/// Whether to_phases() can, and makes at most max_elements elements.
bool can_make_phases(const std::vector<int64_t>& shape, const PhaseTaps& taps);
/// Of the weights w[co][ci][kh][kw] of a convolution, the taps of `window` from `first` on: [co][ci][window]. Along lines, neither has
/// rows: w[co][ci][kw], [co][ci][window.w].
RecipePtr take_taps(RecipePtr w, Extent2 first, Extent2 window);
bool can_take_taps(const std::vector<int64_t>& shape, Extent2 first, Extent2 window);
RecipePtr pack_vector(RecipePtr a);

/// Packs w[co][ci_per_group][kh][kw] (or a linear layer's [out][in]) as [block][kh][kw][s / interleave][lanes][interleave]. A block has
/// `lanes` output channels. s counts the block's `span` input channels from `span_start`, then zeros up to whole groups of `interleave`. A
/// block that covers several groups holds zeros where an output channel does not read an input channel, and rows past co are zeros.
/// Instructions that sum products of neighbours need 4 adjacent channels for bytes or 2 for bfloat16.
RecipePtr pack_conv(RecipePtr w, int64_t groups, int64_t lanes = resnetc::lanes, int64_t interleave = 1);

/// The weights w[co][ci][k][k] of a window over the phases of its input (ir/winograd.h), for k = 5 or 7 and at most 4 input channels. The
/// result is [co][16][r][r] with r = (k + 1) / 2, and zero where there is no weight or no channel.
RecipePtr split_phases(RecipePtr w);
bool can_split_phases(const std::vector<int64_t>& shape);

/// Transforms w[co][ci][r][r] for tiles of `output` x `output` results at `stride` (ir/winograd.h) and packs them as [block][i][j][ci][16],
/// where i and j are the row and column of G w GT. Rows past co are zeros.
RecipePtr pack_winograd(RecipePtr w, int64_t output, int64_t stride);
/// Whether pack_winograd() has transforms for weights of this shape.
bool can_pack_winograd(const std::vector<int64_t>& shape, int64_t output, int64_t stride);

/// Divides each row of w[co][ci] or w[co][ci][1][1], the weights of a 1x1 convolution, by its magnitude, combines the halves for Strassen's
/// products (ir/strassen.h) and packs them as [pair][e][i][16]. A pair is two blocks of 16 output channels, one from each half; e is the
/// product, and i a channel of half the input. Rows past co are zeros. The magnitudes follow, [co] in whole vectors, and the kernel
/// multiplies its sums by them. `summed` are the weights of other convolutions that are added to the same sums. A row has the same
/// magnitude in w and in all of `summed`. Recipe::args holds w, then `summed`.
RecipePtr pack_strassen(RecipePtr w, std::vector<RecipePtr> summed = {});
bool can_pack_strassen(const std::vector<int64_t>& shape);
/// The magnitude of a row whose largest element in absolute value is `largest`: the largest power of two that is not above `largest`,
/// because multiplication by a power of two rounds nothing. The magnitude and its inverse are normal float32 numbers. The magnitude is 1 if
/// `largest` is zero or not finite.
double row_magnitude(double largest);

/// Packs w[co][ci][kh][kw] (or a linear layer's [out][in]) for the threads of a GPU, which share `block` output channels, as
/// [rows / block][kh][kw][ci][block]. There are blocked_rows() rows; those past co are zeros. For a grouped convolution, ci counts the
/// channels of one group.
RecipePtr pack_blocks(RecipePtr w, int64_t block);
/// `co` rounded up to whole vectors, and these rounded up to whole blocks.
constexpr int64_t blocked_rows(int64_t co, int64_t block) { return (whole_vectors(co) + block - 1) / block * block; }

/// The input channels that a block of `vector` output channels reads in a grouped convolution: `span` channels from
/// min(block * vector / (co / groups) * (ci / groups), ci - span). With one group, span is ci and the first channel is 0.
struct GroupSpan {
  int64_t span;
  int64_t co_per_group;
  int64_t ci_per_group;
  int64_t ci;
  int64_t vector = lanes;
  int64_t start(int64_t block) const;
};
GroupSpan group_span(int64_t ci, int64_t co, int64_t groups, int64_t vector = lanes);

std::string to_string(const Recipe& recipe);
/// Reads the text form from untrusted text. A failure gives the offset. Depth and size are bounded.
Result<RecipePtr> parse_recipe(std::string_view text);
/// Reads a recipe at the front of `text` and advances `text` past it; otherwise like parse_recipe().
Result<RecipePtr> parse_recipe_prefix(std::string_view& text);

/// The name and shape of a checkpoint tensor. collect_tensors() adds those that a recipe reads, each once, in order of appearance.
struct TensorRef {
  std::string name;
  std::vector<int64_t> shape;
  bool operator==(const TensorRef&) const = default;
};
void collect_tensors(const Recipe& recipe, std::vector<TensorRef>& into);

inline int64_t element_count(const std::vector<int64_t>& shape) {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  return n;
}

/// The source of the checkpoint's values for recipes.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  /// The values of a tensor as float64, in row-major order. Empty if the source has no tensor with this name and shape.
  virtual std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const = 0;
};

/// Carries out a recipe in float64. Empty if the source lacks a tensor, or if more than max_elements elements are made without any tensor.
/// A checkpoint limits the size of a tensor, but nothing limits that of a fill.
std::vector<double> evaluate(const Recipe& recipe, const WeightSource& source);

}  // namespace resnetc

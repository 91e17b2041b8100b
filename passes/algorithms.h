/// \file Which algorithm computes each convolution: direct sums, Winograd's transforms (ir/winograd.h) or Strassen's products
/// (ir/strassen.h).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/program.h"
#include "ir/winograd.h"

namespace resnetc::passes {

struct Convolution {
  TensorType in, out;
  OpAttributes attributes;
  std::vector<int64_t> projected;  ///< channels of each tensor that its projections read
  bool dense = false;              ///< its input's pixels have no gaps between them, as phases need it
};

struct AlgorithmChoice {
  program::Algorithm algorithm = program::Algorithm::direct;
  int64_t output = 0;   ///< Winograd: rows and columns of a tile of results
  bool packed = false;  ///< Winograd: the weights are transformed when they are packed, not in each run (Strassen's always are; false here)
  bool operator==(const AlgorithmChoice&) const = default;
};

/// For each convolution of a network what is fastest, as a model expects it. That decides how weights are packed, which is the same for all
/// targets: the figures behind it lie between those of the machines measured. Packed weights of all convolutions are at most twice as large
/// as those of the checkpoint, not counted the zeros with which groups and channels fill their vectors. No tile of Winograd's is larger
/// than `largest_tile`; 0: direct sums only.
std::vector<AlgorithmChoice> choose_algorithms(std::span<const Convolution> convolutions, int64_t largest_tile = largest_winograd_tile);

/// What could compute it with fewer multiplications than direct sums.
std::vector<AlgorithmChoice> faster_algorithms(const Convolution& convolution, int64_t largest_tile);
/// Bytes of the combined halves of one row of pixels, for all of Strassen's products: these gain nothing unless they stay in the
/// second-level cache.
int64_t row_of_halves(const Convolution& convolution);
/// What a task may hold of that cache, beside the weights of a group of channels.
inline constexpr int64_t most_halves = 720 << 10;
/// What a schedule makes of it.
AlgorithmChoice choice_of(const program::Schedule& schedule);
/// Seconds that the model expects of it on one thread.
double expected_seconds(const Convolution& convolution, const AlgorithmChoice& choice);
/// Elements of the packed weights, those of projections included.
double packed_elements(const Convolution& convolution, const AlgorithmChoice& choice);
/// Puts `wanted`, where there is something, in the place of choose_algorithms()'s `choices`; if `limited`, as far as packed weights stay
/// within their limit. Other choices do not change.
void prefer(std::span<const std::optional<AlgorithmChoice>> wanted, std::span<const Convolution> convolutions, bool limited,
            std::vector<AlgorithmChoice>& choices);

/// What Winograd's transforms cost, in multiply-adds of one lane or what takes as long.
struct WinogradWork {
  double products = 0;
  double input = 0;    ///< transforming the input
  double weights = 0;  ///< transforming the weights once
  double output = 0;   ///< transforming back
};
WinogradWork winograd_work(const WinogradForm& form, const Winograd& by, const TensorType& out);

/// The same of Strassen's products.
struct StrassenWork {
  double products = 0;
  double input = 0;   ///< combining the halves of the input, and of what projections read
  double output = 0;  ///< combining the products
};
StrassenWork strassen_work(const Convolution& convolution);

}  // namespace resnetc::passes

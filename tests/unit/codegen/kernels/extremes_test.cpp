/// \file Sigmoid and softmax over the whole range of floats, on every instruction set that this machine has: right to a few units in the
/// last place, with infinities and NaN as in IEEE 754. Numbers below the least normal one may be zero.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tests/unit/codegen/kernels/harness.h"

namespace resnetc::testing {
namespace {

using program::KernelKind;
using program::KernelSpec;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double least_normal = std::numeric_limits<float>::min();
constexpr double half_unit = 0x1p-24;  ///< of a float in [1, 2), relative

KernelSpec spec_of(KernelKind kind, const TensorType& type) {
  KernelSpec spec;
  spec.kind = kind;
  spec.in = spec.out = layout(type);
  spec.schedule = program::GeneralSchedule{1, 0};
  return spec;
}

/// Floats of every exponent and sign, infinities, NaN, and a fine grid where sigmoid changes.
std::vector<double> sweep() {
  std::vector<double> values;
  for (uint32_t sign : {0U, 1U}) {
    for (uint32_t exponent = 0; exponent < 256; ++exponent) {
      for (uint32_t mantissa : {0U, 1U, 0x2aaaaaU, 0x400000U, 0x5b6db6U, 0x7fffffU})
        values.push_back(std::bit_cast<float>(sign << 31 | exponent << 23 | mantissa));
    }
  }
  for (int i = -110 * 32; i <= 110 * 32; ++i) values.push_back(static_cast<float>(i / 32.0 + 0.003));
  return values;
}

bool good(double got, double want, double units, double slack = least_normal) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got);
  if (std::isinf(want)) return got == want;
  return std::abs(got - want) <= units * half_unit * std::abs(want) + (std::abs(want) < 2 * least_normal ? slack : 0);
}

/// Compiles and runs cases; `check` gets each one's results.
void run_each(const std::vector<KernelCase>& cases, const Target& target,
              const std::function<void(const KernelCase&, const Planar&)>& check) {
  std::vector<codegen::KernelJob> jobs;
  for (const KernelCase& one : cases) jobs.push_back({one.spec, &target});
  const Result<codegen::KernelSet> set = codegen::compile_kernels(jobs, {});
  REQUIRE_MESSAGE(set, set.failure().text);
  const Result<Library> library = link_and_load(set->objects);
  REQUIRE_MESSAGE(library, library.failure().text);
  for (size_t i = 0; i < cases.size(); ++i) {
    const Result<Planar> result = run_case(cases[i], entry_of(*library, set->objects[set->index[i]]));
    REQUIRE_MESSAGE(result, result.failure().text);
    check(cases[i], *result);
  }
}

/// sigmoid(x), and x * sigmoid(x) with x once more as the factors.
std::vector<KernelCase> sigmoid_cases() {
  const std::vector<double> values = sweep();
  const TensorType type = TensorType::vector(static_cast<int64_t>(values.size()));
  KernelSpec plain = spec_of(KernelKind::copy, type);
  plain.epilogue.push_back({graph::StepKind::sigmoid, {}, false});
  KernelSpec gated = plain;
  gated.epilogue.push_back({graph::StepKind::mul, layout(type), false});
  KernelCase one = make_case("sigmoid", plain, 1, 1), two = make_case("x * sigmoid", gated, 1, 1);
  one.input = two.input = two.steps[1] = values;
  return {one, two};
}

/// Rows of logits.
std::vector<std::vector<double>> logit_rows() {
  const double nan = std::numeric_limits<double>::quiet_NaN(), most = std::numeric_limits<float>::max();
  std::vector<std::vector<double>> rows{
      {0, -infinity, 1, -infinity},
      {-infinity, -infinity, -infinity, -infinity},
      {-infinity, -infinity, -3, -infinity},
      {infinity, 0, -infinity, 1},
      {nan, 0, 1, 2},
      {0, 1, -nan, -infinity},
      {most, -most, 0, most},
      {-most, -most, -most, -most},
      {most, 0x1.fffffcp127, 1, 2},
      {0, -87, -87.3F, -87.4F},
      {0, -88, -89, -104},
      {50, -37, -38, -1000},
      {-1e30F, -1e30F, 1e-40F, 1e-45F},
      {1000, 999.5, 999, 913},
  };
  for (int i = 0; i < 100; ++i) rows.push_back({0, static_cast<float>(-1.1 * i), static_cast<float>(-0.9 * i - 0.1), -1});
  return rows;
}

}  // namespace

TEST_CASE("kernels: sigmoid of every kind of float") {
  for (const Target& target : runnable_targets()) {
    run_each(sigmoid_cases(), target, [&](const KernelCase& one, const Planar& result) {
      const bool gated = one.spec.epilogue.size() == 2;
      for (size_t i = 0; i < result.size(); ++i) {
        const double x = one.input[i], sigmoid = 1 / (1 + std::exp(-x));
        const double want = static_cast<float>(gated ? x * static_cast<float>(sigmoid) : sigmoid);
        // The factor, too, may be zero if it is below the least normal number, which it is from -88 on.
        const bool right = good(result[i], want, 5) || (gated && sigmoid < 2 * least_normal && good(result[i], 0, 0, 110 * least_normal));
        CHECK_MESSAGE(right, fmt::format("{}: {} of {:.9g} is {:.9g}, not {:.9g}", target.name, one.name, x, result[i], want));
      }
    });
  }
}

TEST_CASE("kernels: softmax of logits that are far apart, infinite or NaN") {
  struct Channels {
    int64_t channels, parts;
  };
  std::vector<KernelCase> cases;
  // Four logits, then the same with others that add nothing, then the same at each place of four parts.
  for (const auto [channels, parts] : {Channels{4, 0}, {37, 0}, {12, 4}, {64, 4}}) {
    const auto rows = logit_rows();
    KernelCase one = make_case("softmax", spec_of(KernelKind::softmax, TensorType::vector(channels)), static_cast<int64_t>(rows.size()), 1);
    one.spec.attributes.parts = parts;
    const int64_t step = parts == 0 ? 1 : channels / parts;
    one.input.assign(rows.size() * static_cast<size_t>(channels), -infinity);
    for (size_t i = 0; i < one.input.size(); ++i) {
      const size_t n = i / static_cast<size_t>(channels), logit = i % static_cast<size_t>(channels) / static_cast<size_t>(step);
      if (logit < rows[n].size()) one.input[i] = rows[n][logit];
    }
    cases.push_back(std::move(one));
  }
  for (const Target& target : runnable_targets()) {
    run_each(cases, target, [&](const KernelCase& one, const Planar& result) {
      const size_t channels = one.input.size() / static_cast<size_t>(one.batch), parts = static_cast<size_t>(one.spec.attributes.parts);
      const size_t step = parts == 0 ? 1 : channels / parts;
      for (size_t i = 0; i < one.input.size(); ++i) {
        const size_t n = i / channels, c = i % channels;
        const double* logits = one.input.data() + n * channels;
        double top = -infinity, sum = 0;
        for (size_t k = c % step; k < channels; k += step) top = std::isnan(logits[k]) || logits[k] > top ? logits[k] : top;
        for (size_t k = c % step; k < channels; k += step) top = std::isnan(logits[k]) ? logits[k] : top;
        for (size_t k = c % step; k < channels; k += step) sum += std::exp(logits[k] - top);
        const double difference = logits[c] - top, want = static_cast<float>(std::exp(difference) / sum), got = result[i];
        // The difference is a float, so half a unit of the difference has the result's exponent.
        const double units = 8 + (std::abs(difference) < 128 ? std::abs(difference) : 0);
        CHECK_MESSAGE(
            good(got, want, units, std::isinf(difference) ? 0 : least_normal),
            fmt::format("{}: row {}, logit {}, {:.9g} of {:.9g}: {:.9g}, not {:.9g}", target.name, n, c, logits[c], top, got, want));
      }
    });
  }
}

}  // namespace resnetc::testing

/// \file The expressions of element-wise operations give the same results as the interpreter's own loops.
#include "ir/expression.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "ir/interpreter.h"
#include "ir/step.h"

using namespace resnetc;

namespace {

/// One element and what belongs to it.
struct Element {
  double value, other;
  std::vector<double> constants;

  double element() const { return value; }
  double operand() const { return other; }
  double constant(size_t i) const { return constants[i]; }
  static double number(double number) { return number; }
  static double exp(double x) { return std::exp(x); }
  static double erf(double x) { return std::erf(x); }
  static double log_1p(double x) { return std::log1p(x); }
  static double nearest(double x) { return std::nearbyint(x); }
  static double select_less(double a, double b, double then, double otherwise) { return a < b ? then : otherwise; }
};

/// A value with its derivative. Expressions can be computed over this type as well as over numbers.
struct Dual {
  double value = 0, slope = 0;
};
Dual operator-(Dual a) { return {-a.value, -a.slope}; }
Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.slope + b.slope}; }
Dual operator-(Dual a, Dual b) { return a + -b; }
Dual operator*(Dual a, Dual b) { return {a.value * b.value, a.slope * b.value + a.value * b.slope}; }
Dual operator/(Dual a, Dual b) { return {a.value / b.value, (a.slope * b.value - a.value * b.slope) / (b.value * b.value)}; }

struct DualElement {
  double value;

  Dual element() const { return {value, 1}; }
  static Dual operand() { return {2, 0}; }
  static Dual constant(size_t) { return {3, 0}; }
  static Dual number(double number) { return {number, 0}; }
  static Dual exp(Dual x) { return {std::exp(x.value), x.slope * std::exp(x.value)}; }
  static Dual erf(Dual x) { return {std::erf(x.value), x.slope * 2 / std::sqrt(std::numbers::pi) * std::exp(-x.value * x.value)}; }
  static Dual log_1p(Dual x) { return {std::log1p(x.value), x.slope / (1 + x.value)}; }
  static Dual nearest(Dual x) { return {std::nearbyint(x.value), 0}; }
  static Dual select_less(Dual a, Dual b, Dual then, Dual otherwise) { return a.value < b.value ? then : otherwise; }
};

class NoWeights : public WeightSource {
 public:
  std::vector<double> read(const std::string&, const std::vector<int64_t>&) const override { return {}; }
};

}  // namespace

TEST_CASE("the meaning of each step is what the interpreter computes") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Values values = {0, -0.0, 1, -1, 0.25, -3.5, 1e-30, 700, -700, infinity, -infinity, std::nan("")};
  const TensorType type = TensorType::vector(static_cast<int64_t>(values.size()));
  for (const OpInfo& step : graph::all_steps()) {
    if (step.meaning.empty()) continue;  // a projection: its loops are those of a convolution
    CAPTURE(std::string(step.name));
    graph::Graph graph;
    graph.input.type = type;
    graph.ops.resize(2);
    graph.ops[0].kind = OpKind::input;
    graph.ops[0].type = graph.ops[1].type = type;
    graph.ops[1].kind = OpKind::pad_channels;  // with no channels to append: it only carries the step
    graph.ops[1].operands = {0};
    graph::Step& one = graph.ops[1].epilogue.emplace_back();
    one.kind = step.kind;
    if (step.joins()) one.operand = 0;
    Element element{};
    for (size_t i = 0; i < step.constants.size(); ++i) {
      element.constants.push_back(1.5 + 1.5 * static_cast<double>(i));  // a zero is a whole number
      one.constants.push_back(fill(element.constants.back(), {type.channels}));
    }
    graph.outputs.push_back({"y", 1, {}});
    const Values wanted = interpret(graph, NoWeights(), values)[0];
    for (size_t i = 0; i < values.size(); ++i) {
      CAPTURE(values[i]);
      element.value = element.other = values[i];
      const double result = step.meaning.evaluate<double>(element);
      CHECK(std::isnan(result) == std::isnan(wanted[i]));
      if (std::isfinite(result)) {
        CHECK(result == doctest::Approx(wanted[i]).epsilon(1e-14));
      } else if (!std::isnan(result)) {
        CHECK(result == wanted[i]);
      }
    }
  }
}

TEST_CASE("a meaning can be computed over values with derivatives") {
  for (const OpInfo& step : graph::all_steps()) {
    if (step.meaning.empty()) continue;
    CAPTURE(std::string(step.name));
    for (const double x : {-1.25, 0.5, 2.0}) {
      const double step_size = 1e-6;
      const auto at = [&](double value) { return step.meaning.evaluate<Dual>(DualElement{value}); };
      const double slope = (at(x + step_size).value - at(x - step_size).value) / (2 * step_size);
      CHECK(at(x).slope == doctest::Approx(slope).epsilon(1e-6));
    }
  }
}

TEST_CASE("a result is not negative where the element is not, if the table says so") {
  for (const OpInfo& step : graph::all_steps()) {
    if (step.sign != Sign::kept) continue;
    CAPTURE(std::string(step.name));
    for (const double x : {0.0, 1e-9, 1.0, 100.0}) CHECK(step.meaning.evaluate<double>(Element{x, x, {-0.5, 2}}) >= 0);
  }
}

TEST_CASE("the sign of a step's result is what the table says") {
  for (const OpInfo& step : graph::all_steps()) {
    if (step.sign != Sign::non_negative) continue;
    CAPTURE(std::string(step.name));
    for (const double x : {-100.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 100.0}) {
      CHECK(step.meaning.evaluate<double>(Element{x, x, {0.5, -0.25}}) >= 0);
    }
  }
}

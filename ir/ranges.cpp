/// \file The text form of ranges.
#include "ir/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "ir/checks.h"
#include "ir/forms/text_forms.h"
#include "ir/forms/text_kind.h"
#include "support/printable.h"

namespace resnetc {

namespace {

constexpr int64_t ranges_version = 1;
constexpr int64_t largest_byte = 255;

/// As float32, without the sign of a zero.
double as_float32(double value) { return static_cast<double>(static_cast<float>(value)) + 0.0; }

std::string float_text(double value) { return fmt::format("{}", static_cast<float>(as_float32(value))); }

class RangesParser {
 public:
  RangesParser(FileId file, Diagnostics& diagnostics) : text_(diagnostics.sources().text(file)), r_(file, diagnostics) {}

  std::optional<Ranges> run() {
    read_head();
    while (!r_.at_end()) {
      if (r_.accept("weights")) {
        read_weights();
      } else {
        read_value();
      }
    }
    if (!r_.finish()) return std::nullopt;
    return std::move(ranges_);
  }

 private:
  void read_head() {
    if (text_.size() > max_ranges_bytes) r_.fail(fmt::format("more than {} bytes", max_ranges_bytes));
    const text::Beginning beginning = text::beginning_of(text_);
    if (beginning.is_other_than(text::Kind::ranges)) r_.fail(text::misplaced(beginning, "a file of ranges"));
    if (!r_.accept("ranges")) {
      r_.fail(fmt::format("a file of ranges begins with 'ranges {} \"NETWORK\"', and this does not; 'resnetc calibrate' writes one",
                          ranges_version));
    }
    const size_t version = r_.offset();
    if (const int64_t found = r_.integer(); !r_.failed() && found != ranges_version) {
      r_.fail_at(version,
                 fmt::format("this is version {} of the form, and only version {} is known; 'resnetc calibrate' makes the file anew", found,
                             ranges_version));
    }
    const size_t name = r_.offset();
    ranges_.network = r_.string();
    if (r_.failed()) return;
    if (const Fault fault = checks::identifier("the network's name", text::shown(ranges_.network))) r_.fail_at(name, *fault);
  }

  void read_value() {
    ValueRange range;
    r_.expect("value");
    const size_t name = r_.offset();
    range.name = printed("this name");
    if (r_.failed()) return;
    if (ranges_.values.size() == max_value_ranges) r_.fail_at(name, fmt::format("more than {} values", max_value_ranges));
    range.at = r_.place(name);
    if (const auto [first, is_new] = lines_.emplace(range.name, range.at.line); !is_new) {
      r_.fail_at(name, fmt::format("'{}' has a range already, in line {}: keep one of the two", text::shown(range.name), first->second));
    }
    if (r_.accept("scale")) {
      read_integers(range);
    } else {
      read_ends(range);
    }
    if (r_.accept("because")) range.reason = printed("this string");
    ranges_.values.push_back(std::move(range));
  }

  void read_integers(ValueRange& range) {
    Quantization quantization;
    double scale = 0;
    const size_t at = read_number(scale);
    quantization.scale = static_cast<float>(scale);
    if (!(quantization.scale > 0)) r_.fail_at(at, "a scale is above 0");
    r_.expect("zero");
    r_.expect("=");
    const size_t start = r_.offset();
    const int64_t zero = r_.integer();
    quantization.zero = static_cast<int32_t>(zero);
    if (zero < 0 || zero > largest_byte) r_.fail_at(start, "the zero is one of the integers, from 0 to 255");
    std::string name = std::move(range.name);
    const Location at_name = range.at;
    range = fixed_range(std::move(name), quantization);
    range.at = at_name;
  }

  void read_weights() {
    WeightSteps weights;
    const size_t name = r_.offset();
    weights.weights = printed("this name");
    weights.at = r_.place(name);
    if (!r_.accept("in_float")) {
      r_.expect("steps");
      r_.expect("=");
      weights.steps = printed("this name");
    }
    if (r_.failed()) return;
    if (ranges_.weights.size() == max_value_ranges) r_.fail_at(name, fmt::format("more than {} weights", max_value_ranges));
    if (const auto [first, is_new] = weights_lines_.emplace(weights.weights, weights.at.line); !is_new) {
      r_.fail_at(name, fmt::format("'{}' has steps already, in line {}: keep one of the two", text::shown(weights.weights), first->second));
    }
    ranges_.weights.push_back(std::move(weights));
  }

  void read_ends(ValueRange& range) {
    r_.expect("low");
    const size_t low = read_number(range.low);
    r_.expect("high");
    const size_t high = read_number(range.high);
    if (range.low > range.high) r_.fail_at(low, "low is above high; exchange the two numbers");
    if (range.low > 0) r_.fail_at(low, "low is above 0, but a range holds 0, as padding and ReLU need it; write low=0");
    if (range.high < 0) r_.fail_at(high, "high is below 0, but a range holds 0, as padding and ReLU need it; write high=0");
  }

  /// Reads a string without control characters. `what` names the string in the message.
  std::string printed(std::string_view what) {
    const size_t start = r_.offset();
    std::string text = r_.string();
    if (const Fault fault = checks::printable(what, text); fault && !r_.failed()) r_.fail_at(start, *fault);
    return text;
  }

  /// Reads `=` and a float32. Returns the place of the number.
  size_t read_number(double& number) {
    r_.expect("=");
    const size_t start = r_.offset();
    const double value = r_.real();
    // Up to here a number is nearer to the largest float32 than to the next power of two.
    constexpr double most = static_cast<double>(std::numeric_limits<float>::max()) * (1 + 0x1p-25);
    if (value <= -most || value >= most) {
      r_.fail_at(start, fmt::format("expected a number between {0:g} and {1:g}, as float32 has them", -most, most));
    } else {
      number = as_float32(value);
    }
    return start;
  }

  const std::string& text_;
  text::Reader r_;
  Ranges ranges_;
  std::unordered_map<std::string, int32_t> lines_, weights_lines_;  ///< the line of each value, and of each tensor of weights
};

}  // namespace

const ValueRange* Ranges::find(std::string_view name) const {
  const auto found = std::find_if(values.begin(), values.end(), [&](const ValueRange& range) { return range.name == name; });
  return found == values.end() ? nullptr : &*found;
}

ValueRange fixed_range(std::string name, const Quantization& quantization) {
  const auto scale = static_cast<double>(quantization.scale);
  ValueRange range;
  range.name = std::move(name);
  range.low = as_float32(-quantization.zero * scale);
  range.high = as_float32(static_cast<double>(largest_byte - quantization.zero) * scale);
  range.fixed = quantization;
  return range;
}

std::string print(const Ranges& ranges) {
  std::string out = fmt::format("ranges {} {}\n", ranges_version, text::quoted(ranges.network));
  if (!ranges.source.empty()) out += fmt::format("# {}\n", printable(ranges.source));
  for (const ValueRange& range : ranges.values) {
    const std::string because = range.reason.empty() ? "" : " because " + text::quoted(range.reason);
    const std::string numbers = range.fixed ? fmt::format("scale={} zero={}", range.fixed->scale, range.fixed->zero)
                                            : fmt::format("low={} high={}", float_text(range.low), float_text(range.high));
    out += fmt::format("value {} {}{}\n", text::quoted(range.name), numbers, because);
  }
  for (const WeightSteps& one : ranges.weights) {
    const std::string steps = one.steps.empty() ? "in_float" : "steps=" + text::quoted(one.steps);
    out += fmt::format("weights {} {}\n", text::quoted(one.weights), steps);
  }
  return out;
}

std::optional<Ranges> parse_ranges(FileId file, Diagnostics& diagnostics) { return RangesParser(file, diagnostics).run(); }

}  // namespace resnetc

/// \file The network's input: its element type, its dimensions in memory order, its normalisation.
#include "frontend/resolve_input.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/messages.h"

namespace resnetc {
namespace {

std::optional<int64_t> dimension(const ast::Expr& expr, const Scope& scope, Reporter& reporter) {
  const std::optional<int64_t> value = evaluate(expr, scope, reporter);
  if (!value || (*value >= 1 && *value <= max_elements)) return value;
  reporter.error(expr.at, fmt::format(message::input_dimension, *value, max_elements));
  return std::nullopt;
}

/// Warns of dimensions in a suspicious order, because frameworks use both orders. `u8[N, 3, 224, 224]` has 224 channels but is probably
/// meant to have 3, and so is `f32[N, 224, 224, 3]`. `d` are the dimensions as written.
void warn_of_order(const ast::Input& input, bool u8, const int64_t (&d)[3], Reporter& reporter) {
  constexpr int64_t least_extent = 16;
  if (u8 && (d[0] == 1 || d[0] == 3 || d[0] == 4) && d[1] >= least_extent && d[2] >= least_extent) {
    reporter.warning(input.dimensions[3].at, fmt::format(message::planar_u8, d[2], d[0], d[0] == 1 ? "" : "s", d[1], d[2], d[0]));
  }
  // Some write signals as `f32[N, channels, length, 1]`, so a grey picture is recognised only if it is a square.
  const bool pixels = d[2] == 3 || d[2] == 4 || (d[2] == 1 && d[0] == d[1]);
  if (!u8 && pixels && d[0] >= least_extent && d[1] >= least_extent) {
    reporter.warning(input.dimensions[1].at, fmt::format(message::packed_f32, d[0], d[2], d[2] == 1 ? "" : "s", d[2], d[0], d[1]));
  }
}

/// The type of the buffer. A picture or line of u8 has its channels last.
TensorType resolve_type(const ast::Input& input, const Scope& scope, Reporter& reporter) {
  const bool u8 = input.element.text == "u8";
  if (!u8 && input.element.text != "f32") reporter.error(input.element.at, fmt::format(message::input_element, input.element.text));
  const size_t rank = input.dimensions.size();
  if (rank < 2 || rank > 4 || (rank == 2 && u8)) {
    reporter.error(input.type_at, fmt::format(message::input_rank, rank, rank == 1 ? "" : "s"));
    return TensorType::picture(3, 224, 224);
  }
  const ast::Expr& batch = input.dimensions[0];
  if (batch.postfix.size() != 1 || batch.postfix[0].text != "N") reporter.error(batch.at, message::input_batch);
  int64_t d[3] = {1, 1, 1};
  bool known = true;
  for (size_t i = 1; i < rank; ++i) {
    const std::optional<int64_t> one = dimension(input.dimensions[i], scope, reporter);
    known = known && one;
    d[i - 1] = one.value_or(1);
  }
  if (rank == 4 && known) warn_of_order(input, u8, d, reporter);
  if (u8) {
    TensorType pixels = rank == 3 ? TensorType::line(d[1], d[0]) : TensorType::picture(d[2], d[0], d[1]);
    pixels.element = ElementType::u8;
    return pixels;
  }
  if (rank == 3) return TensorType::line(d[0], d[1]);
  return rank == 2 ? TensorType::vector(d[0]) : TensorType::picture(d[0], d[1], d[2]);
}

/// Warns if the numbers seem to be for pixels from 0 to 255, as in other frameworks. There is one warning.
void warn_of_scale(const ast::Normalisation& n, Reporter& reporter) {
  // A deviation of 2 can be useful: with a mean of -1, pixels are then from 0.5 to 1.
  const double most = n.name.text == "mean" ? 1 : 4;
  const auto found = std::find_if(n.numbers.begin(), n.numbers.end(), [&](const ast::Number& number) { return number.value > most; });
  if (found == n.numbers.end()) return;
  const double value = found->value;
  reporter.warning(found->at, fmt::format(message::normalise_scale, n.name.text, value, fmt::format("{:.4g}", value / 255)));
}

void resolve_normalisation(const ast::Normalisation& n, int64_t channels, Reporter& reporter, std::vector<double>& out) {
  if (!out.empty()) {
    reporter.error(n.name.at, fmt::format(message::normalise_twice, n.name.text));
    return;
  }
  if (channels > static_cast<int64_t>(max_normalised_channels)) {
    reporter.error(n.name.at, fmt::format(message::normalise_limit, n.name.text, max_normalised_channels, channels));
    return;
  }
  if (static_cast<int64_t>(n.numbers.size()) != channels) {
    reporter.error(n.name.at, fmt::format(message::normalise_count, n.name.text, n.numbers.size(), n.numbers.size() == 1 ? "" : "s",
                                          channels, channels == 1 ? "" : "s"));
  }
  for (const ast::Number& number : n.numbers) {
    if (n.name.text == "mean" && !(number.value >= -1000 && number.value <= 1000)) {
      reporter.error(number.at, fmt::format(message::mean_range, number.value));
    }
    if (n.name.text == "std" && !(number.value >= 1e-6 && number.value <= 1000)) {
      reporter.error(number.at, fmt::format(message::std_range, number.value));
    }
    out.push_back(number.value);
  }
  warn_of_scale(n, reporter);
}

}  // namespace

InputBuffer resolve_input(const ast::Input& input, const Scope& scope, Reporter& reporter) {
  InputBuffer out;
  out.type = resolve_type(input, scope, reporter);
  if (out.type.element == ElementType::u8) out.order = DimensionOrder::channels_last;
  if (const TensorType value = value_type(out); !fits(value)) {
    reporter.error(input.type_at, fmt::format(message::input_too_large, to_string(value), max_elements));
    return out;
  }
  for (const ast::Normalisation& n : input.normalisations) {
    if (!is_normalised(out)) {
      reporter.error(n.name.at, fmt::format(message::normalised_floats, n.name.text));
      continue;
    }
    resolve_normalisation(n, out.type.channels, reporter, n.name.text == "mean" ? out.mean : out.std);
  }
  return out;
}

}  // namespace resnetc

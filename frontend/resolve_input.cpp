/// \file The network's input: its element type, its dimensions in memory order, its normalisation.
#include "frontend/resolve_input.h"

#include <fmt/format.h>

#include "frontend/messages.h"

namespace resnetc {
namespace {

int64_t dimension(const ast::Expr& expr, const Scope& scope, Reporter& reporter) {
  const std::optional<int64_t> value = evaluate(expr, scope, reporter);
  if (!value) return 1;
  if (*value >= 1 && *value <= max_elements) return *value;
  reporter.error(expr.at, fmt::format(message::input_dimension, *value, max_elements));
  return 1;
}

TensorType resolve_type(const ast::Input& input, const Scope& scope, Reporter& reporter, InputFormat& format) {
  const bool u8 = input.element.text == "u8";
  if (!u8 && input.element.text != "f32") reporter.error(input.element.at, fmt::format(message::input_element, input.element.text));
  const size_t rank = input.dimensions.size();
  if (rank != 4 && (rank != 2 || u8)) {
    reporter.error(input.type_at, fmt::format(message::input_rank, rank, rank == 1 ? "" : "s"));
    return TensorType::picture(3, 224, 224);
  }
  const ast::Expr& batch = input.dimensions[0];
  if (batch.postfix.size() != 1 || batch.postfix[0].text != "N") reporter.error(batch.at, message::input_batch);
  int64_t d[3] = {1, 1, 1};
  for (size_t i = 1; i < rank; ++i) d[i - 1] = dimension(input.dimensions[i], scope, reporter);
  format = u8 ? InputFormat::packed_u8 : rank == 2 ? InputFormat::vector_f32 : InputFormat::planar_f32;
  if (u8) return TensorType::picture(d[2], d[0], d[1]);
  return rank == 2 ? TensorType::vector(d[0]) : TensorType::picture(d[0], d[1], d[2]);
}

void resolve_normalisation(const ast::Normalisation& n, int64_t channels, Reporter& reporter, std::vector<double>& out) {
  if (!out.empty()) {
    reporter.error(n.name.at, fmt::format(message::normalise_twice, n.name.text));
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
}

}  // namespace

TensorType resolve_input(const ast::Input& input, const Scope& scope, Reporter& reporter, topology::Input& out) {
  const TensorType type = resolve_type(input, scope, reporter, out.format);
  if (!fits(type)) {
    reporter.error(input.type_at, fmt::format(message::input_too_large, to_string(type), max_elements));
    return type;
  }
  for (const ast::Normalisation& n : input.normalisations) {
    if (out.format != InputFormat::packed_u8) {
      reporter.error(n.name.at, fmt::format(message::normalised_floats, n.name.text));
      continue;
    }
    resolve_normalisation(n, type.channels, reporter, n.name.text == "mean" ? out.mean : out.std);
  }
  if (out.format == InputFormat::packed_u8) {
    if (out.mean.empty()) out.mean.assign(static_cast<size_t>(type.channels), 0.0);
    if (out.std.empty()) out.std.assign(static_cast<size_t>(type.channels), 1.0);
  }
  return type;
}

}  // namespace resnetc

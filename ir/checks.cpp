/// \file The checks that the verifiers of the three IRs share.
#include "ir/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/forms/text_forms.h"
#include "support/printable.h"

namespace resnetc::checks {

Fault rescaling(std::span<const OpKind> steps, bool sums_integers) {
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i] != OpKind::rescale) continue;
    const bool before_projection = i + 1 < steps.size() && steps[i + 1] == OpKind::project;
    const OpSet sums{OpKind::project, OpKind::rescale};
    const auto before = steps.first(i);
    const bool behind_sums = std::all_of(before.begin(), before.end(), [&](const OpKind& step) {
      return sums.has(step) || (step == OpKind::bias && &step == steps.data());
    });
    if (!sums_integers || !before_projection || !behind_sums) {
      return "its step rescale has no place: it stands directly before a projection of integers, behind a first bias and other projections";
    }
  }
  return std::nullopt;
}

Fault identifier(std::string_view what, std::string_view name) {
  bool good = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  for (char c : name) good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
  if (good) return std::nullopt;
  return fmt::format("{} '{}' is not a C identifier", what, name);
}

Fault printable(std::string_view what, std::string_view text) {
  if (is_printable(text)) return std::nullopt;
  return fmt::format("{} has control characters, or bytes that are no UTF-8", what);
}

Fault input(const InputBuffer& input, const TensorType& value) {
  const TensorType& type = input.type;
  if (!fits(type) || !fits(value_type(input))) return fmt::format("the input's type {} is empty or too large", to_string(type));
  if (value != value_type(input)) return fmt::format("the input's value is {}, not {}", to_string(value), to_string(value_type(input)));
  const bool planar_floats = type.element == ElementType::f32 && input.order == DimensionOrder::planar;
  const bool pixels = type.element == ElementType::u8 && input.order == DimensionOrder::channels_last && !type.is_vector();
  if (!planar_floats && !pixels) {
    return fmt::format("there is no kernel that loads {} {}", to_string(input.order), to_string(type));
  }
  for (const std::vector<double>* values : {&input.mean, &input.std}) {
    const std::string_view what = values == &input.mean ? "means" : "deviations";
    if (values->empty()) continue;
    if (!is_normalised(input)) return fmt::format("the input has {}, which only one of u8 has", what);
    if (values->size() > max_normalised_channels) {
      return fmt::format("the input has {} {}, more than {}", values->size(), what, max_normalised_channels);
    }
    if (values->size() != static_cast<size_t>(type.channels)) {
      return fmt::format("the input has {} {} for {} channels", values->size(), what, type.channels);
    }
  }
  for (double m : input.mean) {
    if (!std::isfinite(m)) return "a mean of the input is not finite";
  }
  for (double s : input.std) {
    if (!std::isfinite(s) || s == 0) return "a deviation of the input is zero or not finite";
  }
  return std::nullopt;
}

Fault computable(const TensorType& type, bool bf16_too) {
  if (type.element == ElementType::f32 || (bf16_too && type.element == ElementType::bf16)) return std::nullopt;
  return fmt::format("there is no kernel for {}", to_string(type));
}

Fault attributes(OpKind kind, const OpAttributes& attributes) {
  bool others = false;
  for_each_attribute([&](const auto& one) { others = others || (!one.ops.has(kind) && !one.has_default(attributes)); });
  if (!others) return std::nullopt;
  return fmt::format("{} has an attribute that is not its own", info(kind).name);
}

Fault lowered(const OpAttributes& attributes) {
  OpAttributes lost;
  for_each_attribute([&](const auto& one) {
    if (one.reach == Reach::topology) lost.*one.field = attributes.*one.field;
  });
  if (lost == OpAttributes{}) return std::nullopt;
  return fmt::format("{} exists in topologies only: in a graph it is a step, a constant or a number", text::attributes(lost).substr(1));
}

Fault result_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands, const TensorType& result) {
  const Result<TensorType> inferred = infer_type(kind, attributes, operands);
  if (!inferred) return inferred.failure().text;
  if (*inferred == result) return std::nullopt;
  return fmt::format("its type is {} where the operation makes {}", to_string(result), to_string(*inferred));
}

Fault shape(std::string_view what, const std::vector<int64_t>& shape, const std::vector<int64_t>& wanted) {
  if (shape == wanted) return std::nullopt;
  return fmt::format("its {} has shape [{}] where [{}] is needed", what, fmt::join(shape, ", "), fmt::join(wanted, ", "));
}

Fault recipe_shape(std::string_view what, const RecipePtr& recipe, const std::vector<int64_t>& wanted) {
  if (!recipe) return fmt::format("its {} is missing", what);
  return shape(what, recipe->shape, wanted);
}

}  // namespace resnetc::checks

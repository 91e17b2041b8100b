/// \file Checks that the verifiers share.
#include "ir/checks.h"

#include <fmt/format.h>

#include <cmath>

namespace resnetc::checks {

Fault identifier(std::string_view what, std::string_view name) {
  bool good = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  for (char c : name) good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
  if (good) return std::nullopt;
  return fmt::format("{} '{}' is not a C identifier", what, name);
}

Fault input(InputFormat format, const std::vector<double>& mean, const std::vector<double>& std, const TensorType& type) {
  if (!fits(type)) return fmt::format("the input's type {} is empty or too large", to_string(type));
  if ((format == InputFormat::vector_f32) != (type.rank == 2)) {
    return fmt::format("an input of format {} cannot be {}", to_string(format), to_string(type));
  }
  for (const std::vector<double>* values : {&mean, &std}) {
    const std::string_view what = values == &mean ? "means" : "deviations";
    if (values->empty()) continue;
    if (format != InputFormat::packed_u8) return fmt::format("the input has {}, which only one of format packed_u8 has", what);
    if (values->size() > max_normalised_channels) {
      return fmt::format("the input has {} {}, more than {}", values->size(), what, max_normalised_channels);
    }
    if (values->size() != static_cast<size_t>(type.channels)) {
      return fmt::format("the input has {} {} for {} channels", values->size(), what, type.channels);
    }
  }
  for (double m : mean) {
    if (!std::isfinite(m)) return "a mean of the input is not finite";
  }
  for (double s : std) {
    if (!std::isfinite(s) || s == 0) return "a deviation of the input is zero or not finite";
  }
  return std::nullopt;
}

Fault attributes(OpKind kind, const OpAttributes& attributes) {
  const OpInfo& op = info(kind);
  // A new attribute stops the build here, until it is checked.
  const auto& [channels, kernel, stride, pad, dilation, groups, bias, eps, affine] = attributes;
  const OpAttributes normal;
  const bool window = kernel == normal.kernel && stride == normal.stride && pad == normal.pad;
  const bool dilation_groups = dilation == normal.dilation && groups == normal.groups;
  const bool eps_affine = eps == normal.eps && affine == normal.affine;
  if ((op.channels || channels == normal.channels) && (op.window || window) && (op.dilation_groups || dilation_groups) &&
      (op.bias || bias == normal.bias) && (op.eps_affine || eps_affine)) {
    return std::nullopt;
  }
  return fmt::format("{} has an attribute that is not its own", op.name);
}

Fault result_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands, const TensorType& result) {
  std::string why;
  const std::optional<TensorType> inferred = infer_type(kind, attributes, operands, why);
  if (!inferred) return why;
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

/// \file Descriptions that the JSON forms of the three IRs share.
#pragma once

#include "ir/json_form.h"
#include "ir/program.h"

namespace resnetc::json_form {

/// The names of an enum whose to_string() gives "?" past the last.
template <class T>
OneOf<T> one_of(std::string_view what) {
  OneOf<T> result{what, {}};
  for (int i = 0; to_string(static_cast<T>(i)) != program::no_name; ++i) {
    result.known.emplace_back(static_cast<T>(i), to_string(static_cast<T>(i)));
  }
  return result;
}

/// The operations that `has` is true for.
template <class Has>
OneOf<OpKind> operations(Has has) {
  OneOf<OpKind> result{"operation", {}};
  for (const OpInfo& op : all_ops()) {
    if (has(op)) result.known.emplace_back(op.kind, op.name);
  }
  return result;
}

inline OneOf<graph::StepKind> steps() {
  OneOf<graph::StepKind> result{"step of an epilogue", {}};
  for (const graph::StepInfo& step : graph::all_steps()) result.known.emplace_back(step.kind, step.name);
  return result;
}

inline constexpr Integer size_limits{0, max_elements};

template <class Archive>
void attribute_fields(Archive& a, OpAttributes& attributes) {
  const OpAttributes normal;
  // All attributes: a new one must be in every form.
  [[maybe_unused]] const auto& [channels, kernel, stride, pad, dilation, groups, bias, eps, affine] = normal;
  a.optional("channels", attributes.channels, normal.channels, size_limits, "output channels of a convolution, linear layer or padding");
  a.optional("kernel", attributes.kernel, normal.kernel, Extent{}, "the window: rows, columns (one pixel where left out)");
  a.optional("stride", attributes.stride, normal.stride, Extent{}, "between windows: rows, columns (1 where left out)");
  a.optional("pad", attributes.pad, normal.pad, Extent{}, "on each side of an axis: rows, columns (0 where left out)");
  a.optional("dilation", attributes.dilation, normal.dilation, Extent{},
             "between the elements of a convolution's window: rows, columns (1 where left out)");
  a.optional("groups", attributes.groups, normal.groups, size_limits, "of a convolution's channels (1 where left out)");
  a.optional("bias", attributes.bias, normal.bias, Flag{}, "whether the checkpoint holds a bias for the convolution or linear layer");
  a.optional("eps", attributes.eps, normal.eps, Real{}, "what a batch norm adds to the variance (1e-05 where left out)");
  a.optional("affine", attributes.affine, normal.affine, Flag{},
             "whether the checkpoint holds a weight and a bias for the batch norm (true where left out)");
}

/// The codec of all attributes of an operation; left out where they are OpAttributes{}.
template <class Archive>
auto attributes_of(Archive& a) {
  return Object("attributes", [&a](OpAttributes& attributes) { attribute_fields(a, attributes); });
}
inline constexpr std::string_view attributes_meaning = "the operation's attributes, those with their defaults left out";

/// What the network's input holds, after its type.
template <class Archive>
void format_fields(Archive& a, InputFormat& format, std::vector<double>& mean, std::vector<double>& std) {
  a.field("format", format, one_of<InputFormat>("input format"), "what the caller's buffer holds");
  a.optional("mean", mean, Nothing{}, Row(Real{}), "of packed_u8, one per channel: (x / 255 - mean) / std (0 where left out)");
  a.optional("std", std, Nothing{}, Row(Real{}), "of packed_u8, one per channel: (x / 255 - mean) / std (1 where left out)");
}

}  // namespace resnetc::json_form

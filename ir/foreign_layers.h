/// \file Layers of other frameworks that resnetc has not. None of their names is a misspelling of a layer that it has: "did you mean" must
/// not propose another function.
#pragma once

#include <span>
#include <string_view>

namespace resnetc {

struct ForeignLayer {
  std::string_view name;    ///< in the language's spelling, as in "leaky_relu"
  std::string_view advice;  ///< what computes the same here, or what holds instead; may be empty
};

/// The names of all of them.
std::span<const std::string_view> foreign_names();
/// Whether two names of layers differ in spelling alone, as "BatchNorm2d" and "batch_norm" do.
bool spelled_alike(std::string_view a, std::string_view b);
/// The layer of this name in any spelling, "LeakyReLU" and "InstanceNorm2d" included; null where it is none of them.
const ForeignLayer* foreign_layer(std::string_view name);

}  // namespace resnetc

/// \file Layers of other frameworks that resnetc does not have. None of their names is a misspelling of a layer of resnetc: "did you mean"
/// must not propose a different function.
#pragma once

#include <span>
#include <string_view>

namespace resnetc {

struct ForeignLayer {
  std::string_view name;    ///< in the language's spelling, as in "leaky_relu"
  std::string_view advice;  ///< which layers compute the same in resnetc, or why none does; may be empty
};

/// The names of all foreign layers.
std::span<const std::string_view> foreign_names();
/// Whether two names of layers differ only in spelling, as "BatchNorm2d" and "batch_norm" do.
bool spelled_alike(std::string_view a, std::string_view b);
/// The foreign layer with this name in any spelling, such as "LeakyReLU" or "InstanceNorm2d". Null if there is none.
const ForeignLayer* foreign_layer(std::string_view name);

}  // namespace resnetc

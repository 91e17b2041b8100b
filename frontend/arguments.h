/// \file The arguments of layers and blocks.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/ast.h"
#include "frontend/scope.h"
#include "ir/op.h"

namespace resnetc {

/// A parameter of a layer or of a block.
struct Slot {
  std::string_view name;
  bool required = false;
  std::string_view shown;   ///< the default, as messages show it
  std::string_view word{};  ///< what may stand for a number, unless a parameter or a `let` has that name
};

/// The parameters of a layer of the language, in order.
std::span<const Slot> layer_slots(OpKind kind);
std::vector<Slot> block_slots(const ast::Definition& definition);
/// The slots as a list, `kernel, stride = kernel`; empty if there are none.
std::string shown(std::span<const Slot> slots);

/// What a network's windows lie in, which says how they are written: `3x3` in pictures, `3` along lines. A block that is checked alone may
/// be for either.
enum class Space { unknown, pictures, lines };
/// The space of a network with this input.
Space space_of(const TensorType& input);

/// The attributes of a layer of which only what must be written is written. Of those, a window's default padding or stride depends on the
/// kernel and the dilation in `given`. The slots show the same defaults to people.
OpAttributes default_attributes(OpKind kind, const OpAttributes& given);
/// The attributes of the layer that `call` writes. Reports errors; the result is then good enough to go on with.
OpAttributes layer_attributes(OpKind kind, const ast::Statement& call, Space space, const Scope& scope, Reporter& reporter);

/// Gives the block's parameters their values in `inside`. These come from the call's arguments, resolved in `outside`, and from defaults.
void bind_parameters(const ast::Definition& block, const ast::Statement& call, const Scope& outside, Scope& inside, Reporter& reporter);

/// The parameters as messages have them after "it takes ": `width, stride = 1`.
std::string shown_parameters(const ast::Definition& definition);

}  // namespace resnetc

/// \file The arguments of layers and blocks.
#pragma once

#include <optional>
#include <string>

#include "frontend/ast.h"
#include "frontend/scope.h"
#include "ir/op.h"

namespace resnetc {

/// The attributes of the layer that `call` writes; after an error, which is reported, something that serves to go on with.
OpAttributes layer_attributes(OpKind kind, const ast::Statement& call, const Scope& scope, Reporter& reporter);

/// Gives the block's parameters their values in `inside`, from the call's arguments, resolved in `outside`, and from defaults.
void bind_parameters(const ast::Definition& block, const ast::Statement& call, const Scope& outside, Scope& inside, Reporter& reporter);

/// `width, stride = 1`, after "it takes ", for messages.
std::string shown_parameters(const ast::Definition& definition);

}  // namespace resnetc

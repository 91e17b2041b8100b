/// \file Blocks that several pieces of a network are copies of, and their parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "import/network.h"
#include "import/statements.h"
#include "import/write_text.h"

namespace resnetc::importer {

/// A piece of a network: its statements, the value that it starts from, and the path that its layers have in common in the model.
struct Piece {
  const Statement* begin = nullptr;
  const Statement* end = nullptr;
  LayerId input = no_layer;
  std::string scope;
};

/// What two pieces have in common if they can be copies of one block: kinds of statements, edges, and all arguments but the numbers that a
/// parameter may stand for. `any_factor`: and but for the factors of `multiply`. `numbers` receives the numbers, in their order. Equal
/// texts have equally many numbers.
std::string signature_of(const Piece& piece, const Network& network, bool any_factor, std::vector<int64_t>& numbers);

/// A block with parameters, and what each of its copies gives for them.
struct Template {
  std::string parameters;                ///< "(width, stride = 1)"; empty without any
  std::vector<std::string> expressions;  ///< for each number, what the block writes: "4 * width"
  std::vector<std::string> arguments;    ///< for each piece: "(64, stride = 2)"; empty if there are none
};
/// `numbers` are those of each piece. Numbers that agree in all pieces stay numbers; multiples of one another share a parameter.
Template parameters_of(const std::vector<std::vector<int64_t>>& numbers, const Piece& piece, const Network& network);

/// The block's body. `marks` becomes true if it uses the block that gives names to values. Labels come from the piece's names in the model,
/// without the part that all layers of the piece share.
std::string body_of(const Piece& piece, const Network& network, const std::vector<std::string>& expressions, bool& marks);

}  // namespace resnetc::importer

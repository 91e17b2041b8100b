/// \file Writes statements as a text of the language.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "import/network.h"
#include "import/statements.h"

namespace resnetc::importer {

/// An argument of a layer as it is written, without its name.
struct WrittenArgument {
  std::string_view name;
  std::vector<int64_t> numbers;  ///< whole numbers, two or four of an extent or of sides in a picture; none for any other value
  std::string text;              ///< "3x3", "64", "true", "1e-05"
  bool positional = false;
  bool shown = true;      ///< whether it differs from the default
  bool same_pad = false;  ///< a padding that `same` says too
};
/// All arguments of a layer, in the order of its parameters.
std::vector<WrittenArgument> arguments_of(const Layer& layer);
/// A layer as it is written, without its label: "conv(3x3, 64, stride = 2)", or "conv(3, 64, stride = 2)" of lines.
std::string call_text(const Layer& layer);

/// What stands before the source of a statement: "skip from ".
std::string words_of(const Statement& statement);

/// The block without statements that gives the current value a name: "sum1: here".
inline constexpr std::string_view marking_block = "here";

/// A block of the text: `block NAME(PARAMETERS) { ... }`.
struct BlockText {
  std::string name;
  std::string parameters;  ///< "(width, stride = 1)", or empty
  std::string body;        ///< statements, on lines
};

struct NetworkText {
  std::string comment;             ///< a line without `#`
  std::vector<std::string> files;  ///< for `use`
  std::vector<BlockText> blocks;
  std::string name;
  std::string input;       ///< "image: f32[N, 3, 224, 224]"
  std::string input_name;  ///< its label
  Statements body;         ///< with its labels
  bool marks = false;      ///< whether a block uses the block that gives names to values
};

/// The text, not yet formatted. Sources are written as the label of the statement that makes the value.
std::string written(const NetworkText& text, const Network& network);

}  // namespace resnetc::importer

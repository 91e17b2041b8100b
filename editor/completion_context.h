/// \file What may be written at a place of an unfinished text. The words before the place decide, because there may be no tree yet.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "editor/positions.h"

namespace resnetc::editor {

struct CompletionContext {
  enum class Wants {
    nothing,    ///< a new name or a number, or the place is in a comment
    file,       ///< in the quotes after `use`
    item,       ///< `use`, `block`, `network`
    statement,  ///< a layer, a block or a keyword
    callee,     ///< after `label:`: a layer or a block
    argument,   ///< the name of an argument, or an expression
    expression,
    source,   ///< after `from`
    element,  ///< an input's: f32 or u8
  };
  Wants wants = Wants::nothing;
  size_t start = 0;                          ///< byte where the unfinished word or path begins
  std::vector<std::string_view> keywords;    ///< that may also stand here
  std::string callee;                        ///< argument, or the expression of one: the layer or block that takes it
  std::string name;                          ///< an argument's expression: the argument
  std::set<std::string, std::less<>> given;  ///< argument: names that the call already has
};

CompletionContext completion_context(std::string_view text, size_t offset);

}  // namespace resnetc::editor

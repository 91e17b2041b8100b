/// \file What may be written at a place of a text that is being written: found from the words before it, for there may be no tree yet.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "editor/positions.h"

namespace resnetc::editor {

struct CompletionContext {
  enum class Wants {
    nothing,    ///< a name to invent, a number, or the place is in a comment
    file,       ///< in the quotes after `use`
    item,       ///< `use`, `block`, `network`
    statement,  ///< a layer, a block or a keyword
    callee,     ///< after `label:`: a layer or a block
    argument,   ///< the name of an argument, or an expression
    expression,
    source,   ///< after `from`
    element,  ///< of an input: f32 or u8
  };
  Wants wants = Wants::nothing;
  size_t start = 0;                          ///< where the word, or the path, that is being written begins, in bytes
  std::vector<std::string_view> keywords;    ///< that may stand here besides
  std::string callee;                        ///< argument: whose
  std::set<std::string, std::less<>> given;  ///< argument: names that it has already
};

CompletionContext completion_context(std::string_view text, size_t offset);

}  // namespace resnetc::editor

/// \file Which kind of text a file has, by its first word. A reader that was given another kind says so in one message, instead of one for
/// each word that it does not know.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace resnetc::text {

enum class Kind {
  network,  ///< the language
  ir,       ///< the text of a level of IR
  json,     ///< IR as JSON, or the manifest of a library
  part,     ///< a part of an IR, which `--only` writes for people
  tuning,   ///< tuned schedules
  machine,  ///< a machine's description
  ranges,   ///< ranges of values
  unknown,
};

/// The first word of a text after blanks and comments, or the `{` with which JSON begins, and what it says of the text.
struct Beginning {
  std::string_view word;  ///< letters from a to z; may be empty
  size_t offset = 0;
  Kind kind = Kind::unknown;
  std::string_view what;    ///< what the text is: "a program (IR)"; empty if that is unknown
  std::string_view reader;  ///< the commands that read it

  /// Whether the text is known to be of another kind.
  bool is_other_than(Kind wanted) const { return kind != wanted && kind != Kind::unknown; }
};
Beginning beginning_of(std::string_view text);

/// The message for a text of a known kind where `wanted` is needed: `this is a program (IR), not a library; 'resnetc compile' and 'resnetc
/// opt' read it`. Empty for an unknown kind.
std::string misplaced(const Beginning& beginning, std::string_view wanted);

}  // namespace resnetc::text

/// \file Source texts and the diagnostics of them. Every part of the compiler that reads something from a user reports through
/// `Diagnostics` and goes on; nothing below the driver prints.
///
/// A message is lower-case and has no full stop. It names what the user wrote and states the rule, not the compiler's step. Its range is
/// the narrowest that shows the mistake; notes have the other places. One mistake gives one error.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "support/failure.h"
#include "support/location.h"

namespace resnetc {

/// The texts that locations point into. Owns them; references stay valid as files are added. Not thread-safe.
class Sources {
 public:
  /// Adds a file under the name that diagnostics show. Adding a name again replaces nothing and returns a new id.
  FileId add(std::string name, std::string text);
  /// Finds or adds the id of a file that is known only by its name: IR text names its files without holding them.
  FileId named(std::string_view name);

  const std::string& name(FileId file) const { return files_[static_cast<size_t>(file)].name; }
  const std::string& text(FileId file) const { return files_[static_cast<size_t>(file)].text; }
  /// Line `line` (from 1) without its newline; empty if there is no such line.
  std::string_view line(FileId file, int32_t line) const;
  /// At most `length` bytes from an offset of the text on, up to the end of the line.
  Location place(FileId file, size_t offset, size_t length) const;

 private:
  struct File {
    std::string name;
    std::string text;
  };
  std::deque<File> files_;
  std::unordered_map<std::string, FileId> by_name_;
};

enum class Severity { error, warning, remark };

/// A second place that explains a diagnostic.
struct Note {
  Location at;
  std::string text;
};

struct Diagnostic {
  Severity severity = Severity::error;
  Location at;
  std::string text;
  std::vector<Note> notes;
  Blame blame = Blame::input;

  /// Adds a note and returns the diagnostic, so that notes chain.
  Diagnostic& note(Location where, std::string message);
};

class Diagnostics;

/// The first error, for whoever passes on a failure without its place. Without any error something failed and gave no reason: a bug.
Failure first_failure(const Diagnostics& diagnostics);

/// Collects diagnostics. It keeps `limit` errors and counts the rest, so that hostile input cannot fill memory.
class Diagnostics {
 public:
  static constexpr size_t limit = 50;

  explicit Diagnostics(Sources& sources) : sources_(&sources) {}

  Diagnostic& error(Location at, std::string text) { return add(Severity::error, at, std::move(text)); }
  /// An error that is resnetc's own.
  Diagnostic& bug(Location at, std::string text);
  Diagnostic& warning(Location at, std::string text) { return add(Severity::warning, at, std::move(text)); }
  /// A remark is about the generated code (`--opt-report`), never about a mistake.
  Diagnostic& remark(Location at, std::string text) { return add(Severity::remark, at, std::move(text)); }

  bool has_errors() const { return errors_ != 0; }
  size_t error_count() const { return errors_; }
  const std::deque<Diagnostic>& all() const { return all_; }
  Sources& sources() const { return *sources_; }

  /// All diagnostics as compilers print them: `file:line:col: error: text`, then the source line and a caret; `file: error: text` about a
  /// whole file; `resnetc: error: text` about none. A note follows its diagnostic, so a note without a place is only `note: text`. With
  /// ANSI colours on request.
  std::string render(bool colour = false) const;

 private:
  Diagnostic& add(Severity severity, Location at, std::string text);

  Sources* sources_;
  std::deque<Diagnostic> all_;
  Diagnostic overflow_;
  size_t errors_ = 0;
};

}  // namespace resnetc

/// \file The text of the parts that the three IRs share (types, attributes, locations, inputs, recipes), and its reader.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ir/forms/text.h"
#include "ir/input_buffer.h"
#include "ir/op.h"
#include "ir/program.h"
#include "ir/recipe.h"
#include "support/diagnostics.h"

namespace resnetc::text {

// Each of these is empty if there is nothing to write, and otherwise starts with a blank.

/// A location: ` @ "net.rn":8:3+5`.
std::string location(Location at, const Sources& sources);
/// The attributes that differ from their defaults: ` channels=64 kernel=3x3`.
std::string attributes(const OpAttributes& a);
/// The properties of a network's input besides its type: ` channels_last mean (0.5) std (0.25)`.
std::string input_details(const InputBuffer& input);
/// A schedule: ` schedule direct vectors=2 pixels=7 rows=4 flat`.
std::string schedule(const program::Schedule& s);

/// Maps value names to ids.
using Names = std::unordered_map<std::string, int32_t>;

/// The files that the locations of one text name. A hostile text may name very many files, so their number is bounded and every lookup
/// takes the same time.
class FileTable {
 public:
  /// The id of the file with this name, or `no_file` if there are too_many().
  FileId named(std::string name, Sources& sources);
  static std::string too_many();

 private:
  std::unordered_map<std::string, FileId> ids_;
};

/// Reads an element type: `f32`.
ElementType read_element(Cursor& cursor);
/// Reads a type: `f32[N, 64, 56, 56]`.
TensorType read_type(Cursor& cursor);

class Reader : public Cursor {
 public:
  Reader(FileId file, Diagnostics& diagnostics);

  /// Reads a location, if one comes next.
  Location location();
  TensorType type() { return read_type(*this); }
  /// Reads two numbers from `low` up: `3x3`.
  Extent2 extent(int64_t low = 0);
  /// Reads two or four numbers, which may be negative: `3x3`, `3x3x2x-1`.
  Sides sides();
  OpAttributes attributes();
  /// Reads a network's input: its type and what input_details() writes, or the format that older texts have in its place.
  InputBuffer input();
  /// Reads a schedule. Give a `remedy` for texts that an older or newer build may have written: then parameters may be left out and have
  /// their defaults, and an unknown parameter is refused with the remedy.
  program::Schedule schedule(std::string_view remedy = {});
  RecipePtr recipe();
  /// Reads `%name` of a value that is defined already.
  int32_t value(const Names& names);
  /// Reads `%name` of a new value, which gets the id `id`.
  std::string new_value(Names& names, int32_t id);

  /// Records that the next part of this kind begins at `offset`. A fault of the part is reported there.
  void mark(Finding::Part part, size_t offset) { parts_[static_cast<size_t>(part)].push_back(offset); }

  /// Reports a failure of the reader, or text after the end, or the fault that the verifier found: the first of them. Returns whether there
  /// was none.
  bool finish();
  bool report(const std::optional<Finding>& finding);
  /// The location of one character of the text.
  Location place(size_t offset) const;

 private:
  /// Fails if a parameter that some schedule has comes next.
  void refuse_misplaced(const program::Schedule& schedule);
  /// Fails if another parameter comes next.
  void refuse_parameter(const program::Schedule& schedule, std::string_view remedy);

  FileId file_;
  Diagnostics& diagnostics_;
  FileTable files_;
  std::array<std::vector<size_t>, Finding::part_kinds> parts_;  ///< offsets, indexed by Finding::Part
};

}  // namespace resnetc::text

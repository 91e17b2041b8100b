/// \file Text of what the three IRs have in common (types, attributes, locations, inputs, recipes), and the reader of it.
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

// Each of these is empty where there is nothing to say, and otherwise starts with a blank.

/// ` @ "net.rn":8:3+5`.
std::string location(Location at, const Sources& sources);
/// ` channels=64 kernel=3x3`: those that differ from the defaults.
std::string attributes(const OpAttributes& a);
/// ` channels_last mean (0.5) std (0.25)`: what a network's input has beside its type.
std::string input_details(const InputBuffer& input);
/// ` schedule direct vectors=2 pixels=7 rows=4 flat`.
std::string schedule(const program::Schedule& s);

/// Value names to their ids.
using Names = std::unordered_map<std::string, int32_t>;

/// The files that the locations of one text name: so many that a hostile one cannot make each name cost more than the last.
class FileTable {
 public:
  /// Or `no_file`, where there are too_many().
  FileId named(std::string name, Sources& sources);
  static std::string too_many();

 private:
  std::unordered_map<std::string, FileId> ids_;
};

/// `f32`.
ElementType read_element(Cursor& cursor);
/// `f32[N, 64, 56, 56]`.
TensorType read_type(Cursor& cursor);

class Reader : public Cursor {
 public:
  Reader(FileId file, Diagnostics& diagnostics);

  /// A location, if one stands next.
  Location location();
  TensorType type() { return read_type(*this); }
  Extent2 extent();
  OpAttributes attributes();
  /// A network's input: its type and what input_details() writes, or the format that older texts have there.
  InputBuffer input();
  /// With a `remedy`, of a text that an older or a newer build may have written: parameters may be left out, which then have their
  /// defaults, and what is not known is refused with the remedy.
  program::Schedule schedule(std::string_view remedy = {});
  RecipePtr recipe();
  /// `%name` of a value already defined.
  int32_t value(const Names& names);
  /// `%name` of a new value, which gets the id `id`.
  std::string new_value(Names& names, int32_t id);

  /// The next part of this kind begins at an offset: where a fault of it is reported.
  void mark(Finding::Part part, size_t offset) { parts_[static_cast<size_t>(part)].push_back(offset); }

  /// Reports a failure of the reader, or else text after the end, or else what the verifier found. Whether there was none.
  bool finish();
  bool report(const std::optional<Finding>& finding);
  /// One character of the text.
  Location place(size_t offset) const;

 private:
  /// Fails if a parameter that schedules have stands next.
  void refuse_misplaced(std::string_view schedule);
  /// Fails if one more parameter stands next.
  void refuse_parameter(std::string_view schedule, std::string_view remedy);

  FileId file_;
  Diagnostics& diagnostics_;
  FileTable files_;
  std::array<std::vector<size_t>, Finding::part_kinds> parts_;  ///< offsets, by Finding::Part
};

}  // namespace resnetc::text

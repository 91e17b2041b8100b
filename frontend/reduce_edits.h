/// \file What a reduction tries: lists of edits, each of which makes a text smaller or simpler.
#pragma once

#include <span>
#include <vector>

#include "frontend/source_tree.h"

namespace resnetc {

struct EditList {
  std::vector<Edits> (*make)(const SourceTree&);
  bool in_chunks = false;  ///< whether many of them at a time are worth a try
};

/// 1, what a value comes to, or a part of it, in its place.
std::vector<Edits> simpler_values(const SourceTree& tree);
/// A smaller number in the place of one, wherever it stands: numbers that are equal are likely to have to stay so.
std::vector<Edits> smaller_equal_numbers(const SourceTree& tree);
/// A smaller number or kernel in one place.
std::vector<Edits> smaller_numbers(const SourceTree& tree);

/// In the order in which they are tried: what takes most away comes first.
std::span<const EditList> all_edit_lists();

}  // namespace resnetc

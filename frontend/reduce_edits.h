/// \file The edits that a reduction tries. Each makes a text smaller or simpler.
#pragma once

#include <span>
#include <vector>

#include "frontend/source_tree.h"

namespace resnetc {

struct EditList {
  std::vector<Edits> (*make)(const SourceTree&);
  bool in_chunks = false;  ///< whether to try many of them at a time
};

/// Replaces a value by 1, by its result, or by a part of it.
std::vector<Edits> simpler_values(const SourceTree& tree);
/// Replaces a number by a smaller one in all its places: equal numbers probably have to stay equal.
std::vector<Edits> smaller_equal_numbers(const SourceTree& tree);
/// Replaces a number or a kernel by a smaller one, in one place.
std::vector<Edits> smaller_numbers(const SourceTree& tree);

/// The lists in the order of trial: those that remove most come first.
std::span<const EditList> all_edit_lists();

}  // namespace resnetc

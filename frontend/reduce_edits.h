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

/// In the order in which they are tried: what takes most away comes first.
std::span<const EditList> all_edit_lists();

}  // namespace resnetc

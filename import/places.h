/// \file Where the values of a path stand, and which statements read them from there.
#pragma once

#include <cstddef>
#include <vector>

#include "import/statements.h"

namespace resnetc::importer {

/// A statement reads an earlier value, in a list or outside. Place p stands before statement p.
struct Read {
  size_t made = 0;    ///< the place behind the statement that makes the value
  size_t place = 0;   ///< the last place before the reader where it is the current value: a `from` makes it current again
  size_t reader = 0;  ///< the number of the statement
  bool is_output = false;

  size_t length() const { return reader - place; }
};

/// All reads of values of a body without blocks, but for those of the current value, in the order of their readers.
std::vector<Read> reads_of(const Statements& body);

struct Places {
  std::vector<bool> cut;    ///< no read crosses the place
  std::vector<bool> named;  ///< the place's value has a name that something outside of any block reads
  std::vector<bool> outer;  ///< of statements: it reads such a name, so it stands in no block
};

/// `opened`: which of the reads go by a name, and may cross any place. Outputs always do.
Places places_of(const Statements& body, const std::vector<Read>& reads, const std::vector<bool>& opened);

}  // namespace resnetc::importer

/// \file The origin of the dimensions of a topology's values, in the user's terms. infer-shapes and check-skips use it for their notes.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ir/topology.h"
#include "support/diagnostics.h"

namespace resnetc::passes {

class ShapeHistory {
 public:
  explicit ShapeHistory(const topology::Network& network);

  /// Walks back from `value`, which has a type. Adds a note at the layer that gave the value its channels (if `channels`) and one at the
  /// layer that gave it its height and width (if `extent`). A concat edge may have given it its channels. Where none did, the note is at
  /// the input.
  void explain(Diagnostic& error, topology::ValueId value, bool channels, bool extent) const;

 private:
  /// The types that a layer or edge makes its result of.
  std::string operands(const topology::Node& maker) const;

  const topology::Network& network_;
  std::vector<const topology::Node*> makers_;  ///< the layer or edge that makes each value; none for the input
};

/// Reports each mistake in a topology once, however often `repeat` copies it. A second error at the same place, in another copy of a block
/// that is used at the same place, is not reported.
class OncePerPlace {
 public:
  explicit OncePerPlace(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void enter(const topology::Node& block) { blocks_.push_back(&block); }
  void leave() { blocks_.pop_back(); }
  /// Null if the error must not be reported: it was reported before, or there are more errors than are kept.
  Diagnostic* error(Location at, std::string text);
  /// A note that says in which copy of a block the error is.
  void note_block(Diagnostic& error) const;

 private:
  Diagnostics& diagnostics_;
  std::vector<const topology::Node*> blocks_;
  std::set<std::vector<Location>> seen_;
};

}  // namespace resnetc::passes

/// \file Where each layer went: passes fold, fuse and drop, and what was a layer becomes a part of a kernel. No pass records that; it
/// follows from the names, as what takes something in has the name of the last value that it makes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "passes/any_ir.h"

namespace resnetc::passes {

/// What makes a value, at any level: a layer, skip or gate of a topology, an operation, or a kernel that is no store.
struct Element {
  std::string_view name;                   ///< of the value
  std::vector<std::string_view> operands;  ///< names of the values that it reads; the first is the one that it goes on from
};
/// In execution order, the input first. The names live as long as `ir`.
std::vector<Element> elements(const AnyIr& ir);

/// From an element's name before to the name of the one that does its work after; empty where none does.
using Lineage = std::map<std::string, std::string, std::less<>>;

/// What one pass did, from the IR before and after it: an element that is no more is part of what read its value, but that passes on the
/// topology drop what they drop. Transparent to renumbering; linear in the size of the two.
Lineage lineage(const AnyIr& before, const AnyIr& after);
/// First the one, then the other.
Lineage then(const Lineage& first, const Lineage& second);

/// The elements of `shown` that do the work of a layer, block, stage or edge of `read`, an IR before it: `path` is its name, and what lies
/// in `layer1` is all that is called `layer1.` and something. What passes have added under such a name belongs to it too.
ValueNames part(std::string_view path, const AnyIr& read, const AnyIr& shown);
/// Why nothing of `read` or `shown` lies in `path`, with the name that was meant if one is near; empty if something does.
std::string part_fault(std::string_view path, const AnyIr& read, const AnyIr& shown);

}  // namespace resnetc::passes

/// \file Finds the kernel that each layer has become a part of, after passes have folded, fused and dropped layers. No pass records this.
/// It follows from the names, because an operation that absorbs others has the name of the last value that it makes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "passes/any_ir.h"

namespace resnetc::passes {

/// The maker of a value at any level: a layer or edge of a topology, an operation, or a kernel except a store.
struct Element {
  std::string_view name;                   ///< name of the value
  std::vector<std::string_view> operands;  ///< names of the values that it reads; the first is the value that it continues from
};
/// The elements in execution order, the input first. The names live as long as `ir`.
std::vector<Element> elements(const AnyIr& ir);

/// Maps the name of an element before some passes to the name of the element that does its work afterwards; to an empty name if none does.
using Lineage = std::map<std::string, std::string, std::less<>>;

/// The lineage of one pass, from the IR before and after it. An element that has gone is part of the element that read its value.
/// Exception: an element that a pass on the topology has removed is nowhere. Renumbering changes nothing. The time is linear in the sizes
/// of the two IRs.
Lineage lineage(const AnyIr& before, const AnyIr& after);
/// The lineage of `first` followed by `second`.
Lineage then(const Lineage& first, const Lineage& second);

/// The elements of `shown` that do the work of the part `path` of `read`, an earlier IR. The part is a layer, block, stage or edge. The
/// part `layer1` contains all elements whose names start with `layer1.`, including those that passes have added under such a name.
ValueNames part(std::string_view path, const AnyIr& read, const AnyIr& shown);
/// The reason why no element of `read` or `shown` belongs to `path`, with a similar name that the user may have meant. Empty if there is
/// such an element.
std::string part_fault(std::string_view path, const AnyIr& read, const AnyIr& shown);

}  // namespace resnetc::passes

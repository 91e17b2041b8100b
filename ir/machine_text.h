/// \file The text form of a machine's description, for `resnetc machine` and --machine. The first words are `machine 1 "NAME"`. The fields
/// follow in any order, `name=value`, and a line `registers BYTES multiply_adds=M loads=L stores=S` for each width of registers, narrowest
/// first. A comment goes from `#` to the end of the line.
#pragma once

#include <optional>
#include <string>

#include "ir/machine.h"
#include "support/diagnostics.h"

namespace resnetc {

inline constexpr size_t max_machine_bytes = size_t{1} << 16;

/// The fields with what they mean as comments. Machine::source stands above them, as a comment too.
std::string print(const Machine& machine);
/// Reads the text form, which is untrusted. Machine::source is left empty.
std::optional<Machine> parse_machine(FileId file, Diagnostics& diagnostics);

}  // namespace resnetc

/// \file An IR of any level in any of its printed forms.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/common.h"
#include "passes/any_ir.h"

namespace resnetc::driver {

/// `format` is "text", "dot", "svg" or "json".
std::string print_as(const passes::AnyIr& ir, const std::string& format, const Sources& sources);
/// The same for the part that does the work of `only`. `only` is a layer, block, stage or edge of `read`, which is `ir` or an earlier IR.
/// The part is for people; it cannot be read back.
std::string print_part(const passes::AnyIr& ir, const std::string& format, const std::string& only, const passes::AnyIr& read,
                       const Sources& sources);
std::optional<passes::Level> level_named(const std::string& name);
using passes::level_name;
using passes::level_of;

/// Whether a text begins as IR, not as a network.
bool is_ir(std::string_view text);

/// Reads the text form of the level that its first word names, or the JSON form of the level that its field `level` names.
std::optional<passes::AnyIr> parse_any(FileId file, Diagnostics& diagnostics);
/// Reads what a path names: a network's text, or IR of any level. `files` gets the files that were read.
std::optional<passes::AnyIr> load_text_or_ir(const NetworkOptions& options, Diagnostics& diagnostics, std::vector<std::string>& files);

}  // namespace resnetc::driver

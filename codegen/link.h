/// \file Linking with LLD inside this process. Nothing of the user's machine takes part: neither a compiler nor its C library.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/target.h"
#include "support/failure.h"

namespace resnetc::codegen {

/// Links objects of the architecture into one relocatable object in which only `keep` stay global, without section groups: two such objects
/// in one program share nothing.
Result<std::string> link_relocatable(Architecture architecture, std::span<const std::string_view> objects,
                                     std::span<const std::string> keep);

/// Links that object into a shared library. Any symbol that neither it nor the C library has is an error.
Result<std::string> link_shared(Architecture architecture, std::string_view object, const std::string& soname);

/// An archive with the one member `member`, and its symbol table.
Result<std::string> make_archive(std::string_view object, const std::string& member);

}  // namespace resnetc::codegen

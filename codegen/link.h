/// \file Linking with LLD inside this process. It uses nothing of the user's machine, neither a compiler nor the C library.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/target.h"
#include "support/failure.h"

namespace resnetc::codegen {

/// Links objects of the architecture into one relocatable object. In it only the symbols `keep` stay global, and there are no section
/// groups, so that two of these objects in one program share nothing.
Result<std::string> link_relocatable(Architecture architecture, std::span<const std::string_view> objects,
                                     std::span<const std::string> keep);

/// Links the object of link_relocatable() into a shared library. A symbol that neither the object nor the C library has is an error.
Result<std::string> link_shared(Architecture architecture, std::string_view object, const std::string& soname);

/// An archive with `member` as its only member, and a symbol table.
Result<std::string> make_archive(std::string_view object, const std::string& member);

}  // namespace resnetc::codegen

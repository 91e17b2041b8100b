/// \file Files, written so that a failure leaves what was there.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace resnetc {

struct NewFile {
  std::string path;
  std::string_view bytes;
};

/// Writes each to a temporary file beside its place, and when all are complete moves them there: what goes wrong before (a full disk, a
/// folder in the way) leaves all old files as they were, and no new ones. False, and the reason with the path in `why`, if anything does.
bool replace_files(std::span<const NewFile> files, std::string& why);

}  // namespace resnetc

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
/// folder in the way) leaves all old files as they were, and no new ones; only a failure of the moves themselves may leave some of both.
/// Where a path is a symbolic link, the file that it points to is replaced; what replaces a file has its permissions. What is no regular
/// file (a device) is the caller's business: it would be replaced by one. False, and the reason with the path in `why`, if anything goes
/// wrong.
bool replace_files(std::span<const NewFile> files, std::string& why);
/// Where replace_files() begins to write what is to be at `path`.
std::string temporary_of(const std::string& path);

}  // namespace resnetc

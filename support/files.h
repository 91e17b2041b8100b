/// \file Files, written so that a failure leaves what was there.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "support/failure.h"

namespace resnetc {

/// Why something could not be done with a file, in the words of all messages: "there is no such file", or what the system says. `what` is
/// what was not there.
std::string reason_of(std::error_code error, std::string_view what = "file");
/// The same of errno, or of an unknown fault where that is 0.
std::string reason_of_errno(std::string_view what = "file");
/// Why `path` cannot be read as a regular file (a device or a pipe could block or never end), as far as can be told without opening it;
/// empty if it can.
std::string unreadable(const std::string& path);

struct NewFile {
  std::string path;
  std::string_view bytes;
};

/// Writes each to a temporary file beside its place, and when all are complete moves them there: what goes wrong before (a full disk, a
/// folder in the way) leaves all old files as they were, and no new ones; only a failure of the moves themselves may leave some of both.
/// Where a path is a symbolic link, the file that it points to is replaced; what replaces a file has its permissions. What is no regular
/// file (a device) is the caller's business: it would be replaced by one. A failure names the path.
Result<> replace_files(std::span<const NewFile> files);
/// Where replace_files() begins to write what is to be at `path`.
std::string temporary_of(const std::string& path);

}  // namespace resnetc

/// \file Writes files so that a failure leaves the old ones.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "support/failure.h"

namespace resnetc {

/// The reason of a failure with a file, in the words of all messages: "there is no such file", or the system's words. `what` is the
/// thing that may be missing.
std::string reason_of(std::error_code error, std::string_view what = "file");
/// The same for errno. If errno is 0, the reason is unknown.
std::string reason_of_errno(std::string_view what = "file");
/// The reason why `path` cannot be read as a regular file, as far as can be told without opening it; empty if it can be read. A device or
/// a pipe is refused, because it could block or never end.
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
/// The path of the temporary file that replace_files() writes for `path`.
std::string temporary_of(const std::string& path);

}  // namespace resnetc

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

/// Writes each file to a temporary file beside its place. When all are complete, it moves them to their places. An earlier failure (a full
/// disk, a folder in the way) leaves all old files unchanged and makes no new ones. Only a failure of the moves themselves may leave some
/// old and some new files. If a path is a symbolic link, the file that it points to is replaced. A new file has the permissions of the file
/// that it replaces. The caller must not give paths of other things than regular files, such as devices, because a file would replace them.
/// A failure names the path.
Result<> replace_files(std::span<const NewFile> files);
/// The path of the temporary file that replace_files() writes for `path`.
std::string temporary_of(const std::string& path);

}  // namespace resnetc

/// \file Temporary files and renames.
#include "support/files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace resnetc {

namespace fs = std::filesystem;

namespace {

/// The file itself, where `path` is a link to one.
std::string place_of(const std::string& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  const fs::path target = fs::weakly_canonical(path, error);
  return error ? path : target.string();
}

/// What is there, if it is neither a regular file nor nothing: "it is a directory".
std::string other_than_file(fs::file_status status) {
  switch (status.type()) {
    case fs::file_type::directory: return "it is a directory";
    case fs::file_type::none:
    case fs::file_type::not_found:
    case fs::file_type::regular: return "";
    default: return "it is not a regular file";
  }
}

Result<> write_temporary(const NewFile& file) {
  std::error_code error;
  // A rename would replace a device or a pipe by a file.
  if (const std::string other = other_than_file(fs::status(file.path, error)); !other.empty()) {
    return Failure{fmt::format("cannot write '{}': {}", file.path, other)};
  }
  errno = 0;
  std::ofstream out(temporary_of(file.path), std::ios::binary | std::ios::trunc);
  const bool written = out && out.write(file.bytes.data(), static_cast<std::streamsize>(file.bytes.size())) && out.flush();
  const int reason = errno;
  out.close();
  const fs::file_status old = fs::status(file.path, error);
  if (fs::is_regular_file(old)) fs::permissions(temporary_of(file.path), old.permissions(), error);
  if (written && out) return {};
  errno = reason;
  return Failure{fmt::format("cannot write '{}': {}", file.path, reason_of_errno("folder"))};
}

}  // namespace

std::string reason_of(std::error_code error, std::string_view what) {
  return error == std::errc::no_such_file_or_directory ? fmt::format("there is no such {}", what) : error.message();
}

std::string reason_of_errno(std::string_view what) { return reason_of({errno != 0 ? errno : EIO, std::generic_category()}, what); }

std::string unreadable(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  switch (status.type()) {
    case fs::file_type::not_found: return reason_of(std::make_error_code(std::errc::no_such_file_or_directory));
    case fs::file_type::none: return reason_of(error);
    default: return other_than_file(status);
  }
}

std::string temporary_of(const std::string& path) { return fmt::format("{}.tmp{}", place_of(path), getpid()); }

Result<> replace_files(std::span<const NewFile> files) {
  std::error_code error;
  Result<> good;
  for (const NewFile& file : files) {
    if (good) good = write_temporary(file);
  }
  for (const NewFile& file : files) {
    const std::string temporary = temporary_of(file.path);
    if (good) fs::rename(temporary, place_of(file.path), error);
    if (good && error) good = Failure{fmt::format("cannot write '{}': {}", file.path, reason_of(error, "folder"))};
    if (!good) fs::remove(temporary, error);
  }
  return good;
}

}  // namespace resnetc

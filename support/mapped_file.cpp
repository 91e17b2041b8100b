/// \file Mappings by mmap.
#include "support/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "support/files.h"

namespace resnetc {

Result<std::unique_ptr<MappedFile>> MappedFile::open(const std::string& path) {
  const auto fail = [&](const std::string& reason) { return Failure{fmt::format("cannot read '{}': {}", path, reason)}; };
  if (const std::string fault = unreadable(path); !fault.empty()) return fail(fault);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // should a pipe have taken its place
  if (file < 0) return fail(reason_of_errno());
  struct stat status = {};
  const bool known = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  const auto size = known ? static_cast<size_t>(status.st_size) : 0;
  errno = 0;
  void* data = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const std::string reason = data == MAP_FAILED ? reason_of_errno() : "it is not a regular file";
  close(file);
  if (!known || data == MAP_FAILED) return fail(reason);
  return std::unique_ptr<MappedFile>(new MappedFile(static_cast<const char*>(data), size));
}

MappedFile::~MappedFile() {
  if (size_ != 0) munmap(const_cast<char*>(data_), size_);
}

}  // namespace resnetc

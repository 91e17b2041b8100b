/// \file A file mapped for reading.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "support/failure.h"

namespace resnetc {

/// The bytes of a regular file for as long as this object lives. An empty file maps to an empty view. If someone shortens the file
/// meanwhile, reading it ends the process, as with every mapping.
class MappedFile {
 public:
  /// A failure reads "cannot read 'PATH': ...".
  static Result<std::unique_ptr<MappedFile>> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const { return {data_, size_}; }

 private:
  MappedFile(const char* data, size_t size) : data_(data), size_(size) {}
  const char* data_;
  size_t size_;
};

}  // namespace resnetc

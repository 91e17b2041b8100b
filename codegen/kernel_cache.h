/// \file A cache of compiled kernels on disk, one file for each. The file's name is the hash of all that the kernel depends on. A file that
/// is damaged, cut short or of another format counts as missing. Several processes may use one directory at the same time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace resnetc::codegen {

class KernelCache {
 public:
  /// An empty directory name makes a cache that holds nothing. The directory is created by the first write.
  KernelCache(std::string directory, int64_t limit_bytes) : directory_(std::move(directory)), limit_bytes_(limit_bytes) {}

  /// The name of the entry for `content`: its hash as 64 hex digits.
  static std::string key(std::string_view content);

  /// The bytes of an entry, if the cache has it. The entry counts as used now.
  std::optional<std::string> find(const std::string& key) const;
  /// Writes an entry through a temporary file and a rename. A cache that cannot be written is no error, because it only makes the next
  /// compilation slower.
  void store(const std::string& key, std::string_view bytes) const;
  /// Removes the least recently used entries until the rest fits the limit.
  void evict() const;

 private:
  std::string path(const std::string& key) const;

  std::string directory_;
  int64_t limit_bytes_;
};

/// Identifies the code that makes kernels, except what KernelEmitter::version() names: a hash of the libraries support, ir and codegen as
/// they were built. All programs of one build have the same id (cmake/build_id.cmake makes this function).
std::string_view compiler_build_id();

}  // namespace resnetc::codegen

/// \file Compiled kernels on disk, one file each, named by the hash of all that they depend on. A file that is damaged, cut short or
/// of another format is a miss. Several processes may use one directory at the same time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace resnetc::codegen {

class KernelCache {
 public:
  /// An empty directory name makes a cache that holds nothing. The directory is made when first written to.
  KernelCache(std::string directory, int64_t limit_bytes) : directory_(std::move(directory)), limit_bytes_(limit_bytes) {}

  /// The name of an entry: a hash of `content`, 64 hex digits.
  static std::string key(std::string_view content);

  /// The entry's bytes, which count as used now.
  std::optional<std::string> find(const std::string& key) const;
  /// Writes an entry through a temporary file and a rename. A cache that cannot be written is no error: the next compile is only slower.
  void store(const std::string& key, std::string_view bytes) const;
  /// Removes the entries used least recently until the rest fits the limit.
  void evict() const;

 private:
  std::string path(const std::string& key) const;

  std::string directory_;
  int64_t limit_bytes_;
};

/// Identifies this build of the compiler: a hash of the running executable, which holds all that generates kernels but what
/// KernelEmitter::version() names.
const std::string& compiler_build_id();

}  // namespace resnetc::codegen

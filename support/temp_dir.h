/// \file A folder of its own under the system's temporary one.
#pragma once

#include <string>

namespace resnetc {

/// Made by the constructor, removed with all that is in it by the destructor.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  /// Empty if the folder could not be made.
  const std::string& path() const { return path_; }
  /// The path of a file in it.
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// From now on SIGINT, SIGTERM and SIGHUP remove all that there are before they end the process. For programs, once, at their start; a
/// signal that is ignored stays so.
void remove_temp_dirs_on_signals();

}  // namespace resnetc

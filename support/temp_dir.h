/// \file A temporary folder.
#pragma once

#include <string>

namespace resnetc {

/// A new folder in the system's temporary one. The destructor removes it with all its files.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  /// Empty if the folder could not be made.
  const std::string& path() const { return path_; }
  /// The path of a file in the folder.
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// From now on SIGINT, SIGTERM and SIGHUP remove all temporary folders before they end the process. A program calls this once, at its
/// start. An ignored signal stays ignored.
void remove_temp_dirs_on_signals();

}  // namespace resnetc

/// \file Temporary folders.
#include "support/temp_dir.h"

#include <cstdlib>
#include <filesystem>

namespace resnetc {

namespace fs = std::filesystem;

TempDir::TempDir() {
  std::error_code error;
  const fs::path base = fs::temp_directory_path(error);
  std::string pattern = (error ? fs::path("/tmp") : base) / "resnetc-XXXXXX";
  if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

}  // namespace resnetc

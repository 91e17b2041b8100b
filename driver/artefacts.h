/// \file The files that `resnetc compile` makes: where they go, and what make is told of them.
#pragma once

#include <string>
#include <vector>

#include "driver/common.h"

namespace resnetc::driver {

/// The folder to write to. If this class made it and nothing was written to it, it is removed again.
class OutputFolder {
 public:
  explicit OutputFolder(std::string path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Fails if the folder could not be made.
  const Result<>& good() const { return good_; }

 private:
  std::string path_;
  bool made_ = false;
  Result<> good_;
};

/// Whether a library called `name` can be written to `folder`, beside the `others` (empty: none): nothing is to replace one of the
/// `inputs`, and each file needs a place of its own.
Result<> places_fit(const std::string& folder, const std::string& name, const std::vector<std::string>& others,
                    const std::vector<std::string>& inputs);

/// A rule for make: every artefact depends on every file read. Blanks, '#' and '$' are escaped as make requires.
std::string depfile_text(const std::vector<std::string>& artefacts, const std::vector<std::string>& files);

}  // namespace resnetc::driver

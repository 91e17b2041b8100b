/// \file The pictures of `resnetc calibrate`: those of a folder, or an array.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "driver/picture_input.h"
#include "ir/input_buffer.h"
#include "support/mapped_file.h"

namespace resnetc::driver {

/// Pictures for one library. They stay where they are: a picture is read when it is asked for.
class CalibrationData {
 public:
  /// `path` is a .npy file, or a folder with pictures in it or in its folders. The names of pictures end in .png, .jpg, .jpeg, .ppm or
  /// .pgm; other files are left alone. At most `most` pictures are taken, evenly from all: data are often sorted by what they show. Fails
  /// if there are no pictures, or if the array or the first picture does not fit the network. A failure names the file.
  static Result<CalibrationData> open(const std::string& path, const PictureOptions& options, const InputForm& form, size_t most);

  /// The number of pictures that are taken, at least 1.
  size_t count() const { return taken_; }
  /// The library's input for one of them. The picture's file is untrusted; a failure names it.
  Result<std::string> bytes(size_t picture) const;
  /// One of them in words: "picture 7 of 'train.npy'", or "'cats/7.png'".
  std::string name(size_t picture) const;
  /// What is done to pixels, in words; empty if nothing is.
  std::string rule() const { return pictures_ ? pictures_->rule() : ""; }
  /// The files that are read.
  const std::vector<std::string>& files() const { return files_; }

 private:
  CalibrationData() = default;
  size_t place(size_t picture) const;

  std::vector<std::string> files_;
  std::unique_ptr<MappedFile> mapped_;  ///< of an array
  std::optional<ArrayInput> array_;
  std::optional<PictureInput> pictures_;
  size_t all_ = 0, taken_ = 0;
};

/// What is wrong with the options of pictures beside --data, which may be left out; empty if nothing is.
std::string data_options_fault(const std::string& data, const PictureOptions& options);
/// At most `most` of the pictures that `path` names, as CalibrationData takes them, for the input of a network with this name: one after
/// the other. Fails in the same cases, and if the options mean nothing for the network.
Result<std::string> some_pictures(const std::string& path, const PictureOptions& options, const std::string& network,
                                  const InputBuffer& input, size_t most);

}  // namespace resnetc::driver

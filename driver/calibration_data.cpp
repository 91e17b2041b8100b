/// \file Finds pictures, and reads them one at a time.
#include "driver/calibration_data.h"

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "driver/common.h"
#include "support/files.h"

namespace resnetc::driver {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> picture_endings = {".png", ".jpg", ".jpeg", ".ppm", ".pgm"};

bool is_picture(const std::string& name) {
  return std::any_of(picture_endings.begin(), picture_endings.end(),
                     [&](std::string_view ending) { return llvm::StringRef(name).ends_with_insensitive(ending); });
}

/// The paths of the pictures below a folder, sorted.
Result<std::vector<std::string>> pictures_below(const std::string& folder) {
  std::vector<std::string> found;
  bool empty = true;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    empty = false;
    std::error_code unknown;
    if (is_picture(at->path().filename().string()) && at->is_regular_file(unknown)) found.push_back(at->path().string());
  }
  if (error) return Failure{fmt::format("cannot read the folder '{}': {}", folder, reason_of(error, "folder"))};
  if (empty) return Failure{fmt::format("the folder '{}' is empty; put pictures into it, or name a .npy file", folder)};
  if (found.empty()) {
    return Failure{fmt::format("the folder '{}' has no pictures: their names end in {}", folder, fmt::join(picture_endings, ", "))};
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Result<CalibrationData> CalibrationData::open(const std::string& path, const PictureOptions& options, const InputForm& form, size_t most) {
  CalibrationData data;
  const auto failed = [&](const Failure& failure) { return Failure{fmt::format("'{}': {}", path, failure.text), failure.blame}; };
  std::error_code error;
  if (fs::is_directory(path, error)) {
    Result<PictureInput> pictures = PictureInput::make(options, form);
    if (!pictures) return failed(pictures.failure());
    Result<std::vector<std::string>> files = pictures_below(path);
    if (!files) return files.failure();
    data.pictures_ = std::move(*pictures);
    data.files_ = std::move(*files);
    data.all_ = data.files_.size();
  } else {
    Result<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
    if (!file) return file.failure();
    if (!(*file)->bytes().starts_with(npy_beginning)) {
      return failed({"it is neither a .npy file nor a folder with pictures"});
    }
    if (options.given()) return Failure{"--resize, --mean and --std are for pictures; an array is taken as it is", Blame::command};
    Result<ArrayView> array = view_npy((*file)->bytes());
    if (!array) return failed(array.failure());
    Result<ArrayInput> input = ArrayInput::make(std::move(*array), form);
    if (!input) return failed(input.failure());
    if (input->count() < 1) return failed({"the array holds no pictures"});
    data.all_ = static_cast<size_t>(input->count());
    data.array_ = std::move(*input);
    data.mapped_ = std::move(*file);
    data.files_ = {path};
  }
  data.taken_ = std::min(data.all_, most);
  if (const Result<std::string> first = data.bytes(0); !first) return first.failure();
  return data;
}

size_t CalibrationData::place(size_t picture) const {
  // No product of the two numbers: both may be large.
  const size_t whole = all_ / taken_, rest = all_ % taken_;
  return picture * whole + static_cast<size_t>(static_cast<double>(picture) * static_cast<double>(rest) / static_cast<double>(taken_));
}

Result<std::string> CalibrationData::bytes(size_t picture) const {
  if (array_) {
    std::string bytes;
    array_->append(static_cast<int64_t>(place(picture)), bytes);
    return bytes;
  }
  const Result<std::string> file = read_file(files_[place(picture)]);
  if (!file) return file.failure();
  Result<std::string> bytes = pictures_->bytes(*file);
  if (!bytes) return Failure{fmt::format("{}: {}", name(picture), bytes.failure().text), bytes.failure().blame};
  return bytes;
}

std::string CalibrationData::name(size_t picture) const {
  if (array_) return fmt::format("picture {} of '{}'", place(picture), files_.front());
  return fmt::format("'{}'", files_[place(picture)]);
}

std::string data_options_fault(const std::string& data, const PictureOptions& options) {
  if (data.empty() && options.given()) return "--resize, --mean and --std are for the pictures of --data";
  return picture_options_fault(options);
}

Result<std::string> some_pictures(const std::string& path, const PictureOptions& options, const std::string& network,
                                  const InputBuffer& input, size_t most) {
  if (std::string fault = picture_options_fault(options, network, input.type.element); !fault.empty()) {
    return Failure{std::move(fault), Blame::command};
  }
  const InputForm form{input.type.element, input.order, dims_of(input.type, input.order)};
  const Result<CalibrationData> data = CalibrationData::open(path, options, form, most);
  if (!data) return data.failure();
  std::string all;
  for (size_t i = 0; i < data->count(); ++i) {
    const Result<std::string> bytes = data->bytes(i);
    if (!bytes) return bytes.failure();
    all += *bytes;
  }
  return all;
}

}  // namespace resnetc::driver

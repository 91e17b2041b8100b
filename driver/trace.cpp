/// \file Writes and opens traces.
#include "driver/trace.h"

#include <fmt/format.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "driver/common.h"
#include "driver/npy.h"
#include "driver/observation.h"
#include "support/files.h"
#include "support/json.h"

namespace resnetc::driver {

namespace fs = std::filesystem;
namespace json = llvm::json;

namespace {

constexpr int64_t format_version = 1;
constexpr const char* index_file = "trace.json";

}  // namespace

TraceWriter::TraceWriter(std::string folder, int pictures, bool lines, std::vector<std::string> inputs)
    : folder_(std::move(folder)), pictures_(pictures), lines_(lines), inputs_(std::move(inputs)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) good_ = Failure{fmt::format("cannot make the folder '{}': {}", folder_, error.message())};
  fs::remove(fs::path(folder_) / index_file, error);
}

void TraceWriter::observe(void* writer, const rn_observation* seen) {
  auto& self = *static_cast<TraceWriter*>(writer);
  if (self.good_) self.append(*seen);
}

void TraceWriter::append(const rn_observation& seen) {
  files_.resize(static_cast<size_t>(seen.kernel_count));
  std::string& file = files_[static_cast<size_t>(seen.kernel)];
  const bool first = file.empty();
  if (first) file = stems_.add(seen.name) + ".npy";  // an output has its layer's name if the layer gave it one
  std::string bytes;
  if (first) {
    std::vector<int64_t> shape{pictures_, seen.channels};
    if (seen.height != 1 || seen.width != 1) {
      if (!lines_) shape.push_back(seen.height);
      shape.push_back(seen.width);
    }
    bytes = npy_header(shape);
  }
  for (int64_t n = 0; n < seen.batch; ++n) {
    for (int64_t c = 0; c < seen.channels; ++c) {
      for (int64_t y = 0; y < seen.height; ++y) {
        const int64_t row = n * seen.stride_batch + c * seen.stride_channel + y * seen.stride_y;
        for (int64_t x = 0; x < seen.width; ++x)
          append_element(ElementType::f32, static_cast<double>(number_at(seen, row + x * seen.stride_x)), bytes);
      }
    }
  }
  const std::string path = folder_ + "/" + file;
  if (first) good_ = leaves_inputs(path, inputs_);
  if (!good_) {
    good_ = Failure{good_.failure().text};  // the layers' names are to blame
    return;
  }
  errno = 0;
  std::ofstream out(path, std::ios::binary | (first ? std::ios::trunc : std::ios::app));
  if (!out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())) || !out.flush()) {
    good_ = Failure{fmt::format("cannot write '{}': {}", path, std::strerror(errno != 0 ? errno : EIO))};
  }
}

Result<> TraceWriter::finish(const std::string& network, const std::string& target) {
  json::Array files;
  for (const std::string& file : files_) files.push_back(json_string(file));
  const std::string text = json_text(json::Object{
      {"format", format_version}, {"network", json_string(network)}, {"target", json_string(target)}, {"arrays", std::move(files)}});
  if (good_) good_ = write_file(folder_ + "/" + index_file, text);
  return good_;
}

Result<Trace> open_trace(const std::string& folder) {
  Trace trace;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".npy") trace.files.push_back(at->path().filename().string());
  }
  if (error) return Failure{fmt::format("cannot read the folder '{}': {}", folder, reason_of(error, "folder"))};
  std::sort(trace.files.begin(), trace.files.end());
  const std::string index = folder + "/" + index_file;
  if (!fs::exists(index, error)) {
    if (!trace.files.empty()) return trace;
    return Failure{fmt::format("there is no .npy file in '{}': 'resnetc run --trace' writes traces", folder)};
  }
  const Result<std::string> text = read_file(index, size_t{1} << 26);
  if (!text) return text.failure();
  llvm::Expected<json::Value> parsed = json::parse(*text);
  if (!parsed) return Failure{fmt::format("'{}' is no JSON: {}", index, llvm::toString(parsed.takeError()))};
  const json::Object* object = parsed->getAsObject();
  const json::Array* arrays = object != nullptr ? object->getArray("arrays") : nullptr;
  if (arrays == nullptr || object->getInteger("format") != format_version) {
    return Failure{fmt::format("'{}' is no trace of this version of resnetc", index)};
  }
  std::vector<std::string> named;
  for (const json::Value& value : *arrays) {
    const auto name = value.getAsString();
    if (!name || !std::binary_search(trace.files.begin(), trace.files.end(), name->str())) {
      return Failure{fmt::format("'{}' names an array that is not there: the trace is not complete", index)};
    }
    named.push_back(name->str());
  }
  return Trace{std::move(named), true};
}

}  // namespace resnetc::driver

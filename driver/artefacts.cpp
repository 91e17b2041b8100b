/// \file Places of files, and rules for make.
#include "driver/artefacts.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <system_error>

namespace resnetc::driver {

OutputFolder::OutputFolder(std::string path) : path_(std::move(path)) {
  std::error_code error;
  made_ = std::filesystem::create_directories(path_, error);
  if (error) good_ = Failure{fmt::format("cannot make the folder '{}': {}", path_, error.message())};
}

OutputFolder::~OutputFolder() {
  std::error_code error;
  if (made_) std::filesystem::remove(path_, error);  // removes it only if it is empty
}

Result<> places_fit(const std::string& folder, const std::string& name, const std::vector<std::string>& others,
                    const std::vector<std::string>& inputs) {
  std::vector<std::string> files;
  for (const char* form : {"lib{}.so", "lib{}.a", "{}.h", "{}.weights", "{}.json"}) {
    files.push_back(folder + "/" + fmt::format(fmt::runtime(form), name));
  }
  for (const std::string& file : others) {
    if (!file.empty()) files.push_back(file);
  }
  std::set<std::filesystem::path> places;
  for (const std::string& file : files) {
    if (Result<> leaves = leaves_inputs(file, inputs); !leaves) return leaves;
    const bool alone = places.insert(std::filesystem::absolute(file).lexically_normal()).second;
    if (!alone) return Failure{fmt::format("'{}' would be written twice; give each its own place", file), Blame::command};
  }
  return {};
}

std::string depfile_text(const std::vector<std::string>& artefacts, const std::vector<std::string>& files) {
  auto escaped = [](const std::string& path) {
    std::string out;
    for (char c : path) {
      if (c == ' ' || c == '#') out += '\\';
      if (c == '$') out += '$';
      out += c;
    }
    return out;
  };
  std::string text;
  for (const auto& artefact : artefacts) text += escaped(artefact) + " ";
  text.back() = ':';
  for (const auto& file : files) text += " \\\n  " + escaped(file);
  text += '\n';
  for (const auto& file : files) text += "\n" + escaped(file) + ":\n";  // a file that disappears is no error
  return text;
}

}  // namespace resnetc::driver

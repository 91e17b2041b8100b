/// \file Making of trials, and their turns.
#include "driver/trial.h"

#include <fmt/format.h>

#include "driver/common.h"

namespace resnetc::driver {

std::unique_ptr<Trial> Trial::make(const program::Program& program, const codegen::LibraryOptions& options, const std::vector<int>& threads,
                                   std::string& why) {
  std::unique_ptr<Trial> trial(new Trial);
  codegen::LibraryOptions own = options;
  own.output_dir = trial->folder_.path();
  if (own.output_dir.empty()) {
    why = "cannot make a temporary folder";
    return nullptr;
  }
  if (!codegen::write_library({&program, 1}, own, why)) return nullptr;
  Sources sources;
  Diagnostics diagnostics(sources);
  const std::string path = trial->folder_.file(fmt::format("lib{}.so", own.name));
  trial->library_ = LoadedLibrary::open(path, diagnostics);
  if (!trial->library_) {
    why = diagnostics.all().front().text;
    return nullptr;
  }
  if (!find_weights(*trial->library_, path, "", trial->weights_, why)) return nullptr;
  const std::string target = trial->library_->facts().targets.front().name;
  for (int count : threads) {
    auto session = Session::create(*trial->library_, trial->weights_.bytes, {1, count, target, false, trial->weights_.path}, why);
    if (!session) return nullptr;
    trial->sessions_.push_back(std::move(session));
  }
  return trial;
}

bool Side::turn(Session& session, const std::string& input, bool by_kernel, std::string& why) {
  constexpr double seconds = 0.01;
  constexpr int least = 2;
  if (!session.run(input, why)) return false;
  if (by_kernel) session.observe(KernelTimes::observe, &kernels);
  const auto start = std::chrono::steady_clock::now();
  for (int count = 0; count < least || seconds_since(start) < seconds; ++count) {
    const auto begin = std::chrono::steady_clock::now();
    if (!session.run(input, why)) return false;
    runs.push_back(seconds_since(begin));
  }
  session.observe(nullptr, nullptr);
  return true;
}

double Side::seconds(const std::vector<size_t>& some) const {
  double sum = 0;
  for (size_t kernel : some) sum += median(kernels.seconds[kernel]);
  return sum;
}

double Side::all_seconds() const {
  double sum = 0;
  for (const std::vector<double>& times : kernels.seconds) sum += median(times);
  return sum;
}

}  // namespace resnetc::driver

/// \file Temporary folders. A signal's handler may do next to nothing: it wakes a thread that removes them.
#include "support/temp_dir.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

namespace resnetc {

namespace fs = std::filesystem;

namespace {

struct Registry {
  std::mutex mutex;
  std::set<std::string> paths;
};

/// Lives as long as the process: the thread below may look at it until the end.
Registry& registry() {
  static auto* const all = new Registry;
  return *all;
}

int wake_pipe[2] = {-1, -1};

void wake(int signal) {
  const auto byte = static_cast<char>(signal);
  [[maybe_unused]] const auto written = write(wake_pipe[1], &byte, 1);
}

void wait_for_signal() {
  char byte = 0;
  if (read(wake_pipe[0], &byte, 1) != 1) return;
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);  // until the end, so that no new folder is made
  for (const std::string& path : all.paths) {
    // Other threads go on writing. After the new name, they can make no more files in the folder.
    const std::string removed = path + ".removed";
    std::error_code error;
    fs::rename(path, removed, error);
    fs::remove_all(error ? path : removed, error);
  }
  std::signal(byte, SIG_DFL);
  std::raise(byte);
}

}  // namespace

TempDir::TempDir() {
  std::error_code error;
  const fs::path base = fs::temp_directory_path(error);
  std::string pattern = (error ? fs::path("/tmp") : base) / "resnetc-XXXXXX";
  const std::lock_guard lock(registry().mutex);
  if (mkdtemp(pattern.data()) == nullptr) return;
  path_ = pattern;
  registry().paths.insert(path_);
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  std::error_code error;
  fs::remove_all(path_, error);
  const std::lock_guard lock(registry().mutex);
  registry().paths.erase(path_);
}

void remove_temp_dirs_on_signals() {
  if (wake_pipe[0] != -1 || pipe2(wake_pipe, O_CLOEXEC) != 0) return;
  std::thread(wait_for_signal).detach();
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (std::signal(signal, wake) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

}  // namespace resnetc

#include "support/temp_dir.h"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace resnetc {

namespace {

namespace fs = std::filesystem;

/// Makes files in a temporary folder until a signal ends the process. Says through the descriptor that the folder has its first file.
[[noreturn]] void write_files_for_ever(int begun) {
  remove_temp_dirs_on_signals();
  const TempDir folder;
  for (int number = 0;; ++number) {
    std::ofstream(folder.file(std::to_string(number))) << number;
    if (number == 0 && write(begun, "", 1) != 1) _exit(1);
  }
}

}  // namespace

TEST_CASE("temporary folders: a signal removes them, also while files are made in them") {
  // The child would remove a TempDir of its parent too.
  std::string parent = fs::temp_directory_path() / "temp-dir-test-XXXXXX";
  REQUIRE(mkdtemp(parent.data()) != nullptr);
  for (int round = 0; round < 20; ++round) {
    int begun[2];
    REQUIRE(pipe(begun) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      setenv("TMPDIR", parent.c_str(), 1);
      write_files_for_ever(begun[1]);
    }
    char byte = 0;
    CHECK(read(begun[0], &byte, 1) == 1);
    usleep(5000);
    CHECK(kill(child, SIGTERM) == 0);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGTERM);
    close(begun[0]);
    close(begun[1]);
  }
  CHECK(fs::is_empty(parent));
  fs::remove_all(parent);
}

}  // namespace resnetc

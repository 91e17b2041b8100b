/// \file Starts child processes by fork. Results are passed through anonymous files, which disappear by themselves even after a crash.
#include "codegen/worker.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "runtime/processors.h"

namespace resnetc::codegen {

namespace {

struct Child {
  pid_t pid = -1;
  size_t index = 0;
  int result = -1;   ///< the result's bytes
  int message = -1;  ///< the reason of a failure
};

std::string read_all(int file) {
  std::string bytes;
  const off_t size = lseek(file, 0, SEEK_END);
  if (size <= 0) return bytes;
  bytes.resize(static_cast<size_t>(size));
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = pread(file, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    at += static_cast<size_t>(n);
  }
  bytes.resize(at);
  return bytes;
}

void write_all(int file, const std::string& bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = write(file, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    at += static_cast<size_t>(n);
  }
}

[[noreturn]] void run_child(const Work& work, const Child& child) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Result<> finished = work("/proc/self/fd/" + std::to_string(child.result));
  if (!finished) write_all(child.message, finished.failure().text);
  _exit(finished ? 0 : 1);  // not exit(), which would flush the parent's buffers and run its destructors
}

Result<std::string> collect(const Child& child, int status) {
  if (WIFSIGNALED(status)) {
    // The system ends processes with SIGKILL when memory is short.
    return Failure{std::string("its process died: ") + strsignal(WTERMSIG(status)),
                   WTERMSIG(status) == SIGKILL ? Blame::limit : Blame::bug};
  }
  if (WEXITSTATUS(status) != 0) {
    std::string reason = read_all(child.message);
    while (!reason.empty() && reason.back() == '\n') reason.pop_back();
    if (reason.empty()) reason = "its process ended with status " + std::to_string(WEXITSTATUS(status));
    return Failure{std::move(reason), Blame::bug};
  }
  std::string bytes = read_all(child.result);
  if (bytes.empty()) return Failure{"nothing was written; is memory short?", Blame::limit};
  return bytes;
}

void close_files(const Child& child) {
  if (child.result >= 0) close(child.result);
  if (child.message >= 0) close(child.message);
}

Result<> start(const Work& work, Child& child) {
  child.result = memfd_create("kernel", 0);
  child.message = memfd_create("kernel-message", 0);
  if (child.result >= 0 && child.message >= 0) {
    child.pid = fork();
    if (child.pid == 0) run_child(work, child);
  }
  if (child.pid > 0) return {};
  Failure failure{std::string("cannot start a worker process: ") + std::strerror(errno), Blame::limit};
  close_files(child);
  return failure;
}

}  // namespace

Result<> run_workers(const std::vector<Work>& work, int jobs, const std::function<Result<>(size_t, Result<std::string>)>& done) {
  const size_t most = jobs > 0 ? static_cast<size_t>(jobs) : static_cast<size_t>(rn_processors());
  std::vector<Child> running;
  size_t next = 0;
  Result<> ok;
  while (ok && (next < work.size() || !running.empty())) {
    while (ok && next < work.size() && running.size() < most) {
      Child child;
      child.index = next;
      ok = start(work[next], child);
      if (ok) {
        running.push_back(child);
        ++next;
      }
    }
    if (!ok) break;
    // Wait only for these children, because the program that uses this code may have others. A child that has ended comes first.
    size_t ended = running.size();
    int status = 0;
    for (size_t i = 0; i < running.size() && ended == running.size(); ++i) {
      if (waitpid(running[i].pid, &status, WNOHANG) == running[i].pid) ended = i;
    }
    if (ended == running.size()) {
      siginfo_t info;
      if (running.size() == 1) {
        waitid(P_PID, static_cast<id_t>(running[0].pid), &info, WEXITED | WNOWAIT);
      } else {
        usleep(500);
      }
      continue;
    }
    const Child child = running[ended];
    running.erase(running.begin() + static_cast<ptrdiff_t>(ended));
    Result<std::string> result = collect(child, status);
    close_files(child);
    ok = done(child.index, std::move(result));
  }
  for (const Child& child : running) {
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    close_files(child);
  }
  return ok;
}

}  // namespace resnetc::codegen

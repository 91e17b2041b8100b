/// \file `resnetc lsp`: runs the language server on stdin and stdout.

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "driver/command_line.h"
#include "driver/common.h"
#include "editor/framing.h"
#include "editor/server.h"

namespace resnetc::driver {
namespace {

bool input_waits() {
  pollfd in{STDIN_FILENO, POLLIN, 0};
  return poll(&in, 1, 0) > 0;
}

int lsp(const NetworkOptions& network) {
  bool writable = true;
  editor::Server server(frontend_options(network), RESNETC_VERSION, [&writable](std::string_view content) {
    const std::string message = editor::framed(content);
    writable = std::fwrite(message.data(), 1, message.size(), stdout) == message.size() && std::fflush(stdout) == 0;
  });
  editor::FrameReader frames;
  std::array<char, 1 << 16> bytes{};
  for (;;) {
    const ssize_t count = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail({"cannot read from stdin"});
    if (count == 0) return input_wrong;  // the client has disappeared without an exit message
    frames.feed({bytes.data(), static_cast<size_t>(count)});
    while (auto frame = frames.next()) {
      if (frame->too_large) {
        server.refuse_too_large();
      } else {
        server.handle(frame->content);
      }
      if (const auto status = server.exit_status()) return *status;
      if (!writable) return fail({"cannot write to stdout"});
    }
    if (!input_waits()) server.settle();
  }
}

}  // namespace

void add_lsp(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("lsp", "a language server for editors, on stdin and stdout");
  auto network = std::make_shared<NetworkOptions>();  // only for the folders, because texts come from the client
  add_include_option(command, network->include_dirs);
  command.add_ignored_flag("--stdio", "changes nothing; some editors pass it");
  command.callback([&invocation, network] { invocation.action = [network] { return lsp(*network); }; });
}

}  // namespace resnetc::driver

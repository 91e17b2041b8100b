/// \file Commands of the user's, run by the shell.
#pragma once

#include <string>
#include <string_view>

namespace resnetc::driver {

enum class ShellEnd {
  exited,       ///< by itself; the status is known
  timed_out,    ///< ended because it took too long
  interrupted,  ///< ended because this process got a signal
  not_started,
};

struct ShellResult {
  ShellEnd end = ShellEnd::not_started;
  int status = 0;  ///< as the shell shows it: 128 and the signal's number where one ended it
};

/// Runs `sh -c COMMAND`, without input and with its output thrown away, and ends whatever of it is left after `seconds`.
ShellResult run_shell(const std::string& command, double seconds);

/// `text` as one word of a shell's command.
std::string shell_word(std::string_view text);

/// From now on SIGINT, SIGTERM and SIGHUP end the command that runs, and all later ones, instead of this process. A signal that is ignored
/// stays so.
void let_signals_end_commands();
/// The signal that came; 0 for none.
int signal_that_came();

}  // namespace resnetc::driver

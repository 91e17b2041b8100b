/// \file Runs the user's commands in a shell.
#pragma once

#include <string>
#include <string_view>

namespace resnetc::driver {

enum class ShellEnd {
  exited,       ///< the command ended by itself; the status is known
  timed_out,    ///< it was ended because it took too long
  interrupted,  ///< it was ended because this process got a signal
  not_started,
};

struct ShellResult {
  ShellEnd end = ShellEnd::not_started;
  int status = 0;  ///< as the shell shows it: 128 plus the signal's number if a signal ended the command
};

/// Runs `sh -c COMMAND` without input, and discards its output. Ends all its processes after `seconds`.
ShellResult run_shell(const std::string& command, double seconds);

/// `text` as one word of a shell's command.
std::string shell_word(std::string_view text);

/// From now on SIGINT, SIGTERM and SIGHUP end the running command, and all later ones, instead of this process. An ignored signal stays
/// ignored.
void let_signals_end_commands();
/// The signal that was received; 0 if there was none.
int signal_that_came();

}  // namespace resnetc::driver

/// \file The command line: the program, its subcommands, their options, and the variables that the options set.
///
/// CLI11 does the work. Its headers take longer to compile than any file of the driver, so command_line.cpp alone includes them.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/failure.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace resnetc::driver {

/// Whether help texts list the values that an option takes.
enum class InHelp { hidden, shown };

/// An option of a command. Copies mean the same option, which the CommandLine owns.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option& option) : option_(&option) {}

  // These functions describe the option, and return it so that calls can be chained.

  /// What stands for the value in help texts, such as "FILE".
  CommandOption type_name(const std::string& name);
  CommandOption required();
  /// One occurrence of the option may give several values, with `separator` between them.
  CommandOption delimiter(char separator);
  /// The default as help texts state it. The variable keeps its own.
  CommandOption default_str(const std::string& text);

  // These functions, too, return the option. They say what each value must be: another value makes the command line wrong, and the message
  // says why.

  /// A whole number from `least` to `most`.
  CommandOption range(int least, int most, InHelp listed = InHelp::hidden);
  /// A number from `least` to `most`. `what` is the number's name in the message.
  CommandOption from_to(double least, double most, std::string_view what = "a number");
  /// A number above `bound`, and not above `most`.
  CommandOption above(double bound, double most = std::numeric_limits<double>::max(), std::string_view what = "a number");
  /// One of these texts.
  CommandOption one_of(const std::vector<std::string>& texts, InHelp listed = InHelp::shown);
  /// A text in which `fault` finds no fault: it returns the message, or an empty text.
  CommandOption check(std::function<std::string(const std::string& text)> fault);

  /// Whether the command line has the option. To be asked after parse().
  bool given() const;

 private:
  CLI::Option* option_;
};

/// The program or one of its subcommands. Copies mean the same command, which the CommandLine owns.
///
/// Help texts show options in the order in which they were added. `names` are an option's names, such as "-j,--jobs". An option sets its
/// `target` when the command line is parsed, and leaves it alone if it is not given; the target must live until then.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  Command add_subcommand(const char* name, const char* description);

  // A text must not be empty, since an empty text stands for an option that is not given. That of an optional may be.
  CommandOption add_option(const char* names, std::string& target, const std::string& help);
  CommandOption add_option(const char* names, std::optional<std::string>& target, const std::string& help);
  CommandOption add_option(const char* names, int& target, const std::string& help);
  CommandOption add_option(const char* names, std::optional<int>& target, const std::string& help);
  CommandOption add_option(const char* names, std::optional<int64_t>& target, const std::string& help);
  CommandOption add_option(const char* names, double& target, const std::string& help);
  CommandOption add_option(const char* names, std::optional<double>& target, const std::string& help);
  // An option with a list may be given several times. Each time adds one value to the list, or several if the option has a delimiter.
  CommandOption add_option(const char* names, std::vector<std::string>& target, const std::string& help);
  CommandOption add_option(const char* names, std::vector<double>& target, const std::string& help);

  /// An option without a value, which sets `target` to true.
  void add_flag(const char* names, bool& target, const std::string& help);
  /// An option without a value that changes nothing.
  void add_ignored_flag(const char* names, const std::string& help);

  /// An argument that must be given, without an option's name before it.
  void add_positional(const char* name, std::string& target, const std::string& help);
  /// The same, but it may be missing.
  void add_positional(const char* name, std::optional<std::string>& target, const std::string& help);
  /// All arguments without an option's name before them. There may be none.
  void add_positionals(const char* name, std::vector<std::string>& targets, const std::string& help);

  /// Adds a check of the options together: `fault` returns the message, or an empty text. It is called if the command is chosen, after the
  /// command's targets are set and before any callback. A command has at most one such check.
  void check(std::function<std::string()> fault);
  /// `chosen` is called if the command is chosen and the whole command line is right.
  void callback(std::function<void()> chosen);
  /// The text below the options in the help.
  void footer(const std::string& text);

 private:
  CLI::App* app_;
};

/// Owns the program's description with all subcommands and options.
class CommandLine {
 public:
  /// Has the options --help and --version, whose text is `version`.
  CommandLine(const char* name, const char* description, const char* version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// The program. Its options may stand before the name of a subcommand and after it.
  Command program();

  /// Sets the targets of the options, and calls the callback of the subcommand, if one is chosen. Returns the text that is to be printed
  /// instead of a run: for --help and --version. The command is to blame for a failure.
  Result<std::optional<std::string>> parse(int argc, const char* const* argv);

  /// The help text of the program.
  std::string help() const;

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace resnetc::driver

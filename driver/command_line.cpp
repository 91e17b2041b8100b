/// \file The command line, by CLI11.
#include "driver/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "support/suggest.h"

namespace resnetc::driver {
namespace {

/// Checks texts by `fault`, and lists in `known`'s words what is accepted, or hides that.
CLI::Validator checked_by(std::function<std::string(const std::string&)> fault, const CLI::Validator& known, InHelp listed) {
  return {[fault = std::move(fault)](std::string& text) { return fault(text); }, listed == InHelp::shown ? known.get_description() : ""};
}

std::string empty_fault(const std::string& text) { return text.empty() ? "is empty" : ""; }

/// Checks that `text` is a number that `fits`. A `fits` that accepts by comparisons refuses what is not a number.
template <class Fits>
CommandOption check_number(CommandOption option, Fits fits, std::string fault) {
  return option.check([fits, fault = std::move(fault)](const std::string& text) {
    double number = 0;
    return CLI::detail::lexical_cast(text, number) && fits(number) ? "" : fault;
  });
}

CommandOption add_list(CLI::App& app, const char* names, auto& target, const std::string& help) {
  return CommandOption(*app.add_option(names, target, help)->allow_extra_args(false));
}

/// The program and the subcommands that were chosen.
std::vector<const CLI::App*> chosen_commands(const CLI::App& app) {
  std::vector<const CLI::App*> commands{&app};
  for (const CLI::App* chosen : app.get_subcommands()) commands.push_back(chosen);
  return commands;
}

/// What is wrong with the number of an option's values. CLI11 has one type of error for too many and too few.
std::string explain_mismatch(const CLI::App& app, const CLI::ArgumentMismatch& error) {
  for (const CLI::App* command : chosen_commands(app)) {
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_multi_option_policy() != CLI::MultiOptionPolicy::Throw) continue;
      if (option->count() > static_cast<size_t>(std::max(option->get_items_expected_max(), 1)))
        return option->get_name() + ": is given more than once";
    }
  }
  const std::string said = error.what();
  const size_t end_of_name = said.find(':');  // there is none after a flag that was given a value
  return end_of_name == std::string::npos ? said : said.substr(0, end_of_name) + ": needs a value";
}

/// What is wrong with a word that no option and no command takes.
Failure explain_extra(const CLI::App& app, const std::string& extra) {
  const CLI::App* command = chosen_commands(app).back();
  std::string word = extra.substr(0, extra.find('='));
  std::vector<std::string> known;
  if (word.starts_with("-")) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    return {fmt::format("unknown option '{}'{}", word, suggestion(word, {known.begin(), known.end()})), Blame::command};
  }
  if (command == &app) {
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) known.push_back(sub->get_name());
    return {fmt::format("unknown command '{}'{}", word, suggestion(word, {known.begin(), known.end()})), Blame::command};
  }
  return {fmt::format("unexpected argument '{}'", extra), Blame::command};
}

}  // namespace

CommandOption CommandOption::type_name(const std::string& name) { return CommandOption(*option_->type_name(name)); }
CommandOption CommandOption::required() { return CommandOption(*option_->required()); }
CommandOption CommandOption::delimiter(char separator) { return CommandOption(*option_->delimiter(separator)); }
CommandOption CommandOption::default_str(const std::string& text) { return CommandOption(*option_->default_str(text)); }

CommandOption CommandOption::range(int least, int most, InHelp listed) {
  const auto fault = [least, most](const std::string& text) {
    int number = 0;
    if (CLI::detail::lexical_cast(text, number) && number >= least && number <= most) return std::string();
    return fmt::format("'{}' is no whole number from {} to {}", text, least, most);
  };
  return CommandOption(*option_->check(checked_by(fault, CLI::Range(least, most), listed)));
}

CommandOption CommandOption::from_to(double least, double most, std::string_view what) {
  return check_number(
      *this, [=](double number) { return number >= least && number <= most; },
      fmt::format("needs {} from {:g} to {:g}", what, least, most));
}

CommandOption CommandOption::above(double bound, double most, std::string_view what) {
  std::string fault = fmt::format("needs {} above {:g}", what, bound);
  if (most != std::numeric_limits<double>::max()) fault += fmt::format(", to {:g}", most);
  const auto good = [=](double number) { return number > bound && number <= most; };
  return check_number(*this, good, std::move(fault));
}

CommandOption CommandOption::one_of(const std::vector<std::string>& texts, InHelp listed) {
  const auto fault = [texts](const std::string& text) {
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) return std::string();
    return fmt::format("'{}' is none of {}{}", text, fmt::join(texts, ", "), suggestion(text, {texts.begin(), texts.end()}));
  };
  return CommandOption(*option_->check(checked_by(fault, CLI::IsMember(texts), listed)));
}

CommandOption CommandOption::check(std::function<std::string(const std::string& text)> fault) {
  return CommandOption(*option_->check(std::move(fault)));
}

bool CommandOption::given() const { return option_->count() != 0; }

Command Command::add_subcommand(const char* name, const char* description) { return Command(*app_->add_subcommand(name, description)); }

CommandOption Command::add_option(const char* names, std::string& target, const std::string& help) {
  return CommandOption(*app_->add_option(names, target, help)).check(empty_fault);
}
CommandOption Command::add_option(const char* names, std::optional<std::string>& target, const std::string& help) {
  return CommandOption(*app_->add_option(names, target, help));
}
CommandOption Command::add_option(const char* names, int& target, const std::string& help) {
  return CommandOption(*app_->add_option(names, target, help));
}
CommandOption Command::add_option(const char* names, std::optional<int>& target, const std::string& help) {
  return CommandOption(*app_->add_option(names, target, help));
}
CommandOption Command::add_option(const char* names, std::optional<int64_t>& target, const std::string& help) {
  return CommandOption(*app_->add_option(names, target, help));
}
CommandOption Command::add_option(const char* names, double& target, const std::string& help) {
  return CommandOption(*app_->add_option(names, target, help));
}
CommandOption Command::add_option(const char* names, std::optional<double>& target, const std::string& help) {
  return CommandOption(*app_->add_option(names, target, help));
}
CommandOption Command::add_option(const char* names, std::vector<std::string>& target, const std::string& help) {
  return add_list(*app_, names, target, help).check(empty_fault);
}
CommandOption Command::add_option(const char* names, std::vector<double>& target, const std::string& help) {
  return add_list(*app_, names, target, help);
}

void Command::add_flag(const char* names, bool& target, const std::string& help) { app_->add_flag(names, target, help); }
void Command::add_ignored_flag(const char* names, const std::string& help) {
  const auto nothing = [] {};
  app_->add_flag_callback(names, nothing, help);
}

void Command::add_positional(const char* name, std::string& target, const std::string& help) {
  app_->add_option(name, target, help)->required();
}
void Command::add_positional(const char* name, std::optional<std::string>& target, const std::string& help) {
  app_->add_option(name, target, help);
}
void Command::add_positionals(const char* name, std::vector<std::string>& targets, const std::string& help) {
  app_->add_option(name, targets, help);
}

void Command::check(std::function<std::string()> fault) {
  app_->parse_complete_callback([fault = std::move(fault)] {
    if (std::string text = fault(); !text.empty()) throw CLI::ValidationError(std::move(text));
  });
}
void Command::callback(std::function<void()> chosen) { app_->callback(std::move(chosen)); }
void Command::footer(const std::string& text) { app_->footer(text); }

CommandLine::CommandLine(const char* name, const char* description, const char* version) : app_(std::make_unique<CLI::App>(description)) {
  app_->name(name);
  app_->get_formatter()->column_width(36);
  app_->set_version_flag("--version", std::string(version), "print the version and exit");
  app_->set_help_flag("-h,--help", "print this help and exit");
  app_->get_formatter()->label("TEXT", "");
  app_->get_formatter()->label("REQUIRED", "(required)");
  app_->require_subcommand(0, 1);
  app_->fallthrough();
}

CommandLine::~CommandLine() = default;

Command CommandLine::program() { return Command(*app_); }

Result<std::optional<std::string>> CommandLine::parse(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& asked) {
    std::vector<std::string> extras = app_->remaining(true);
    if (!extras.empty()) return explain_extra(*app_, extras.front());  // the user asked for help on a command that does not exist
    std::ostringstream text;
    app_->exit(asked, text);
    return std::optional(text.str());
  } catch (const CLI::ParseError& error) {
    std::vector<std::string> extras = app_->remaining(true);
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !extras.empty()) return explain_extra(*app_, extras.front());
    // A misspelt option often leaves a required one unset: report the misspelling.
    for (const std::string& extra : extras) {
      if (extra.starts_with("-")) return explain_extra(*app_, extra);
    }
    std::string command;
    for (const CLI::App* chosen : chosen_commands(*app_)) command += chosen->get_name() + " ";
    std::string fault = error.what();
    if (const auto* mismatch = dynamic_cast<const CLI::ArgumentMismatch*>(&error)) fault = explain_mismatch(*app_, *mismatch);
    const char* separator = fault.ends_with('?') ? "" : ";";
    return Failure{fmt::format("{}{} '{}--help' tells more", fault, separator, command), Blame::command};
  }
  return std::optional<std::string>();
}

std::string CommandLine::help() const { return app_->help(); }

}  // namespace resnetc::driver

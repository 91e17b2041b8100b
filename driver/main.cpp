/// \file The command `resnetc`: finds the subcommand, runs it, and turns errors into a message and an exit status.

#include <fmt/format.h>

#include <exception>
#include <new>
#include <system_error>

#include "driver/common.h"
#include "support/suggest.h"
#include "support/temp_dir.h"

namespace resnetc::driver {
namespace {

int explain_extra(const CLI::App& app, const std::string& extra) {
  const CLI::App* command = &app;
  for (const CLI::App* chosen : app.get_subcommands()) command = chosen;
  std::string word = extra.substr(0, extra.find('='));
  std::vector<std::string> known;
  if (word.starts_with("-")) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    return usage_error(fmt::format("unknown option '{}'{}", word, suggestion(word, {known.begin(), known.end()})));
  }
  if (command == &app) {
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) known.push_back(sub->get_name());
    return usage_error(fmt::format("unknown command '{}'{}", word, suggestion(word, {known.begin(), known.end()})));
  }
  return usage_error(fmt::format("unexpected argument '{}'", extra));
}

int run(int argc, char** argv) {
  remove_temp_dirs_on_signals();
  Invocation invocation;
  CLI::App app{"Compiles residual networks to native libraries."};
  app.name("resnetc");
  app.get_formatter()->column_width(36);
  app.set_version_flag("--version", "resnetc " RESNETC_VERSION, "print the version and exit");
  app.set_help_flag("-h,--help", "print this help and exit");
  app.get_formatter()->label("TEXT", "");
  app.get_formatter()->label("REQUIRED", "(required)");
  app.add_option("--color", invocation.colour, "colours in diagnostics: auto, always or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_compile(app, invocation);
  add_pack(app, invocation);
  add_check(app, invocation);
  add_dump(app, invocation);
  add_opt(app, invocation);
  add_run(app, invocation);
  add_verify(app, invocation);
  add_bench(app, invocation);
  add_compare(app, invocation);
  add_explain(app, invocation);
  add_fmt(app, invocation);
  add_reduce(app, invocation);
  add_lsp(app, invocation);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    std::vector<std::string> extras = app.remaining(true);
    if (!extras.empty()) return explain_extra(app, extras.front());  // the user asked for help on a command that does not exist
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::vector<std::string> extras = app.remaining(true);
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !extras.empty()) return explain_extra(app, extras.front());
    // A misspelt option often leaves a required one unset: report the misspelling.
    for (const std::string& extra : extras) {
      if (extra.starts_with("-")) return explain_extra(app, extra);
    }
    std::string command = "resnetc";
    for (const CLI::App* chosen : app.get_subcommands()) command += " " + chosen->get_name();
    return usage_error(fmt::format("{}; '{} --help' tells more", error.what(), command));
  }
  if (!invocation.action) {
    if (argc > 1) return usage_error("a command is missing; 'resnetc --help' lists them");
    fmt::print("{}", app.help());
    return usage_wrong;
  }
  return invocation.action();
}

}  // namespace
}  // namespace resnetc::driver

int main(int argc, char** argv) {
  try {
    int status = resnetc::driver::run(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return resnetc::driver::fail({"cannot write to stdout"});
    return status;
  } catch (const std::bad_alloc&) {
    return resnetc::driver::fail({"out of memory", resnetc::Blame::limit});
  } catch (const std::system_error& error) {  // fmt throws this if a file cannot be written
    return resnetc::driver::fail({error.what()});
  } catch (const std::exception& error) {
    return resnetc::driver::fail({error.what(), resnetc::Blame::bug});
  }
}

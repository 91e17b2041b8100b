/// \file The command `resnetc`: finds the subcommand, runs it, and turns errors into a message and an exit status.

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <system_error>

#include "driver/command_line.h"
#include "driver/common.h"
#include "support/files.h"
#include "support/temp_dir.h"

namespace resnetc::driver {
namespace {

int run(int argc, char** argv) {
  remove_temp_dirs_on_signals();
  Invocation invocation;
  CommandLine line("resnetc", "Compiles residual networks to native libraries.", "resnetc " RESNETC_VERSION);
  Command program = line.program();
  program.add_option("--color", invocation.colour, "colours in diagnostics: auto, always or never")
      .type_name("WHEN")
      .one_of({"auto", "always", "never"});
  add_compile(program, invocation);
  add_import(program, invocation);
  add_pack(program, invocation);
  add_check(program, invocation);
  add_dump(program, invocation);
  add_opt(program, invocation);
  add_run(program, invocation);
  add_verify(program, invocation);
  add_calibrate(program, invocation);
  add_bench(program, invocation);
  add_compare(program, invocation);
  add_explain(program, invocation);
  add_fmt(program, invocation);
  add_reduce(program, invocation);
  add_lsp(program, invocation);
  add_machine(program, invocation);

  const Result<std::optional<std::string>> asked = line.parse(argc, argv);
  if (!asked) return fail(asked.failure());
  if (*asked) {
    std::fputs((*asked)->c_str(), stdout);  // main() reports a failure to write
    return done;
  }
  if (!invocation.action) {
    if (argc > 1) return usage_error("a command is missing; 'resnetc --help' lists them");
    fmt::print("{}", line.help());
    return usage_wrong;
  }
  return invocation.action();
}

}  // namespace
}  // namespace resnetc::driver

int main(int argc, char** argv) {
  try {
    int status = resnetc::driver::run(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      return resnetc::driver::fail({"cannot write to stdout: " + resnetc::reason_of_errno()});
    }
    return status;
  } catch (const std::bad_alloc&) {
    return resnetc::driver::fail({"out of memory", resnetc::Blame::limit});
  } catch (const std::system_error& error) {  // fmt throws this if stdout cannot be written
    return resnetc::driver::fail({"cannot write to stdout: " + error.code().message()});
  } catch (const std::exception& error) {
    return resnetc::driver::fail({error.what(), resnetc::Blame::bug});
  }
}

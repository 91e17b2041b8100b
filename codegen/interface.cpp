/// \file The names of the C interface.
#include "codegen/interface.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace resnetc::codegen {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

/// Whether the name is a keyword of C or C++, or a macro of the standard headers that the generated header includes.
bool reserved(std::string_view name) {
  static const std::set<std::string_view> words = {
      "alignas",      "alignof",       "and",         "and_eq",   "asm",       "auto",
      "bitand",       "bitor",         "bool",        "break",    "case",      "catch",
      "char",         "class",         "compl",       "concept",  "const",     "consteval",
      "constexpr",    "constinit",     "const_cast",  "continue", "co_await",  "co_return",
      "co_yield",     "decltype",      "default",     "delete",   "do",        "double",
      "dynamic_cast", "else",          "enum",        "explicit", "export",    "extern",
      "false",        "float",         "for",         "friend",   "goto",      "if",
      "inline",       "int",           "long",        "mutable",  "namespace", "new",
      "noexcept",     "not",           "not_eq",      "nullptr",  "operator",  "or",
      "or_eq",        "private",       "protected",   "public",   "register",  "reinterpret_cast",
      "requires",     "restrict",      "return",      "short",    "signed",    "sizeof",
      "static",       "static_assert", "static_cast", "struct",   "switch",    "template",
      "this",         "thread_local",  "throw",       "true",     "try",       "typedef",
      "typeid",       "typename",      "union",       "unsigned", "using",     "virtual",
      "void",         "volatile",      "wchar_t",     "while",    "xor",       "xor_eq",
      "char8_t",      "char16_t",      "char32_t",    "typeof",   "linux",     "unix",
      "NULL",         "offsetof",      "main",        "I",        "complex",   "imaginary",
      "size_t",       "int32_t",       "int64_t",     "uint8_t",  "uint32_t",  "uint64_t"};
  return words.count(name) != 0;
}

/// Makes `wanted` an identifier that is not in `taken`, and adds it to `taken`.
std::string unique_identifier(const std::string& wanted, std::set<std::string>& taken) {
  std::string name;
  for (char c : wanted) name += letter(c) || digit(c) ? c : '_';
  if (name.empty() || digit(name[0])) name = "_" + name;
  // Names with a leading underscore and the names of possible macros of <stdint.h> belong to the C system.
  const bool macro =
      name.find('_') != std::string::npos && std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (reserved(name) || macro || name[0] == '_') name += '_';
  std::string candidate = name;
  for (int n = 2; !taken.insert(candidate).second; ++n) candidate = name + "_" + std::to_string(n);
  return candidate;
}

/// Like unique_identifier(), but NAME_bytes must be free too.
std::string argument_name(const std::string& wanted, std::set<std::string>& taken) {
  std::string name = unique_identifier(wanted, taken);
  while (taken.count(name + "_bytes") != 0) name = unique_identifier(wanted, taken);
  taken.insert(name + "_bytes");
  return name;
}

Port port_of(const std::string& name, std::set<std::string>& taken, const TensorType& type, DimensionOrder order) {
  return {name, argument_name(name, taken), type.element, dims_of(type, order), type.bytes()};
}

}  // namespace

bool is_c_identifier(const std::string& name) {
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [](char c) { return letter(c) || digit(c); });
}

std::string name_fault(const std::string& name) {
  if (!is_c_identifier(name)) return fmt::format("'{}' is not a C identifier", name);
  // The runtime's own symbols, which are all hidden, begin with these.
  for (std::string_view own : {"rn", "halide"}) {
    if (name == own || name.starts_with(std::string(own) + "_")) return fmt::format("names that begin with '{}' are resnetc's own", own);
  }
  static const std::set<std::string_view> system = {
      // libraries, and families of functions with a member NAME_create, NAME_destroy or NAME_run
      "c", "m", "dl", "rt", "util", "pthread", "thrd", "mtx", "cnd", "tss", "sem", "timer", "crypt", "resolv", "gcc", "gcc_s", "stdc",
      "anl", "nsl", "mvec", "atomic",
      // Headers of C, POSIX, glibc and compilers: where NAME.h lies in a folder of -I, system headers would include it for their own.
      "aio", "aliases", "alloca", "ar", "argp", "argz", "assert", "byteswap", "complex", "cpio", "cpuid", "ctype", "dirent", "dlfcn", "elf",
      "endian", "envz", "err", "errno", "error", "execinfo", "fcntl", "features", "fenv", "float", "fmtmsg", "fnmatch", "fstab", "fts",
      "ftw", "gconv", "getopt", "glob", "grp", "gshadow", "iconv", "ifaddrs", "inttypes", "iso646", "langinfo", "lastlog", "libgen",
      "libintl", "limits", "link", "locale", "malloc", "math", "mcheck", "memory", "mm_malloc", "mntent", "monetary", "mqueue", "ndbm",
      "netdb", "nl_types", "nss", "obstack", "paths", "poll", "printf", "proc_service", "pty", "pwd", "re_comp", "regex", "regexp", "sched",
      "search", "semaphore", "setjmp", "sgtty", "shadow", "signal", "spawn", "stab", "stdalign", "stdarg", "stdatomic", "stdbit", "stdbool",
      "stdckdint", "stddef", "stdint", "stdio", "stdio_ext", "stdlib", "stdmchar", "stdnoreturn", "string", "strings", "stropts", "syscall",
      "sysexits", "syslog", "tar", "termio", "termios", "tgmath", "thread_db", "threads", "time", "ttyent", "uchar", "ucontext", "ulimit",
      "unistd", "unwind", "utime", "utmp", "utmpx", "values", "varargs", "wait", "wchar", "wctype", "wordexp", "xlocale"};
  if (system.contains(name)) return fmt::format("'{}' is the name of a library, header or family of functions of the C system", name);
  return "";
}

std::string upper(std::string name) {
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

Interface interface_of(const program::Program& program, const std::string& name) {
  Interface result;
  result.name = name;
  result.macro = upper(name);
  std::set<std::string> taken = {"context", "batch", name + "_context", name + "_status"};
  result.input = port_of(program.input_name, taken, program.input.type, program.input.order);
  for (const program::Output& output : program.outputs) {
    result.outputs.push_back(port_of(output.name, taken, output.type, DimensionOrder::planar));
  }
  return result;
}

std::vector<std::string> api_symbols(const Interface& interface, bool gpu) {
  std::vector<std::string> symbols;
  for (const char* suffix : {"abi_version", "input_bytes", "arena_bytes", "create", "run", "run_outputs", "destroy", "status_string",
                             "selected_target", "targets", "thread_count", "set_observer", "manifest"}) {
    symbols.push_back(interface.name + "_" + suffix);
  }
  if (gpu) symbols.push_back(interface.name + "_run_device");
  for (const Port& output : interface.outputs) symbols.push_back(interface.name + "_output_bytes_" + output.c_name);
  return symbols;
}

int64_t weights_data_bytes(const std::vector<program::Constant>& constants) {
  int64_t end = 0;
  for (const program::Constant& constant : constants) end = std::max(end, constant.offset + constant.bytes());
  return (end + 63) / 64 * 64;
}

}  // namespace resnetc::codegen

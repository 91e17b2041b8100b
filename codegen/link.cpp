/// \file Uses LLD, llvm-objcopy and llvm-ar as libraries.
#include "codegen/link.h"

#include <fmt/format.h>
#include <lld/Common/Driver.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/ObjCopy/CommonConfig.h>
#include <llvm/ObjCopy/ConfigManager.h>
#include <llvm/ObjCopy/ObjCopy.h>
#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Object/Binary.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <mutex>

#include "codegen/object_emitter.h"
#include "support/temp_dir.h"

LLD_HAS_DRIVER(elf)

namespace resnetc::codegen {
namespace {

/// The functions of the C library that a library may use. A kernel or runtime that calls any other function does not link, so no product
/// can need more than these by accident.
constexpr const char* libc_functions[] = {"bcmp",
                                          "calloc",
                                          "clock_gettime",
                                          "close",
                                          "dlopen",
                                          "dlsym",
                                          "free",
                                          "getenv",
                                          "getpid",
                                          "madvise",
                                          "malloc",
                                          "memchr",
                                          "memcmp",
                                          "memcpy",
                                          "memmove",
                                          "memset",
                                          "open",
                                          "posix_memalign",
                                          "pthread_attr_destroy",
                                          "pthread_attr_init",
                                          "pthread_attr_setstacksize",
                                          "pthread_create",
                                          "pthread_join",
                                          "pthread_once",
                                          "pthread_sigmask",
                                          "read",
                                          "sched_getaffinity",
                                          "sigfillset",
                                          "strchr",
                                          "strcmp",
                                          "strlen",
                                          "syscall",
                                          "sysconf"};
constexpr const char* libm_functions[] = {"ceilf", "exp",  "expf",  "floorf", "fmaf",  "fmodf",      "log",   "logf",
                                          "pow",   "powf", "rintf", "roundf", "sqrtf", "nearbyintf", "tanhf", "truncf"};

Result<> usable(const TempDir& folder) {
  if (folder.path().empty()) return Failure{"cannot make a temporary folder", Blame::limit};
  return {};
}

Result<> write_file(const std::string& path, std::string_view bytes) {
  std::error_code error;
  llvm::raw_fd_ostream out(path, error);
  if (!error) {
    out << llvm::StringRef(bytes.data(), bytes.size());
    out.close();
    error = out.error();
    out.clear_error();
  }
  if (error) return Failure{fmt::format("{}: {}", path, error.message()), Blame::limit};
  return {};
}

Result<std::string> read_file(const std::string& path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, false, false);
  if (!buffer) return Failure{fmt::format("{}: {}", path, buffer.getError().message()), Blame::limit};
  return (*buffer)->getBuffer().str();
}

Result<> lld(Architecture architecture, const std::vector<std::string>& arguments) {
  // LLD keeps its state in globals, so only one link may run at a time.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const std::string emulation(info(architecture).emulation);
  std::vector<const char*> raw = {"ld.lld", "-m", emulation.c_str()};
  for (const std::string& argument : arguments) raw.push_back(argument.c_str());
  std::string messages;
  llvm::raw_string_ostream out(messages);
  const lld::Result result = lld::lldMain(raw, out, out, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0) return Failure{"the linker failed: " + messages, Blame::limit};
  return {};
}

/// Writes a shared object that contains only a name and functions. The library is linked against it instead of the machine's own.
Result<> write_stub(Architecture architecture, const TempDir& scratch, const std::string& soname, llvm::ArrayRef<const char*> functions) {
  const Result<std::unique_ptr<llvm::TargetMachine>> made = baseline_machine(architecture);
  if (!made) return made.failure();
  llvm::TargetMachine* const machine = made->get();
  llvm::LLVMContext context;
  llvm::Module module(soname, context);
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  llvm::IRBuilder<> builder(context);
  for (const char* name : functions) {
    auto* function =
        llvm::Function::Create(llvm::FunctionType::get(builder.getVoidTy(), false), llvm::Function::ExternalLinkage, name, module);
    builder.SetInsertPoint(llvm::BasicBlock::Create(context, "", function));
    builder.CreateRetVoid();
  }
  const Result<std::string> object = emit_object(module, *machine);
  if (!object) return object.failure();
  const std::string input = scratch.file(soname + ".o");
  if (const Result<> written = write_file(input, *object); !written) return written;
  return lld(architecture, {"-shared", "-soname", soname, "-o", scratch.file(soname), input});
}

/// Makes every defined symbol except those of `keep` local, and removes what nothing needs.
Result<std::string> localise(std::string_view object, std::span<const std::string> keep) {
  llvm::objcopy::ConfigManager config;
  config.Common.StripDebug = true;
  const auto fail = [](llvm::Error error) { return Failure{llvm::toString(std::move(error))}; };
  const auto literal = [](llvm::StringRef name) {
    return llvm::objcopy::NameOrPattern::create(name, llvm::objcopy::MatchStyle::Literal, [](llvm::Error error) { return error; });
  };
  for (const std::string& name : keep) {
    if (llvm::Error error = config.Common.SymbolsToKeepGlobal.addMatcher(literal(name))) return fail(std::move(error));
  }
  // .llvm_addrsig refers to symbols by number, and this function renumbers them.
  for (const char* section : {".comment", ".llvm_addrsig"}) {
    if (llvm::Error error = config.Common.ToRemove.addMatcher(literal(section))) return fail(std::move(error));
  }

  auto binary = llvm::object::createBinary(llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), "network"));
  if (!binary) return fail(binary.takeError());
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  if (llvm::Error error = llvm::objcopy::executeObjcopyOnBinary(config, **binary, out)) return fail(std::move(error));
  return std::string(bytes.data(), bytes.size());
}

}  // namespace

Result<std::string> link_relocatable(Architecture architecture, std::span<const std::string_view> objects,
                                     std::span<const std::string> keep) {
  const TempDir scratch;
  if (const Result<> good = usable(scratch); !good) return good.failure();
  const std::string output = scratch.file("all.o");
  std::vector<std::string> arguments = {"-r", "--force-group-allocation", "-o", output};
  for (size_t i = 0; i < objects.size(); ++i) {
    arguments.push_back(scratch.file(fmt::format("{}.o", i)));
    if (const Result<> written = write_file(arguments.back(), objects[i]); !written) return written.failure();
  }
  if (const Result<> done = lld(architecture, arguments); !done) return done.failure();
  const Result<std::string> linked = read_file(output);
  if (!linked) return linked;
  return localise(*linked, keep);
}

Result<std::string> link_shared(Architecture architecture, std::string_view object, const std::string& soname) {
  const TempDir scratch;
  Result<> good = usable(scratch);
  if (good) good = write_stub(architecture, scratch, "libc.so.6", libc_functions);
  if (good) good = write_stub(architecture, scratch, "libm.so.6", libm_functions);
  if (good) good = write_stub(architecture, scratch, "libpthread.so.0", {});
  const std::string input = scratch.file("network.o"), output = scratch.file("network.so");
  if (good) good = write_file(input, object);
  if (!good) return good.failure();
  // libpthread is named because it contained the functions of threads before glibc 2.34. Since then it is an empty library.
  good = lld(architecture, {"-shared",
                            "-soname",
                            soname,
                            "-o",
                            output,
                            input,
                            "--gc-sections",
                            "--hash-style=gnu",
                            "--eh-frame-hdr",
                            "-z",
                            "defs",
                            "-z",
                            "now",
                            "-z",
                            "relro",
                            "-z",
                            "noexecstack",
                            "--no-as-needed",
                            scratch.file("libc.so.6"),
                            scratch.file("libpthread.so.0"),
                            "--as-needed",
                            scratch.file("libm.so.6")});
  if (!good) return good.failure();
  return read_file(output);
}

Result<std::string> make_archive(std::string_view object, const std::string& member) {
  std::vector<llvm::NewArchiveMember> members;
  members.emplace_back(llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), member));
  auto archive = llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU, true, false);
  if (!archive) return Failure{llvm::toString(archive.takeError())};
  return (*archive)->getBuffer().str();
}

}  // namespace resnetc::codegen

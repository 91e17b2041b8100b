/// \file `resnetc pack`: makes the weights file for a library that was compiled without weights.

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "codegen/library.h"
#include "codegen/weights/weights_file.h"
#include "driver/checkpoint.h"
#include "driver/command_line.h"
#include "driver/common.h"

namespace resnetc::driver {
namespace {

struct PackOptions {
  std::string library;
  CheckpointOptions checkpoint;
  std::string output;
  bool keep_denormals = false;
};

int pack(const PackOptions& options, const Invocation& invocation) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto text = codegen::read_manifest(options.library, diagnostics);
  if (!text) return report(diagnostics, invocation);
  Location library{sources.named(options.library), 0, 0, 0};
  Result<codegen::LibraryFacts> facts = codegen::parse_manifest(*text);
  if (!facts) {
    diagnostics.error(library, facts.failure().text);
    return report(diagnostics, invocation);
  }
  if (codegen::recipe_hash(facts->constants) != facts->recipe_hash) {
    diagnostics.error(library, "the recipes in the library's manifest do not have the hash that it states");
    return report(diagnostics, invocation);
  }
  if (facts->content_hash != 0) {
    // The library's recipes do not contain the tensors of the blocks that were removed, so no wrong checkpoint could be recognised.
    diagnostics.error(
        library,
        "the library was compiled for the values of one checkpoint, and takes only the weights that 'resnetc compile' wrote with it; "
        "compile the network for another");
    return report(diagnostics, invocation);
  }
  const std::string& checkpoint = options.checkpoint.path;
  const std::vector<TensorRef> wanted = tensors_of(facts->constants);
  if (checkpoint.empty() && !wanted.empty()) {
    return usage_error(fmt::format("--weights is required: '{}' reads tensors of a checkpoint", options.library));
  }
  std::unique_ptr<WeightSource> weights = std::make_unique<codegen::NoTensors>();
  if (!checkpoint.empty()) weights = open_checkpoint(options.checkpoint, wanted, true, diagnostics);
  if (!weights) return report(diagnostics, invocation);

  auto bytes = codegen::pack_weights(facts->constants, facts->name, *weights, options.keep_denormals);
  if (!bytes) return fail(bytes.failure());
  if (std::string warning = codegen::not_numbers(facts->constants, *bytes, *weights); !warning.empty()) {
    diagnostics.warning({sources.named(checkpoint), 0, 0, 0}, std::move(warning));
  }
  std::string output = options.output;
  if (output.empty()) output = (std::filesystem::path(options.library).parent_path() / (facts->name + ".weights")).string();
  if (const Result<> leaves = leaves_inputs(output, {options.library, checkpoint}); !leaves) return fail(leaves.failure());
  if (const Result<> written = write_file(output, *bytes); !written) return fail(written.failure());
  fmt::print(beside(output), "{}  {}\n", output, human_bytes(bytes->size()));
  return report(diagnostics, invocation);
}

}  // namespace

void add_pack(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("pack", "pack a checkpoint for a library compiled without weights");
  auto options = std::make_shared<PackOptions>();
  command.add_positional("LIB.so", options->library, "the library");
  add_checkpoint_options(command, options->checkpoint, "the checkpoint; not for a network without weights");
  command.add_flag("--keep-denormals", options->keep_denormals, keep_denormals_in_weights);
  command.add_option("-o", options->output, "the file to write (NAME.weights beside the library)").type_name("NET.weights");
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return pack(*options, invocation); }; });
}

}  // namespace resnetc::driver

/// \file `resnetc pack`: the weights file for a library that was compiled without weights.

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "codegen/library.h"
#include "codegen/weights_file.h"
#include "driver/checkpoint.h"
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
  std::string why;
  auto facts = codegen::parse_manifest(*text, why);
  if (!facts) {
    diagnostics.error(library, why);
    return report(diagnostics, invocation);
  }
  if (codegen::recipe_hash(facts->constants) != facts->recipe_hash) {
    diagnostics.error(library, "the recipes in the library's manifest do not have the hash that it states");
    return report(diagnostics, invocation);
  }
  const std::string& checkpoint = options.checkpoint.path;
  const std::vector<TensorRef> wanted = tensors_of(facts->constants);
  if (checkpoint.empty() && !wanted.empty()) {
    return usage_error(fmt::format("--weights is required: '{}' reads tensors of a checkpoint", options.library));
  }
  std::unique_ptr<WeightSource> weights = std::make_unique<codegen::NoTensors>();
  if (!checkpoint.empty()) weights = open_checkpoint(options.checkpoint, wanted, facts->content_hash == 0, diagnostics);
  if (!weights) return report(diagnostics, invocation);

  const auto packed = [&](bool keep_denormals) {
    return codegen::pack_weights(facts->constants, facts->name, *weights, why, keep_denormals);
  };
  auto bytes = packed(options.keep_denormals);
  if (!bytes) return input_error(why);
  const auto fits = [&](const std::optional<std::string>& file) {
    return facts->content_hash == 0 || (file && codegen::content_hash(*file) == facts->content_hash);
  };
  if (!fits(bytes)) {
    diagnostics.error(library, !fits(packed(!options.keep_denormals))
                                   ? "the library was compiled for the values of another checkpoint and takes no others"
                               : options.keep_denormals
                                   ? "the library was compiled without --keep-denormals, and takes only weights that are packed without it"
                                   : "the library was compiled with --keep-denormals, and takes only weights that are packed with it");
    return report(diagnostics, invocation);
  }
  if (std::string warning = codegen::not_numbers(facts->constants, *bytes); !warning.empty()) {
    diagnostics.warning({sources.named(checkpoint), 0, 0, 0}, std::move(warning));
  }
  std::string output = options.output;
  if (output.empty()) output = (std::filesystem::path(options.library).parent_path() / (facts->name + ".weights")).string();
  if (replaces_input(output, {options.library, checkpoint}, why)) return usage_error(why);
  if (!write_file(output, *bytes, why)) return input_error(why);
  fmt::print(beside(output), "{}  {}\n", output, human_bytes(bytes->size()));
  return report(diagnostics, invocation);
}

}  // namespace

void add_pack(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("pack", "pack a checkpoint for a library compiled without weights");
  auto options = std::make_shared<PackOptions>();
  command->add_option("LIB.so", options->library, "the library")->required();
  add_checkpoint_options(*command, options->checkpoint, "the checkpoint; not for a network without weights");
  command->add_flag("--keep-denormals", options->keep_denormals, keep_denormals_in_weights);
  command->add_option("-o", options->output, "the file to write (NAME.weights beside the library)")->type_name("NET.weights");
  command->callback([&invocation, options] { invocation.action = [&invocation, options] { return pack(*options, invocation); }; });
}

}  // namespace resnetc::driver

/// \file Options for checkpoints, and functions that read them.
#include "driver/checkpoint.h"

#include <fmt/format.h>

#include <filesystem>

#include "driver/command_line.h"
#include "driver/lowering.h"
#include "driver/model.h"
#include "driver/shell.h"
#include "import/scopes.h"

namespace resnetc::driver {

void add_checkpoint_options(Command command, CheckpointOptions& options, const std::string& what) {
  command.add_option("--weights", options.path, what).type_name("FILE.safetensors");
  command
      .add_option("--strip-prefix", options.prefixes, "of the checkpoint: take PREFIX off its tensors' names; may be given several times")
      .type_name("PREFIX");
  command.add_flag("--strict", options.strict, "of the checkpoint: tensors that nothing reads are an error");
  command.check([&options] {  // CLI11's needs() would do the same but fill a column of the help with it
    if (!options.path.empty()) return "";
    return !options.prefixes.empty() ? "--strip-prefix requires --weights" : options.strict ? "--strict requires --weights" : "";
  });
}

std::unique_ptr<codegen::Safetensors> open_checkpoint(const CheckpointOptions& options, const std::vector<TensorRef>& wanted, bool whole,
                                                      Diagnostics& diagnostics) {
  if (is_model(options.path)) {
    diagnostics
        .error({diagnostics.sources().named(options.path), 0, 0, 0},
               fmt::format("a model, and no checkpoint: 'resnetc import {} -o DIR' writes DIR/{}.safetensors, which --weights takes",
                           shell_word(options.path), importer::as_name(std::filesystem::path(options.path).stem().string())))
        .blame = Blame::command;
    return nullptr;
  }
  std::unique_ptr<codegen::Safetensors> checkpoint = codegen::Safetensors::open(options.path, diagnostics);
  if (!checkpoint) return nullptr;
  for (const std::string& prefix : options.prefixes) {
    if (!checkpoint->strip_prefix(prefix, diagnostics)) return nullptr;
  }
  using codegen::Unread;
  const Unread unread = options.strict ? Unread::error : whole ? Unread::warning : Unread::fine;
  return codegen::matches(*checkpoint, wanted, unread, diagnostics) ? std::move(checkpoint) : nullptr;
}

std::optional<std::vector<TensorRef>> tensors_of(const passes::AnyIr& ir, Diagnostics& diagnostics) {
  if (const auto* network = std::get_if<topology::Network>(&ir)) {
    const std::optional<graph::Graph> graph = plain_graph(*network, diagnostics);
    if (!graph) return std::nullopt;
    return graph::checkpoint_tensors(*graph);
  }
  if (const auto* graph = std::get_if<graph::Graph>(&ir)) return graph::checkpoint_tensors(*graph);
  return tensors_of(std::get<program::Program>(ir).constants);
}

std::vector<TensorRef> tensors_of(const std::vector<program::Constant>& constants) {
  std::vector<TensorRef> tensors;
  for (const program::Constant& constant : constants) collect_tensors(*constant.recipe, tensors);
  return tensors;
}

}  // namespace resnetc::driver

/// \file Adds the options, and reads what they name.
#include "driver/precision_options.h"

#include <fmt/format.h>

#include "driver/command_line.h"
#include "driver/common.h"
#include "passes/lineage.h"
#include "passes/pipeline.h"
#include "support/files.h"
#include "support/printable.h"

namespace resnetc::driver {

namespace {

/// The names that the layers of the paths have where values become integers. Nothing, with an error, if a path names no layer.
std::optional<ValueNames> kept_values(const std::vector<std::string>& paths, const passes::AnyIr& read, Diagnostics& diagnostics) {
  ValueNames names;
  if (paths.empty()) return names;
  Diagnostics other(diagnostics.sources());  // the passes run again, and report what they find then
  passes::PipelineContext context;
  context.diagnostics = &other;
  passes::AnyIr graph = read;
  if (!passes::run_pipeline(graph, passes::Level::graph, context)) return names;
  for (const std::string& path : paths) {
    if (const std::string fault = passes::part_fault(path, read, graph); !fault.empty()) {
      diagnostics.error({}, "--keep-float " + fault);
      return std::nullopt;
    }
    names.merge(passes::part(path, read, graph));
  }
  return names;
}

}  // namespace

void Precision::set(passes::PassContext& context, const Target* best) const {
  context.weights_element = weights;
  context.values_element = best != nullptr && best->has(feature::bf16_dot_products) ? values : ElementType::f32;
  context.ranges = ranges.get();
  context.keep_float = keep_float;
}

PrecisionOptions PrecisionOptions::with(const std::optional<importer::Imported>& model) const {
  PrecisionOptions result = *this;
  if (!model || model->ranges.empty() || !ranges.empty() || values == "f32" || bf16()) return result;
  result.values = "int8";
  result.own_ranges = model->ranges;
  result.own_path = model->name + ".ranges";
  return result;
}

std::string PrecisionOptions::fault() const {
  if (integers() && ranges.empty() && own_ranges.empty()) return "--precision int8 needs --ranges: 'resnetc calibrate' measures them";
  if (!integers() && !ranges.empty()) return "--ranges is for --precision int8";
  if (!integers() && !keep_float.empty()) return "--keep-float is for --precision int8: everything is in float without it";
  if (integers() && !weights.empty()) return "--weights-precision is for layers in float, and --precision int8 has weights of 8 bits";
  if (bf16() && !weights.empty()) return "--precision bf16 has weights of bf16: --weights-precision is for layers in float32";
  return "";
}

std::optional<Precision> PrecisionOptions::read(const passes::AnyIr& ir, Diagnostics& diagnostics) const {
  Precision precision;
  precision.weights = bf16() ? ElementType::bf16 : element_named(weights).value_or(ElementType::f32);
  if (bf16()) precision.values = ElementType::bf16;
  if (!integers()) return precision;
  Result<std::string> text = ranges.empty() ? Result<std::string>(own_ranges) : read_file(ranges, max_ranges_bytes);
  if (!text) {
    diagnostics.error({}, text.failure().text);
    return std::nullopt;
  }
  const FileId file = diagnostics.sources().add(ranges.empty() ? own_path : ranges, std::move(*text));
  std::optional<Ranges> parsed = parse_ranges(file, diagnostics);
  if (!parsed) return std::nullopt;
  if (const std::string name = passes::name_of(ir); parsed->network != name) {
    diagnostics.error({file, 0, 0, 0}, fmt::format("the ranges are of '{}', not of '{}'", printable(parsed->network), printable(name)));
    return std::nullopt;
  }
  std::optional<ValueNames> kept = kept_values(keep_float, ir, diagnostics);
  if (!kept) return std::nullopt;
  precision.keep_float = std::move(*kept);
  precision.ranges = std::make_shared<const Ranges>(std::move(*parsed));
  return precision;
}

void add_precision_options(Command command, PrecisionOptions& options) {
  command
      .add_option("--precision", options.values,
                  "f32 (the default); bf16: weights in half the bytes, values too where the processor has dot products for them; or int8: "
                  "values and weights of convolutions in integers of 8 bits, by --ranges; a quantized model has int8 and its own ranges "
                  "by default")
      .type_name("TYPE")
      .one_of({"f32", "bf16", "int8"});
  command.add_option("--ranges", options.ranges, "for int8: the ranges of the network's values, from 'resnetc calibrate'")
      .type_name("FILE");
  command.add_option("--keep-float", options.keep_float, "for int8: leave these layers, blocks or stages in float")
      .type_name("LAYER[,LAYER...]")
      .delimiter(',');
  command.add_option("--weights-precision", options.weights, "keep weights as f16 or bf16, in half the bytes; arithmetic stays in float32")
      .type_name("TYPE")
      .one_of({"f16", "bf16"});
}

}  // namespace resnetc::driver

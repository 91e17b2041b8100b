/// \file The steps of an import, one after the other.
#include "import/import.h"

#include <fmt/format.h>

#include <filesystem>

#include "frontend/format.h"
#include "frontend/frontend.h"
#include "import/check_text.h"
#include "import/labels.h"
#include "import/nest.h"
#include "import/onnx_reader.h"
#include "import/rewrite/rewrite.h"
#include "import/same_padding.h"
#include "import/scopes.h"
#include "import/structure.h"
#include "import/translate.h"
#include "import/write_safetensors.h"
#include "import/write_text.h"
#include "support/printable.h"

namespace resnetc::importer {
namespace {

/// The input as a text declares it.
std::string declared(const std::string& label, const InputBuffer& input) { return fmt::format("{}: {}", label, to_string(input.type)); }

/// The name of an input to which an exporter gave none.
std::string_view usual_name(const TensorType& type) { return type.is_picture() ? "image" : type.is_line() ? "signal" : "features"; }

/// The text in the layout of `resnetc fmt`.
Result<std::string> formatted(const std::string& name, const std::string& text) {
  if (text.size() > max_source_bytes) {
    return Failure{fmt::format("the network's text would have more than {} bytes", max_source_bytes), Blame::limit};
  }
  Sources sources;
  Diagnostics diagnostics(sources);
  std::optional<std::string> result = format_source(sources.add(name + ".rn", text), diagnostics);
  if (!result) return Failure{"the imported text does not parse: " + diagnostics.render(), Blame::bug};
  return std::move(*result);
}

}  // namespace

Result<Imported> import_model(const Model& model, const std::string& origin, const ImportOptions& options) {
  Result<flat::Graph> flat = flatten(model, options.settings, options.up_to);
  if (!flat) return flat.failure();
  rewrite(*flat);
  const bool channels_last = flat->channels_last;
  Result<Network> network = translate(std::move(*flat));
  if (!network) return network.failure();
  find_same_padding(*network);

  Imported result;
  result.name = as_name(options.name.empty() ? std::filesystem::path(origin).stem().string() : options.name);
  NameTable labels, outputs;
  NetworkText text;
  text.comment = fmt::format("Imported from {}.{}", printable(origin.substr(0, 100)),
                             !channels_last                  ? ""
                             : network->input.type.is_line() ? " The model has its lines' channels last; in this network they come first."
                                                             : " The model has its pictures' channels last; this network has planes.");
  text.name = result.name;
  text.input_name = labels.unique(is_made_up(network->input_name) ? usual_name(network->input.type) : network->input_name);
  outputs.unique(text.input_name);
  text.input = declared(text.input_name, network->input);
  // A model may give several outputs one name, or give one value several times.
  std::vector<std::string> output_names;
  for (Network::Output& output : network->outputs) {
    output.name = outputs.unique(is_made_up(output.name) ? "result" : output.name);
    output_names.push_back(output.name);
  }
  Result<Statements> body = nest(*network);
  if (!body) return body.failure();
  text.body = std::move(*body);
  give_structure(text, *network, options.installed_dirs, labels);
  label_flat(text.body, *network, labels);

  Result<std::string> pretty = formatted(result.name, written(text, *network));
  if (!pretty) return pretty.failure();
  result.text = std::move(*pretty);
  Result<CheckedText> checked = check_text(result.text, result.name, *network, text.body, output_names, options.installed_dirs);
  if (!checked) return checked.failure();
  const std::vector<NamedWeight>& weights = checked->weights;
  checked->ranges.source = fmt::format("as {} rounds its values", printable(origin.substr(0, 100)));
  if (!checked->ranges.values.empty()) result.ranges = print(checked->ranges);
  result.notes = network->notes;

  for (const Layer& layer : network->nodes) {
    result.layers += info(layer.op).layer.empty() ? 0 : 1;
    for (const LayerWeight& weight : layer.weights) result.parameters += static_cast<int64_t>(weight.values->size());
  }
  if (!weights.empty()) result.weights = safetensors_of(weights);
  return result;
}

Result<Imported> import_onnx(const std::string& path, const ImportOptions& options) {
  const Result<Model> model = read_onnx(path, options.folders);
  if (!model) return model.failure();
  Result<Imported> result = import_model(*model, std::filesystem::path(path).filename().string(), options);
  if (result) result->files = model->files;
  if (!result && result.failure().blame != Blame::bug && result.failure().blame != Blame::command) {
    return Failure{fmt::format("cannot import '{}': {}", path, result.failure().text), result.failure().blame};
  }
  return result;
}

}  // namespace resnetc::importer

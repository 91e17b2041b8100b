/// \file The data of `explain`'s page: each layer after each step, each kernel, and the place of each tensor.
#include <fmt/format.h>
#include <llvm/Support/JSON.h>

#include <algorithm>
#include <map>
#include <set>

#include "inspect/report.h"
#include "ir/topology_summary.h"
#include "passes/lineage.h"
#include "support/json.h"

namespace resnetc::inspect {

namespace {

namespace json = llvm::json;

/// Stores equal texts once.
class Pool {
 public:
  int64_t add(std::string text) {
    const auto [it, added] = places_.emplace(std::move(text), static_cast<int64_t>(texts_.size()));
    if (added) texts_.push_back(json_string(it->first));
    return it->second;
  }
  json::Array take() { return std::move(texts_); }

 private:
  std::map<std::string, int64_t> places_;
  json::Array texts_;
};

/// A layer, an edge or the input, with the stage and the block that contain it.
struct Layer {
  std::string name, kind, what, edge;
  const topology::Node* node = nullptr;  ///< null: the input
  std::string stage;
  const topology::Node* block = nullptr;
  Location at;
};

void collect(const topology::Network& network, const std::vector<topology::Node>& nodes, const std::string& stage,
             const topology::Node* block, std::vector<Layer>& into) {
  for (const topology::Node& node : nodes) {
    collect(network, node.children, node.kind == topology::NodeKind::stage ? node.label : stage,
            node.kind == topology::NodeKind::block ? &node : block, into);
    if (!makes_value(node.kind)) continue;
    Layer layer{network.value(node.result).name, "layer", "", "", &node, stage, block, node.at};
    switch (node.kind) {
      case topology::NodeKind::skip:
      case topology::NodeKind::concat:
        layer.kind = topology::word(node.kind);
        layer.what = topology::words(node) + " edge";
        layer.edge = topology::described_source(network, node);
        break;
      case topology::NodeKind::gate: layer.kind = layer.what = "gate"; break;
      case topology::NodeKind::layer:
      case topology::NodeKind::from:
      case topology::NodeKind::block:
      case topology::NodeKind::stage: layer.what = topology::described(network, node); break;
    }
    into.push_back(std::move(layer));
  }
}

class Data {
 public:
  Data(const Compilation& compilation, const Sources& sources)
      : c_(compilation), sources_(sources), network_(typed_topology()), program_(std::get<program::Program>(compilation.phases.back().ir)) {
    layers_.push_back({network_.value(network_.input.value).name, "input", "input", "", nullptr, "", nullptr, network_.input.at});
    collect(network_, network_.body, "", nullptr, layers_);
  }

  std::string run() {
    json::Object all{{"title", json_string(c_.title)}, {"target", json_string(c_.target)}, {"version", json_string(c_.version)}};
    all["phases"] = phases();  // this also finds each layer's kernel
    all["layers"] = layers();
    all["kernels"] = kernels();
    all["memory"] = memory();
    all["stages"] = stages();
    all["files"] = files();
    json::Array kinds;
    for (const CodeKind& kind : c_.kinds)
      kinds.push_back(json::Object{
          {"name", json_string(kind.name)}, {"title", json_string(kind.title)}, {"description", json_string(kind.description)}});
    all["kinds"] = std::move(kinds);
    if (c_.times) all["times"] = json::Object{{"source", json_string(c_.times->source)}, {"run_ms", c_.times->run_ms}};
    all["texts"] = pool_.take();
    return fmt::format("{}", llvm::formatv("{0}", json::Value(std::move(all))).str());
  }

 private:
  /// The network as the user wrote it, from the first phase in which its shapes are known. Later passes may remove blocks.
  const topology::Network& typed_topology() const {
    const auto* best = &std::get<topology::Network>(c_.phases.front().ir);
    for (const Phase& phase : c_.phases) {
      const auto* network = std::get_if<topology::Network>(&phase.ir);
      if (network == nullptr) break;
      best = network;
      if (std::all_of(network->values.begin(), network->values.end(), [](const auto& value) { return value.type.has_value(); })) break;
    }
    return *best;
  }

  /// The phases, and for each layer and phase the text of the element that then does the layer's work.
  json::Array phases() {
    json::Array out;
    std::vector<std::string> names;  // name for each layer after this step; empty: the layer has gone
    for (const Layer& layer : layers_) names.push_back(layer.name);
    for (size_t p = 0; p < c_.phases.size(); ++p) {
      const Phase& phase = c_.phases[p];
      if (p != 0) follow(c_.phases[p - 1].ir, phase.ir, names);
      const Excerpts excerpts = passes::excerpts(phase.ir, sources_);
      std::map<std::string, int64_t> texts;
      json::Array of;
      for (const std::string& name : names) {
        if (name.empty()) {
          of.push_back(-1);
          continue;
        }
        const auto [it, added] = texts.emplace(name, -1);
        if (added) it->second = pool_.add(text_of(excerpts, name));
        of.push_back(it->second);
      }
      json::Array remarks;
      for (const passes::Remark& remark : c_.remarks) {
        if (remark.pass == phase.name)
          remarks.push_back(json::Object{{"layer", json_string(remark.value)}, {"text", json_string(remark.text)}});
      }
      out.push_back(json::Object{{"name", json_string(phase.name)},
                                 {"level", passes::level_name(passes::level_of(phase.ir))},
                                 {"description", json_string(phase.description)},
                                 {"order", json_string(phase.order)},
                                 {"ms", phase.seconds * 1e3},
                                 {"changed", phase.changed},
                                 {"elements", static_cast<int64_t>(passes::elements(phase.ir).size())},
                                 {"text_of", std::move(of)},
                                 {"remarks", std::move(remarks)}});
    }
    std::map<std::string_view, int64_t> kernel_named;
    for (size_t k = 0; k < program_.kernels.size(); ++k) {
      if (program_.kernels[k].kind != program::KernelKind::store) kernel_named[program_.kernels[k].name] = static_cast<int64_t>(k);
    }
    for (const std::string& name : names) {
      const auto found = kernel_named.find(name);
      kernel_of_.push_back(found == kernel_named.end() ? -1 : found->second);
    }
    return out;
  }

  static std::string text_of(const Excerpts& excerpts, const std::string& name) {
    const auto found = excerpts.find(name);
    return found == excerpts.end() ? std::string() : found->second;
  }

  static void follow(const passes::AnyIr& before, const passes::AnyIr& after, std::vector<std::string>& names) {
    const passes::Lineage to = passes::lineage(before, after);
    for (std::string& name : names) {
      const auto found = to.find(name);
      name = found == to.end() ? "" : found->second;
    }
  }

  json::Value place(Location at) {
    if (!at.known()) return nullptr;
    const auto [it, added] = file_numbers_.emplace(at.file, static_cast<int64_t>(file_numbers_.size()));
    return json::Object{{"file", it->second}, {"line", at.line}, {"column", at.column}, {"length", at.length}};
  }

  json::Array layers() {
    json::Array out;
    for (size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i];
      const topology::ValueId value = layer.node == nullptr ? network_.input.value : layer.node->result;
      json::Object one{{"name", json_string(layer.name)},
                       {"kind", layer.kind},
                       {"what", json_string(layer.what)},
                       {"shape", topology::shape(network_, value)},
                       {"stage", json_string(layer.stage)},
                       {"kernel", kernel_of_[i]},
                       {"at", place(layer.at)}};
      if (layer.node != nullptr && layer.node->kind == topology::NodeKind::layer) {
        const topology::Cost cost = topology::cost(network_, *layer.node);
        one["parameters"] = cost.parameters;
        one["multiply_adds"] = cost.multiply_adds;
        one["input"] = topology::shape(network_, layer.node->input);
        if (!layer.node->weights.empty()) one["weights"] = json_string(layer.node->weights);
      }
      if (!layer.edge.empty()) {
        one["edge"] = json_string(layer.edge);
        one["meets"] = json::Array{end(layer.node->input), end(layer.node->list_result)};
      }
      if (layer.block != nullptr) {
        one["block"] = json::Object{{"label", json_string(layer.block->label)},
                                    {"kind", json_string(topology::described(layer.block->block_kind))},
                                    {"definition", json_string(layer.block->definition)},
                                    {"at", place(layer.block->at)}};
      }
      out.push_back(std::move(one));
    }
    return out;
  }

  /// A value that meets another one at an edge.
  json::Object end(topology::ValueId value) const {
    return json::Object{{"name", json_string(network_.value(value).name)}, {"shape", topology::shape(network_, value)}};
  }

  static bool in_same_block(const Layer& layer, std::string_view name) {
    return layer.block == nullptr || name.starts_with(layer.block->label + ".");
  }

  json::Array kernels() {
    json::Array out;
    const Excerpts excerpts = passes::excerpts(c_.phases.back().ir, sources_);
    std::vector<json::Array> layers_of(program_.kernels.size());
    for (size_t i = 0; i < layers_.size(); ++i) {
      if (kernel_of_[i] >= 0) layers_of[static_cast<size_t>(kernel_of_[i])].push_back(static_cast<int64_t>(i));
    }
    for (size_t k = 0; k < program_.kernels.size(); ++k) {
      const program::Kernel& kernel = program_.kernels[k];
      const program::KernelCost cost = program::cost_of(program_, kernel);
      json::Array layers = std::move(layers_of[k]);
      // A kernel that a pass has added belongs to the layer that it was made from.
      for (size_t i = 0; layers.empty() && kernel.kind != program::KernelKind::store && i < layers_.size(); ++i) {
        if (layers_[i].at == kernel.at && in_same_block(layers_[i], kernel.name)) layers.push_back(static_cast<int64_t>(i));
      }
      json::Object one{{"name", json_string(kernel.name)},
                       {"kind", json_string(program::to_string(kernel.kind))},
                       {"algorithm", json_string(program::algorithm_of(kernel))},
                       {"reason", json_string(kernel.reason)},
                       {"multiply_adds", kernel.multiply_adds},
                       {"done", cost.multiply_adds},
                       {"weight_bytes", cost.weight_bytes},
                       {"tensor_bytes", cost.tensor_bytes},
                       {"text", pool_.add(text_of(excerpts, kernel.name))},
                       {"layers", std::move(layers)}};
      if (k < c_.code_of.size()) one["code"] = static_cast<int64_t>(c_.code_of[k]);
      if (c_.times && k < c_.times->kernels.size()) {
        const Times::Kernel& time = c_.times->kernels[k];
        one["ms"] = time.ms;
        one["roof"] = json_string(time.roof);
        one["share"] = time.share;
      }
      out.push_back(std::move(one));
    }
    return out;
  }

  /// The tensors, with the first and last kernel of their lives.
  json::Object memory() {
    std::vector<std::pair<int64_t, int64_t>> life(program_.tensors.size(), {-1, -1});
    for (size_t k = 0; k < program_.kernels.size(); ++k) {
      const program::Kernel& kernel = program_.kernels[k];
      const auto use = [&](program::TensorId id) {
        for (program::TensorId one : {id, program::whole_of(program_, id)}) {
          auto& [first, last] = life[static_cast<size_t>(one)];
          if (first < 0) first = static_cast<int64_t>(k);
          last = static_cast<int64_t>(k);
        }
      };
      if (kernel.out != program::none) use(kernel.out);
      for (program::TensorId id : program::reads(kernel)) use(id);
    }
    json::Array tensors;
    for (size_t t = 0; t < program_.tensors.size(); ++t) {
      const program::Tensor& tensor = program_.tensors[t];
      tensors.push_back(json::Object{{"name", json_string(tensor.name)},
                                     {"shape", resnetc::to_string(tensor.type)},
                                     {"halo", resnetc::to_string(tensor.halo)},
                                     {"offset", tensor.offset},
                                     {"bytes", tensor.picture_bytes()},
                                     {"first", life[t].first},
                                     {"last", life[t].second}});
    }
    return json::Object{{"bytes", program_.arena_bytes}, {"tensors", std::move(tensors)}};
  }

  /// The sums over each stage, and over the layers between stages.
  json::Array stages() {
    struct Sum {
      std::string label;
      topology::Cost cost;
      int64_t layers = 0;
      std::set<int64_t> kernels;
    };
    std::vector<Sum> sums;
    for (size_t i = 0; i < layers_.size(); ++i) {
      if (sums.empty() || sums.back().label != layers_[i].stage) sums.push_back({layers_[i].stage, {}, 0, {}});
      if (layers_[i].node != nullptr && layers_[i].node->kind == topology::NodeKind::layer) {
        sums.back().cost += topology::cost(network_, *layers_[i].node);
      }
      ++sums.back().layers;
      if (kernel_of_[i] >= 0) sums.back().kernels.insert(kernel_of_[i]);
    }
    json::Array out;
    for (const Sum& sum : sums) {
      out.push_back(json::Object{{"label", json_string(sum.label)},
                                 {"layers", sum.layers},
                                 {"parameters", sum.cost.parameters},
                                 {"multiply_adds", sum.cost.multiply_adds},
                                 {"kernels", json::Array(std::vector<int64_t>(sum.kernels.begin(), sum.kernels.end()))}});
    }
    return out;
  }

  json::Array files() const {
    std::vector<FileId> ids(file_numbers_.size());
    for (const auto& [id, number] : file_numbers_) ids[static_cast<size_t>(number)] = id;
    json::Array out;
    for (FileId id : ids) out.push_back(json::Object{{"name", json_string(sources_.name(id))}, {"text", json_string(sources_.text(id))}});
    return out;
  }

  const Compilation& c_;
  const Sources& sources_;
  const topology::Network& network_;
  const program::Program& program_;
  std::vector<Layer> layers_;
  std::vector<int64_t> kernel_of_;  ///< kernel of each layer; -1: none
  std::map<FileId, int64_t> file_numbers_;
  Pool pool_;
};

}  // namespace

std::string report_data(const Compilation& compilation, const Sources& sources) { return Data(compilation, sources).run(); }

}  // namespace resnetc::inspect

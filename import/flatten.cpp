/// \file Walks the model's graph, its functions and its branches once, in their order.
#include "import/flatten.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "import/fold.h"
#include "import/quantized_operators.h"
#include "import/rewrite/rewrite.h"
#include "import/shapes.h"
#include "ir/forms/text.h"
#include "ir/tensor_type.h"
#include "support/suggest.h"

namespace resnetc::importer {
namespace {

/// Whether a text is a letter or '_', then letters, digits and '_'.
bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// Whether a dimension's name is one that people gave. Exporters make others, such as '?' and tf2onnx's 'unk__1986'.
bool is_given(std::string_view text) { return is_name(text) && !text.starts_with("unk__"); }

using flat::no_value;
using flat::ValueId;
using text::shown;

constexpr size_t max_operators = 200'000;  ///< after inlining; a ResNet-1202 has 5,000
constexpr int max_nesting = 50;            ///< of functions and branches in one another
constexpr int64_t spare_elements = 1 << 22;

class Flattener {
 public:
  Flattener(const Model& model, const Settings& settings, std::string up_to)
      : model_(model), settings_(settings), up_to_(std::move(up_to)) {}

  Result<flat::Graph> run() {
    result_.opset = model_.opset;
    result_.from_tensorflow = model_.producer == "tf2onnx";
    for (const auto& [name, tensor] : model_.graph.constants) budget_ += static_cast<int64_t>(tensor->size());
    budget_ = 4 * budget_ + spare_elements;
    Names names;
    define_constants(model_.graph, names);
    if (const Result<> good = input(names); !good) return good.failure();
    if (const Result<> good = nodes(model_.graph.nodes, names, nullptr, 0); !good) return good.failure();
    if (const Result<> good = outputs(names); !good) return good.failure();
    remove_unused();
    return std::move(result_);
  }

 private:
  using Names = std::map<std::string, ValueId, std::less<>>;

  ValueId add_value(std::string name, std::optional<Dims> dims = std::nullopt, TensorPtr constant = nullptr) {
    if (constant) {
      dims.emplace();
      for (const int64_t d : constant->shape) dims->push_back({d, 0});
    }
    result_.values.push_back({std::move(name), std::move(dims), std::move(constant), flat::no_node});
    return static_cast<ValueId>(result_.values.size() - 1);
  }

  void define_constants(const Graph& graph, Names& names) {
    for (const auto& [name, tensor] : graph.constants) names[name] = add_value(name, std::nullopt, tensor);
  }

  // Inputs and outputs

  /// The inputs that nodes read: exporters leave others behind, such as constants that were folded. Branches may read any.
  std::vector<const ValueInfo*> inputs_read() const {
    std::set<std::string_view> read;
    bool branches = false;
    for (const Node& node : model_.graph.nodes) {
      read.insert(node.inputs.begin(), node.inputs.end());
      for (const auto& [name, attribute] : node.attributes) branches |= attribute.kind == Attribute::Kind::graph;
    }
    for (const ValueInfo& output : model_.graph.outputs) read.insert(output.name);
    std::vector<const ValueInfo*> found;
    for (const ValueInfo& info : model_.graph.inputs) {
      if (branches || read.contains(info.name)) found.push_back(&info);
    }
    return found;
  }

  Result<> input(Names& names) {
    if (model_.graph.inputs.empty()) return Failure{"the model has no input"};
    const std::vector<const ValueInfo*> read = inputs_read();
    if (read.size() > 1) {
      std::string all;
      for (const ValueInfo* info : read) all += fmt::format("{}'{}'", all.empty() ? "" : ", ", shown(info->name));
      return Failure{
          fmt::format("the model has {} inputs: {}; a network has one: export it with the values of the others", read.size(), all)};
    }
    const ValueInfo& info = read.empty() ? model_.graph.inputs.front() : *read.front();
    const std::string what = fmt::format("the input '{}'", shown(info.name));
    static const std::set<std::string_view> floats{"FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE"};
    if (!floats.contains(info.type)) {
      return Failure{fmt::format("{} has the type {}; a network takes floats: export the model with an input of floats", what, info.type)};
    }
    if (!info.shaped || info.shape.size() < 2 || info.shape.size() > 4) {
      return Failure{
          fmt::format("{} has {}; a network takes pictures, [N, channels, height, width], lines, [N, channels, length], or "
                      "vectors, [N, features]",
                      what, info.shaped ? fmt::format("{} dimensions", info.shape.size()) : "no dimensions")};
    }
    const size_t rank = info.shape.size();
    std::vector<std::string_view> usual{"N", rank == 2 ? "features" : "channels", rank == 3 ? "length" : "height", "width"};
    usual.resize(rank);
    // Channels are never open, so where the last dimension is the only one that is not, they come last.
    const bool last = rank > 2 && info.shape.back().size > 0 &&
                      std::all_of(info.shape.begin() + 1, info.shape.end() - 1, [](const Dimension& d) { return d.size < 0; });
    if (last) std::rotate(usual.begin() + 1, usual.begin() + 2, usual.end());
    std::set<std::string, std::less<>> used;
    Dims dims;
    std::vector<std::string> open;
    for (size_t i = 0; i < rank; ++i) {
      const Dimension& d = info.shape[i];
      std::optional<int64_t> given;
      std::string_view by;
      for (const std::string_view name : {std::string_view(d.name), usual[i]}) {
        const auto found = settings_.find(name);
        if (name.empty() || found == settings_.end() || name == by) continue;
        if (given) return Failure{fmt::format("--set: '{}' and '{}' are the same dimension of {}", by, name, what), Blame::command};
        given = found->second;
        by = name;
        used.insert(found->first);
      }
      if (i == 0 && given.value_or(1) != 1) {
        return Failure{fmt::format("--set {}: the batch stays open in a network, so only 1 may be given", by), Blame::command};
      }
      if (i > 0 && given && d.size >= 0 && *given != d.size) {
        return Failure{
            fmt::format("--set {}: {} has {} = {} in the model, which --set cannot change: import it, then change the text's input line",
                        by, what, usual[i], d.size),
            Blame::command};
      }
      const int64_t size = given.value_or(d.size);
      if (size == 0 || size > max_elements) {
        return Failure{fmt::format("{} has a dimension of {}; at least 1 and at most {} are possible", what, size, max_elements),
                       given ? Blame::command : Blame::input};
      }
      dims.push_back({std::max<int64_t>(size, 0), size <= 0 && i == 0 ? 1 : 0});
      if (size < 0 && i > 0) open.push_back(fmt::format("'--set {}=...'", is_given(d.name) ? std::string_view(d.name) : usual[i]));
    }
    for (const auto& [name, value] : settings_) {
      if (used.contains(name)) continue;
      std::vector<std::string> known(usual.begin(), usual.end());
      for (const Dimension& d : info.shape) {
        if (is_given(d.name)) known.push_back(d.name);
      }
      return Failure{fmt::format("--set {}: {} has no such dimension; it has {}", shown(name), what, fmt::join(known, ", ")),
                     Blame::command};
    }
    if (!open.empty()) {
      open.erase(std::unique(open.begin(), open.end()), open.end());
      return Failure{fmt::format("{} has open dimensions: give them with {}", what, fmt::join(open, ", ")), Blame::command};
    }
    result_.batch = dims.front();
    result_.input_name = info.name;
    result_.input = names[info.name] = add_value(info.name, dims);
    return {};
  }

  Result<> outputs(const Names& names) {
    if (!up_to_.empty()) {
      const auto named = names.find(up_to_);
      ValueId found = named != names.end() ? named->second : no_value;
      std::vector<std::string_view> known;
      for (size_t i = 0; i < result_.values.size(); ++i) {
        if (found == no_value && result_.values[i].name == up_to_) found = static_cast<ValueId>(i);  // inside a function
        if (!result_.values[i].constant) known.emplace_back(result_.values[i].name);
      }
      for (const flat::Node& node : result_.nodes) {  // the name of a node stands for its first output
        if (found == no_value && !node.name.empty() && node.name == up_to_ && !node.outputs.empty()) found = node.outputs[0];
      }
      if (found == no_value) {
        return Failure{fmt::format("--up-to: the model has no value or node '{}'{}", shown(up_to_), suggestion(up_to_, known)),
                       Blame::command};
      }
      if (result_.values[static_cast<size_t>(found)].constant) {
        return Failure{fmt::format("--up-to: '{}' does not depend on the input", shown(up_to_)), Blame::command};
      }
      result_.outputs.emplace_back(up_to_, found);
      return {};
    }
    if (model_.graph.outputs.empty()) return Failure{"the model has no output"};
    for (const ValueInfo& info : model_.graph.outputs) {
      const auto found = names.find(info.name);
      if (found == names.end() || found->second == no_value) {
        return Failure{fmt::format("nothing makes the output '{}'", shown(info.name))};
      }
      result_.outputs.emplace_back(info.name, found->second);
    }
    return {};
  }

  // Nodes

  static std::string described(const Node& node) {
    std::string where = node.name.empty() ? "" : fmt::format("node '{}', ", shown(node.name));
    for (const std::string& output : node.outputs) {
      if (!output.empty()) {
        where += fmt::format("output '{}', ", shown(output));
        break;
      }
    }
    return fmt::format("'{}'{}", shown(node.op), where.empty() ? "" : fmt::format(" ({})", where.substr(0, where.size() - 2)));
  }

  /// `arguments`: the attributes of the call, in a function.
  Result<> nodes(const std::vector<Node>& list, Names& names, const Attributes* arguments, int depth) {
    for (const Node& node : list) {
      if (const Result<> good = this->node(node, names, arguments, depth); !good) return good;
    }
    return {};
  }

  Result<> node(const Node& node, Names& names, const Attributes* arguments, int depth) {
    if (++operators_ > max_operators) {
      return Failure{fmt::format("the model has more than {} operators with its functions", max_operators), Blame::limit};
    }
    flat::Node made;
    made.op = node.op;
    made.domain = node.domain;
    made.name = node.name;
    made.scope = node.scope;
    for (const std::string& name : node.inputs) {
      if (name.empty()) {
        made.inputs.push_back(no_value);
        continue;
      }
      const auto found = names.find(name);
      if (found == names.end()) {
        return Failure{
            fmt::format("{} reads '{}', which no weight, input or earlier node makes: the model has a cycle, or a part is missing",
                        described(node), shown(name))};
      }
      made.inputs.push_back(found->second);
    }
    while (!made.inputs.empty() && made.inputs.back() == no_value) made.inputs.pop_back();
    for (const auto& [name, attribute] : node.attributes) {
      if (attribute.kind != Attribute::Kind::reference) {
        made.attributes.emplace(name, attribute);
      } else if (arguments != nullptr) {
        if (const auto given = arguments->find(attribute.text); given != arguments->end()) made.attributes.emplace(name, given->second);
      }
    }
    if (const auto function = model_.functions.find({node.domain, node.op}); function != model_.functions.end()) {
      return call(node, function->second, made, names, depth);
    }
    const auto unused = [&](std::string name) {
      while (names.contains(name)) name += '\'';
      return name;
    };
    if (const std::vector<Node> spelled = without_integers(node, unused); !spelled.empty()) {
      return nodes(spelled, names, arguments, depth);
    }
    if (node.domain.empty()) {
      // An operator of this name is none of ONNX's own.
      if (std::find(std::begin(made_by_rewrites), std::end(made_by_rewrites), node.op) != std::end(made_by_rewrites))
        made.domain = "ai.onnx";
      if (node.op == "If") return branch(node, made, names, arguments, depth);
      if (node.op == "Loop" || node.op == "Scan") {
        return Failure{
            fmt::format("{} repeats a part of the network; a network is imported without loops: unroll it in the export", described(node))};
      }
      if (is_alias(made)) {
        if (made.inputs.empty() || made.inputs[0] == no_value) return Failure{fmt::format("{} has no input", described(node))};
        if (!node.outputs.empty()) names[node.outputs[0]] = made.inputs[0];
        return {};
      }
    }
    return operate(node, std::move(made), names);
  }

  /// Whether the output is the input.
  bool is_alias(const flat::Node& node) const {
    if (node.op == "Identity" || node.op == "Dropout") return true;
    if (node.op == "Cast" || node.op == "CastLike") {  // between types of floats; those of whole numbers are folded
      const bool constant = !node.inputs.empty() && node.inputs[0] != no_value && result_.value(node.inputs[0]).constant != nullptr;
      const int64_t to = flat::integer(node, "to", 1);
      return !constant && (to == 1 || to == 10 || to == 11 || to == 16);
    }
    return false;
  }

  Result<> operate(const Node& node, flat::Node made, Names& names) {
    std::vector<TensorPtr> constants(node.outputs.size());
    if (const TensorPtr value = made_constant(made)) {
      if (!constants.empty()) constants[0] = value;
    } else {
      made.outputs.assign(node.outputs.size(), no_value);  // fold() looks at their number
      const bool all = std::all_of(made.inputs.begin(), made.inputs.end(),
                                   [&](ValueId v) { return v == no_value || result_.value(v).constant != nullptr; });
      if (all && !made.inputs.empty()) {
        if (auto folded = fold(result_, made, std::min(budget_, max_computed_elements))) {
          constants = std::move(*folded);
          budget_ -= work_of_fold(result_, made, constants);
        }
      }
    }
    made.outputs.clear();
    bool folded = !node.outputs.empty();
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const TensorPtr& constant = i < constants.size() ? constants[i] : nullptr;
      if (node.outputs[i].empty()) {
        made.outputs.push_back(no_value);
        continue;
      }
      const ValueId value = add_value(node.outputs[i], std::nullopt, constant);
      made.outputs.push_back(value);
      names[node.outputs[i]] = value;
      folded &= constant != nullptr;
    }
    if (folded) return {};
    for (const ValueId value : made.outputs) {
      if (value != no_value) result_.value(value).producer = static_cast<flat::NodeId>(result_.nodes.size());
    }
    infer_dims(result_, made);
    result_.nodes.push_back(std::move(made));
    return {};
  }

  /// What Constant, Shape and Size make; null if it is not known.
  TensorPtr made_constant(const flat::Node& node) const {
    if (!node.domain.empty()) return nullptr;
    if (node.op == "Constant") {
      Tensor t;
      for (const auto& [name, a] : node.attributes) {
        if (name == "value" && a.kind == Attribute::Kind::tensor) return a.tensor;
        if (name == "value_float" && a.kind == Attribute::Kind::real) return reals_of({}, {a.real});
        if (name == "value_floats" && a.kind == Attribute::Kind::reals) {
          return reals_of({static_cast<int64_t>(a.reals.size())}, a.reals);
        }
        if (name == "value_int" && a.kind == Attribute::Kind::integer) {
          t.elements = Elements::whole;
          t.wholes = {{a.integer, 0}};
          return std::make_shared<const Tensor>(std::move(t));
        }
        if (name == "value_ints" && a.kind == Attribute::Kind::integers) {
          std::vector<Whole> wholes;
          for (const int64_t i : a.integers) wholes.push_back({i, 0});
          return list_of(std::move(wholes));
        }
      }
      return nullptr;
    }
    if ((node.op != "Shape" && node.op != "Size") || node.inputs.size() != 1 || node.inputs[0] == no_value) return nullptr;
    const std::optional<Dims>& dims = result_.value(node.inputs[0]).dims;
    if (!dims) return nullptr;
    if (node.op == "Size") {
      std::optional<Whole> product = Whole{1, 0};
      for (const Whole& d : *dims) product = product ? times(*product, d) : std::nullopt;
      if (!product) return nullptr;
      return std::make_shared<const Tensor>(Tensor{Elements::whole, {}, {}, {}, {*product}});
    }
    const int64_t rank = static_cast<int64_t>(dims->size());
    const auto clamped = [rank](int64_t at) { return std::clamp<int64_t>(at < 0 ? std::max(at, -rank) + rank : at, 0, rank); };
    const int64_t start = clamped(flat::integer(node, "start", 0)), end = clamped(flat::integer(node, "end", rank));
    return list_of(start < end ? Dims(dims->begin() + start, dims->begin() + end) : Dims{});
  }

  Result<> call(const Node& node, const Function& function, const flat::Node& made, Names& names, int depth) {
    if (depth >= max_nesting || active_.contains(&function)) {
      return Failure{fmt::format("{}: the model's functions call one another without end", described(node))};
    }
    Names inside;
    for (size_t i = 0; i < function.inputs.size() && i < made.inputs.size(); ++i) {
      if (made.inputs[i] != no_value) inside[function.inputs[i]] = made.inputs[i];
    }
    Attributes arguments = made.attributes;
    for (const auto& [name, value] : function.defaults) arguments.emplace(name, value);
    active_.insert(&function);
    const Result<> done = nodes(function.nodes, inside, &arguments, depth + 1);
    active_.erase(&function);
    if (!done) return done;
    return take_outputs(node, function.outputs, inside, names);
  }

  Result<> take_outputs(const Node& node, const std::vector<std::string>& made, const Names& inside, Names& names) {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      const auto found = i < made.size() ? inside.find(made[i]) : inside.end();
      if (found == inside.end()) return Failure{fmt::format("{}: nothing makes its output {}", described(node), i + 1)};
      names[node.outputs[i]] = found->second;
      flat::Value& value = result_.value(found->second);
      if (value.producer != flat::no_node) value.name = node.outputs[i];  // the outer name is the one that a user sees
    }
    return {};
  }

  Result<> branch(const Node& node, const flat::Node& made, Names& names, const Attributes* arguments, int depth) {
    const TensorPtr condition = result_.constant(made, 0);
    if (!condition || condition->elements == Elements::real || condition->size() != 1 || !condition->wholes[0].known()) {
      return Failure{fmt::format("{} depends on the picture; a network has no branches that do", described(node))};
    }
    const auto found = made.attributes.find(condition->wholes[0].fixed != 0 ? "then_branch" : "else_branch");
    if (found == made.attributes.end() || !found->second.graph) return Failure{fmt::format("{} lacks a branch", described(node))};
    if (depth >= max_nesting) return Failure{fmt::format("{}: branches are nested too deep", described(node))};
    const Graph& graph = *found->second.graph;
    Names inside = names;  // a branch sees what is outside
    define_constants(graph, inside);
    if (const Result<> done = nodes(graph.nodes, inside, arguments, depth + 1); !done) return done;
    std::vector<std::string> outputs;
    for (const ValueInfo& info : graph.outputs) outputs.push_back(info.name);
    return take_outputs(node, outputs, inside, names);
  }

  /// Marks what leads to no output as dead.
  void remove_unused() {
    std::vector<bool> used(result_.values.size());
    for (const auto& [name, value] : result_.outputs) used[static_cast<size_t>(value)] = true;
    for (size_t i = result_.nodes.size(); i-- > 0;) {
      flat::Node& node = result_.nodes[i];
      node.dead =
          std::none_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return v != no_value && used[static_cast<size_t>(v)]; });
      if (node.dead) continue;
      for (const ValueId v : node.inputs) {
        if (v != no_value) used[static_cast<size_t>(v)] = true;
      }
    }
  }

  const Model& model_;
  const Settings& settings_;
  std::string up_to_;
  flat::Graph result_;
  size_t operators_ = 0;
  int64_t budget_ = 0;  ///< elements and multiply-adds that may still be computed
  std::set<const Function*> active_;
};

}  // namespace

Result<flat::Graph> flatten(const Model& model, const Settings& settings, const std::string& up_to) {
  return Flattener(model, settings, up_to).run();
}

}  // namespace resnetc::importer

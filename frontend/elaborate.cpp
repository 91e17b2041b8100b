/// \file Turns a syntax tree into a topology. Statements run in order, as in an interpreter, and make nodes.
#include "frontend/elaborate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "frontend/arguments.h"
#include "frontend/messages.h"
#include "frontend/resolve_input.h"
#include "frontend/scope.h"
#include "frontend/unused_values.h"
#include "ir/foreign_layers.h"
#include "ir/topology_summary.h"
#include "support/suggest.h"

namespace resnetc {
namespace {

using ast::Statement;
using topology::no_value;
using topology::Node;
using topology::NodeKind;
using topology::ValueId;

constexpr int max_depth = 60;         ///< nesting depth of blocks, lists and repeats, over which every later pass recurses
constexpr size_t max_nodes = 50'000;  ///< a ResNet-1202 has 5,000
constexpr int64_t max_steps = 1'000'000;
constexpr size_t max_path = 500;

/// The place into which statements put the nodes that they make.
struct Body {
  std::string_view word;  ///< "network", "block", "stage" or "list"
  std::vector<Node>* nodes = nullptr;
  std::string path;       ///< prefix of the names inside: "layer2.0"
  bool indexed = false;   ///< whether this is a stage or list: names come from the child's index, not from its label
  ValueId in = no_value;  ///< the value that `in` means
  int64_t next_index = 0;
  std::map<Location, uint64_t> copies = {};  ///< how often a label in quotes has been met
  bool weights = false;                      ///< whether anything inside has weights
  bool skips = false;                        ///< whether there is a skip edge directly inside
  bool projections = false;                  ///< whether one of the skip edges has weights
};

class Elaborator {
 public:
  Elaborator(const ast::Definition& definition, const BlockTable& blocks, Diagnostics& diagnostics, Reporter& reporter,
             ValuesInCopies* values)
      : definition_(definition),
        blocks_(blocks),
        diagnostics_(diagnostics),
        reporter_(reporter),
        values_(values),
        errors_before_(diagnostics.error_count()) {}

  std::optional<topology::Network> run(const FrontendOptions& options) {
    network_.name = definition_.name.text;
    network_.at = definition_.name.at;
    Scope scope;
    set_parameters(options, scope);
    Body body{"network", &network_.body, ""};
    body_ = &body;
    statements(definition_.body, body, scope);
    if (!stopped_ && network_.input.value == no_value) {
      reporter_.error(definition_.name.at, fmt::format(message::no_input, network_.name));
    } else if (!stopped_ && network_.outputs.empty()) {
      reporter_.error(definition_.end, fmt::format(message::no_output, network_.name));
    }
    if (diagnostics_.error_count() != errors_before_) return std::nullopt;
    warn_of_unused_values(network_, reporter_);
    return std::move(network_);
  }

  /// Checks a block that nobody calls, only to find errors. Returns false when all work that this may take is used up.
  bool check(const std::set<std::string, std::less<>>& elsewhere) {
    elsewhere_ = &elsewhere;
    Scope scope;
    for (const ast::Parameter& parameter : definition_.parameters) {
      if (parameter.value) evaluate(*parameter.value, scope, reporter_);
      scope.names.emplace(parameter.name.text, Binding{std::nullopt, parameter.name.at});
    }
    std::vector<Node> nodes;
    Body body{"block", &nodes, ""};
    body.in = current_ = make_value("in", definition_.name.at);
    active_.push_back(&definition_);
    statements(definition_.body, body, scope);
    return !stopped_;
  }

 private:
  /// Whether a block is checked alone, so that the values of its parameters are unknown.
  bool alone() const { return elsewhere_ != nullptr; }

  Space space() const { return alone() ? Space::unknown : space_of(network_.input.buffer.type); }

  void record(const Binding& binding) {
    if (values_ && binding.value) (*values_)[binding.at].insert(*binding.value);
  }

  void set_parameters(const FrontendOptions& options, Scope& scope) {
    std::map<std::string_view, int64_t> given;
    for (const auto& [name, value] : options.parameters) {
      const auto declared = [&name = name](const ast::Parameter& p) { return p.name.text == name; };
      if (std::none_of(definition_.parameters.begin(), definition_.parameters.end(), declared)) {
        std::vector<std::string_view> names;
        for (const ast::Parameter& p : definition_.parameters) names.push_back(p.name.text);
        diagnostics_
            .error(definition_.name.at,
                   fmt::format(message::set_unknown, name, network_.name, shown_parameters(definition_), suggestion(name, names)))
            .blame = Blame::command;
      } else if (!given.emplace(name, value).second) {
        diagnostics_.error(definition_.name.at, fmt::format(message::set_twice, name)).blame = Blame::command;
      }
    }
    for (const ast::Parameter& parameter : definition_.parameters) {
      Binding binding{std::nullopt, parameter.name.at};
      if (const auto found = given.find(parameter.name.text); found != given.end()) {
        binding.value = found->second;
      } else if (parameter.value) {
        binding.value = evaluate(*parameter.value, scope, reporter_);
      } else {
        reporter_.error(parameter.name.at, fmt::format(message::parameter_without_value, parameter.name.text, parameter.name.text));
      }
      if (binding.value) network_.parameters.push_back({std::string(parameter.name.text), *binding.value});
      scope.names.emplace(parameter.name.text, binding);
      record(binding);
    }
  }

  // Bounds

  void stop(Location at, std::string text) {
    // Limits apply to a network. A network that uses the block may need less.
    if (!alone()) reporter_.error_in_use(at, std::move(text));
    stopped_ = true;
  }

  bool step(Location at) {
    if (!stopped_ && ++reporter_.steps > max_steps) stop(at, fmt::format(message::too_much_work, max_steps));
    // Errors past the limit would not be shown, so looking for more would only take time.
    if (diagnostics_.error_count() >= Diagnostics::limit) stopped_ = true;
    return !stopped_;
  }

  Node* add(Body& body, Node node) {
    if (++nodes_ > max_nodes) stop(node.at, fmt::format(message::too_many_nodes, max_nodes));
    return &body.nodes->emplace_back(std::move(node));
  }

  // Names

  /// The part of weights' names that a label in quotes is. In the copies of a repeat, a number at its end counts up.
  static std::string counted(const ast::Name& label, Body& body) {
    const uint64_t copy = body.copies[label.at]++;
    const size_t digits = label.text.find_last_not_of("0123456789") + 1;
    uint64_t number = 0;
    const char* const end = label.text.data() + label.text.size();
    const bool fits = std::from_chars(label.text.data() + digits, end, number).ec == std::errc{};
    if (copy == 0 || !fits || number + copy < number) return std::string(label.text);
    return fmt::format("{}{}", label.text.substr(0, digits), number + copy);
  }

  /// The part of weights' names that a layer or block is: its label in quotes, its number, its label, or `otherwise`.
  static std::string part_of(const Statement& s, std::string_view otherwise, Body& body) {
    const int64_t index = body.indexed ? body.next_index++ : 0;
    if (s.label && s.label->quoted) return counted(*s.label, body);
    if (body.indexed) return std::to_string(index);
    return std::string(s.label ? s.label->text : otherwise);
  }

  std::string join(const Body& body, std::string_view part, Location at) {
    std::string path = body.path.empty() ? std::string(part) : fmt::format("{}.{}", body.path, part);
    if (path.size() > max_path) {
      stop(at, fmt::format(message::path_too_long, max_path));
      path.resize(max_path);
    }
    return path;
  }

  /// `base`, or `base` with the first number from 2 that makes it a new name.
  std::string unique(const std::string& base) {
    int64_t& count = names_[base];
    if (++count == 1) return base;
    for (;; ++count) {
      std::string numbered = fmt::format("{}{}", base, count);
      if (names_.emplace(numbered, 1).second) return numbered;
    }
  }

  ValueId make_value(std::string name, Location at) {
    network_.values.push_back({std::move(name), std::nullopt, at});
    return static_cast<ValueId>(network_.values.size() - 1);
  }

  void define_label(const ast::Name& name, ValueId value, Scope& scope) {
    if (name.quoted) return;
    const auto [found, fresh] = scope.labels.emplace(name.text, Label{value, name.at});
    if (fresh) return;
    if (uncertain_.contains(found->second.at)) {
      found->second = Label{value, name.at};
      return;
    }
    Diagnostic* d = reporter_.error(name.at, fmt::format(message::label_twice, name.text));
    if (d) d->note(found->second.at, message::first_here);
  }

  /// The value that `from` names; after an error, the current value.
  ValueId source(const ast::Name& name, const Body& body, const Scope& scope) {
    if (name.text == "in") return body.in;
    const Label* label = scope.find_label(name.text);
    if (!label) {
      std::string advice = suggestion(name.text, scope.all_labels());
      if (advice.empty()) advice = "; write 'in', or a label that stands above in the same block, stage or network";
      reporter_.error(name.at, fmt::format(message::unknown_label, name.text, advice));
      return current_;
    }
    if (label->value == no_value) {
      Diagnostic* d = reporter_.error(name.at, fmt::format(message::list_label, name.text));
      if (d) d->note(label->at, message::defined_here);
      return current_;
    }
    return label->value;
  }

  /// Records that a layer's weights are called `stem`.
  void claim_weights(const std::string& stem, Location at) {
    if (branches_ != 0) return;  // only one of the two branches may be taken
    const auto [found, fresh] = weights_.emplace(stem, at);
    if (fresh) return;
    Diagnostic* d = reporter_.error_in_use(at, fmt::format(message::weights_twice, stem));
    if (d && found->second != at) d->note(found->second, message::first_here);
  }

  // Statements

  void statements(const std::vector<Statement>& list, Body& body, Scope& scope) {
    if (++depth_ > max_depth && !list.empty()) stop(list.front().at, fmt::format(message::too_deep, max_depth));
    for (const Statement& s : list) {
      if (!step(s.at)) break;
      if (ended_.known()) {
        Diagnostic* d = reporter_.error(s.at, fmt::format(message::after_output, network_.outputs.back().name));
        if (d) d->note(ended_, message::ends_here);
        stopped_ = true;
        break;
      }
      statement(s, body, scope);
    }
    --depth_;
  }

  void statement(const Statement& s, Body& body, Scope& scope) {
    switch (s.kind) {
      case ast::StatementKind::let: return let(s, scope);
      case ast::StatementKind::repeat: return repeat(s, body, scope);
      case ast::StatementKind::condition: return condition(s, body, scope);
      case ast::StatementKind::input: return input(s, body, scope);
      case ast::StatementKind::output: return output(s, body, scope);
      case ast::StatementKind::call: return if_there_is_a_value(s, [&] { call(s, body, scope); });
      case ast::StatementKind::stage: return if_there_is_a_value(s, [&] { stage(s, body, scope); });
      case ast::StatementKind::skip: return if_there_is_a_value(s, [&] { skip(s, body, scope); });
      case ast::StatementKind::concat: return if_there_is_a_value(s, [&] { concat(s, body, scope); });
      case ast::StatementKind::from: return if_there_is_a_value(s, [&] { from(s, body, scope); });
      case ast::StatementKind::gate: return if_there_is_a_value(s, [&] { gate(s, body, scope); });
    }
  }

  template <class Elaborate>
  void if_there_is_a_value(const Statement& s, Elaborate elaborate) {
    if (current_ == no_value) return stop(s.at, fmt::format(message::no_input_yet, network_.name));
    elaborate();
  }

  void let(const Statement& s, Scope& scope) {
    const auto [found, fresh] = scope.names.emplace(s.name.text, Binding{std::nullopt, s.name.at});
    if (!fresh && !uncertain_.contains(found->second.at)) {
      Diagnostic* d = reporter_.error(s.name.at, fmt::format(message::name_twice, s.name.text));
      if (d) d->note(found->second.at, message::first_here);
      return;
    }
    // The name becomes visible after its own expression, so in a copy of a repeat, `let w = 2 * w` reads the outer one.
    scope.names.erase(found);
    const Binding binding{evaluate(s.expr, scope, reporter_), s.name.at};
    scope.names.emplace(s.name.text, binding);
    record(binding);
  }

  void repeat(const Statement& s, Body& body, Scope& scope) {
    int64_t count = evaluate(s.expr, scope, reporter_).value_or(1);
    if (count < 0) {
      reporter_.error_in_use(s.expr.at, fmt::format(message::negative_repeat, count));
      count = 1;
    }
    const size_t errors = reporter_.error_count();
    for (int64_t i = 0; i < count && step(s.at); ++i) {
      if (i >= 2 && (alone() || reporter_.error_count() != errors)) break;  // further copies have the same mistakes
      Scope copy{&scope, {}, {}};
      statements(s.body, body, copy);
    }
  }

  void condition(const Statement& s, Body& body, Scope& scope) {
    const std::optional<int64_t> value = evaluate(s.expr, scope, reporter_);
    if (!value && alone()) {
      branch(s.body, body, scope);
      branch(s.otherwise, body, scope);
    } else {
      statements(value.value_or(1) != 0 ? s.body : s.otherwise, body, scope);
    }
  }

  /// One side of an `if` whose condition is unknown. Its names are visible afterwards, but do not prevent others from using them.
  void branch(const std::vector<Statement>& list, Body& body, Scope& scope) {
    Scope inside{&scope, {}, {}};
    ++branches_;
    statements(list, body, inside);
    --branches_;
    for (const auto& [name, binding] : inside.names) uncertain_.insert(binding.at);
    for (const auto& [name, label] : inside.labels) uncertain_.insert(label.at);
    scope.names.merge(inside.names);
    scope.labels.merge(inside.labels);
  }

  void input(const Statement& s, Body& body, Scope& scope) {
    if (&body != body_) {
      reporter_.error(s.at, fmt::format(message::input_place, body.word));
      return;
    }
    if (network_.input.value != no_value) {
      Diagnostic* d = reporter_.error(s.at, message::second_input);
      if (d) d->note(network_.input.at, message::first_here);
      return;
    }
    network_.input.name = s.name.text;
    network_.input.at = s.at;
    network_.input.buffer = resolve_input(*s.input, scope, reporter_);
    current_ = network_.input.value = body.in = make_value(unique(network_.input.name), s.at);
    network_.value(current_).type = value_type(network_.input.buffer);
    define_label(s.name, current_, scope);
  }

  void output(const Statement& s, Body& body, Scope& scope) {
    if (&body != body_) {
      reporter_.error(s.at, fmt::format(message::output_place, body.word));
      return;
    }
    if (current_ == no_value) return stop(s.at, fmt::format(message::no_input_yet, network_.name));
    const ValueId value = s.source ? source(*s.source, body, scope) : current_;
    // After an error, the value may be the input because a layer was left out.
    if (value == network_.input.value && diagnostics_.error_count() == errors_before_) {
      reporter_.error(s.source ? s.source->at : s.name.at, fmt::format(message::output_is_input, s.name.text));
    }
    const auto [found, fresh] = ports_.emplace(s.name.text, s.name.at);
    if (!fresh || s.name.text == network_.input.name) {
      Diagnostic* d = reporter_.error(s.name.at, fmt::format(message::output_twice, s.name.text));
      if (d) d->note(fresh ? network_.input.at : found->second, message::first_here);
    }
    network_.outputs.push_back({std::string(s.name.text), value, s.at});
    if (!s.source) ended_ = s.at;
  }

  // Layers and blocks

  void call(const Statement& s, Body& body, Scope& scope) {
    if (const std::optional<OpKind> kind = layer_named(s.name.text)) {
      layer(s, *kind, body, scope);
    } else if (const auto found = blocks_.find(s.name.text); found != blocks_.end()) {
      block(s, *found->second, body, scope);
    } else if (!alone() || !elsewhere_->contains(s.name.text)) {
      unknown(s);
    }
    if (s.label) define_label(*s.label, current_, scope);
  }

  void unknown(const Statement& s) {
    std::vector<std::string_view> names;
    for (const OpInfo& op : all_ops()) {
      if (!op.layer.empty()) names.push_back(op.layer);
    }
    for (const auto& [name, definition] : blocks_) names.push_back(name);
    if (const ForeignLayer* foreign = foreign_layer(s.name.text)) {
      reporter_.error(s.name.at, fmt::format(message::foreign_layer, s.name.text, foreign->advice.empty() ? "" : "; ", foreign->advice));
      return;
    }
    const auto same = std::find_if(names.begin(), names.end(), [&](std::string_view name) { return spelled_alike(name, s.name.text); });
    std::string advice = same != names.end() ? suggestion(s.name.text, {*same}) : suggestion(s.name.text, names, foreign_names());
    if (advice.empty()) advice = "; is the 'use' of the file that defines it missing?";
    reporter_.error(s.name.at, fmt::format(message::unknown_callee, s.name.text, advice));
  }

  void layer(const Statement& s, OpKind kind, Body& body, const Scope& scope) {
    Node node;
    node.at = s.at;
    node.op = kind;
    node.attributes = layer_attributes(kind, s, space(), scope, reporter_);
    node.input = current_;
    const std::string path = join(body, part_of(s, info(kind).name, body), s.at);
    if (has_weights(kind, node.attributes)) {
      body.weights = true;
      if (!body.indexed && !s.label) {
        reporter_.error(s.name.at, fmt::format(message::needs_label, s.name.text, s.name.text));
      } else {
        node.weights = path;
        // A label that exists already is a separate error.
        if (!s.label || s.label->quoted || !scope.labels.contains(s.label->text)) claim_weights(path, s.at);
      }
    }
    node.result = current_ = make_value(unique(path), s.at);
    add(body, std::move(node));
  }

  void block(const Statement& s, const ast::Definition& definition, Body& body, const Scope& scope) {
    if (const auto outer = std::find(active_.begin(), active_.end(), &definition); outer != active_.end()) {
      Diagnostic* d = reporter_.error(s.name.at, fmt::format(message::block_uses_itself, s.name.text));
      if (d) d->note(definition.name.at, message::defined_here);
      // The blocks between the two, if any. active_ and uses grow together.
      const size_t own = alone() ? 1 : 0;  // the block that is checked alone
      for (size_t i = static_cast<size_t>(outer - active_.begin()) + 1; d && i < active_.size(); ++i) {
        d->note(reporter_.uses[i - own].at, fmt::format(message::in_block, reporter_.uses[i - own].text));
      }
      return;
    }
    Node node;
    node.kind = NodeKind::block;
    node.at = s.at;
    node.definition = definition.name.text;
    node.input = current_;
    node.label = join(body, part_of(s, s.name.text, body), s.at);
    if (!body.indexed && !s.label) node.label = unique(node.label);

    Scope inside;
    bind_parameters(definition, s, scope, inside, reporter_);
    for (const auto& [name, binding] : inside.names) record(binding);
    Body inner{"block", &node.children, node.label, false, current_};
    active_.push_back(&definition);
    reporter_.uses.push_back({s.name.text, s.at});
    statements(definition.body, inner, inside);
    reporter_.uses.pop_back();
    active_.pop_back();

    node.block_kind = inner.projections ? topology::BlockKind::conv
                      : inner.skips     ? topology::BlockKind::identity
                                        : topology::BlockKind::plain;
    node.result = current_;
    body.weights |= inner.weights;
    if (inner.weights && !body.indexed && !s.label) {
      reporter_.error(s.name.at, fmt::format(message::needs_label, s.name.text, s.name.text));
    }
    add(body, std::move(node));
  }

  void stage(const Statement& s, Body& body, Scope& scope) {
    if (&body != body_) {
      reporter_.error(s.at, fmt::format(message::stage_place, body.word));
      return;
    }
    Node node;
    node.kind = NodeKind::stage;
    node.at = s.at;
    node.label = join(body, s.name.quoted ? counted(s.name, body) : s.name.text, s.at);
    node.input = current_;
    Body inner{"stage", &node.children, node.label, true, current_};
    Scope inside{&scope, {}, {}};
    statements(s.body, inner, inside);
    node.result = current_;
    body.weights |= inner.weights;
    add(body, std::move(node));
    define_label(s.name, current_, scope);
  }

  // Edges

  void skip(const Statement& s, Body& body, Scope& scope) {
    body.skips = true;
    body.projections |= edge(s, NodeKind::skip, body, scope);
  }

  void concat(const Statement& s, Body& body, Scope& scope) { edge(s, NodeKind::concat, body, scope); }

  /// Adds a skip or concat edge. Returns whether the layers on it have weights.
  bool edge(const Statement& s, NodeKind kind, Body& body, Scope& scope) {
    Node node = node_from(s, kind, body, scope);
    node.spread = s.spread;
    const std::string name = unique(join(body, topology::word(kind), s.at));
    const std::string path = s.label ? join(body, list_part(s, body), s.at) : name;
    const bool weights = list(s, node, node.from, path, s.label.has_value(), body, scope);
    node.result = current_ = make_value(name, s.at);
    add(body, std::move(node));
    return weights;
  }

  void from(const Statement& s, Body& body, const Scope& scope) {
    Node node = node_from(s, NodeKind::from, body, scope);
    node.result = current_ = node.from;
    add(body, std::move(node));
  }

  /// A node that names an earlier value.
  Node node_from(const Statement& s, NodeKind kind, const Body& body, const Scope& scope) {
    Node node;
    node.kind = kind;
    node.at = s.at;
    node.input = current_;
    node.from = source(*s.source, body, scope);
    node.from_name = s.source->text;
    node.from_at = s.source->at;
    return node;
  }

  void gate(const Statement& s, Body& body, Scope& scope) {
    Node node;
    node.kind = NodeKind::gate;
    node.at = s.at;
    node.input = current_;
    const std::string name = unique(join(body, body.indexed ? std::to_string(body.next_index++) : "gate", s.at));
    const bool labelled = s.label && (s.label->quoted || !body.indexed);
    const std::string path = labelled ? join(body, list_part(s, body), s.at) : name;
    list(s, node, current_, path, s.label || body.indexed, body, scope);
    node.result = current_ = make_value(name, s.at);
    add(body, std::move(node));
  }

  static std::string list_part(const Statement& s, Body& body) {
    return s.label->quoted ? counted(*s.label, body) : std::string(s.label->text);
  }

  /// Resolves the layers after `via`, which start at `start`, and leaves the current value unchanged. Returns whether they have weights.
  bool list(const Statement& s, Node& node, ValueId start, const std::string& path, bool named, Body& body, Scope& scope) {
    const ValueId saved = current_;
    current_ = start;
    if (s.label) {
      node.label = s.label->text;
      define_label(*s.label, no_value, scope);
    }
    Body inner{"list", &node.children, path, true, start};
    Scope inside{&scope, {}, {}};
    statements(s.body, inner, inside);
    node.list_result = current_;
    current_ = saved;
    body.weights |= inner.weights;
    if (inner.weights && !named) reporter_.error(s.at, fmt::format(message::list_needs_label));
    return inner.weights;
  }

  const ast::Definition& definition_;
  const BlockTable& blocks_;
  Diagnostics& diagnostics_;
  Reporter& reporter_;
  ValuesInCopies* values_;
  const std::set<std::string, std::less<>>* elsewhere_ = nullptr;  ///< for a block that is checked alone: see check_blocks()
  int branches_ = 0;              ///< number of sides of `if`s with unknown conditions around the current statement
  std::set<Location> uncertain_;  ///< names that these sides define
  size_t errors_before_;
  topology::Network network_;
  const Body* body_ = nullptr;  ///< the body of the network
  ValueId current_ = no_value;
  Location ended_;  ///< place of the output that ends the network
  bool stopped_ = false;
  int depth_ = 0;
  size_t nodes_ = 0;
  std::vector<const ast::Definition*> active_;
  std::unordered_map<std::string, int64_t> names_;
  std::unordered_map<std::string, Location> weights_;
  std::map<std::string_view, Location> ports_;
};

}  // namespace

std::optional<topology::Network> elaborate(const ast::Definition& network, const BlockTable& blocks, const FrontendOptions& options,
                                           Diagnostics& diagnostics, ValuesInCopies* values) {
  Reporter reporter(diagnostics);
  return Elaborator(network, blocks, diagnostics, reporter, values).run(options);
}

void check_blocks(const std::vector<ast::Definition>& definitions, const BlockTable& blocks,
                  const std::set<std::string, std::less<>>& elsewhere, Diagnostics& diagnostics) {
  Reporter reporter(diagnostics);
  for (const ast::Definition& definition : definitions) {
    if (!Elaborator(definition, blocks, diagnostics, reporter, nullptr).check(elsewhere)) return;
  }
}

}  // namespace resnetc

/// \file Goes backwards from each value along its path, and to the sides where values meet.
#include "import/nest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "ir/forms/text.h"

namespace resnetc::importer {
namespace {

constexpr size_t max_lists = 40;     ///< lists inside lists; the language allows 50 levels
constexpr size_t longest_list = 24;  ///< layers on an edge; longer ways stand before it, and `from` leads back
constexpr int max_recursion = 2000;  ///< ways that wait for others

class Nester {
 public:
  explicit Nester(const Network& network)
      : network_(network),
        depth_(network.nodes.size(), 0),
        list_of_(network.nodes.size(), none),
        readers_(network.nodes.size()),
        output_(network.nodes.size()) {
    for (size_t i = 1; i < network.nodes.size(); ++i) {
      for (const LayerId operand : network.nodes[i].operands) {
        depth_[i] = std::max(depth_[i], depth_[static_cast<size_t>(operand)] + 1);
        readers_[static_cast<size_t>(operand)].push_back(static_cast<LayerId>(i));
      }
    }
    for (const Network::Output& output : network.outputs) output_[static_cast<size_t>(output.value)] = true;
  }

  Result<Statements> run() {
    open_.push_back(lists_++);
    list_of_[0] = open_.back();
    // The farthest output first: the other ones are values on the way to it, or heads beside it. Of several that are as far, the first in
    // the model's order.
    std::vector<size_t> order(network_.outputs.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto depth = [&](size_t i) { return depth_[static_cast<size_t>(network_.outputs[i].value)]; };
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return std::pair(depth(a), a) < std::pair(depth(b), b); });
    const auto last = std::find_if(order.begin(), order.end(), [&](size_t i) { return depth(i) == depth(order.back()); });
    std::rotate(order.begin(), last, last + 1);
    Statements body;
    LayerId current = 0;
    for (const size_t i : order) {
      const LayerId value = network_.outputs[i].value;
      if (made(value)) continue;
      if (const Result<> good = emit_from(current, value, body); !good) return good.failure();
      current = value;
    }
    // The model's order, because a library's functions take the outputs in the order of the text.
    for (const Network::Output& output : network_.outputs) {
      const bool ends = &output == &network_.outputs.back() && output.value == current;
      body.push_back({.kind = StatementKind::output, .source = ends ? no_layer : output.value, .name = output.name});
    }
    return body;
  }

 private:
  static constexpr int none = -1;

  static Statement back_to(LayerId value) { return {.kind = StatementKind::from, .source = value}; }

  bool made(LayerId id) const { return list_of_[static_cast<size_t>(id)] != none; }
  /// Whether a label of the value can be seen here.
  bool visible(LayerId id) const { return std::find(open_.begin(), open_.end(), list_of_[static_cast<size_t>(id)]) != open_.end(); }

  /// Whether the way to `from` leads over `to`.
  bool leads_to(LayerId from, LayerId to) const {
    std::vector<LayerId> open{from};
    std::vector<bool> seen(static_cast<size_t>(from) + 1);
    while (!open.empty()) {
      const LayerId at = open.back();
      open.pop_back();
      if (at == to) return true;
      if (at < to || seen[static_cast<size_t>(at)]) continue;
      seen[static_cast<size_t>(at)] = true;
      for (const LayerId operand : network_.node(at).operands) open.push_back(operand);
    }
    return false;
  }

  /// The number of the operand that lies on the path.
  size_t main_operand(LayerId id) const {
    const Layer& node = network_.node(id);
    if (node.operands.size() < 2 || node.op == OpKind::concat) return 0;
    const LayerId a = node.operands[0], b = node.operands[1];
    if (network_.node(a).type != network_.node(b).type) return network_.node(a).type == node.type ? 0 : 1;
    if (node.op == OpKind::mul) {
      if (leads_to(b, a)) return 0;
      return leads_to(a, b) ? 1 : 0;
    }
    return depth_[static_cast<size_t>(b)] > depth_[static_cast<size_t>(a)] ? 1 : 0;
  }

  std::string shown(LayerId id) const { return text::shown(network_.node(id).value); }

  /// Whether all that is missing for `value` can stand on an edge: nothing but the edge's end, `reader`, reads any of it.
  bool fits_on_edge(LayerId value, LayerId reader) const {
    std::set<LayerId> missing;
    std::vector<LayerId> open{value};
    const bool short_only = network_.node(reader).op == OpKind::spread || network_.node(reader).op == OpKind::concat;
    while (!open.empty()) {
      const LayerId at = open.back();
      open.pop_back();
      if (made(at) || !missing.insert(at).second) continue;
      if (output_[static_cast<size_t>(at)] || missing.size() > (short_only ? longest_list : most_on_edge)) return false;
      for (const LayerId operand : network_.node(at).operands) open.push_back(operand);
    }
    return std::all_of(missing.begin(), missing.end(), [&](LayerId id) {
      const std::vector<LayerId>& readers = readers_[static_cast<size_t>(id)];
      return std::all_of(readers.begin(), readers.end(), [&](LayerId r) { return r == reader ? id == value : missing.contains(r); });
    });
  }

  /// Appends what makes `target` behind statements whose value is `current`.
  Result<> emit_from(LayerId current, LayerId target, Statements& body) {
    const LayerId start = start_of(target);
    if (start != current) body.push_back(back_to(start));
    const Result<LayerId> good = emit(target, body);
    if (!good) return good.failure();
    return {};
  }

  /// The nearest value on the path to `target` that is made already.
  LayerId start_of(LayerId target) const {
    while (!made(target)) target = network_.node(target).operands[main_operand(target)];
    return target;
  }

  /// Appends what makes `target`, from the nearest value on its path that is made already; that is `start`.
  Result<LayerId> emit(LayerId target, Statements& body) {
    std::vector<LayerId> path;
    LayerId start = target;
    for (; !made(start); start = network_.node(start).operands[main_operand(start)]) path.push_back(start);
    if (!visible(start)) return Failure{fmt::format("'{}' cannot be seen where it is read", shown(start)), Blame::bug};
    if (++recursion_ > max_recursion) return too_deep(target);
    for (size_t i = path.size(); i-- > 0;) {
      const LayerId id = path[i];
      const Layer& node = network_.node(id);
      if (node.operands.size() == 2) {
        const size_t main = main_operand(id);
        const bool first = node.op == OpKind::concat && (i + 1 == path.size() || network_.node(path[i + 1]).op != OpKind::concat);
        if (first) {
          if (const Result<> good = make_parts(path, i, body); !good) return good.failure();
        }
        if (const Result<> good = join(id, node.operands[main], node.operands[1 - main], body); !good) return good.failure();
      } else {
        body.push_back({.kind = StatementKind::layer, .layer = id});
      }
      list_of_[static_cast<size_t>(id)] = open_.back();
    }
    --recursion_;
    return start;
  }

  /// Concatenations follow one another from path[at] on, towards path[0]. Makes the values that they append and that stand on no edge, one
  /// after the other, and those that go on from them. All the concatenations then stand together.
  Result<> make_parts(const std::vector<LayerId>& path, size_t at, Statements& body) {
    const LayerId before = network_.node(path[at]).operands[0];
    LayerId current = before;
    for (size_t i = at + 1; i-- > 0 && network_.node(path[i]).op == OpKind::concat;) {
      LayerId part = network_.node(path[i]).operands[1], reader = path[i];
      if (network_.node(part).op == OpKind::spread) {
        reader = part;
        part = network_.node(part).operands[0];
      }
      if (made(part)) continue;
      const bool goes_on = current != before && start_of(part) == current;
      if (!goes_on && fits_on_edge(part, reader)) continue;
      if (leads_to(part, path[at])) break;  // a dense block: the part is made of what is there
      if (const Result<> good = emit_from(current, part, body); !good) return good;
      current = part;
    }
    if (current != before) body.push_back(back_to(before));
    return {};
  }

  Failure too_deep(LayerId id) const {
    return Failure{fmt::format("'{}': edges lie inside one another more than {} deep", shown(id), max_lists), Blame::limit};
  }

  Result<> join(LayerId id, LayerId path, LayerId other, Statements& body) {
    const OpKind op = network_.node(id).op;
    const bool gate = op == OpKind::mul;
    Statement s;
    s.kind = gate ? StatementKind::gate : op == OpKind::concat ? StatementKind::concat : StatementKind::skip;
    s.layer = id;
    LayerId reader = id;
    if (network_.node(other).op == OpKind::spread) {
      s.spreading = reader = other;
      other = network_.node(other).operands[0];
    }
    s.spread = s.spreading != no_layer || (op == OpKind::add && network_.node(other).type != network_.node(path).type);
    if (!made(other) && !fits_on_edge(other, reader)) {
      if (const Result<> good = emit_from(path, other, body); !good) return good;
      body.push_back(back_to(path));
    }
    s.source = other;
    if (!made(other)) {
      if (open_.size() > max_lists) return too_deep(id);
      s.list = true;
      open_.push_back(lists_++);
      const Result<LayerId> start = emit(other, s.body);
      open_.pop_back();
      if (!start) return start.failure();
      s.source = *start;
    }
    // A gate has no source: its list begins at the path.
    if (gate && s.source != path) s.body.insert(s.body.begin(), back_to(s.source));
    if (s.spreading != no_layer) list_of_[static_cast<size_t>(s.spreading)] = open_.back();
    body.push_back(std::move(s));
    return {};
  }

  static constexpr size_t most_on_edge = 2000;  ///< so that the time stays bounded

  const Network& network_;
  std::vector<int> depth_;    ///< the number of operations on the longest way from the input
  std::vector<int> list_of_;  ///< in which list the value is made
  std::vector<std::vector<LayerId>> readers_;
  std::vector<bool> output_;
  std::vector<int> open_;  ///< the lists around the current place
  int lists_ = 0;
  int recursion_ = 0;
};

}  // namespace

Result<Statements> nest(const Network& network) { return Nester(network).run(); }

}  // namespace resnetc::importer

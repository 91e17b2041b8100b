/// \file Goes backwards from each value along its path, and to the sides where values meet.
#include "import/nest.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/forms/text.h"

namespace resnetc::importer {
namespace {

constexpr int max_lists = 40;  ///< lists inside lists; the language allows 50 levels

class Nester {
 public:
  explicit Nester(const Network& network) : network_(network), depth_(network.nodes.size(), 0), list_of_(network.nodes.size(), none) {
    for (size_t i = 1; i < network.nodes.size(); ++i) {
      for (const LayerId operand : network.nodes[i].operands) {
        depth_[i] = std::max(depth_[i], depth_[static_cast<size_t>(operand)] + 1);
      }
    }
  }

  Result<Statements> run() {
    open_.push_back(lists_++);
    list_of_[0] = open_.back();
    const auto last = std::max_element(network_.outputs.begin(), network_.outputs.end(), [&](const auto& a, const auto& b) {
      return depth_[static_cast<size_t>(a.value)] < depth_[static_cast<size_t>(b.value)];
    });
    Statements body;
    LayerId start = no_layer;
    if (const Result<> good = emit(last->value, body, start); !good) return good.failure();
    for (auto output = network_.outputs.begin(); output != network_.outputs.end(); ++output) {
      if (output == last) continue;
      if (!visible(output->value)) {
        return Failure{fmt::format("the output '{}' is on a way of its own, away from '{}'; resnetc has outputs on one way as yet: --up-to "
                                   "NAME imports one of them",
                                   text::shown(output->name), text::shown(last->name)),
                       Blame::limit};
      }
      body.push_back({.kind = StatementKind::output, .source = output->value, .name = output->name});
    }
    body.push_back({.kind = StatementKind::output, .name = last->name});
    return body;
  }

 private:
  static constexpr int none = -1;

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
    if (node.operands.size() < 2) return 0;
    const LayerId a = node.operands[0], b = node.operands[1];
    if (node.op == OpKind::mul) {
      if (network_.node(b).type != node.type || leads_to(b, a)) return 0;
      return leads_to(a, b) ? 1 : 0;
    }
    return depth_[static_cast<size_t>(b)] > depth_[static_cast<size_t>(a)] ? 1 : 0;
  }

  std::string shown(LayerId id) const { return text::shown(network_.node(id).value); }

  /// Appends what makes `target`, from the nearest value on its path that is made already; that is `start`.
  Result<> emit(LayerId target, Statements& body, LayerId& start) {
    std::vector<LayerId> path;
    for (LayerId at = target; !made(at);) {
      path.push_back(at);
      const Layer& node = network_.node(at);
      at = node.operands[main_operand(at)];
    }
    start = path.empty() ? target : network_.node(path.back()).operands[main_operand(path.back())];
    if (!visible(start)) {
      return Failure{
          fmt::format("the value '{}' lies on an edge, and is used outside it too; resnetc has no statement for that as yet", shown(start)),
          Blame::limit};
    }
    for (size_t i = path.size(); i-- > 0;) {
      const LayerId id = path[i];
      const Layer& node = network_.node(id);
      if (node.operands.size() == 2) {
        const size_t main = main_operand(id);
        if (const Result<> good = join(id, node.operands[main], node.operands[1 - main], body); !good) return good;
      } else {
        body.push_back({.kind = StatementKind::layer, .layer = id});
      }
      list_of_[static_cast<size_t>(id)] = open_.back();
    }
    return {};
  }

  Result<> join(LayerId id, LayerId path, LayerId other, Statements& body) {
    const bool gate = network_.node(id).op == OpKind::mul;
    Statement s;
    s.kind = gate ? StatementKind::gate : StatementKind::skip;
    s.layer = id;
    s.source = other;
    if (!made(other) || !visible(other)) {
      if (open_.size() > max_lists) {
        return Failure{fmt::format("'{}': edges lie inside one another more than {} deep", shown(id), max_lists), Blame::limit};
      }
      s.list = true;
      open_.push_back(lists_++);
      const Result<> good = emit(other, s.body, s.source);
      open_.pop_back();
      if (!good) return good;
    }
    if (gate && s.source != path) {
      return Failure{
          fmt::format("'{}' multiplies '{}' by what is made of '{}'; a gate in resnetc is made of the value that it multiplies as yet",
                      shown(id), shown(path), shown(s.source)),
          Blame::limit};
    }
    body.push_back(std::move(s));
    return {};
  }

  const Network& network_;
  std::vector<int> depth_;    ///< the number of operations on the longest way from the input
  std::vector<int> list_of_;  ///< in which list the value is made
  std::vector<int> open_;     ///< the lists around the current place
  int lists_ = 0;
};

}  // namespace

Result<Statements> nest(const Network& network) { return Nester(network).run(); }

}  // namespace resnetc::importer

/// \file Cuts the path wherever no edge crosses, and joins what is left between the edges.
#include "import/segments.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "import/labels.h"
#include "import/scopes.h"

namespace resnetc::importer {
namespace {

/// A layer that changes one element at a time and has no weights.
bool is_activation(const Statement& s, const Network& network) {
  if (s.kind != StatementKind::layer) return false;
  const OpInfo& op = info(network.node(s.layer).op);
  return !op.meaning.empty() && !op.joins() && op.weights == nullptr;
}

bool is_batch_norm(const Statement& s, const Network& network) {
  return s.kind == StatementKind::layer && network.node(s.layer).op == OpKind::batch_norm;
}

/// What is known of the places between statements: place p stands before statement p.
struct Places {
  std::vector<bool> cut;    ///< no edge crosses it
  std::vector<bool> named;  ///< an output names its value
};

Places places_of(const Statements& body) {
  std::map<LayerId, size_t> place;  // of values: the number of the statement that follows the one that makes them
  place[0] = 0;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i].kind != StatementKind::output && body[i].kind != StatementKind::from) place[body[i].layer] = i + 1;
  }
  Places result{std::vector<bool>(body.size() + 1), std::vector<bool>(body.size() + 1)};
  size_t earliest = body.size();  // the first place that is read from here on
  for (size_t i = body.size(); i-- > 0;) {
    result.cut[i + 1] = earliest >= i + 1;
    const auto look = [&](const Statement& s, const auto& self) -> void {
      const auto found = s.source == no_layer ? place.end() : place.find(s.source);
      if (found != place.end() && s.kind == StatementKind::output) result.named[found->second] = true;
      if (found != place.end() && reads_source(s.kind)) earliest = std::min(earliest, found->second);
      for (const Statement& inner : s.body) self(inner, self);
    };
    look(body[i], look);
  }
  result.cut[0] = true;
  return result;
}

/// The path with `#` for each number: "features.#" of "features.3".
std::string pattern_of(std::string_view scope) {
  std::string pattern;
  for (const std::string_view part : parts_of(scope)) pattern += fmt::format("{}.", is_number(part) ? "#" : part);
  return pattern;
}

/// Joins neighbours that the model has in one module, if its path is of the form that pieces with edges have: "features.2" beside the block
/// "features.3".
std::vector<Segment> joined_by_scope(const std::vector<Segment>& segments, const Statements& body, const Network& network) {
  const auto scope_of_segment = [&](const Segment& segment) {
    const Statements part(body.begin() + static_cast<ptrdiff_t>(segment.begin), body.begin() + static_cast<ptrdiff_t>(segment.end));
    return up_to_number(common_scope(part, network));
  };
  std::vector<std::string> modules(segments.size());
  std::map<std::string, size_t> patterns;  // and the number of parts
  for (size_t i = 0; i < segments.size(); ++i) {
    if (!segments[i].block) continue;
    modules[i] = scope_of_segment(segments[i]);
    const std::vector<std::string_view> parts = parts_of(modules[i]);
    if (!parts.empty() && is_number(parts.back())) patterns.emplace(pattern_of(modules[i]), parts.size());
  }
  for (size_t i = 0; i < segments.size(); ++i) {
    const Statement& s = body[segments[i].begin];
    if (segments[i].block || segments[i].end != segments[i].begin + 1 || (s.kind != StatementKind::layer && s.kind != StatementKind::gate))
      continue;
    const std::string scope = s.kind == StatementKind::gate ? common_scope(s.body, network) : network.node(s.layer).scope;
    for (const auto& [pattern, count] : patterns) {
      std::vector<std::string_view> parts = parts_of(scope);
      if (parts.size() <= count) continue;
      parts.resize(count);
      const std::string module = fmt::format("{}", fmt::join(parts, "."));
      if (pattern_of(module) == pattern) modules[i] = module;
    }
  }
  std::vector<Segment> result;
  std::string last;
  bool edge = false;  // whether the last of the result has one already
  for (size_t i = 0; i < segments.size(); ++i) {
    if (!result.empty() && !modules[i].empty() && modules[i] == last && !result.back().named && !(edge && segments[i].block)) {
      result.back() = {result.back().begin, segments[i].end, true, segments[i].named};
    } else {
      result.push_back(segments[i]);
      edge = false;
    }
    edge |= segments[i].block;
    last = modules[i];
  }
  return result;
}

}  // namespace

std::vector<Segment> segments_of(const Statements& body, const Network& network) {
  const Places places = places_of(body);
  std::vector<Segment> pieces;
  for (size_t begin = 0; begin < body.size();) {
    size_t end = begin + 1;
    bool edge = is_edge(body[begin].kind), back = body[begin].kind == StatementKind::from;
    bool seen = false;  // an output names a value inside, and nothing outside sees into a block
    for (; end < body.size() && !places.cut[end]; ++end) {
      seen |= places.named[end];
      edge |= is_edge(body[end].kind);
      back |= body[end].kind == StatementKind::from;
    }
    pieces.push_back({begin, end, edge && !seen && !back, places.named[end]});
    begin = end;
  }

  // The activation behind an edge.
  std::vector<Segment> joined;
  for (const Segment& piece : pieces) {
    const bool activation = piece.end == piece.begin + 1 && is_activation(body[piece.begin], network);
    const bool after_edge = !joined.empty() && joined.back().block && body[joined.back().end - 1].kind == StatementKind::skip;
    if (activation && after_edge && !joined.back().named) {
      joined.back().end = piece.end;
      joined.back().named = piece.named;
    } else {
      joined.push_back(piece);
    }
  }

  // A batch norm and an activation before an edge, if they stand between two edges anywhere.
  const auto normalised = [&](size_t i) {
    const auto alone = [&](size_t k) { return !joined[k].block && !joined[k].named && joined[k].end == joined[k].begin + 1; };
    return i >= 2 && joined[i].block && alone(i - 1) && alone(i - 2) && is_batch_norm(body[joined[i - 2].begin], network) &&
           is_activation(body[joined[i - 1].begin], network);
  };
  bool before = false;
  for (size_t i = 3; i < joined.size(); ++i) before |= normalised(i) && joined[i - 3].block;
  std::vector<Segment> result;
  for (size_t i = 0; i < joined.size(); ++i) {
    if (before && normalised(i)) {
      result.resize(result.size() - 2);
      result.push_back({joined[i - 2].begin, joined[i].end, true, joined[i].named});
    } else {
      result.push_back(joined[i]);
    }
  }
  return joined_by_scope(result, body, network);
}

}  // namespace resnetc::importer

/// \file Makes labels of scopes, and of kinds of layers where there is no scope.
#include "import/labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "import/scopes.h"

namespace resnetc::importer {
namespace {

bool has_weights(const Statements& list, const Network& network) {
  bool any = false;
  for_each_layer(list, [&](LayerId id) { any |= !network.node(id).weights.empty(); });
  return any;
}

void label_list(Statements& statements, const Network& network, NameTable& names, const std::set<LayerId>& sources, bool in_list) {
  for (Statement& s : statements) {
    if (s.kind == StatementKind::layer) {
      const Layer& layer = network.node(s.layer);
      if ((in_list || layer.weights.empty()) && !sources.contains(s.layer)) continue;
      s.label = layer.scope.empty() ? names.numbered(short_name(layer.op)) : names.unique(flat_name(layer.scope));
    } else if (joins(s.kind)) {
      if (sources.contains(s.layer)) s.mark = names.numbered(mark_of(s.kind));
      if (s.kind == StatementKind::gate || s.list) {
        const bool named = has_weights(s.body, network);
        const std::string scope = named ? common_scope(s.body, network) : "";
        if (named)
          s.label = scope.empty() ? names.numbered(s.kind == StatementKind::gate ? "gate" : "edge") : names.unique(flat_name(scope));
        label_list(s.body, network, names, sources, true);
      }
    }
  }
}

}  // namespace

std::string NameTable::unique(std::string_view wanted) {
  const std::string base = as_name(wanted);
  std::string name = base;
  for (int& i = next_.emplace(base + "_", 2).first->second; !taken_.insert(name).second; ++i) name = fmt::format("{}_{}", base, i);
  return name;
}

std::string NameTable::numbered(std::string_view base) {
  std::string name;
  int& i = next_.emplace(base, 1).first->second;
  do name = fmt::format("{}{}", base, i++);
  while (!taken_.insert(name).second);
  return name;
}

std::string_view short_name(OpKind kind) {
  switch (kind) {
    case OpKind::batch_norm: return "bn";
    case OpKind::linear: return "fc";
    default: return info(kind).layer.empty() ? info(kind).name : info(kind).layer;
  }
}

std::string_view mark_of(StatementKind kind) {
  return kind == StatementKind::gate ? "gated" : kind == StatementKind::concat ? "joined" : "sum";
}

std::set<LayerId> sources_of(const Statements& statements) {
  std::set<LayerId> sources;
  for (const Statement& s : statements) {
    if (reads_source(s.kind) || s.kind == StatementKind::output) sources.insert(s.source);
    if (joins(s.kind)) sources.merge(sources_of(s.body));
  }
  return sources;
}

std::string common_scope(const Statements& list, const Network& network) {
  std::vector<std::string_view> common;
  bool first = true, single = true;
  for_each_layer(list, [&](LayerId id) {
    const Layer& layer = network.node(id);
    if (layer.weights.empty() || layer.scope.empty()) return;
    const std::vector<std::string_view> parts = parts_of(layer.scope);
    if (first) {
      common = parts;
    } else {
      single = false;
      const auto end = std::mismatch(common.begin(), common.end(), parts.begin(), parts.end()).first;
      common.erase(end, common.end());
    }
    first = false;
  });
  // The only layer of a list has its number as the last part: "downsample.0".
  if (single && common.size() > 1 && is_number(common.back())) {
    common.pop_back();
  }
  return fmt::format("{}", fmt::join(common, "."));
}

void label_flat(Statements& statements, const Network& network, NameTable& names) {
  label_list(statements, network, names, sources_of(statements), false);
}

}  // namespace resnetc::importer

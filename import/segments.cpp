/// \file Cuts the path wherever no edge crosses, and joins what is left between the edges.
#include "import/segments.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

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

bool is_shuffle(const Statement& s, const Network& network) {
  return s.kind == StatementKind::layer && network.node(s.layer).op == OpKind::channel_shuffle;
}

bool is_batch_norm(const Statement& s, const Network& network) {
  return s.kind == StatementKind::layer && network.node(s.layer).op == OpKind::batch_norm;
}

/// The path with `#` for each number at the end of a part: "features.#" of "features.3", "block#.#" of "block2.1".
std::string pattern_of(std::string_view scope) {
  std::string pattern;
  for (const std::string_view part : parts_of(scope)) {
    const size_t word = part.find_last_not_of("0123456789") + 1;  // 0 of a number
    pattern += fmt::format("{}{}.", part.substr(0, word), word < part.size() ? "#" : "");
  }
  return pattern;
}

/// Whether a path ends with a number.
bool numbered(const std::string& module) { return !module.empty() && is_number(parts_of(module).back()); }

/// Names of more forms than this are not looked at: nobody gave them to blocks, and the time stays bounded.
constexpr size_t most_patterns = 64;

/// The first parts of a path.
std::string first_parts(std::string_view scope, size_t count) {
  std::vector<std::string_view> parts = parts_of(scope);
  parts.resize(std::min(parts.size(), count));
  return fmt::format("{}", fmt::join(parts, "."));
}

/// How many parts of a block's module name it and what stands beside it: two of "blocks.3.0", where each of "blocks.#" has only one piece
/// with an edge and single layers such as "blocks.3.1", else all. `modules` are those of the segments, empty for all but blocks; `layers`
/// are the paths of the other segments.
size_t parts_of_module(const std::string& module, const std::vector<std::string>& modules, const std::vector<std::string>& layers) {
  const std::vector<std::string_view> parts = parts_of(module);
  for (size_t count = 1; count < parts.size(); ++count) {
    if (!is_number(parts[count - 1])) continue;
    const std::string pattern = pattern_of(first_parts(module, count));
    std::map<std::string, int> edges;
    for (const std::string& other : modules) {
      const std::string prefix = first_parts(other, count);
      if (pattern_of(prefix) == pattern) ++edges[prefix];
    }
    const bool alone = std::all_of(edges.begin(), edges.end(), [](const auto& entry) { return entry.second == 1; });
    if (!alone || edges.size() < 2) continue;
    bool beside = false, deeper = false;
    for (const std::string& layer : layers) {
      const size_t own = parts_of(layer).size();
      if (own <= count || pattern_of(first_parts(layer, count)) != pattern) continue;
      (own > parts.size() ? deeper : beside) = true;
    }
    if (beside && !deeper) return count;
  }
  return parts.size();
}

/// What is known of the names of one form, such as "features.#": how many parts they have, and how many blocks have one.
struct Form {
  size_t parts = 0;
  int blocks = 0;
};

/// The only convolution of a block has a longer path, "features.1.0.block.0", than blocks with several: the block's is that which most
/// blocks have a path like, "features.1.0", if no other block is there. `whole` are the whole paths.
void widen(std::vector<std::string>& modules, const std::vector<std::string>& whole, const std::map<std::string, Form>& patterns) {
  const auto best =
      std::max_element(patterns.begin(), patterns.end(), [](const auto& a, const auto& b) { return a.second.blocks < b.second.blocks; });
  if (best == patterns.end()) return;
  const auto [pattern, form] = *best;
  std::map<std::string, int> blocks;
  for (const std::string& module : whole) ++blocks[first_parts(module, form.parts)];
  for (size_t i = 0; i < modules.size(); ++i) {
    if (whole[i].empty() || parts_of(modules[i]).size() <= form.parts) continue;
    const std::string module = first_parts(modules[i], form.parts);
    if (pattern_of(module) == pattern && blocks[module] == 1) modules[i] = module;
  }
}

/// Layers without weights often have names of another form, such as "re_lu_5". Between layers of one module they belong to it.
void fill_gaps(std::vector<std::string>& modules, const std::vector<Segment>& segments, const Statements& body, const Network& network) {
  const auto plain = [&](size_t i) {
    const Statement& s = body[segments[i].begin];
    return modules[i].empty() && !segments[i].block && segments[i].end == segments[i].begin + 1 && s.kind == StatementKind::layer &&
           network.node(s.layer).weights.empty();
  };
  for (size_t i = 1; i < segments.size();) {
    size_t end = i;
    while (end < segments.size() && plain(end)) ++end;
    if (end > i && end < segments.size() && modules[i - 1] == modules[end]) {
      std::fill(modules.begin() + static_cast<ptrdiff_t>(i), modules.begin() + static_cast<ptrdiff_t>(end), modules[end]);
    }
    i = end + 1;
  }
}

/// The path that the layers of a segment have in common.
std::string scope_of_segment(const Segment& segment, const Statements& body, const Network& network) {
  return common_scope({body.begin() + static_cast<ptrdiff_t>(segment.begin), body.begin() + static_cast<ptrdiff_t>(segment.end)}, network);
}

/// Joins neighbours that the model has in one module, if its path is of the form that pieces with edges have: "features.2" beside the block
/// "features.3".
std::vector<Segment> joined_by_scope(const std::vector<Segment>& segments, const Statements& body, const Network& network,
                                     const Places& places) {
  std::vector<std::string> modules(segments.size());
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].block) modules[i] = up_to_number(scope_of_segment(segments[i], body, network));
  }
  std::vector<std::string> layers(segments.size());
  for (size_t i = 0; i < segments.size(); ++i) {
    const Statement& s = body[segments[i].begin];
    if (segments[i].block || segments[i].end != segments[i].begin + 1 || places.outer[segments[i].begin]) continue;
    if (s.kind == StatementKind::layer) layers[i] = network.node(s.layer).scope;
    if (s.kind == StatementKind::gate) layers[i] = common_scope(s.body, network);
  }
  std::map<std::string, size_t> counts;  // by the pattern of a whole module: the parts that name it
  std::map<std::string, Form> patterns;
  const std::vector<std::string> whole = modules;
  for (std::string& module : modules) {
    if (!numbered(module)) continue;
    const auto [found, fresh] = counts.emplace(pattern_of(module), 0);
    if (counts.size() > most_patterns) return segments;
    if (fresh) found->second = parts_of_module(module, whole, layers);
    module = first_parts(module, found->second);
    Form& form = patterns[pattern_of(module)];
    form.parts = found->second;
    ++form.blocks;
  }
  for (size_t i = 0; i < segments.size(); ++i) {
    const size_t parts = parts_of(layers[i]).size();
    int most = 0;  // the form that most blocks have says what a block is
    for (const auto& [pattern, form] : patterns) {
      if (parts <= form.parts || form.blocks < most) continue;
      const std::string module = first_parts(layers[i], form.parts);
      if (pattern_of(module) != pattern) continue;
      modules[i] = module;
      most = form.blocks;
    }
  }
  widen(modules, whole, patterns);
  fill_gaps(modules, segments, body, network);
  // Two skip edges of one number are two residual blocks, one after the other; concatenations are part of a block.
  enum class Edges { none, some, skip };
  const auto edges_of = [&](const Segment& segment) {
    if (!segment.block) return Edges::none;
    const auto begin = body.begin() + static_cast<ptrdiff_t>(segment.begin), end = body.begin() + static_cast<ptrdiff_t>(segment.end);
    const bool skip = std::any_of(begin, end, [](const Statement& s) { return s.kind == StatementKind::skip; });
    return skip || !numbered(modules[static_cast<size_t>(&segment - segments.data())]) ? Edges::skip : Edges::some;
  };
  std::vector<Segment> result;
  std::string last;
  Edges edges = Edges::none;  // of the last of the result
  for (size_t i = 0; i < segments.size(); ++i) {
    const Edges own = edges_of(segments[i]);
    const bool one = edges != Edges::skip || own != Edges::skip;
    if (!result.empty() && !modules[i].empty() && modules[i] == last && !result.back().named && one) {
      result.back() = {result.back().begin, segments[i].end, true, segments[i].named, last};
    } else {
      result.push_back(segments[i]);
      if (segments[i].block) result.back().module = numbered(modules[i]) ? modules[i] : "";
      edges = Edges::none;
    }
    edges = std::max(edges, own);
    last = modules[i];
  }
  return result;
}

/// What a statement is, without its numbers. Convolutions of a pixel, of a window, and of each channel alone are different things.
std::string form_of(const Statement& s, const Network& network) {
  if (s.kind == StatementKind::layer) {
    const Layer& layer = network.node(s.layer);
    const OpAttributes& a = layer.attributes;
    if (layer.op != OpKind::conv2d) return fmt::format("{};", info(layer.op).name);
    return fmt::format("conv{}{};", a.groups > 1 && a.groups == a.channels ? " alone" : "", a.kernel == Extent2{1, 1} ? " pixel" : "");
  }
  std::string form = fmt::format("{}{{", static_cast<int>(s.kind));
  for (const Statement& inner : s.body) form += form_of(inner, network);
  return form + "};";
}

/// Where the model gives no names, layers that stand beside a block and are one but for the edge become a block too: the first block of a
/// MobileNet's stage, which changes the size.
std::vector<Segment> with_plain_copies(std::vector<Segment> segments, const Statements& body, const Network& network) {
  constexpr size_t fewest = 4, longest = 40;  // statements of such a block
  std::set<std::string, std::less<>> forms;
  size_t most = 0;
  for (const Segment& segment : segments) {
    if (!segment.block || segment.end - segment.begin > longest) continue;
    std::string form;
    size_t edges = 0;
    for (size_t i = segment.begin; i < segment.end; ++i) {
      edges += is_edge(body[i].kind) ? 1 : 0;
      if (body[i].kind != StatementKind::skip) form += form_of(body[i], network);
    }
    if (edges != 1 || segment.end - segment.begin <= fewest) continue;
    forms.insert(std::move(form));
    most = std::max(most, segment.end - segment.begin - 1);
  }
  const auto nameless = [&](const Segment& segment) {
    bool named = segment.block || segment.named || segment.end != segment.begin + 1;
    const Statement& s = body[segment.begin];
    named |= s.kind != StatementKind::layer && s.kind != StatementKind::gate;
    for_each_layer({s}, [&](LayerId id) { named |= !network.node(id).scope.empty(); });
    return !named;
  };
  std::vector<Segment> result;
  for (Segment& segment : segments) {
    if (segment.block) {
      // The longest run before this block that is one.
      std::string form;
      size_t found = 0;
      for (size_t count = 1; count <= std::min(most, result.size()) && nameless(result[result.size() - count]); ++count) {
        form.insert(0, form_of(body[result[result.size() - count].begin], network));
        if (forms.contains(form)) found = count;
      }
      if (found > 0) {
        Segment plain{result[result.size() - found].begin, segment.begin, true, false, ""};
        plain.alike = true;
        result.resize(result.size() - found);
        result.push_back(std::move(plain));
      }
    }
    result.push_back(std::move(segment));
  }
  return result;
}

}  // namespace

std::vector<Segment> segments_of(const Statements& body, const Network& network, const Places& places) {
  std::vector<Segment> pieces;
  for (size_t begin = 0; begin < body.size();) {
    size_t end = begin + 1;
    bool edge = is_edge(body[begin].kind);
    bool seen = places.outer[begin];  // something outside reads a value inside by its name, and nothing outside sees into a block
    for (; end < body.size() && !places.cut[end]; ++end) {
      seen |= places.named[end] || places.outer[end];
      edge |= is_edge(body[end].kind);
    }
    pieces.push_back({begin, end, edge && !seen && body[end - 1].kind != StatementKind::from, places.named[end], ""});
    begin = end;
  }

  // The activation behind an edge, and the shuffle behind a concatenation, unless the model has it in the next block.
  const auto number_of = [&](const Segment& piece) {
    const Statement& first = body[piece.begin];
    const bool layer = !piece.block && first.kind == StatementKind::layer;
    return up_to_number(layer ? network.node(first.layer).scope : scope_of_segment(piece, body, network));
  };
  std::vector<Segment> joined;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Segment& piece = pieces[i];
    const bool activation = piece.end == piece.begin + 1 && is_activation(body[piece.begin], network);
    const bool shuffle = piece.end == piece.begin + 1 && is_shuffle(body[piece.begin], network);
    const bool after_block = !joined.empty() && joined.back().block && !joined.back().named;
    const StatementKind before = after_block ? body[joined.back().end - 1].kind : StatementKind::layer;
    const bool factor = activation && network.node(body[piece.begin].layer).op == OpKind::multiply;
    const bool after_concat = before == StatementKind::concat && !factor;
    const bool joins = (activation && (before == StatementKind::skip || after_concat)) || (shuffle && before == StatementKind::concat);
    const std::string number = joins ? number_of(piece) : "";
    const bool of_next =
        numbered(number) && i + 1 < pieces.size() && number == number_of(pieces[i + 1]) && number != number_of(joined.back());
    if (joins && !of_next) {
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
      result.push_back({joined[i - 2].begin, joined[i].end, true, joined[i].named, ""});
    } else {
      result.push_back(joined[i]);
    }
  }
  return with_plain_copies(joined_by_scope(result, body, network, places), body, network);
}

}  // namespace resnetc::importer

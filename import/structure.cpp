/// \file Pieces become calls, equal neighbours repeats, and neighbours of one scope or size stages.
#include "import/structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "import/library_blocks.h"
#include "import/segments.h"
#include "import/stage_names.h"
#include "import/templates.h"

namespace resnetc::importer {
namespace {

/// A block that only one piece is a copy of is no help in a longer piece than this.
constexpr size_t longest_single = 40;

/// Bounds the time: each round halves the edges that stay inside of pieces.
constexpr int most_rounds = 24;

/// Factors of a network with more channels in its `multiply` layers stay numbers, so that little memory goes into equal weights.
constexpr int64_t most_factors = 1 << 22;

struct Found {
  Segment segment;
  Piece piece;
  size_t kind = 0;  ///< pieces of one kind have equal signatures
  std::vector<int64_t> numbers;
  std::string block, arguments;
  LayerId output = no_layer;
  bool joined = false;  ///< whether it has concatenations

  /// Its path in the model.
  const std::string& path() const { return segment.module.empty() ? piece.scope : segment.module; }
};

size_t statements_in(const Statements& list) {
  size_t count = list.size();
  for (const Statement& s : list) count += statements_in(s.body);
  return count;
}

/// The path that the layers of a piece have in common: "layer1.0".
std::string scope_of_piece(const Statements& body, const Segment& segment, const Network& network) {
  const Statements part(body.begin() + static_cast<ptrdiff_t>(segment.begin), body.begin() + static_cast<ptrdiff_t>(segment.end));
  return common_scope(part, network);
}

class Structure {
 public:
  Structure(NetworkText& text, Network& network, NameTable& names) : text_(text), network_(network), names_(names) {}

  void run(const std::vector<std::string>& installed_dirs) {
    int64_t factors = 0;
    for (const Layer& layer : network_.nodes) {
      if (layer.op == OpKind::multiply) factors = std::min(most_factors, factors) + std::min(most_factors, layer.type.channels);
    }
    share_factors_ = factors <= most_factors;
    find_pieces();
    if (found_.empty()) return;
    LibraryBlocks library(installed_dirs);
    choose_library(library);
    make_blocks();
    rebuild();
  }

 private:
  /// A long piece with no copy is the network itself, or a part of it that a far edge spans. So the longest edges in such pieces become
  /// edges between blocks, as long as that makes the text shorter.
  void find_pieces() {
    const std::vector<Read> reads = reads_of(text_.body);
    std::vector<bool> opened(reads.size());
    std::vector<Found> best;
    size_t least = 0;
    for (int round = 0; round < most_rounds; ++round) {
      const std::vector<Segment> segments = segments_of(text_.body, network_, places_of(text_.body, reads, opened));
      find_blocks(segments);
      const size_t size = expected_lines();
      if (round == 0 || size < least) {
        least = size;
        best = found_;
      }
      if (!open_longest(segments, reads, opened)) break;
    }
    found_ = std::move(best);
  }

  /// Opens reads in the segments that are no blocks: in each the longest, and those that are more than half as long. False if there are
  /// none.
  bool open_longest(const std::vector<Segment>& segments, const std::vector<Read>& reads, std::vector<bool>& opened) const {
    size_t read = 0, block = 0;
    bool any = false;
    for (const Segment& segment : segments) {
      const size_t first = read;
      size_t longest = 1;  // an edge around nothing stays
      for (; read < reads.size() && reads[read].reader < segment.end; ++read) {
        if (!reads[read].is_output && !opened[read]) longest = std::max(longest, reads[read].length());
      }
      while (block < found_.size() && found_[block].segment.begin < segment.begin) ++block;
      if (longest == 1 || (block < found_.size() && found_[block].segment.begin == segment.begin)) continue;
      for (size_t i = first; i < read; ++i) {
        if (reads[i].is_output || opened[i] || 2 * reads[i].length() <= longest) continue;
        opened[i] = any = true;
      }
    }
    return any;
  }

  /// About how long the text becomes: the statements outside of blocks, the blocks, and their calls.
  size_t expected_lines() const {
    constexpr size_t around_block = 3;
    size_t lines = text_.body.size();
    std::set<size_t> kinds;
    for (size_t i = 0; i < found_.size(); ++i) {
      const size_t statements = found_[i].segment.end - found_[i].segment.begin;
      lines -= statements;
      if (kinds.insert(found_[i].kind).second) lines += statements + around_block;
      const bool same = i > 0 && found_[i - 1].segment.end == found_[i].segment.begin && found_[i - 1].kind == found_[i].kind;
      lines += same && found_[i - 1].numbers == found_[i].numbers ? 0 : 1;
    }
    return lines;
  }

  void find_blocks(const std::vector<Segment>& segments) {
    found_.clear();
    std::map<std::string, size_t> kinds;
    LayerId input = 0;
    for (const Segment& segment : segments) {
      const Statement& last = text_.body[segment.end - 1];
      if (segment.block) {
        Found found;
        found.segment = segment;
        found.piece = {text_.body.data() + segment.begin, text_.body.data() + segment.end, input,
                       scope_of_piece(text_.body, segment, network_)};
        const std::string signature = signature_of(found.piece, network_, share_factors_, found.numbers);
        found.kind = kinds.emplace(signature, kinds.size()).first->second;
        found.output = last.layer;
        found.joined = std::any_of(found.piece.begin, found.piece.end, [](const Statement& s) { return s.kind == StatementKind::concat; });
        found_.push_back(std::move(found));
      }
      if (last.kind != StatementKind::output) input = last.kind == StatementKind::from ? last.source : last.layer;
    }
    keep_blocks();
  }

  /// Drops the pieces that are no help as blocks: long ones that nothing is a copy of, as the network itself is, and single ones without an
  /// edge, except where the model counts them with blocks beside them.
  void keep_blocks() {
    std::map<size_t, size_t> copies;
    for (const Found& found : found_) ++copies[found.kind];
    std::vector<bool> kept(found_.size());
    for (size_t i = 0; i < found_.size(); ++i) {
      const Found& found = found_[i];
      const bool edge = std::any_of(found.piece.begin, found.piece.end, [](const Statement& s) { return is_edge(s.kind); });
      kept[i] = copies[found.kind] > 1 || found.segment.alike || (edge && !is_long(found) && found_.size() > 1);
    }
    for (size_t i = 0; i < found_.size();) {
      size_t end = i + 1;
      while (end < found_.size() && counted_together(found_[end - 1], found_[end])) ++end;
      const bool any = std::find(kept.begin() + static_cast<ptrdiff_t>(i), kept.begin() + static_cast<ptrdiff_t>(end), true) !=
                       kept.begin() + static_cast<ptrdiff_t>(end);
      for (; i < end; ++i) kept[i] = kept[i] || (any && !is_long(found_[i]) && convolutions_of(found_[i]) > 1);
    }
    size_t next = 0;
    std::erase_if(found_, [&](const Found&) { return !kept[next++]; });
  }

  static bool is_long(const Found& found) { return statements_in({found.piece.begin, found.piece.end}) > longest_single; }

  int convolutions_of(const Found& found) const {
    int count = 0;
    for_each_layer({found.piece.begin, found.piece.end}, [&](LayerId id) { count += product_ops.has(network_.node(id).op) ? 1 : 0; });
    return count;
  }

  /// Whether a piece follows another one in the model's own list of blocks.
  static bool counted_together(const Found& before, const Found& next) {
    const std::string scope = stage_scope(before.path());
    return before.segment.end == next.segment.begin && !scope.empty() && scope == stage_scope(next.path());
  }

  /// Takes the file whose blocks serve most pieces. Only one file: others may have blocks of the same names.
  void choose_library(LibraryBlocks& library) {
    size_t best = 0, most = 0;
    for (size_t file = 0; file < library.files().size(); ++file) {
      size_t count = 0;
      for (const Found& found : found_) count += library.call_for(file, found.piece, network_) ? 1 : 0;
      if (count > most) {
        most = count;
        best = file;
      }
    }
    if (most == 0) return;
    text_.files.push_back(library.files()[best]);
    for (const std::string& name : library.names(best)) blocks_.unique(name);
    for (Found& found : found_) {
      if (const auto call = library.call_for(best, found.piece, network_)) {
        found.block = call->block;
        found.arguments = call->arguments;
      }
    }
  }

  void make_blocks() {
    blocks_.unique(marking_block);
    for (const OpInfo& op : all_ops()) {
      if (!op.layer.empty()) blocks_.unique(op.layer);
    }
    for (size_t i = 0; i < found_.size(); ++i) {
      if (!found_[i].block.empty()) continue;
      std::vector<size_t> copies;
      std::vector<std::vector<int64_t>> numbers;
      for (size_t k = i; k < found_.size(); ++k) {
        if (found_[k].kind != found_[i].kind || !found_[k].block.empty()) continue;
        copies.push_back(k);
        numbers.push_back(found_[k].numbers);
      }
      share_factors(copies);
      const Template made = parameters_of(numbers, found_[i].piece, network_);
      const std::string name = blocks_.unique(kind_of(found_[i].piece));
      text_.blocks.push_back({name, made.parameters, body_of(found_[i].piece, network_, made.expressions, text_.marks)});
      for (size_t k = 0; k < copies.size(); ++k) {
        found_[copies[k]].block = name;
        found_[copies[k]].arguments = made.arguments[k];
      }
    }
  }

  /// Makes weights of the factors in which the copies of a block differ.
  void share_factors(const std::vector<size_t>& copies) {
    std::vector<std::vector<LayerId>> factors;
    for (const size_t k : copies) {
      std::vector<LayerId>& own = factors.emplace_back();
      for_each_layer({found_[k].piece.begin, found_[k].piece.end}, [&](LayerId id) {
        if (network_.node(id).op == OpKind::multiply) own.push_back(id);
      });
    }
    for (size_t i = 0; i < factors[0].size(); ++i) {
      const auto by = [&](const std::vector<LayerId>& own) { return network_.node(own[i]).attributes.by; };
      if (std::all_of(factors.begin(), factors.end(), [&](const auto& own) { return by(own) == by(factors[0]); })) continue;
      for (const std::vector<LayerId>& own : factors) {
        Layer& layer = network_.node(own[i]);
        layer.weights.push_back({"weight", reals_of({layer.type.channels},
                                                    std::vector<double>(static_cast<size_t>(layer.type.channels), layer.attributes.by))});
        layer.op = OpKind::scale;
        layer.attributes = {};
      }
    }
  }

  /// A name for blocks of this kind, as topologies call them.
  static std::string_view kind_of(const Piece& piece) {
    bool edge = false, layers = false, joined = false;
    for (const Statement* s = piece.begin; s != piece.end; ++s) {
      edge |= s->kind == StatementKind::skip;
      joined |= s->kind == StatementKind::concat;
      if (s->kind == StatementKind::skip) layers = s->list;  // of the last one, which goes around the block
    }
    return layers ? "conv_block" : edge ? "identity_block" : joined ? "concat_block" : "plain_block";
  }

  /// Whether a block makes the picture smaller.
  bool shrinks(const Found& found) const {
    const TensorType &in = network_.node(found.piece.input).type, &out = network_.node(found.output).type;
    return out.height < in.height || out.width < in.width;
  }

  /// The paths that say nothing of stages: pictures become smaller there more than once, as in the one list of a MobileNet's blocks.
  std::set<std::string> lists_of_all() const {
    std::map<std::string, int> smaller;
    for (const Found& found : found_) smaller[stage_scope(found.path())] += shrinks(found) ? 1 : 0;
    std::set<std::string> lists;
    for (const auto& [scope, count] : smaller) {
      if (count > 1) lists.insert(scope);
    }
    return lists;
  }

  /// Whether a stage ends before `next`: the model's names say so, or else the size changes.
  bool parts_stages(const Found& before, const Found& next, const std::set<std::string>& lists) const {
    if (before.segment.end != next.segment.begin || before.segment.named) return true;
    const std::string a = stage_scope(before.path()), b = stage_scope(next.path());
    if (!a.empty() && !b.empty() && (a != b || !lists.contains(a))) return a != b;
    const TensorType &in = network_.node(next.piece.input).type, &out = network_.node(next.output).type;
    const bool grows = next.joined && in.height == out.height && in.width == out.width;  // a concatenation appends channels everywhere
    return !grows && !(in == out);
  }

  void rebuild() {
    std::vector<std::pair<size_t, size_t>> stages;
    const std::set<std::string> lists = lists_of_all();
    for (size_t i = 0; i < found_.size();) {
      size_t end = i + 1;
      while (end < found_.size() && !parts_stages(found_[end - 1], found_[end], lists)) ++end;
      stages.emplace_back(i, end);
      i = end;
    }
    const std::vector<std::string> names = stage_names(stages);
    Statements body;
    size_t at = 0;
    for (size_t i = 0; i < stages.size(); ++i) {
      const auto [begin, end] = stages[i];
      for (; at < found_[begin].segment.begin; ++at) body.push_back(std::move(text_.body[at]));
      body.push_back(stage(names[i], begin, end));
      at = found_[end - 1].segment.end;
    }
    for (; at < text_.body.size(); ++at) body.push_back(std::move(text_.body[at]));
    text_.body = std::move(body);
  }

  std::vector<std::string> stage_names(const std::vector<std::pair<size_t, size_t>>& stages) {
    std::vector<StageBlocks> content;
    for (const auto& [begin, end] : stages) {
      StageBlocks& blocks = content.emplace_back();
      for (size_t i = begin; i < end; ++i) {
        blocks.scopes.push_back(found_[i].path());
        for_each_layer({found_[i].piece.begin, found_[i].piece.end}, [&](LayerId id) { blocks.layers.push_back(id); });
      }
    }
    return names_of_stages(content, network_, names_);
  }

  /// Neighbouring runs of equal calls become repeats: at each place the one that leaves least to write.
  static Statements with_repeats(Statements calls) {
    constexpr size_t longest_run = 8;
    Statements result;
    for (size_t i = 0; i < calls.size();) {
      size_t run = 1, count = 1;
      for (size_t length = 1; length <= std::min(longest_run, (calls.size() - i) / 2); ++length) {
        size_t end = i + length;
        while (end < calls.size() && equal(calls[end], calls[end - length])) ++end;
        const size_t copies = (end - i) / length;
        if ((copies - 1) * length > (count - 1) * run) {
          run = length;
          count = copies;
        }
      }
      if (count == 1) {
        result.push_back(std::move(calls[i++]));
        continue;
      }
      Statement repeat;
      repeat.kind = StatementKind::repeat;
      repeat.written = run;
      for (const size_t end = i + run * count; i < end; ++i) repeat.body.push_back(std::move(calls[i]));
      result.push_back(std::move(repeat));
    }
    return result;
  }

  static bool equal(const Statement& a, const Statement& b) { return a.name == b.name && a.arguments == b.arguments; }

  Statement stage(const std::string& name, size_t begin, size_t end) {
    Statement stage;
    stage.kind = StatementKind::stage;
    stage.name = name;
    Statements calls;
    for (size_t i = begin; i < end; ++i) {
      Found& found = found_[i];
      Statement call;
      call.kind = StatementKind::call;
      call.name = found.block;
      call.arguments = found.arguments;
      for (size_t k = found.segment.begin; k < found.segment.end; ++k) call.body.push_back(std::move(text_.body[k]));
      calls.push_back(std::move(call));
    }
    stage.body = with_repeats(std::move(calls));
    return stage;
  }

  NetworkText& text_;
  Network& network_;
  NameTable& names_;
  NameTable blocks_;
  std::vector<Found> found_;
  bool share_factors_ = false;  ///< whether factors may become weights
};

}  // namespace

void give_structure(NetworkText& text, Network& network, const std::vector<std::string>& installed_dirs, NameTable& names) {
  Structure(text, network, names).run(installed_dirs);
}

}  // namespace resnetc::importer

/// \file Reads pieces statement by statement, always in the same order.
#include "import/templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "frontend/lexer.h"
#include "import/labels.h"
#include "import/scopes.h"

namespace resnetc::importer {
namespace {

/// A number of an argument that a parameter of a block may stand for. `name` is the argument's, `row` for the length of a row of
/// pixels, or `same` for a padding that may be written so: then 1, or 0 where it is the default too.
struct Number {
  std::string_view name;
  int64_t value;
};
constexpr std::string_view row = "length";
constexpr std::string_view same_word = "same";

std::optional<Number> number_of(OpKind op, const WrittenArgument& argument) {
  const std::vector<int64_t>& n = argument.numbers;
  if (argument.same_pad) return Number{same_word, argument.shown ? 1 : 0};
  if (n.empty() || (argument.name == "size" && n[0] == 0)) return std::nullopt;  // an upsample's factor says its size
  if (argument.name == "size" && n.size() == 2 && n[0] == 1 && n[1] > 1) return Number{row, n[1]};
  if (n.size() == 2 && n[0] != n[1]) return std::nullopt;
  const std::array<std::string_view, 6> always = {"channels", "features", "groups", "first", "dilation", "size"};
  const bool varies = std::find(always.begin(), always.end(), argument.name) != always.end() ||
                      (argument.name == "kernel" && op == OpKind::conv2d && n[0] > 1) ||  // one pixel is another idea than a window
                      (argument.name == "stride" && op == OpKind::conv2d);
  return varies ? std::optional(Number{argument.name, n[0]}) : std::nullopt;
}

/// The default of a block's parameter, where the argument that it stands for has one too, or usually the same value; else 0.
int64_t default_of(std::string_view name) {
  if (name == "kernel") return 3;
  return name == "stride" || name == "groups" || name == "dilation" ? 1 : 0;
}

/// Whether a number may be a multiple of a parameter that was made for `of`.
bool related(std::string_view name, std::string_view of) {
  const auto apart = [](std::string_view n) { return n == "stride" || n == "kernel" || n == "size"; };
  return name == of || (!apart(name) && of != "kernel" && of != "size");
}

class SignatureReader {
 public:
  SignatureReader(const Network& network, LayerId input, bool any_factor, std::vector<int64_t>& numbers)
      : network_(network), any_factor_(any_factor), numbers_(numbers) {
    places_[input] = -1;
  }

  void read(const Statement* begin, const Statement* end) {
    for (const Statement* s = begin; s != end; ++s) statement(*s);
  }

  std::string text;

 private:
  void statement(const Statement& s) {
    if (s.kind == StatementKind::layer) {
      const Layer& layer = network_.node(s.layer);
      text += info(layer.op).layer;
      for (const WrittenArgument& argument : arguments_of(layer)) {
        if (layer.op == OpKind::multiply && any_factor_) continue;
        if (const auto number = number_of(layer.op, argument)) {
          numbers_.push_back(number->value);
          text += fmt::format(" {}", number->name);
        } else if (argument.shown) {
          text += fmt::format(" {}={}", argument.name, argument.text);
        }
      }
    } else {
      text += s.kind == StatementKind::gate     ? "gate"
              : s.kind == StatementKind::concat ? "concat"
              : s.kind == StatementKind::skip   ? "skip"
                                                : "from";
      if (s.spread) text += " spread";
      if (reads_source(s.kind)) text += fmt::format(" {}", places_.contains(s.source) ? places_[s.source] : -2);
      if (s.list || s.kind == StatementKind::gate) {
        text += " {";
        read(s.body.data(), s.body.data() + s.body.size());
        text += "}";
      }
    }
    text += ";";
    if (s.kind != StatementKind::from) places_[s.layer] = count_;
    ++count_;
  }

  const Network& network_;
  const bool any_factor_;
  std::vector<int64_t>& numbers_;
  std::map<LayerId, int> places_;
  int count_ = 0;
};

/// The names of the numbers' arguments, in their order.
std::vector<std::string> names_of_numbers(const Piece& piece, const Network& network) {
  std::vector<std::string> names;
  const auto add = [&](const auto& self, const Statement& s) -> void {
    for (const Statement& inner : s.body) self(self, inner);
    if (s.kind != StatementKind::layer) return;
    const Layer& layer = network.node(s.layer);
    for (const WrittenArgument& argument : arguments_of(layer)) {
      if (const auto number = number_of(layer.op, argument)) names.emplace_back(number->name);
    }
  };
  for (const Statement* s = piece.begin; s != piece.end; ++s) add(add, *s);
  return names;
}

using Column = std::vector<int64_t>;

/// `column` as a multiple of `base` by one fraction: "4 * width", "width / 4"; empty if it is none.
std::string multiple(const Column& column, const Column& base, std::string_view name) {
  const int64_t g = std::gcd(column[0], base[0]);
  if (g == 0) return "";
  const int64_t up = column[0] / g, down = base[0] / g;
  for (size_t i = 0; i < column.size(); ++i) {
    int64_t left = 0, right = 0;
    if (__builtin_mul_overflow(column[i], down, &left) || __builtin_mul_overflow(base[i], up, &right) || left != right) return "";
  }
  if (up != 1 && down != 1 && (up > 16 || down > 16)) return "";  // no relation that anybody had in mind
  std::string text = up == 1 ? std::string(name) : fmt::format("{} * {}", up, name);
  return down == 1 ? text : fmt::format("{} / {}", text, down);
}

/// `column` as a multiple of `base` and a small number: "2 * width + 3"; empty if it is none, or too few values say so.
std::string multiple_and_more(const Column& column, const Column& base, std::string_view name) {
  if (std::set<int64_t>(base.begin(), base.end()).size() < 3) return "";
  const auto [low, high] = std::minmax_element(base.begin(), base.end());
  const int64_t span = *high - *low;
  const int64_t rise = column[static_cast<size_t>(high - base.begin())] - column[static_cast<size_t>(low - base.begin())];
  if (rise <= 0 || rise % span != 0 || rise / span > 16) return "";
  const int64_t factor = rise / span, more = column[0] - factor * base[0];
  for (size_t i = 0; i < column.size(); ++i) {
    if (column[i] != factor * base[i] + more) return "";
  }
  if (more < 1 || more > 16) return "";
  return factor == 1 ? fmt::format("{} + {}", name, more) : fmt::format("{} * {} + {}", factor, name, more);
}

class BodyWriter {
 public:
  BodyWriter(const Piece& piece, const Network& network, const std::vector<std::string>& expressions)
      : piece_(piece), network_(network), expressions_(expressions) {
    labels_[piece.input] = "in";
    for (const Statement* s = piece.begin; s != piece.end; ++s) find_sources(*s, false);
  }

  std::string run() {
    std::string text;
    if (input_in_list_) {
      labels_[piece_.input] = names_.unique("start");
      text = fmt::format("{}: {}\n", labels_[piece_.input], marking_block);
      marks = true;
    }
    for (const Statement* s = piece_.begin; s != piece_.end; ++s) {
      // A line for each convolution with what follows it, and for each edge.
      const bool layer = s->kind == StatementKind::layer;
      const bool starts = !layer || product_ops.has(network_.node(s->layer).op);
      if (s != piece_.begin) text += starts || s[-1].kind != StatementKind::layer ? "\n" : "  ";
      text += statement(*s, false);
    }
    return text + "\n";
  }

  bool marks = false;

 private:
  void find_sources(const Statement& s, bool in_list) {
    if (reads_source(s.kind)) sources_.insert(s.source);
    input_in_list_ |= in_list && reads_source(s.kind) && s.source == piece_.input;
    for (const Statement& inner : s.body) find_sources(inner, true);
  }

  /// A name from the model's path, without the part of the piece.
  std::string label(std::string_view scope, std::string_view otherwise) {
    std::vector<std::string_view> parts = parts_of(scope);
    const std::vector<std::string_view> common = parts_of(piece_.scope);
    const bool inside = parts.size() > common.size() && std::equal(common.begin(), common.end(), parts.begin());
    if (!inside) return names_.numbered(otherwise);
    parts.erase(parts.begin(), parts.begin() + static_cast<ptrdiff_t>(common.size()));
    const bool numbered = std::erase_if(parts, is_number) != 0;  // "conv.0.1" says no more than "conv"
    if (parts.empty() || (numbered && parts.size() == 1 && parts[0] == otherwise)) return names_.numbered(otherwise);
    // A module of several layers has one name for all of them; "block" of "block.2" is a word of the language.
    const std::string name = fmt::format("{}", fmt::join(parts, "_"));
    if (is_keyword(name)) return names_.numbered(otherwise);
    const auto [first, fresh] = named_.emplace(name, otherwise);
    if (fresh) return names_.unique(name);
    return first->second == otherwise ? names_.unique(name) : names_.unique(fmt::format("{}_{}", name, otherwise));
  }

  std::string statement(const Statement& s, bool in_list) {
    std::string text = one(s, in_list);
    if (!joins(s.kind) || !sources_.contains(s.layer)) return text;
    labels_[s.layer] = names_.numbered(mark_of(s.kind));
    marks = true;
    return fmt::format("{}  {}: {}", text, labels_[s.layer], marking_block);
  }

  std::string one(const Statement& s, bool in_list) {
    if (s.kind == StatementKind::layer) {
      const Layer& layer = network_.node(s.layer);
      std::string text;
      if ((!in_list && !layer.weights.empty()) || sources_.contains(s.layer)) {
        labels_[s.layer] = label(layer.scope, short_name(layer.op));
        text = labels_[s.layer] + ": ";
      }
      return text + call(layer);
    }
    const bool gate = s.kind == StatementKind::gate;
    std::string text = gate ? "gate" : words_of(s) + labels_[s.source];
    if (!gate && !s.list) return text;
    text += " via ";
    bool weights = false;
    for_each_layer(s.body, [&](LayerId id) { weights |= !network_.node(id).weights.empty(); });
    if (weights) text += label(common_scope(s.body, network_), gate ? "gate" : "edge") + " ";
    text += "{ ";
    for (const Statement& inner : s.body) text += statement(inner, true) + "  ";
    return text + "}";
  }

  std::string call(const Layer& layer) {
    std::string list;
    for (const WrittenArgument& argument : arguments_of(layer)) {
      std::string value = argument.text;
      bool shown = argument.shown;
      if (const auto number = number_of(layer.op, argument)) {
        value = expressions_[next_++];
        shown = argument.positional || (number->name == same_word ? !value.empty() : value != "1");
        if (argument.name == "kernel" && argument.numbers.size() == 2)
          value = is_number(value) ? fmt::format("{}x{}", value, value) : fmt::format("[{}, {}]", value, value);
        if (number->name == row) value = fmt::format("[1, {}]", value);
      }
      if (!shown) continue;
      if (!list.empty()) list += ", ";
      list += argument.positional ? value : fmt::format("{} = {}", argument.name, value);
    }
    return list.empty() ? std::string(info(layer.op).layer) : fmt::format("{}({})", info(layer.op).layer, list);
  }

  const Piece& piece_;
  const Network& network_;
  const std::vector<std::string>& expressions_;
  size_t next_ = 0;
  NameTable names_;
  std::set<LayerId> sources_;
  std::map<std::string, std::string, std::less<>> named_;  ///< modules that gave their names, and the kind of the layer that has it
  bool input_in_list_ = false;  ///< whether a list reads the block's input: there `in` means where the list's edge starts
  std::map<LayerId, std::string> labels_;
};

}  // namespace

std::string signature_of(const Piece& piece, const Network& network, bool any_factor, std::vector<int64_t>& numbers) {
  SignatureReader reader(network, piece.input, any_factor, numbers);
  reader.read(piece.begin, piece.end);
  return std::move(reader.text);
}

Template parameters_of(const std::vector<std::vector<int64_t>>& numbers, const Piece& piece, const Network& network) {
  const std::vector<std::string> names = names_of_numbers(piece, network);
  Template result;
  result.arguments.assign(numbers.size(), "");
  result.expressions.resize(names.size());
  std::vector<Column> columns(names.size());
  for (size_t k = 0; k < names.size(); ++k) {
    for (const auto& piece_numbers : numbers) columns[k].push_back(piece_numbers[k]);
  }
  struct Parameter {
    std::string name, of;  ///< its own, and that of the argument that it was made for
    Column values;
    int64_t usual;  ///< its default; 0: none
  };
  std::vector<Parameter> parameters;
  NameTable taken;
  for (const std::string_view word : {"in"}) taken.unique(word);
  // The narrowest convolution is what the others are multiples of, so it comes first. Then other widths: strides and groups may be
  // multiples of them only if they are no small constants.
  std::vector<size_t> order;
  for (const bool usual : {false, true}) {
    for (size_t k = 0; k < names.size(); ++k) {
      if ((default_of(names[k]) != 0) == usual) order.push_back(k);
    }
  }
  const auto narrowest = std::min_element(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto rank = [&](size_t k) {
      return names[k] == "channels" && columns[k].front() != columns[k].back() ? columns[k].front() : std::numeric_limits<int64_t>::max();
    };
    return rank(a) < rank(b);
  });
  // The branches of a concatenation have widths of their own, and the narrowest is not the block's, unless others are multiples of it.
  size_t others = 0, multiples = 0;
  for (const size_t k : order) {
    if (names[k] != "channels" || k == *narrowest || std::set<int64_t>(columns[k].begin(), columns[k].end()).size() == 1) continue;
    ++others;
    multiples += multiple(columns[k], columns[*narrowest], "width").empty() ? 0 : 1;
  }
  const bool branches = std::any_of(piece.begin, piece.end, [](const Statement& s) { return s.kind == StatementKind::concat; });
  const bool has_width = !branches || others == 0 || multiples > 0;
  if (narrowest != order.end() && has_width) std::rotate(order.begin(), narrowest, narrowest + 1);
  for (const size_t k : order) {
    const Column& column = columns[k];
    if (names[k] == same_word) {
      if (std::any_of(column.begin(), column.end(), [](int64_t v) { return v != 0; })) result.expressions[k] = same_word;
      continue;
    }
    if (std::all_of(column.begin(), column.end(), [&](int64_t v) { return v == column[0]; })) {
      result.expressions[k] = std::to_string(column[0]);
      continue;
    }
    for (const Parameter& parameter : parameters) {
      if (!related(names[k], parameter.of)) continue;
      result.expressions[k] = multiple(column, parameter.values, parameter.name);
      if (result.expressions[k].empty()) result.expressions[k] = multiple_and_more(column, parameter.values, parameter.name);
      if (!result.expressions[k].empty()) break;
    }
    if (!result.expressions[k].empty()) continue;
    const int64_t usual = default_of(names[k]);
    const bool first = has_width && std::none_of(parameters.begin(), parameters.end(), [](const Parameter& p) { return p.usual == 0; });
    const std::string name = taken.unique(usual != 0 ? names[k] : first ? "width" : names[k]);
    parameters.push_back({name, names[k], column, usual});
    result.expressions[k] = name;
  }
  for (const Parameter& parameter : parameters) {
    result.parameters += fmt::format("{}{}{}", result.parameters.empty() ? "(" : ", ", parameter.name,
                                     parameter.usual != 0 ? fmt::format(" = {}", parameter.usual) : "");
    for (size_t i = 0; i < numbers.size(); ++i) {
      std::string& arguments = result.arguments[i];
      if (parameter.usual != 0 && parameter.values[i] == parameter.usual) continue;
      arguments += arguments.empty() ? "(" : ", ";
      arguments += parameter.usual != 0 ? fmt::format("{} = {}", parameter.name, parameter.values[i]) : std::to_string(parameter.values[i]);
    }
  }
  if (!result.parameters.empty()) result.parameters += ")";
  for (std::string& arguments : result.arguments) {
    if (!arguments.empty()) arguments += ")";
  }
  return result;
}

std::string body_of(const Piece& piece, const Network& network, const std::vector<std::string>& expressions, bool& marks) {
  BodyWriter writer(piece, network, expressions);
  std::string body = writer.run();
  marks |= writer.marks;
  return body;
}

}  // namespace resnetc::importer

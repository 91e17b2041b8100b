/// \file Reads pieces statement by statement, always in the same order.
#include "import/templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "import/labels.h"
#include "import/scopes.h"

namespace resnetc::importer {
namespace {

/// Whether a parameter of a block may stand for the number.
bool may_vary(OpKind op, const WrittenArgument& argument) {
  if (argument.numbers.empty()) return false;
  if (argument.numbers.size() == 2 && argument.numbers[0] != argument.numbers[1]) return false;
  if (argument.name == "channels" || argument.name == "features" || argument.name == "groups" || argument.name == "first" ||
      argument.name == "dilation")
    return true;
  return argument.name == "stride" && op == OpKind::conv2d;
}

/// Numbers whose default a parameter has too.
bool has_default_of_one(std::string_view name) { return name == "stride" || name == "groups" || name == "dilation"; }

class SignatureReader {
 public:
  SignatureReader(const Network& network, LayerId input, std::vector<int64_t>& numbers) : network_(network), numbers_(numbers) {
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
      for (const WrittenArgument& argument : arguments_of(layer.op, layer.attributes)) {
        if (may_vary(layer.op, argument)) {
          numbers_.push_back(argument.numbers[0]);
          text += fmt::format(" {}", argument.name);
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
    for (const WrittenArgument& argument : arguments_of(layer.op, layer.attributes)) {
      if (may_vary(layer.op, argument)) names.emplace_back(argument.name);
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
      const bool starts = !layer || network_.node(s->layer).op == OpKind::conv2d || network_.node(s->layer).op == OpKind::linear;
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
    std::erase_if(parts, is_number);  // "conv.0.1" says no more than "conv"
    return parts.empty() ? names_.numbered(otherwise) : names_.unique(fmt::format("{}", fmt::join(parts, "_")));
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
    for (const WrittenArgument& argument : arguments_of(layer.op, layer.attributes)) {
      std::string value = argument.text;
      bool shown = argument.shown;
      if (may_vary(layer.op, argument)) {
        value = expressions_[next_++];
        shown = argument.positional || value != "1";
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
  bool input_in_list_ = false;  ///< whether a list reads the block's input: there `in` means where the list's edge starts
  std::map<LayerId, std::string> labels_;
};

}  // namespace

std::string signature_of(const Piece& piece, const Network& network, std::vector<int64_t>& numbers) {
  SignatureReader reader(network, piece.input, numbers);
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
    std::string name;
    Column values;
    bool one;  ///< whether its default is 1
  };
  std::vector<Parameter> parameters;
  NameTable taken;
  for (const std::string_view word : {"in"}) taken.unique(word);
  // The narrowest convolution is what the others are multiples of, so it comes first. Then other widths: strides and groups may be
  // multiples of them only if they are no small constants.
  std::vector<size_t> order;
  for (const bool one : {false, true}) {
    for (size_t k = 0; k < names.size(); ++k) {
      if (has_default_of_one(names[k]) == one) order.push_back(k);
    }
  }
  const auto narrowest = std::min_element(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto rank = [&](size_t k) {
      return names[k] == "channels" && columns[k].front() != columns[k].back() ? columns[k].front() : std::numeric_limits<int64_t>::max();
    };
    return rank(a) < rank(b);
  });
  if (narrowest != order.end()) std::rotate(order.begin(), narrowest, narrowest + 1);
  for (const size_t k : order) {
    const Column& column = columns[k];
    if (std::all_of(column.begin(), column.end(), [&](int64_t v) { return v == column[0]; })) {
      result.expressions[k] = std::to_string(column[0]);
      continue;
    }
    for (const Parameter& parameter : parameters) {
      if (names[k] == "stride" && parameter.name != "stride") continue;
      result.expressions[k] = multiple(column, parameter.values, parameter.name);
      if (!result.expressions[k].empty()) break;
    }
    if (!result.expressions[k].empty()) continue;
    const bool one = has_default_of_one(names[k]);
    const bool first = std::none_of(parameters.begin(), parameters.end(), [](const Parameter& p) { return !p.one; });
    const std::string name = taken.unique(one ? names[k] : first ? "width" : names[k]);
    parameters.push_back({name, column, one});
    result.expressions[k] = name;
  }
  for (const Parameter& parameter : parameters) {
    result.parameters += fmt::format("{}{}{}", result.parameters.empty() ? "(" : ", ", parameter.name, parameter.one ? " = 1" : "");
    for (size_t i = 0; i < numbers.size(); ++i) {
      std::string& arguments = result.arguments[i];
      if (parameter.one && parameter.values[i] == 1) continue;
      arguments += arguments.empty() ? "(" : ", ";
      arguments += parameter.one ? fmt::format("{} = {}", parameter.name, parameter.values[i]) : std::to_string(parameter.values[i]);
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

/// \file Layers take their arguments from the front end's table and from the list of attributes, so that a new layer needs nothing here.
#include "import/write_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <type_traits>

#include "frontend/arguments.h"
#include "ir/forms/text.h"

namespace resnetc::importer {
namespace {

/// The attribute that a parameter sets.
std::string_view attribute_name(std::string_view parameter) { return parameter == "features" ? "channels" : parameter; }

/// Decimals of the language have a point or an exponent.
std::string decimal_text(double value) { return text::number(value); }

class Writer {
 public:
  Writer(const Network& network, const NetworkText& text) : network_(network) { labels_[0] = text.input_name; }

  std::string run(const NetworkText& text) {
    std::string result;
    if (!text.comment.empty()) result += "# " + text.comment + "\n";
    for (const std::string& file : text.files) result += fmt::format("use \"{}\"\n", file);
    const auto marked = [](const Statements& list, const auto& self) -> bool {
      return std::any_of(list.begin(), list.end(), [&](const Statement& s) { return !s.mark.empty() || self(s.body, self); });
    };
    if (text.marks || marked(text.body, marked))
      result += fmt::format("\nblock {} {{}}  # gives the current value a name\n", marking_block);
    for (const BlockText& block : text.blocks) {
      result += fmt::format("\nblock {}{} {{\n{}}}\n", block.name, block.parameters, block.body);
    }
    result += fmt::format("\nnetwork {} {{\n  input {}\n\n", text.name, text.input);
    statements(text.body, result, true);
    return result + "}\n";
  }

 private:
  /// `lines`: whether statements stand on lines of their own; in lists they follow one another.
  void statements(const Statements& list, std::string& out, bool lines) {
    for (size_t i = 0; i < list.size(); ++i) {
      const auto stage = [&](size_t at) { return list[at].kind == StatementKind::stage; };
      if (lines && i > 0 && stage(i) != stage(i - 1)) out += "\n";  // a blank line around stages
      statement(list[i], out);
      out += lines ? "\n" : "  ";
    }
  }

  /// A statement, and the name of its value.
  void statement(const Statement& s, std::string& out) {
    one(s, out);
    if (s.mark.empty()) return;
    out += fmt::format("  {}: {}", s.mark, marking_block);
    labels_[s.layer] = s.mark;
  }

  void one(const Statement& s, std::string& out) {
    switch (s.kind) {
      case StatementKind::layer:
        if (!s.label.empty()) out += s.label + ": ";
        out += call_text(network_.node(s.layer));
        labels_[s.layer] = s.label;
        break;
      case StatementKind::skip:
      case StatementKind::concat:
      case StatementKind::from:
        out += words_of(s) + labels_[s.source];
        if (s.list) edge(s, out);
        break;
      case StatementKind::gate:
        out += "gate";
        edge(s, out);
        break;
      case StatementKind::output:
        out += "output " + s.name;
        if (s.source != no_layer) out += " from " + labels_[s.source];
        break;
      case StatementKind::call:
        if (!s.label.empty()) out += s.label + ": ";
        out += s.name + s.arguments;
        break;
      case StatementKind::repeat: repeat(s, out); break;
      case StatementKind::stage:
        out += fmt::format("stage {} {{ ", s.name);
        statements(s.body, out, false);
        out += "}";
        labels_[last_layer(s)] = s.name;
        break;
    }
  }

  void repeat(const Statement& s, std::string& out) {
    out += fmt::format("repeat {} ", s.body.size() / s.written);
    if (s.written == 1) return one(s.body.front(), out);
    out += "{ ";
    statements({s.body.begin(), s.body.begin() + static_cast<ptrdiff_t>(s.written)}, out, false);
    out += "}";
  }

  /// The layer that makes a stage's or a block's value.
  static LayerId last_layer(const Statement& s) {
    const Statement* last = &s;
    while (last->kind != StatementKind::layer && !joins(last->kind)) last = &last->body.back();
    return last->layer;
  }

  void edge(const Statement& s, std::string& out) {
    out += " via ";
    if (!s.label.empty()) out += s.label + " ";
    out += "{ ";
    statements(s.body, out, false);
    out += "}";
  }

  const Network& network_;
  std::map<LayerId, std::string> labels_;
};

}  // namespace

std::vector<WrittenArgument> arguments_of(const Layer& layer) {
  const OpKind kind = layer.op;
  const OpAttributes& attributes = layer.attributes;
  const bool line = layer.type.is_line();
  const OpAttributes defaults = default_attributes(kind, attributes);
  std::vector<WrittenArgument> result;
  for (const Slot& slot : layer_slots(kind)) {
    for_each_attribute([&](const auto& attribute) {
      if (attribute.name != attribute_name(slot.name)) return;
      const auto& value = attributes.*attribute.field;
      using Value = std::remove_cvref_t<decltype(value)>;
      WrittenArgument argument{slot.name, {}, "", slot.required, slot.required || value != defaults.*attribute.field};
      if constexpr (std::is_same_v<Value, Extent2>) {
        argument.numbers = line ? std::vector{value.w} : std::vector{value.h, value.w};
        argument.text = line                    ? std::to_string(value.w)
                        : slot.name == "kernel" ? to_string(value)
                        : value.h == value.w    ? std::to_string(value.h)
                                                : fmt::format("[{}, {}]", value.h, value.w);
      } else if constexpr (std::is_same_v<Value, Sides>) {
        argument.numbers = line ? std::vector{value.left, value.right} : std::vector{value.top, value.left, value.bottom, value.right};
        argument.text = line                                   ? as_written(value, layer.type)
                        : value == Sides(value.top, value.top) ? std::to_string(value.top)
                        : value.even()                         ? fmt::format("[{}, {}]", value.top, value.left)
                                                               : fmt::format("[{}]", fmt::join(argument.numbers, ", "));
        argument.same_pad = layer.same_pad;
        if (layer.same_pad && !value.even()) argument.text = "same";
      } else if constexpr (std::is_same_v<Value, bool>) {
        argument.text = value ? "true" : "false";
      } else if constexpr (std::is_same_v<Value, double>) {
        argument.text = decimal_text(value);
      } else {
        argument.numbers = {value};
        argument.text = std::to_string(value);
      }
      result.push_back(std::move(argument));
    });
  }
  return result;
}

std::string call_text(const Layer& layer) {
  std::string list;
  for (const WrittenArgument& argument : arguments_of(layer)) {
    if (!argument.shown) continue;
    if (!list.empty()) list += ", ";
    list += argument.positional ? argument.text : fmt::format("{} = {}", argument.name, argument.text);
  }
  const std::string_view name = info(layer.op).layer;
  return list.empty() ? std::string(name) : fmt::format("{}({})", name, list);
}

std::string words_of(const Statement& s) {
  if (s.kind == StatementKind::from) return "from ";
  return fmt::format("{}{} from ", s.kind == StatementKind::skip ? "skip" : "concat", s.spread ? " spread" : "");
}

std::string written(const NetworkText& text, const Network& network) { return Writer(network, text).run(text); }

}  // namespace resnetc::importer

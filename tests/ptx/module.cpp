/// \file Reads one statement after the other. Labels are resolved at the end of an entry.
#include "tests/ptx/module.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <map>

namespace resnetc::ptx {

namespace {

struct Unreadable {
  std::string text;
};

using Parts = std::vector<std::string_view>;

Parts split(std::string_view text, char at) {
  Parts parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string_view trimmed(std::string_view text) {
  const std::string_view blanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<Type> type_named(std::string_view name) {
  static const std::map<std::string_view, Type> types{{"pred", Type::pred}, {"b8", Type::u8},   {"u8", Type::u8},   {"s8", Type::s8},
                                                      {"b16", Type::u16},   {"u16", Type::u16}, {"s16", Type::s16}, {"b32", Type::u32},
                                                      {"u32", Type::u32},   {"s32", Type::s32}, {"f32", Type::f32}, {"b64", Type::u64},
                                                      {"u64", Type::u64},   {"s64", Type::s64}, {"f64", Type::f64}};
  const auto found = types.find(name);
  return found == types.end() ? std::nullopt : std::optional(found->second);
}

template <class Integer>
Integer number(std::string_view text, int base = 10) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) throw Unreadable{fmt::format("'{}' is no number", text)};
  return value;
}

const std::map<std::string_view, Opcode>& opcodes() {
  static const std::map<std::string_view, Opcode> names{
      {"abs", Opcode::abs},     {"add", Opcode::add},          {"and", Opcode::and_},   {"bar", Opcode::bar_sync},
      {"bfe", Opcode::bfe},     {"barrier", Opcode::bar_sync}, {"bra", Opcode::bra},    {"cvt", Opcode::cvt},
      {"cvta", Opcode::cvta},   {"div", Opcode::div},          {"ex2", Opcode::ex2},    {"exit", Opcode::exit},
      {"fence", Opcode::nop},   {"fma", Opcode::fma},          {"ld", Opcode::ld},      {"lg2", Opcode::lg2},
      {"mad", Opcode::mad},     {"max", Opcode::max},          {"membar", Opcode::nop}, {"min", Opcode::min},
      {"mov", Opcode::mov},     {"mul", Opcode::mul},          {"neg", Opcode::neg},    {"not", Opcode::not_},
      {"or", Opcode::or_},      {"rcp", Opcode::rcp},          {"rem", Opcode::rem},    {"ret", Opcode::exit},
      {"rsqrt", Opcode::rsqrt}, {"selp", Opcode::selp},        {"setp", Opcode::setp},  {"shfl", Opcode::shfl},
      {"shl", Opcode::shl},     {"shr", Opcode::shr},          {"sqrt", Opcode::sqrt},  {"st", Opcode::st},
      {"sub", Opcode::sub},     {"trap", Opcode::trap},        {"xor", Opcode::xor_}};
  return names;
}

/// Takes a modifier of an opcode; false if it is not known. Modifiers about the use of caches, and those that the machine obeys anyway,
/// change nothing.
bool take_modifier(std::string_view word, Instruction& to) {
  static const std::map<std::string_view, Space> spaces{
      {"param", Space::param}, {"global", Space::global}, {"shared", Space::shared}, {"local", Space::local}};
  static const std::map<std::string_view, Compare> compares{
      {"eq", Compare::eq},   {"ne", Compare::ne},   {"lt", Compare::lt},   {"le", Compare::le},   {"gt", Compare::gt},
      {"ge", Compare::ge},   {"lo", Compare::lt},   {"ls", Compare::le},   {"hi", Compare::gt},   {"hs", Compare::ge},
      {"equ", Compare::equ}, {"neu", Compare::neu}, {"ltu", Compare::ltu}, {"leu", Compare::leu}, {"gtu", Compare::gtu},
      {"geu", Compare::geu}, {"num", Compare::num}, {"nan", Compare::nan}};
  static const std::map<std::string_view, Rounding> roundings{
      {"rni", Rounding::nearest}, {"rzi", Rounding::zero}, {"rmi", Rounding::down}, {"rpi", Rounding::up}, {"rz", Rounding::zero}};
  static const std::map<std::string_view, Shuffle> shuffles{
      {"up", Shuffle::up}, {"down", Shuffle::down}, {"bfly", Shuffle::bfly}, {"idx", Shuffle::idx}};
  if (const auto space = spaces.find(word); space != spaces.end()) return to.space = space->second, true;
  if (to.opcode == Opcode::setp) {
    if (const auto compare = compares.find(word); compare != compares.end()) return to.compare = compare->second, true;
  }
  if (to.opcode == Opcode::cvt) {
    if (const auto rounding = roundings.find(word); rounding != roundings.end()) return to.rounding = rounding->second, true;
  }
  if (to.opcode == Opcode::shfl) {
    if (const auto shuffle = shuffles.find(word); shuffle != shuffles.end()) return to.shuffle = shuffle->second, true;
  }
  if (to.opcode == Opcode::bar_sync && word == "warp") return to.opcode = Opcode::bar_warp_sync, true;
  if (to.opcode == Opcode::cvta && word == "to") return to.to = true;
  if (word == "ftz") return to.flush = true;
  if (word == "sat") return to.saturate = true;
  if (word == "wide") return to.part = Part::wide, true;
  if (word == "hi") return to.part = Part::high, true;
  if (word == "v2") return to.width = 2, true;
  if (word == "v4") return to.width = 4, true;
  for (std::string_view plain :
       {"lo", "rn", "approx", "full", "nc", "sync", "uni", "aligned", "cta", "gl", "sys", "acq_rel", "sc", "volatile"}) {
    if (word == plain) return true;
  }
  return false;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Module run() {
    while (skip_blanks()) {
      const std::string_view word = peek_word();
      if (word == ".version" || word == ".address_size") {
        line_statement();
      } else if (word == ".target") {
        module_.target = trimmed(split(trimmed(line_statement().substr(7)), ',')[0]);
      } else if (word == ".visible" || word == ".entry") {
        entry();
      } else {
        throw Unreadable{fmt::format("unknown directive '{}'", word)};
      }
    }
    return std::move(module_);
  }

  int line() const { return line_; }

 private:
  /// Skips blanks and comments. Returns false at the end.
  bool skip_blanks() {
    while (at_ < text_.size()) {
      if (text_.substr(at_, 2) == "//") {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_[at_] == '\n') {
        ++line_, ++at_;
      } else if (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r') {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  std::string_view peek_word() const {
    const size_t end = std::min(text_.find_first_of(" \t\r\n(", at_), text_.size());
    return text_.substr(at_, end - at_);
  }

  std::string_view line_statement() {
    const size_t begin = at_;
    at_ = std::min(text_.find('\n', at_), text_.size());
    return trimmed(split(text_.substr(begin, at_ - begin), '/')[0]);
  }

  /// Reads up to one of `ends`, which is read too, without comments.
  std::string statement(std::string_view ends, char& end) {
    std::string words;
    while (skip_blanks()) {
      const char c = text_[at_++];
      if (ends.find(c) != std::string_view::npos) return end = c, words;
      words += c;
      if (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) words += ' ';
    }
    throw Unreadable{"the text ends within a statement"};
  }

  void entry() {
    char end = 0;
    const std::string head = statement("(", end);
    entry_ = {};
    registers_.clear();
    labels_.clear();
    variables_.clear();
    jumps_.clear();
    immediates_.clear();
    const Parts words = split(trimmed(head), ' ');
    entry_.name = words.back();
    const std::string parameters = statement(")", end);
    if (!trimmed(parameters).empty()) {
      for (std::string_view one : split(parameters, ',')) parameter(trimmed(one));
    }
    // Limits for the compiler of the machine code (.maxntid and similar ones) have no meaning here.
    statement("{", end);
    // LLVM writes scopes of their own, which do not nest, around registers that it needs for one instruction.
    bool inner = false;
    while (skip_blanks()) {
      if (text_[at_] == '}' && !inner) break;
      if (text_[at_] == (inner ? '}' : '{')) {
        inner = !inner;
        ++at_;
        continue;
      }
      const int first = line_;
      const std::string text = statement(";:", end);
      if (end == ':') {
        labels_[std::string(trimmed(text))] = static_cast<int32_t>(entry_.instructions.size());
      } else {
        body(trimmed(text), first);
      }
    }
    if (at_++ >= text_.size()) throw Unreadable{"an entry without '}'"};
    for (const auto& [index, label] : jumps_) {
      const auto found = labels_.find(label);
      if (found == labels_.end()) throw Unreadable{fmt::format("unknown label '{}'", label)};
      entry_.instructions[index].target = found->second;
    }
    entry_.instructions.push_back({});
    entry_.instructions.back().opcode = Opcode::exit;
    entry_.instructions.back().line = line_;
    module_.entries.push_back(std::move(entry_));
  }

  void parameter(std::string_view text) {
    const Parts words = split(text, ' ');
    std::optional<Type> type;
    for (std::string_view word : words) {
      if (!type && word.starts_with('.')) type = type_named(word.substr(1));
    }
    if (words[0] != ".param" || !type) throw Unreadable{fmt::format("the parameter '{}' is of no known type", text)};
    const int64_t bytes = bytes_of(*type);
    entry_.parameter_bytes = (entry_.parameter_bytes + bytes - 1) / bytes * bytes;
    entry_.parameters.push_back({std::string(words.back()), entry_.parameter_bytes, bytes});
    entry_.parameter_bytes += bytes;
  }

  void body(std::string_view text, int line) {
    if (text.starts_with(".reg ")) return declare_registers(trimmed(text.substr(5)));
    if (text.starts_with(".local ") || text.starts_with(".shared ")) return declare_memory(text);
    if (text.starts_with('.')) throw Unreadable{fmt::format("unknown directive '{}'", split(text, ' ')[0])};
    instruction(text, line);
  }

  /// Reads ".b32 %r<196>" or ".b64 %SP".
  void declare_registers(std::string_view text) {
    const Parts words = split(text, ' ');
    const auto type = type_named(words[0].substr(1));
    if (words[0].empty() || !type) throw Unreadable{fmt::format("registers of type '{}'", words[0])};
    for (std::string_view one : split(trimmed(text.substr(words[0].size())), ',')) {
      one = trimmed(one);
      const size_t open = one.find('<');
      if (open == std::string_view::npos) {
        registers_[std::string(one)] = {*type, fresh(*type)};
        continue;
      }
      const int count = number<int>(one.substr(open + 1, one.size() - open - 2));
      if (count > 100000) throw Unreadable{"too many registers"};
      for (int i = 0; i < count; ++i) registers_[fmt::format("{}{}", one.substr(0, open), i)] = {*type, fresh(*type)};
    }
  }

  /// Reads ".local .align 16 .b8 __local_depot0[64]".
  void declare_memory(std::string_view text) {
    const Parts words = split(text, ' ');
    const size_t open = text.find('['), close = text.find(']');
    const bool local = words[0] == ".local";
    int64_t align = 1, bytes = 1;
    for (size_t i = 1; i + 1 < words.size(); ++i) {
      if (words[i] == ".align") align = number<int64_t>(words[i + 1]);
    }
    if (open == std::string_view::npos || close == std::string_view::npos || align < 1 || align > 4096 ||
        text.find(".b8 ") == std::string_view::npos) {
      throw Unreadable{fmt::format("'{}' is no array of bytes", text)};
    }
    bytes = number<int64_t>(text.substr(open + 1, close - open - 1));
    int64_t& end = local ? entry_.local_bytes : entry_.shared_bytes;
    end = (end + align - 1) / align * align;
    const std::string_view before = text.substr(0, open);
    variables_[std::string(before.substr(before.rfind(' ') + 1))] = end;
    end += bytes;
    if (bytes < 0 || end > (1 << 24)) throw Unreadable{"too much local or shared memory"};
  }

  Slot fresh(Type type) { return type == Type::pred ? entry_.predicates++ : bytes_of(type) == 8 ? entry_.longs++ : entry_.words++; }

  Slot constant(uint64_t bits, bool wide) {
    const auto [at, made] = immediates_.try_emplace({bits, wide}, no_slot);
    if (made && wide) entry_.constant_longs.emplace_back(at->second = entry_.longs++, bits);
    if (made && !wide) entry_.constant_words.emplace_back(at->second = entry_.words++, static_cast<uint32_t>(bits));
    return at->second;
  }

  Slot special(std::string_view name) {
    static constexpr std::array<std::string_view, 13> names{"%tid.x",    "%tid.y",    "%tid.z",   "%ntid.x",  "%ntid.y",
                                                            "%ntid.z",   "%ctaid.x",  "%ctaid.y", "%ctaid.z", "%nctaid.x",
                                                            "%nctaid.y", "%nctaid.z", "%laneid"};
    for (size_t i = 0; i < names.size(); ++i) {
      if (name != names[i]) continue;
      entry_.specials.emplace_back(entry_.words, static_cast<Special>(i));
      return entry_.words++;
    }
    return no_slot;
  }

  /// A register, a constant, a special register or the address of a variable, as an operand of a type of this size.
  Slot operand(std::string_view text, Type type) {
    const bool wide = bytes_of(type) == 8;
    const auto found = registers_.find(std::string(text));
    if (found != registers_.end()) {
      const auto& [of, slot] = found->second;
      if ((of == Type::pred) != (type == Type::pred) || (of != Type::pred && (bytes_of(of) == 8) != wide)) {
        throw Unreadable{fmt::format("'{}' has another size than its instruction", text)};
      }
      return slot;
    }
    if (type == Type::pred && text != "0" && text != "-1") throw Unreadable{fmt::format("'{}' is no predicate", text)};
    if (type == Type::pred) {
      if (text == "-1") entry_.true_predicates.push_back(entry_.predicates);
      return entry_.predicates++;
    }
    if (const auto variable = variables_.find(std::string(text)); variable != variables_.end() && wide) {
      return constant(static_cast<uint64_t>(variable->second), true);
    }
    if (!wide && text.starts_with('%')) {
      if (const Slot slot = special(text); slot != no_slot) return slot;
    }
    if (text.starts_with("0f") && !wide) return constant(number<uint32_t>(text.substr(2), 16), false);
    if (text.starts_with("0d") && wide) return constant(number<uint64_t>(text.substr(2), 16), true);
    if (text.starts_with("0x")) return constant(number<uint64_t>(text.substr(2), 16), wide);
    if (text.starts_with('-')) return constant(static_cast<uint64_t>(number<int64_t>(text)), wide);
    if (!text.empty() && text[0] >= '0' && text[0] <= '9') return constant(number<uint64_t>(text), wide);
    throw Unreadable{fmt::format("unknown operand '{}'", text)};
  }

  /// Reads "[%rd1+-16]", "[name+4]" or "[16]".
  void address(std::string_view text, Instruction& to) {
    if (!text.starts_with('[') || !text.ends_with(']')) throw Unreadable{fmt::format("'{}' is no address", text)};
    text = trimmed(text.substr(1, text.size() - 2));
    const size_t plus = text.find('+');
    const std::string name(trimmed(text.substr(0, plus)));
    if (plus != std::string_view::npos) to.offset = number<int64_t>(trimmed(text.substr(plus + 1)));
    if (to.space == Space::param) {
      for (const Parameter& parameter : entry_.parameters) {
        if (parameter.name == name) return void(to.offset += parameter.offset);
      }
      throw Unreadable{fmt::format("unknown parameter '{}'", name)};
    }
    to.address = operand(name, Type::u64);
  }

  /// Splits at commas outside braces and brackets.
  static Parts operands_of(std::string_view text) {
    Parts words;
    size_t begin = 0;
    int depth = 0;
    for (size_t i = 0; i <= text.size(); ++i) {
      if (i < text.size() && (text[i] == '{' || text[i] == '[')) ++depth;
      if (i < text.size() && (text[i] == '}' || text[i] == ']')) --depth;
      if (i < text.size() && (text[i] != ',' || depth != 0)) continue;
      words.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
    if (words.size() == 1 && words[0].empty()) words.clear();
    return words;
  }

  static Parts elements(std::string_view text) {
    if (!text.starts_with('{')) return {text};
    Parts words;
    for (std::string_view one : split(text.substr(1, text.size() - 2), ',')) words.push_back(trimmed(one));
    return words;
  }

  void instruction(std::string_view text, int line) {
    Instruction to;
    to.line = line;
    if (text.starts_with('@')) {
      const size_t blank = text.find(' ');
      std::string_view guard = text.substr(1, blank - 1);
      to.negated_guard = guard.starts_with('!');
      if (to.negated_guard) guard.remove_prefix(1);
      to.guard = operand(guard, Type::pred);
      text = trimmed(text.substr(blank));
    }
    const std::string_view name = text.substr(0, text.find(' '));
    const Parts parts = split(name, '.');
    const auto opcode = opcodes().find(parts[0]);
    if (opcode == opcodes().end()) throw Unreadable{fmt::format("unknown instruction '{}'", name)};
    to.opcode = opcode->second;
    std::vector<Type> types;
    for (size_t i = 1; i < parts.size(); ++i) {
      if (const auto type = type_named(parts[i])) {
        types.push_back(*type);
      } else if (!take_modifier(parts[i], to)) {
        throw Unreadable{fmt::format("unknown modifier '.{}' of '{}'", parts[i], name)};
      }
    }
    if (!types.empty()) to.type = types[0];
    to.from = types.size() > 1 ? types[1] : to.type;
    operands(name, operands_of(trimmed(text.substr(name.size()))), to);
    entry_.instructions.push_back(to);
  }

  void operands(std::string_view name, const Parts& words, Instruction& to) {
    const auto need = [&](size_t count) {
      if (words.size() != count) throw Unreadable{fmt::format("'{}' has {} operands instead of {}", name, words.size(), count)};
    };
    const auto take = [&](std::initializer_list<Type> types) {
      need(types.size());
      size_t i = 0;
      for (Type type : types) {
        to.slots[i] = operand(words[i], type);
        ++i;
      }
    };
    const Type t = to.type;
    switch (to.opcode) {
      case Opcode::nop:
      case Opcode::exit:
      case Opcode::trap: return;
      case Opcode::bar_sync:
        if (words.empty() || words[0] != "0" || words.size() > 1) throw Unreadable{fmt::format("'{}' of another barrier than 0", name)};
        return;
      case Opcode::bar_warp_sync: need(1); return void(to.slots[0] = operand(words[0], Type::u32));
      case Opcode::bra: need(1); return void(jumps_.emplace_back(entry_.instructions.size(), std::string(words[0])));
      case Opcode::ld:
      case Opcode::st: {
        need(2);
        const bool load = to.opcode == Opcode::ld;
        address(words[load ? 1 : 0], to);
        const Parts values = elements(words[load ? 0 : 1]);
        if (static_cast<int>(values.size()) != to.width) throw Unreadable{fmt::format("'{}' has {} elements", name, values.size())};
        // A register may be wider than the element in memory.
        const auto found = registers_.find(std::string(values[0]));
        to.wide_elements = bytes_of(t) < 8 && found != registers_.end() && bytes_of(found->second.first) == 8;
        for (size_t i = 0; i < values.size(); ++i) to.slots[i] = operand(values[i], to.wide_elements ? Type::u64 : t);
        return;
      }
      case Opcode::mov: {
        need(2);
        const Parts results = elements(words[0]), values = elements(words[1]);
        if (results.size() == 1 && values.size() == 1) return take({t, t});
        const auto bytes = bytes_of(t);
        if ((bytes != 8 && bytes != 4) || results.size() + values.size() != 3)
          throw Unreadable{fmt::format("'{}' of other vectors than two halves", name)};
        to.opcode = results.size() == 1 ? Opcode::pack : Opcode::unpack;
        const Parts& halves = results.size() == 1 ? values : results;
        const Slot whole = operand(results.size() == 1 ? words[0] : words[1], t);
        const Type half = bytes == 8 ? Type::u32 : Type::u16;
        to.slots = {whole, operand(halves[0], half), operand(halves[1], half), no_slot, no_slot};
        return;
      }
      case Opcode::cvt: return take({t, to.from});
      case Opcode::cvta: return take({Type::u64, Type::u64});
      case Opcode::setp: return take({Type::pred, t, t});
      case Opcode::selp: return take({t, t, t, Type::pred});
      case Opcode::shl:
      case Opcode::shr: return take({t, t, Type::u32});
      case Opcode::bfe: return take({t, t, Type::u32, Type::u32});
      case Opcode::shfl: return take({Type::u32, Type::u32, Type::u32, Type::u32, Type::u32});
      case Opcode::mul:
      case Opcode::mad:
      case Opcode::fma: {
        const bool wide = to.part == Part::wide;
        if (wide && bytes_of(t) != 4 && bytes_of(t) != 2) throw Unreadable{fmt::format("unknown instruction '{}'", name)};
        const Type result = !wide ? t : bytes_of(t) == 4 ? Type::u64 : Type::u32;
        return to.opcode == Opcode::mul ? take({result, t, t}) : take({result, t, t, result});
      }
      case Opcode::abs:
      case Opcode::neg:
      case Opcode::not_:
      case Opcode::ex2:
      case Opcode::lg2:
      case Opcode::rcp:
      case Opcode::sqrt:
      case Opcode::rsqrt: return take({t, t});
      case Opcode::add:
      case Opcode::sub:
      case Opcode::div:
      case Opcode::rem:
      case Opcode::min:
      case Opcode::max:
      case Opcode::and_:
      case Opcode::or_:
      case Opcode::xor_: return take({t, t, t});
      case Opcode::pack:
      case Opcode::unpack: return;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  Module module_;
  Entry entry_;
  std::map<std::string, std::pair<Type, Slot>> registers_;
  std::map<std::string, int32_t> labels_;
  std::map<std::string, int64_t> variables_;  ///< addresses in local or shared memory
  std::vector<std::pair<size_t, std::string>> jumps_;
  std::map<std::pair<uint64_t, bool>, Slot> immediates_;
};

}  // namespace

int bytes_of(Type type) {
  switch (type) {
    case Type::pred:
    case Type::u8:
    case Type::s8: return 1;
    case Type::u16:
    case Type::s16: return 2;
    case Type::u32:
    case Type::s32:
    case Type::f32: return 4;
    case Type::u64:
    case Type::s64:
    case Type::f64: return 8;
  }
  return 0;
}

const Entry* Module::find(std::string_view name) const {
  for (const Entry& entry : entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

Result<Module> parse(std::string_view text) {
  Reader reader(text);
  try {
    return reader.run();
  } catch (const Unreadable& fault) {
    return Failure{fmt::format("line {}: {}", reader.line(), fault.text)};
  }
}

}  // namespace resnetc::ptx

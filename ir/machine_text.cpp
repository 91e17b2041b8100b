/// \file Writes and reads the text form of machines by one list of their fields.
#include "ir/machine_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <variant>

#include "ir/forms/text_forms.h"
#include "ir/forms/text_kind.h"

namespace resnetc {

namespace {

constexpr int64_t version = 1;
constexpr std::string_view remedy = "; 'resnetc machine NAME' prints a file with all of them",
                           remedy_of_version = "; 'resnetc machine -o FILE' of this version writes it anew";
constexpr size_t max_widths = 8;
constexpr int64_t narrowest = 16, widest = 256;

/// A number of a machine, the range that it must be in, and what it means.
struct Field {
  std::string_view name;
  std::variant<int64_t*, double*> value;
  double least = 0, most = 0;
  std::string_view meaning;
};

/// The fields in the order in which they are written.
std::vector<Field> fields_of(Machine& m) {
  constexpr double slowest = 1e6, fastest = 1e15, largest = 1ULL << 40;
  return {
      {"cycles_a_second", &m.cycles_a_second, slowest, 1e11, "of a core whose vector units are all at work"},
      {"latency", &m.latency, 0.25, 100, "cycles from a multiply-add to the next on the same accumulator"},
      {"first_bytes", &m.first.bytes, 1 << 10, largest, "size of the first-level cache"},
      {"first_ways", &m.first_ways, 1, 1 << 10, "lines of a set of the first-level cache"},
      {"first_bytes_a_second", &m.first.bytes_a_second, slowest, fastest, "that one core reads from it; for information"},
      {"second_bytes", &m.second.bytes, 1 << 10, largest, "size of the second-level cache, as far as a core may fill it"},
      {"second_bytes_a_second", &m.second.bytes_a_second, slowest, fastest, "that one core reads from it"},
      {"third_bytes", &m.third.bytes, 0, largest, "size of the third-level cache, as far as a core may fill it; 0: there is none"},
      {"third_bytes_a_second", &m.third.bytes_a_second, slowest, fastest, "that one core reads from it; without it, from memory"},
      {"third_bytes_a_second_of_all", &m.third_bytes_a_second_of_all, slowest, fastest,
       "that all cores together read from it; for information"},
      {"memory_bytes_a_second", &m.memory_bytes_a_second, slowest, fastest, "that one core reads from memory"},
      {"memory_bytes_a_second_of_all", &m.memory_bytes_a_second_of_all, slowest, fastest,
       "that all cores together read from memory; for information"},
      {"hidden", &m.hidden, 0, 1, "part of the time for fetching that passes behind multiply-adds"},
      {"crowding", &m.crowding, 1, 100, "how much longer a tile takes whose pixels share a set of the first-level cache"},
  };
}

std::vector<Field> fields_of(VectorRates& rates) {
  constexpr double least = 0.01, most = 64;
  return {
      {"multiply_adds", &rates.multiply_adds, least, most, ""},
      {"loads", &rates.loads, least, most, ""},
      {"stores", &rates.stores, least, most, ""},
  };
}

std::string value_text(const Field& field) {
  return std::visit(
      [](const auto* value) {
        if constexpr (std::is_same_v<decltype(value), const double*>) {
          return text::number(*value);
        } else {
          return std::to_string(*value);
        }
      },
      field.value);
}

/// The text as comments, in lines of at most 100 characters.
std::string comment(std::string_view words) {
  constexpr size_t width = 100;
  std::string out, line = "#";
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    if (line.size() + 1 + word.size() > width) {
      out += line + "\n";
      line = "#";
    }
    line += fmt::format(" {}", word);
    words.remove_prefix(std::min(words.size(), word.size() + 1));
  }
  return line.size() > 1 ? out + line + "\n" : out;
}

class Parser {
 public:
  Parser(FileId file, Diagnostics& diagnostics) : r_(file, diagnostics) {
    const std::string& text = diagnostics.sources().text(file);
    if (text.size() > max_machine_bytes) r_.fail(fmt::format("more than {} bytes", max_machine_bytes));
    const text::Beginning beginning = text::beginning_of(text);
    if (beginning.is_other_than(text::Kind::machine)) r_.fail(text::misplaced(beginning, "a machine's description"));
  }

  std::optional<Machine> run() {
    read_head();
    const std::vector<Field> fields = fields_of(machine_);
    while (!r_.at_end()) read_line(fields);
    for (const Field& field : fields) need(field.name);
    need("architecture");
    need("registers");
    if (!r_.failed()) check_first();
    if (!r_.failed()) check_name();
    if (!r_.finish()) return std::nullopt;
    return std::move(machine_);
  }

 private:
  void read_head() {
    if (!r_.accept("machine")) {
      r_.fail(fmt::format("a machine's description begins with 'machine {}', and this does not; 'resnetc machine -o FILE' writes one",
                          version));
    }
    const size_t start = r_.offset();
    if (const int64_t found = r_.integer(); !r_.failed() && found != version) {
      r_.fail_at(start, fmt::format("this is version {} of the form, and only version {} is known{}", found, version, remedy_of_version));
    }
    const size_t name = r_.offset();
    machine_.name = r_.string();
    std::string fault = machine_name_fault(machine_.name);
    // Programs for the default machine carry no name, and its best target is that of the CPU that compiles.
    if (machine_.name == default_machine().name) {
      fault = fmt::format("'{}' stands for the machine of programs that are for none: give this one another name", machine_.name);
    }
    if (!fault.empty()) r_.fail_at(name, fault);
  }

  void read_line(const std::vector<Field>& fields) {
    const size_t start = r_.offset();
    const std::string word = r_.word();
    if (r_.failed()) return;
    if (word == "registers") {
      read_registers(start);
      seen_.emplace_back(word, start);
      return;
    }
    if (place_of(word) != nullptr) {
      r_.fail_at(start, fmt::format("'{}' stands here twice", word));
      return;
    }
    if (word == "architecture") {
      read_architecture();
    } else if (word == "integer_target") {
      read_target(machine_.integer_target);
    } else if (word == "bf16_target") {
      read_target(machine_.bf16_target);
    } else {
      read_one_of(fields, word, start, {"architecture", "integer_target", "bf16_target", "registers"});
    }
    seen_.emplace_back(word, start);
  }

  void read_architecture() {
    r_.expect("=");
    const size_t start = r_.offset();
    machine_.architecture = r_.string();
    std::vector<std::string_view> known;
    for (const Machine& each : all_machines()) {
      if (std::find(known.begin(), known.end(), each.architecture) == known.end()) known.emplace_back(each.architecture);
    }
    if (std::find(known.begin(), known.end(), machine_.architecture) == known.end()) {
      r_.fail_at(start, text::unknown_name("architecture", machine_.architecture, known));
    }
  }

  void read_target(std::string& name) {
    r_.expect("=");
    const size_t start = r_.offset();
    name = r_.string();
    const Target* target = find_target(name);
    if (target == nullptr || target->on_gpu()) r_.fail_at(start, unknown_target(text::shown(name)));
  }

  /// Reads the value of the field with this name, or fails at `start`: `others` might have come there too.
  void read_one_of(const std::vector<Field>& fields, const std::string& name, size_t start, std::vector<std::string_view> others = {}) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
    if (found != fields.end()) return read_value(*found);
    for (const Field& field : fields) others.push_back(field.name);
    r_.fail_at(start, text::unknown_name("field", name, others, remedy));
  }

  void read_value(const Field& field) {
    r_.expect("=");
    const size_t start = r_.offset();
    if (has_unit()) {
      r_.fail_at(start, "expected a number in plain digits, without a unit");
      return;
    }
    if (auto* const* integer = std::get_if<int64_t*>(&field.value)) {
      **integer = r_.integer(static_cast<int64_t>(field.least), static_cast<int64_t>(field.most));
      return;
    }
    const double value = r_.real();
    if (value < field.least || value > field.most) {
      r_.fail_at(start, fmt::format("expected a number between {} and {}", text::number(field.least), text::number(field.most)));
    }
    *std::get<double*>(field.value) = value;
  }

  /// Whether letters follow the number that comes next, as in 3.4GHz and 48KiB.
  bool has_unit() const {
    const std::string_view rest = r_.rest();
    constexpr std::string_view digits = "0123456789", number = "0123456789.eE+-";
    if (rest.empty() || digits.find(rest[0]) == std::string_view::npos) return false;
    const size_t end = rest.find_first_not_of(number);
    return end != std::string_view::npos && (std::isalpha(static_cast<unsigned char>(rest[end])) != 0 || rest[end] == '%');
  }

  void read_registers(size_t start) {
    VectorRates rates;
    const size_t width = r_.offset();
    rates.bytes = r_.integer(narrowest, widest);
    if (r_.failed()) return;
    if (rates.bytes % narrowest != 0) r_.fail_at(width, fmt::format("registers have a multiple of {} bytes", narrowest));
    if (!machine_.vectors.empty() && rates.bytes <= machine_.widest()) {
      r_.fail_at(width, fmt::format("the lines of registers stand in the order of their bytes, and {} came before", machine_.widest()));
    }
    if (machine_.vectors.size() == max_widths) r_.fail_at(start, fmt::format("more than {} widths of registers", max_widths));
    for (const Field& field : fields_of(rates)) {
      r_.expect(field.name);
      read_value(field);
    }
    machine_.vectors.push_back(rates);
  }

  /// Sets of the first-level cache are whole.
  void check_first() {
    constexpr int64_t line = 64;
    if (machine_.first.bytes % (line * machine_.first_ways) == 0) return;
    r_.fail_at(*place_of("first_ways"), fmt::format("first_bytes is a multiple of first_ways times the {} bytes of a line", line));
  }

  /// A library takes the program for CPUs that are recognised by the name.
  void check_name() {
    const Machine* known = find_machine(machine_.name);
    if (known == nullptr || known->architecture == machine_.architecture) return;
    r_.fail_at(*place_of("architecture"),
               fmt::format("'{}' is the name of a machine of {}: give this one another name", machine_.name, known->architecture));
  }

  void need(std::string_view name) {
    if (!r_.failed() && place_of(name) == nullptr) r_.fail(fmt::format("'{}' is missing{}", name, remedy));
  }

  /// Where the field began that has been read; null if it has not been.
  const size_t* place_of(std::string_view name) const {
    const auto found = std::find_if(seen_.begin(), seen_.end(), [&](const auto& one) { return one.first == name; });
    return found == seen_.end() ? nullptr : &found->second;
  }

  text::Reader r_;
  Machine machine_;
  std::vector<std::pair<std::string, size_t>> seen_;
};

}  // namespace

std::string print(const Machine& machine) {
  Machine described = machine;
  std::string out = fmt::format("machine {} {}\n{}", version, text::quoted(machine.name), comment(machine.source));
  out += fmt::format("\narchitecture={}\n", text::quoted(machine.architecture));
  const auto line_of_target = [&](std::string_view field, const std::string& target, std::string_view sums) {
    if (!target.empty())
      out += fmt::format("{:<42} # the target for sums of {}\n", fmt::format("{}={}", field, text::quoted(target)), sums);
  };
  line_of_target("integer_target", machine.integer_target, "integers");
  line_of_target("bf16_target", machine.bf16_target, "bf16");
  out += "\n# What a core begins in each cycle with registers of so many bytes:\n";
  for (VectorRates& rates : described.vectors) {
    out += fmt::format("registers {}", rates.bytes);
    for (const Field& field : fields_of(rates)) out += fmt::format(" {}={}", field.name, value_text(field));
    out += "\n";
  }
  out += "\n";
  for (const Field& field : fields_of(described)) {
    const std::string line = fmt::format("{}={}", field.name, value_text(field));
    out += fmt::format("{:<42} # {}\n", line, field.meaning);
  }
  return out;
}

std::optional<Machine> parse_machine(FileId file, Diagnostics& diagnostics) { return Parser(file, diagnostics).run(); }

}  // namespace resnetc

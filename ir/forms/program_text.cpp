/// \file The text form of programs.
#include <fmt/format.h>

#include <set>

#include "ir/forms/json_parts.h"
#include "ir/forms/text_fields.h"
#include "ir/forms/text_forms.h"
#include "ir/program.h"

namespace resnetc::program {

namespace {

using graph::StepKind;

void print_kernel(std::string& out, const Program& program, const Kernel& kernel, const Sources& sources) {
  const auto name_of = [&](TensorId id) { return text::value_name(program.tensor(id).name); };
  out += fmt::format("  kernel {} {}{}", text::quoted(kernel.name), to_string(kernel.kind), text::attributes(kernel.attributes));
  if (kernel.in != none) out += " in " + name_of(kernel.in);
  if (kernel.weight != none) out += fmt::format(" weight @{}", kernel.weight);
  for (size_t i = 0; i < kernel.epilogue.size(); ++i) {
    const Step& step = kernel.epilogue[i];
    out += i == 0 ? " then " : ", ";
    out += info(step.kind).name;
    std::vector<std::string> arguments;
    if (step.operand != none) arguments.push_back(name_of(step.operand));
    for (ConstantId id : step.constants) arguments.push_back(fmt::format("@{}", id));
    if (!arguments.empty()) out += fmt::format("({})", fmt::join(arguments, ", "));
  }
  if (kernel.pool) out += " pool" + text::attributes(*kernel.pool);
  if (kernel.out != none) out += " out " + name_of(kernel.out);
  if (kernel.kind == KernelKind::store) out += fmt::format(" output {}", kernel.port);
  out += "\n     " + text::schedule(kernel.schedule);
  if (kernel.multiply_adds != 0) out += fmt::format(" multiply_adds={}", kernel.multiply_adds);
  if (!kernel.reason.empty()) out += " because " + text::quoted(kernel.reason);
  out += text::location(kernel.at, sources) + "\n";
}

std::string decision(std::string_view name, const Decision& decision) {
  const std::string because = decision.reason.empty() ? "" : " because " + text::quoted(decision.reason);
  return fmt::format("  {}={}{}\n", name, decision.yes, because);
}

void print_tensor(std::string& out, const Program& program, TensorId id, const Sources& sources) {
  const Tensor& tensor = program.tensor(id);
  out += fmt::format("  tensor {} : {}", text::value_name(tensor.name), to_string(tensor.type));
  if (tensor.is_part()) out += fmt::format(" of {} from={}", text::value_name(program.tensor(tensor.part_of).name), tensor.first_channel);
  out += fmt::format(" stride={} halo={}", tensor.channel_stride, to_string(tensor.halo));
  if (tensor.offset != none) out += fmt::format(" at {}", tensor.offset);
  out += text::location(tensor.at, sources) + "\n";
}

void print_constant(std::string& out, const Program& program, ConstantId id) {
  const Constant& constant = program.constant(id);
  out += fmt::format("  constant @{} : {}[{}] at {} = {}\n", id, to_string(constant.element), constant.elements(), constant.offset,
                     to_string(*constant.recipe));
}

/// Prints kernels with the tensors and constants that they use.
std::string excerpt_of(const Program& program, const std::vector<const Kernel*>& chosen, const Sources& sources) {
  std::set<TensorId> tensors;
  std::set<ConstantId> constants;
  std::string kernels;
  for (const Kernel* kernel : chosen) {
    print_kernel(kernels, program, *kernel, sources);
    for (TensorId id : reads(*kernel)) tensors.insert(id);
    if (kernel->out != none) tensors.insert(kernel->out);
    for (TensorId id : std::vector(tensors.begin(), tensors.end())) tensors.insert(whole_of(program, id));
    if (kernel->weight != none) constants.insert(kernel->weight);
    for (const Step& step : kernel->epilogue) constants.insert(step.constants.begin(), step.constants.end());
  }
  std::string out;
  for (TensorId id : tensors) print_tensor(out, program, id, sources);
  for (ConstantId id : constants) print_constant(out, program, id);
  return out + kernels;
}

class Parser {
 public:
  Parser(FileId file, Diagnostics& diagnostics) : r_(file, diagnostics) {}

  std::optional<Program> run() {
    r_.expect("program");
    program_.name = r_.string();
    r_.expect("target");
    read_target();
    if (r_.accept("machine")) read_machine();
    if (r_.accept("arena")) program_.arena_bytes = r_.integer(0);
    r_.expect("{");
    r_.expect("input");
    program_.input_name = r_.string();
    r_.expect(":");
    program_.input = r_.input();
    while (r_.accept("output")) {
      Output output;
      r_.mark(Finding::Part::output, r_.offset());
      output.name = r_.string();
      r_.expect(":");
      output.type = r_.type();
      program_.outputs.push_back(std::move(output));
    }
    const bool by_picture = read_decision("by_picture", program_.by_picture), brief = read_decision("brief", program_.brief);
    while (r_.accept("tensor")) read_tensor();
    while (r_.accept("constant")) read_constant();
    while (r_.accept("kernel")) read_kernel();
    r_.expect("}");
    if (!r_.finish() || !r_.report(verify(program_))) return std::nullopt;
    // Older texts lack these decisions.
    if (!by_picture) program_.by_picture = choose_by_picture(program_, default_machine());
    if (!brief) program_.brief = choose_brief(program_, default_machine());
    return std::move(program_);
  }

 private:
  void field(std::string_view name) {
    r_.expect(name);
    r_.expect("=");
  }

  void read_target() {
    const size_t start = r_.offset();
    const std::string name = r_.string();
    program_.target = find_target(name);
    if (program_.target == nullptr && !name.empty()) r_.fail_at(start, unknown_target(text::shown(name)));
  }

  void read_machine() {
    const size_t start = r_.offset();
    program_.machine = r_.string();
    if (const std::string fault = machine_name_fault(program_.machine); !fault.empty()) r_.fail_at(start, fault);
    if (program_.machine == default_machine().name) program_.machine.clear();
  }

  /// Reads the decision, if it comes next; returns whether it did.
  bool read_decision(std::string_view name, Decision& decision) {
    if (!r_.accept(name)) return false;
    r_.expect("=");
    const size_t start = r_.offset();
    const std::string word = r_.word();
    decision.yes = word == "true";
    if (!decision.yes && word != "false") r_.fail_at(start, "expected true or false");
    if (r_.accept("because")) decision.reason = r_.string();
    return true;
  }

  void read_tensor() {
    Tensor tensor;
    r_.mark(Finding::Part::value, r_.offset());
    tensor.name = r_.new_value(names_, static_cast<TensorId>(program_.tensors.size()));
    r_.expect(":");
    tensor.type = r_.type();
    if (r_.accept("of")) {
      tensor.part_of = r_.value(names_);
      field("from");
      tensor.first_channel = r_.integer(0, max_elements);
    }
    field("stride");
    tensor.channel_stride = r_.integer(0, max_elements + lanes);
    field("halo");
    tensor.halo = r_.extent();
    if (r_.accept("at")) tensor.offset = r_.integer(0);
    tensor.at = r_.location();
    program_.tensors.push_back(std::move(tensor));
  }

  void read_constant() {
    r_.mark(Finding::Part::constant, r_.offset());
    const size_t start_of_number = r_.offset();
    r_.expect("@");
    const size_t number = program_.constants.size();
    if (r_.integer() != static_cast<int64_t>(number)) {
      r_.fail_at(start_of_number, fmt::format("constants are numbered in their order: this one is @{}", number));
    }
    r_.expect(":");
    Constant constant;
    constant.element = text::read_element(r_);
    r_.expect("[");
    const size_t start = r_.offset();
    const int64_t elements = r_.integer(1);
    r_.expect("]");
    r_.expect("at");
    constant.offset = r_.integer(0);
    r_.expect("=");
    constant.recipe = r_.recipe();
    if (r_.failed()) return;
    if (constant.recipe->shape != std::vector<int64_t>{elements}) r_.fail_at(start, "the size is not that of the recipe's result");
    program_.constants.push_back(std::move(constant));
  }

  ConstantId constant() {
    const size_t start = r_.offset();
    r_.expect("@");
    const int64_t number = r_.integer(0);
    if (!r_.failed() && number >= static_cast<int64_t>(program_.constants.size())) {
      r_.fail_at(start, json_form::no_constant(number, "@", program_.constants.size()));
    }
    return static_cast<ConstantId>(number);
  }

  void read_step(Kernel& kernel) {
    const std::optional<StepKind> kind = read_one_of(r_, json_form::program_steps());
    if (!kind) return;
    Step& step = kernel.epilogue.emplace_back();
    step.kind = *kind;
    const OpInfo& wanted = info(*kind);
    if (!wanted.joins() && wanted.constants.empty()) return;
    r_.expect("(");
    if (wanted.joins()) step.operand = r_.value(names_);
    for (size_t i = 0; i < wanted.constants.size(); ++i) {
      if (i != 0 || wanted.joins()) r_.expect(",");
      step.constants.push_back(constant());
    }
    r_.expect(")");
  }

  void read_kernel() {
    Kernel kernel;
    r_.mark(Finding::Part::kernel, r_.offset());
    kernel.name = r_.string();
    const std::optional<KernelKind> kind = read_one_of(r_, json_form::kernel_kinds());
    if (!kind) return;
    kernel.kind = *kind;
    kernel.attributes = r_.attributes();
    if (r_.accept("in")) kernel.in = r_.value(names_);
    if (r_.accept("weight")) kernel.weight = constant();
    if (r_.accept("then")) {
      do {
        read_step(kernel);
      } while (r_.accept(","));
    }
    if (r_.accept("pool")) kernel.pool = r_.attributes();
    if (r_.accept("out")) kernel.out = r_.value(names_);
    if (kernel.kind == KernelKind::store) {
      r_.expect("output");
      kernel.port = static_cast<int32_t>(r_.integer(0, std::numeric_limits<int32_t>::max()));
    }
    r_.mark(Finding::Part::schedule, r_.offset());
    kernel.schedule = r_.schedule();
    if (r_.accept("multiply_adds")) {
      r_.expect("=");
      kernel.multiply_adds = r_.integer(0);
    }
    if (r_.accept("because")) kernel.reason = r_.string();
    kernel.at = r_.location();
    program_.kernels.push_back(std::move(kernel));
  }

  text::Reader r_;
  text::Names names_;
  Program program_;
};

}  // namespace

std::string print(const Program& program, const Sources& sources) {
  std::string out = fmt::format("program {} target {}", text::quoted(program.name), text::quoted(program.target->name));
  if (!program.machine.empty()) out += fmt::format(" machine {}", text::quoted(program.machine));
  if (program.arena_bytes != none) out += fmt::format(" arena {}", program.arena_bytes);
  out += fmt::format(" {{\n  input {} : {}{}\n", text::quoted(program.input_name), to_string(program.input.type),
                     text::input_details(program.input));
  for (const Output& output : program.outputs) out += fmt::format("  output {} : {}\n", text::quoted(output.name), to_string(output.type));
  out += decision("by_picture", program.by_picture) + decision("brief", program.brief);
  for (size_t i = 0; i < program.tensors.size(); ++i) print_tensor(out, program, static_cast<TensorId>(i), sources);
  for (size_t i = 0; i < program.constants.size(); ++i) print_constant(out, program, static_cast<ConstantId>(i));
  for (const Kernel& kernel : program.kernels) print_kernel(out, program, kernel, sources);
  return out + "}\n";
}

std::string excerpt(const Program& program, const ValueNames& names, const Sources& sources) {
  std::vector<const Kernel*> chosen;
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind != KernelKind::store && names.contains(kernel.name)) chosen.push_back(&kernel);
  }
  return excerpt_of(program, chosen, sources);
}

Excerpts excerpts(const Program& program, const Sources& sources) {
  Excerpts each;
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind != KernelKind::store) each.emplace(kernel.name, excerpt_of(program, {&kernel}, sources));
  }
  return each;
}

std::optional<Program> parse(FileId file, Diagnostics& diagnostics) { return Parser(file, diagnostics).run(); }

}  // namespace resnetc::program

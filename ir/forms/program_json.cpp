/// \file The JSON form of programs.
#include <fmt/format.h>

#include "ir/forms/json_parts.h"
#include "ir/program.h"

namespace resnetc::program {

namespace {

namespace form = json_form;

constexpr std::string_view place_of_layer = "where the network's text has the layer: file, line, column and length";

/// A constant, given by its index in the list.
struct ConstantIndex {
  const std::vector<Constant>* constants;

  std::string print(ConstantId id) const { return form::Integer{}.print(id); }
  void read(form::Reader& reader, ConstantId& id) const {
    int64_t number = 0;
    form::Integer{0}.read(reader, number);
    if (number >= static_cast<int64_t>(constants->size())) return reader.fail(form::no_constant(number, "", constants->size()));
    id = static_cast<ConstantId>(number);
  }
  std::string schema() const { return form::Integer{0}.schema(); }
};

/// A target, given by its name.
struct TargetName {
  std::string print(const Target* target) const { return form::quoted(target->name); }
  void read(form::Reader& reader, const Target*& target) const {
    const std::optional<std::string> name = reader.string("expected a string");
    if (!name) return;
    target = find_target(*name);
    if (target == nullptr && !name->empty()) reader.fail(unknown_target(text::shown(*name)));
  }
  std::string schema() const { return form::Text{}.schema(); }
};

/// A machine, given by its name.
struct MachineName {
  std::string print(const std::string& name) const { return form::quoted(name); }
  void read(form::Reader& reader, std::string& name) const {
    const std::optional<std::string> text = reader.string("expected a string");
    if (!text) return;
    if (const std::string fault = machine_name_fault(*text); !fault.empty()) return reader.fail(fault);
    name = *text == default_machine().name ? "" : *text;
  }
  std::string schema() const { return form::Text{}.schema(); }
};

class Form {
 public:
  Form(form::Archive& archive, const Sources& sources, Program& program) : a_(archive), place_{&sources}, p_(program) {
    for (const Tensor& tensor : program.tensors) names_.define(tensor.name);
  }

  void describe() {
    a_.level("program");
    a_.field("name", p_.name, form::Text{}, "the network's name, a C identifier");
    a_.field("target", p_.target, TargetName{}, "the target that it is for; texts of before may have Halide's name of it");
    a_.optional("machine", p_.machine, form::Nothing{}, MachineName{},
                "the machine whose schedules it has (generic where left out; none for a GPU)");
    a_.optional("arena_bytes", p_.arena_bytes, int64_t{none}, form::Integer{0},
                "the arena's size for a batch of one; left out before memory is planned");
    a_.field("input", p_, form::Object("input", [this](Program&) { input(); }), "the network's one input");
    a_.field("outputs", p_.outputs, form::List(form::Object("output", [this](Output& o) { output(o); })), "the network's outputs");
    if (a_.writes()) {
      by_picture_ = p_.by_picture;
      brief_ = p_.brief;
    }
    const auto decision = form::Some(form::Object("decision", [this](Decision& d) { describe(d); }));
    a_.optional(
        "by_picture", by_picture_, std::nullopt, decision,
        "whether each thread computes whole pictures of a batch; else all threads together compute one kernel of the batch after the "
        "other (chosen where left out)");
    a_.optional("brief", brief_, std::nullopt, decision,
                "whether a picture is too little work for waking threads that sleep (chosen where left out)");
    if (a_.reads()) {
      if (by_picture_) p_.by_picture = *by_picture_;
      if (brief_) p_.brief = *brief_;
    }
    a_.field("tensors", p_.tensors, form::List(form::Object("tensor", [this](Tensor& t) { tensor(t); })), "the tensors in the arena");
    a_.field("constants", p_.constants, form::List(form::Object("constant", [this](Constant& c) { constant(c); })),
             "the constants of the weights file; kernels name them by their place in this list, from 0");
    a_.field("kernels", p_.kernels, form::List(form::Object("kernel", [this](Kernel& k) { kernel(k); })),
             "the kernels, in execution order");
  }

  /// Makes the decisions that an older text lacks, for a program that has been read and verified.
  void decide() {
    if (!by_picture_) p_.by_picture = choose_by_picture(p_, default_machine());
    if (!brief_) p_.brief = choose_brief(p_, default_machine());
  }

 private:
  void describe(Decision& d) {
    a_.field("is", d.yes, form::Flag{}, "the decision");
    a_.optional("because", d.reason, form::Nothing{}, form::Text{}, "why");
  }

  void input() {
    a_.field("name", p_.input_name, form::Text{}, "the input's name in the library's interface");
    form::buffer_fields(a_, p_.input);
  }

  void output(Output& o) {
    if (form::Reader* reader = a_.reader()) reader->mark(Finding::Part::output);
    a_.field("name", o.name, form::Text{}, "the output's name in the library's interface");
    a_.field("type", o.type, form::Type{}, "its type, N the batch");
  }

  void tensor(Tensor& t) {
    a_.field("name", t.name, form::Text{}, "the name of the value in the graph");
    a_.field("type", t.type, form::Type{}, "its type, N the batch");
    a_.optional("part_of", t.part_of, TensorId{none}, form::Reference{&names_},
                "the tensor whose channels from `first_channel` on these are");
    a_.optional("first_channel", t.first_channel, int64_t{0}, form::Integer{0, max_elements}, "of a part, its first channel in the whole");
    a_.field("channel_stride", t.channel_stride, form::Integer{0, max_elements + lanes},
             "elements from pixel to pixel: the channels in whole vectors of 16, or the channels alone where only convolutions read them");
    a_.field("halo", t.halo, form::Extent{}, "rows and columns of zeros on each side");
    a_.optional("offset", t.offset, int64_t{none}, form::Integer{0},
                "bytes from the arena's start, for a batch of one; left out before memory is planned");
    a_.optional("at", t.at, Location{}, place_, place_of_layer);
    if (form::Reader* reader = a_.reader()) {
      reader->mark(Finding::Part::value);
      if (!names_.define(t.name)) reader->fail_at("name", fmt::format("'{}' is defined twice", text::shown(t.name)));
    }
  }

  void constant(Constant& c) {
    int64_t elements = 0;
    if (a_.writes()) elements = c.elements();
    a_.field("elements", elements, form::Integer{1}, "how many elements it has");
    a_.optional("element", c.element, ElementType::f32, form::elements(), "their type (f32 where left out)");
    a_.field("offset", c.offset, form::Integer{0}, "bytes from the start of the weights' data");
    a_.field("recipe", c.recipe, form::RecipeText{}, "how it comes from the checkpoint's tensors");
    if (form::Reader* reader = a_.reader()) {
      reader->mark(Finding::Part::constant);
      if (c.recipe && c.recipe->shape != std::vector<int64_t>{elements}) {
        reader->fail_at("elements", "the size is not that of the recipe's result");
      }
    }
  }

  void kernel(Kernel& k) {
    if (form::Reader* reader = a_.reader()) reader->mark(Finding::Part::kernel);
    a_.field("name", k.name, form::Text{}, "the value that it computes; of a store, the output's name");
    a_.choice("kind", k.kind, form::kernel_kinds(), "what is computed", [&] {
      if (k.kind != KernelKind::store) return;
      a_.field("output", k.port, form::Integer{0, std::numeric_limits<int32_t>::max()}, "which of the outputs it stores, from 0");
    });
    a_.optional("attributes", k.attributes, OpAttributes{}, form::attributes_of(a_), form::attributes_meaning);
    a_.optional("in", k.in, none, form::Reference{&names_}, "the tensor that it reads");
    a_.optional("weight", k.weight, none, ConstantIndex{&p_.constants}, "of a convolution, the constant with its weights");
    a_.optional("then", k.epilogue, form::Nothing{}, form::List(form::Object("step", [this](Step& s) { step(s); })),
                "the epilogue: what is done to each element before it is stored, in order");
    a_.optional("pool", k.pool, std::nullopt, form::Some(form::attributes_of(a_)),
                "the attributes of a max_pool of what the epilogue yields, which is not stored itself");
    a_.optional("out", k.out, none, form::Reference{&names_}, "the tensor that it writes");
    a_.field("schedule", k.schedule, form::Object("schedule", [this](Schedule& s) { schedule(s); }), "how it is computed");
    a_.optional("multiply_adds", k.multiply_adds, 0, form::Integer{0}, "its multiply-adds for one picture (0 where left out)");
    a_.optional("because", k.reason, form::Nothing{}, form::Text{}, "why it has this schedule");
    a_.optional("at", k.at, Location{}, place_, place_of_layer);
  }

  void step(Step& s) {
    a_.choice("step", s.kind, form::program_steps(), "what the step does", [&] {
      const OpInfo& wanted = info(s.kind);
      if (wanted.joins()) a_.field("operand", s.operand, form::Reference{&names_}, "the other tensor that it reads");
      s.constants.resize(wanted.constants.size());
      for (size_t i = 0; i < wanted.constants.size(); ++i) {
        a_.field(wanted.constants[i], s.constants[i], ConstantIndex{&p_.constants}, "a constant, by its place in the list");
      }
    });
  }

  void schedule(Schedule& s) {
    const auto all = default_schedules();
    if (form::Reader* reader = a_.reader()) reader->mark(Finding::Part::schedule);
    size_t kind = s.index();
    a_.choice("algorithm", kind, form::algorithms(), "which algorithm; of a GPU, threads", [&] {
      if (kind != s.index()) s = all[kind];
      form::ScheduleFields fields{a_};
      program::describe(fields, s);
    });
  }

  form::Archive& a_;
  form::Place place_;
  Program& p_;
  form::Names names_;
  std::optional<Decision> by_picture_, brief_;
};

}  // namespace

std::string to_json(const Program& program, const Sources& sources) {
  Program described = program;
  form::Writer writer;
  return writer.text([&] { Form(writer, sources, described).describe(); });
}

std::optional<Program> parse_json(FileId file, Diagnostics& diagnostics) {
  Program program;
  form::Reader reader(file, diagnostics);
  Form fields(reader, diagnostics.sources(), program);
  reader.text([&] { fields.describe(); });
  if (!reader.finish([&] { return verify(program); })) return std::nullopt;
  fields.decide();
  return program;
}

std::string json_schema() {
  Program program;
  form::Schema schema;
  return schema.text("program", "A network's kernels in execution order over one arena, for one target: the third of resnetc's IRs",
                     [&] { Form(schema, Sources(), program).describe(); });
}

}  // namespace resnetc::program

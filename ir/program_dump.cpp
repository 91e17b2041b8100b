/// \file Graphviz and JSON forms of programs.
#include <fmt/format.h>

#include "ir/dump.h"
#include "ir/program.h"

namespace resnetc::program {

namespace json = llvm::json;

std::string to_dot(const Program& program) {
  std::string out = dump::dot_begin(program.name);
  std::vector<std::string> maker(program.tensors.size());
  for (size_t i = 0; i < program.kernels.size(); ++i) {
    const Kernel& kernel = program.kernels[i];
    const std::string id = fmt::format("{} {}", i, kernel.name);
    std::string label = fmt::format("{}\n{}", kernel.name, to_string(kernel.kind));
    for (const Step& step : kernel.epilogue) label += fmt::format(", {}", graph::to_string(step.kind));
    if (kernel.pool) label += ", max_pool";
    if (kernel.out != none) {
      const Tensor& t = program.tensor(kernel.out);
      label += fmt::format("\n{}{}", to_string(t.type), t.offset == none ? "" : fmt::format(" at {}", t.offset));
      maker[static_cast<size_t>(kernel.out)] = id;
    }
    out += dump::dot_node(id, label, kernel.kind == KernelKind::load || kernel.kind == KernelKind::store ? "shape=oval" : "");
    for (TensorId t : reads(kernel)) {
      out += dump::dot_edge(maker[static_cast<size_t>(t)], id,
                            in_place(program, kernel, t) ? "style=bold, label=\"in place\""
                            : t == kernel.in             ? ""
                                                         : "style=dashed");
    }
  }
  return out + "}\n";
}

namespace {

/// The fields that the algorithm has, as in the text form.
json::Object to_json(const Schedule& schedule) {
  json::Object object{{"algorithm", dump::string(to_string(schedule.algorithm))}, {"vectors", schedule.vectors}, {"rows", schedule.rows}};
  if (schedule.algorithm == Algorithm::winograd) {
    object["output"] = schedule.output;
    object["depth"] = schedule.depth;
  }
  if (schedule.algorithm == Algorithm::threads) {
    object["channels"] = schedule.channels;
    object["tiles"] = json::Array{schedule.tiles.h, schedule.tiles.w};
    object["block"] = json::Array{schedule.block.h, schedule.block.w};
    object["flat"] = schedule.flat;
    return object;
  }
  if (in_tiles(schedule.algorithm)) {
    object["tiles"] = json::Array{schedule.tiles.h, schedule.tiles.w};
    object["parts"] = schedule.parts;
  } else {
    object["pixels"] = schedule.pixels;
    object["flat"] = schedule.flat;
  }
  return object;
}

}  // namespace

std::string to_json(const Program& program, const Sources& sources) {
  const auto name_of = [&](TensorId id) { return id == none ? json::Value(nullptr) : dump::string(program.tensor(id).name); };
  const auto number = [](int64_t value) { return value == none ? json::Value(nullptr) : json::Value(value); };
  json::Array outputs, tensors, constants, kernels;
  for (const Output& output : program.outputs) {
    outputs.push_back(json::Object{{"name", dump::string(output.name)}, {"type", dump::type(output.type)}});
  }
  for (const Tensor& t : program.tensors) {
    tensors.push_back(json::Object{{"name", dump::string(t.name)},
                                   {"type", dump::type(t.type)},
                                   {"channel_stride", t.channel_stride},
                                   {"halo", json::Array{t.halo.h, t.halo.w}},
                                   {"offset", number(t.offset)},
                                   {"bytes", t.picture_bytes()},
                                   {"at", dump::location(t.at, sources)}});
  }
  for (const Constant& c : program.constants) {
    constants.push_back(json::Object{{"offset", c.offset}, {"bytes", c.bytes()}, {"recipe", dump::string(resnetc::to_string(*c.recipe))}});
  }
  for (const Kernel& kernel : program.kernels) {
    json::Array steps;
    for (const Step& step : kernel.epilogue) {
      json::Object s{{"kind", dump::string(graph::to_string(step.kind))}};
      if (step.operand != none) s["operand"] = name_of(step.operand);
      if (step.operand != none && in_place(program, kernel, step.operand)) s["in_place"] = true;
      for (size_t i = 0; i < step.constants.size(); ++i) s[std::string(graph::info(step.kind).constants[i])] = step.constants[i];
      steps.push_back(std::move(s));
    }
    json::Object k{{"name", dump::string(kernel.name)},
                   {"kind", dump::string(to_string(kernel.kind))},
                   {"attributes", dump::attributes(kernel.attributes)},
                   {"in", name_of(kernel.in)},
                   {"out", name_of(kernel.out)},
                   {"weight", number(kernel.weight)},
                   {"then", std::move(steps)},
                   {"schedule", to_json(kernel.schedule)},
                   {"reason", dump::string(kernel.reason)},
                   {"multiply_adds", kernel.multiply_adds},
                   {"at", dump::location(kernel.at, sources)}};
    if (kernel.pool) k["pool"] = dump::attributes(*kernel.pool);
    if (kernel.kind == KernelKind::store) k["output"] = kernel.port;
    kernels.push_back(std::move(k));
  }
  json::Object input = dump::input(program.input.format, program.input.mean, program.input.std);
  input["name"] = dump::string(program.input_name);
  input["type"] = dump::type(program.input_type);
  return dump::text(json::Object{{"level", "program"},
                                 {"name", dump::string(program.name)},
                                 {"target", dump::string(program.target)},
                                 {"arena_bytes", number(program.arena_bytes)},
                                 {"input", std::move(input)},
                                 {"outputs", std::move(outputs)},
                                 {"tensors", std::move(tensors)},
                                 {"constants", std::move(constants)},
                                 {"kernels", std::move(kernels)}});
}

}  // namespace resnetc::program

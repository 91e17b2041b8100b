/// \file The lowering of a graph to kernels: choices first, then layouts, then schedules and constants. passes/selection/ has the parts.
#include "passes/select_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>

#include "ir/quantized.h"
#include "passes/selection/bare_kernels.h"
#include "passes/selection/choices.h"
#include "passes/selection/constants.h"
#include "passes/selection/parts.h"
#include "passes/selection/pictures.h"
#include "passes/selection/steps.h"
#include "passes/selection/tuned.h"
#include "support/printable.h"

namespace resnetc::passes {
namespace {

using program::AlgorithmChoice;
using program::Implementation;
using program::KernelKind;
using program::Program;
using program::ScheduleChoice;

/// The widest that a convolution reads each value with.
std::vector<Extent2> halos_of(const graph::Graph& graph, const KernelChoices& choices) {
  std::vector<Extent2> halos(graph.ops.size(), Extent2{0, 0});
  for (size_t reader = 0; reader < graph.ops.size(); ++reader) {
    const graph::Op& op = graph.ops[reader];
    if (op.kind != OpKind::conv2d) continue;
    const size_t i = static_cast<size_t>(op.operands[0]);
    const Extent2 halo = choices.algorithms[reader].by->halo(op.attributes, graph.ops[i].type.channels);
    halos[i] = {std::max(halos[i].h, halo.h), std::max(halos[i].w, halo.w)};
  }
  return halos;
}

/// Whether a convolution wants gaps between the pixels of each value. A GPU's cache needs none.
std::vector<bool> gaps_of(const graph::Graph& graph, const KernelChoices& choices, const PassContext& context) {
  std::vector<bool> gaps(graph.ops.size());
  if (context.target->on_gpu()) return gaps;
  for (size_t i = 0; i < choices.values.size(); ++i) {
    const graph::ValueId reader = choices.values[i];
    if (choices.algorithm(reader).by->wants_gap(choices.convolutions[i], *context.machine)) {
      gaps[static_cast<size_t>(graph.op(reader).operands[0])] = true;
    }
  }
  return gaps;
}

/// Widens the whole so that the last vector of a part does not reach into the next pixel.
void make_room(program::Tensor& whole, int64_t first_channel, int64_t channels) {
  if (first_channel + whole_vectors(channels) > whole.channel_stride) whole.channel_stride = whole_vectors(whole.type.channels) + lanes;
}

void take_layout(program::Tensor& part, const program::Tensor& whole) {
  part.channel_stride = whole.channel_stride;
  part.halo = whole.halo;
}

/// Makes a tensor for each value, with the layout that its readers need. A part has the layout of the whole.
std::vector<program::Tensor> lay_out(const graph::Graph& graph, const KernelChoices& choices, const std::vector<Part>& parts,
                                     const PassContext& context) {
  const std::vector<Extent2> halos = halos_of(graph, choices);
  const std::vector<bool> gaps = gaps_of(graph, choices, context);
  std::vector<program::Tensor> tensors(graph.ops.size());
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const graph::Op& op = graph.ops[i];
    program::Tensor& tensor = tensors[i];
    tensor.name = op.name;
    tensor.type = op.type;
    tensor.channel_stride = i == 0 && choices.input_as_it_is ? op.type.channels : whole_vectors(op.type.channels);
    if (i == static_cast<size_t>(choices.loaded) && choices.loaded_in_fours) tensor.channel_stride = program::channels_in_fours;
    if (gaps[i]) tensor.channel_stride += lanes;
    tensor.halo = halos[i];
    tensor.at = op.at;
    if (parts[i].whole == static_cast<graph::ValueId>(i)) continue;
    tensor.part_of = parts[i].whole;
    tensor.first_channel = parts[i].first_channel;
  }
  for (const program::Tensor& part : tensors) {
    if (!part.is_part()) continue;
    program::Tensor& whole = tensors[static_cast<size_t>(part.part_of)];
    whole.halo = {std::max(whole.halo.h, part.halo.h), std::max(whole.halo.w, part.halo.w)};
    make_room(whole, part.first_channel, part.type.channels);
  }
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    for (const Copy& copy : copies_into(graph, parts, static_cast<graph::ValueId>(i))) {
      make_room(tensors[static_cast<size_t>(copy.to.whole)], copy.to.first_channel, graph.op(copy.from).type.channels);
    }
  }
  for (program::Tensor& part : tensors) {
    if (part.is_part()) take_layout(part, tensors[static_cast<size_t>(part.part_of)]);
  }
  return tensors;
}

/// Takes away the tensors that no kernel uses. The others get new numbers, wholes before their parts.
void remove_unused_tensors(Program& program) {
  std::vector<program::TensorId> renumbered(program.tensors.size(), program::none);
  std::vector<program::Tensor> kept;
  const auto keep = [&](program::TensorId id) {
    if (id == program::none || renumbered[static_cast<size_t>(id)] != program::none) return;
    renumbered[static_cast<size_t>(id)] = static_cast<program::TensorId>(kept.size());
    kept.push_back(program.tensor(id));
  };
  for (const program::Kernel& kernel : program.kernels) {
    for (program::TensorId id : program::reads(kernel)) keep(id);  // a slice, or the whole of parts, which no kernel writes
    if (kernel.out == program::none) continue;
    keep(program::whole_of(program, kernel.out));
    keep(kernel.out);
  }
  const auto renumber = [&](program::TensorId& id) {
    if (id != program::none) id = renumbered[static_cast<size_t>(id)];
  };
  for (program::Tensor& tensor : kept) renumber(tensor.part_of);
  for (program::Kernel& kernel : program.kernels) {
    renumber(kernel.in);
    renumber(kernel.out);
    for (program::Step& step : kernel.epilogue) renumber(step.operand);
  }
  program.tensors = std::move(kept);
}

/// Whether a slice or an operand of a concatenation begins within a vector.
bool splits_vectors(const graph::Graph& graph, const std::vector<Part>& parts, graph::ValueId id) {
  if (parts[static_cast<size_t>(id)].first_channel % lanes != 0) return true;
  const std::vector<Copy> copies = copies_into(graph, parts, id);
  return std::any_of(copies.begin(), copies.end(), [](const Copy& copy) { return copy.to.first_channel % lanes != 0; });
}

/// Reports the operations that have no kernels for GPUs. Threads of GPUs load and store four channels at once, so parts of tensors must
/// begin with whole vectors there.
bool all_run_on_gpus(const graph::Graph& graph, PassContext& context) {
  bool all = true;
  const std::vector<Part> parts = find_parts(graph);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const graph::Op& op = graph.ops[i];
    const bool part = op.kind == OpKind::slice_channels || op.kind == OpKind::concat;
    std::string fault;
    if (!runs_on_gpus(info(op.kind).kernel)) {
      fault = fmt::format("there is no {} for GPUs yet", info(op.kind).name);
    } else if (part && splits_vectors(graph, parts, static_cast<graph::ValueId>(i))) {
      fault = fmt::format("for GPUs, {} must begin at a multiple of {} channels as yet",
                          op.kind == OpKind::concat ? "what is appended" : "a slice", lanes);
    } else {
      continue;
    }
    all = false;
    context.diagnostics->error(op.at, fault + "; compile the network for processors");
  }
  return all;
}

/// Makes the kernels of a program that has its tensors.
class KernelMaker {
 public:
  KernelMaker(const graph::Graph& graph, const KernelChoices& choices, const std::vector<Part>& parts, const TunedValues& tuned,
              Program& program, PassContext& context)
      : graph_(graph), choices_(choices), parts_(parts), tuned_(tuned), program_(program), context_(context) {
    for (const graph::Op& op : graph.ops) names_.insert(op.name);
  }

  void add_kernel(graph::ValueId id) {
    const graph::Op& op = graph_.op(id);
    const graph::ValueId pool = choices_.pool(id);
    if (op.kind == OpKind::max_pool && pool != graph::no_value) return;  // its kernel exists already
    if (op.kind == OpKind::slice_channels) return;                       // its readers read its operand's tensor
    if (op.kind == OpKind::concat) return concatenate(id);
    if (id == choices_.loaded && id != 0) return;  // the load makes it
    if (id == 0 && choices_.loaded != 0) return load_integers();
    program::Kernel kernel = bare_kernel(graph_, id, pool);
    const AlgorithmChoice& chosen = choices_.algorithm(id);
    ScheduleChoice choice = choose_schedule(kernel, chosen);
    if (kernel.pool) choice.reason += fmt::format("; '{}' is pooled before it is stored", printable(op.name));
    if (const program::TunedKernel* measured = tuned_[static_cast<size_t>(id)])
      choice = tuned_or(std::move(choice), *measured, graph_, op, chosen, context_);
    kernel.schedule = choice.schedule;
    constants_.add_to(kernel, op, steps_of(graph_, op));
    add(std::move(kernel), std::move(choice));
  }

  void add_store(size_t port) {
    program::Kernel kernel = bare_store(graph_, port);
    ScheduleChoice choice = choose_schedule(kernel, {});
    add(std::move(kernel), std::move(choice));
  }

 private:
  /// Chooses the schedule of a kernel that has everything else except constants. For a convolution, it follows the chosen algorithm.
  ScheduleChoice choose_schedule(const program::Kernel& kernel, const AlgorithmChoice& chosen) const {
    const program::KernelSpec spec = spec_of(program_, kernel);
    const Implementation& by = context_.target->on_gpu()           ? implementation_of(program::ThreadSchedule{})
                               : kernel.kind == KernelKind::conv2d ? *chosen.by
                                                                   : implementation_of(program::GeneralSchedule{});
    ScheduleChoice choice = by.choose({spec, kernel.multiply_adds, *program_.target, *context_.machine, context_.batch}, chosen);
    if (kernel.kind == KernelKind::conv2d && !context_.target->on_gpu()) {
      choice.reason += "; " + expectation(convolution_of(spec), chosen, *context_.machine, choice.limit);
    }
    return choice;
  }

  /// The load makes integers at once, so that the input in float is never stored.
  void load_integers() {
    const graph::Op& op = graph_.op(choices_.loaded);
    program::Kernel kernel = bare_kernel(graph_, choices_.loaded, graph::no_value);
    kernel.kind = KernelKind::load;
    kernel.in = program::none;
    ScheduleChoice choice = choose_schedule(kernel, {});
    kernel.schedule = choice.schedule;
    constants_.add_to(kernel, op, steps_of(graph_, op));
    add(std::move(kernel), std::move(choice));
  }

  void add(program::Kernel kernel, ScheduleChoice choice) {
    kernel.schedule = choice.schedule;
    kernel.reason = std::move(choice.reason);
    context_.remarks.push_back({"select-kernels", kernel.name, kernel.reason, kernel.at});
    program_.kernels.push_back(std::move(kernel));
  }

  /// Copies the operands that their kernels could not write where they belong.
  void concatenate(graph::ValueId id) {
    const graph::Op& op = graph_.op(id);
    const std::vector<Copy> copies = copies_into(graph_, parts_, id);
    if (copies.empty()) {
      context_.remarks.push_back({"select-kernels", op.name, "both operands are written where they are concatenated", op.at});
    }
    for (size_t i = 0; i < copies.size(); ++i) {
      const Copy& copy = copies[i];
      program::Tensor part;
      // The last copy completes the value, and has its name.
      part.name = op.name + (i + 1 < copies.size() ? ".first" : ".second");
      while (!names_.insert(part.name).second) part.name += "_";
      part.type = graph_.op(copy.from).type;
      part.part_of = copy.to.whole;
      part.first_channel = copy.to.first_channel;
      take_layout(part, program_.tensor(part.part_of));
      part.at = op.at;
      program::Kernel kernel;
      kernel.kind = KernelKind::copy;
      kernel.name = i + 1 < copies.size() ? part.name : op.name;
      kernel.in = copy.from;
      kernel.out = static_cast<program::TensorId>(program_.tensors.size());
      kernel.at = op.at;
      program_.tensors.push_back(std::move(part));
      ScheduleChoice choice = choose_schedule(kernel, {});
      add(std::move(kernel), std::move(choice));
    }
  }

  const graph::Graph& graph_;
  const KernelChoices& choices_;
  const std::vector<Part>& parts_;
  const TunedValues& tuned_;
  Program& program_;
  PassContext& context_;
  ConstantTable constants_{program_};
  std::unordered_set<std::string> names_;  ///< of tensors
};

}  // namespace

namespace {

/// Reports the first operation that no kernel computes yet.
bool has_kernels(const graph::Graph& graph, PassContext& context) {
  for (const graph::Op& op : graph.ops) {
    if (op.kind == OpKind::conv_transpose) {
      context.diagnostics->error(op.at,
                                 fmt::format("'{}' is a transposed convolution still: run split-transposed first", printable(op.name)));
      return false;
    }
    if (is_quantized(graph, op) && context.target->on_gpu()) {
      context.diagnostics->error(
          op.at, fmt::format("'{}' is computed with integers, for which there are no kernels for GPUs; compile the network for processors",
                             printable(op.name)));
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Program> select_kernels(const graph::Graph& with_lines, PassContext& context) {
  if (with_lines.ops.empty() || !has_kernels(with_lines, context)) return std::nullopt;
  const graph::Graph graph = with_lines_as_pictures(with_lines);
  if (context.target->on_gpu() && !all_run_on_gpus(graph, context)) return std::nullopt;
  Program program;
  program.name = graph.name;
  program.target = context.target;
  program.machine = name_in_programs(*context.machine, *context.target);
  program.input = graph.input;
  program.input_name = graph.ops.front().name;
  for (const graph::Output& output : with_lines.outputs) program.outputs.push_back({output.name, with_lines.op(output.value).type});
  KernelChoices choices = choose_kernels(graph, context);
  const std::vector<Part> parts = find_parts(graph);
  program.tensors = lay_out(graph, choices, parts, context);
  TunedValues tuned(graph.ops.size());
  if (context.tuned != nullptr) {
    tuned = find_tuned(graph, choices, program, context);
    prefer_tuned(tuned, context, choices);
  }
  KernelMaker maker(graph, choices, parts, tuned, program, context);
  for (size_t i = 0; i < graph.ops.size(); ++i) maker.add_kernel(static_cast<graph::ValueId>(i));
  for (size_t i = 0; i < graph.outputs.size(); ++i) maker.add_store(i);
  remove_unused_tensors(program);
  program.by_picture = choose_by_picture(program, *context.machine);
  program.brief = choose_brief(program, *context.machine);
  return program;
}

}  // namespace resnetc::passes

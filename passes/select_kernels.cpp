/// \file The lowering of a graph to kernels.
#include "passes/select_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "passes/conv_schedule.h"
#include "passes/winograd_schedule.h"

namespace resnetc::passes {

namespace {

using graph::StepKind;
using program::KernelKind;

class Selection {
 public:
  Selection(const graph::Graph& graph, PassContext& context) : graph_(graph), context_(context) {}

  program::Program run() {
    program_.name = graph_.name;
    program_.target = context_.target;
    program_.input = graph_.input;
    program_.input_name = graph_.ops.front().name;
    program_.input_type = graph_.ops.front().type;
    lay_out();
    find_tuned();
    choose_algorithms();
    for (size_t i = 0; i < graph_.ops.size(); ++i) add_kernel(static_cast<graph::ValueId>(i));
    for (size_t i = 0; i < graph_.outputs.size(); ++i) add_store(i);
    return std::move(program_);
  }

 private:
  static bool is_convolution(OpKind kind) { return kind == OpKind::conv2d || kind == OpKind::linear; }

  /// One tensor per value, with the layout that its readers need.
  void lay_out() {
    std::vector<bool> only_convolutions(graph_.ops.size(), true);
    std::vector<Extent2> halos(graph_.ops.size(), Extent2{0, 0});
    for (const graph::Op& op : graph_.ops) {
      for (graph::ValueId v : op.operands) {
        const size_t i = static_cast<size_t>(v);
        if (!is_convolution(op.kind)) only_convolutions[i] = false;
        if (op.kind != OpKind::conv2d) continue;
        halos[i].h = std::max(halos[i].h, op.attributes.pad.h);
        halos[i].w = std::max(halos[i].w, op.attributes.pad.w);
      }
      for (const graph::Step& step : op.epilogue) {
        if (step.operand != graph::no_value) only_convolutions[static_cast<size_t>(step.operand)] = false;
      }
    }
    for (const graph::Output& output : graph_.outputs) only_convolutions[static_cast<size_t>(output.value)] = false;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const graph::Op& op = graph_.ops[i];
      program::Tensor tensor;
      tensor.name = op.name;
      tensor.type = op.type;
      const bool as_it_is = op.kind == OpKind::input && only_convolutions[i] && op.epilogue.empty();
      tensor.channel_stride = as_it_is ? op.type.channels : whole_vectors(op.type.channels);
      tensor.halo = halos[i];
      tensor.at = op.at;
      program_.tensors.push_back(std::move(tensor));
    }
  }

  /// What was measured for each convolution, if its schedule is one that the convolution can have.
  void find_tuned() {
    tuned_.resize(graph_.ops.size());
    std::set<const program::TunedKernel*> faulty;  // a line may be for several kernels, and is one mistake
    for (size_t i = 0; i < graph_.ops.size() && context_.tuned != nullptr; ++i) {
      const graph::Op& op = graph_.ops[i];
      if (!is_convolution(op.kind)) continue;
      program::Kernel kernel;
      kernel.kind = KernelKind::conv2d;
      kernel.attributes = op.attributes;
      kernel.in = op.operands[0];
      kernel.out = static_cast<graph::ValueId>(i);
      for (const graph::Step& step : op.epilogue) add_step(kernel, step.kind, step.operand, {});
      const program::TunedKernel* tuned = context_.tuned->find(work_of(spec_of(program_, kernel)));
      if (tuned == nullptr) continue;
      kernel.schedule = tuned->schedule;
      const std::optional<std::string> fault = schedule_fault(spec_of(program_, kernel));
      if (!fault) {
        tuned_[i] = tuned;
      } else if (faulty.insert(tuned).second) {
        context_.diagnostics->error(tuned->at, fmt::format("'{}' cannot have this schedule: {}", op.name, *fault));
      }
    }
  }

  /// Sums or transforms, for each value that is a convolution.
  void choose_algorithms() {
    transforms_.resize(graph_.ops.size());
    std::vector<Convolution> convolutions;
    std::vector<size_t> values;
    for (size_t i = 0; i < graph_.ops.size() && context_.winograd; ++i) {
      const graph::Op& op = graph_.ops[i];
      if (op.kind != OpKind::conv2d) continue;
      convolutions.push_back({graph_.op(op.operands[0]).type, op.type, op.attributes});
      values.push_back(i);
    }
    std::vector<WinogradChoice> choices = choose_winograd(convolutions);
    std::vector<std::optional<WinogradChoice>> tuned(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      if (tuned_[values[i]] != nullptr) tuned[i] = choice_of(tuned_[values[i]]->schedule);
    }
    prefer(tuned, convolutions, context_.weights_limited, choices);
    for (size_t i = 0; i < values.size(); ++i) transforms_[values[i]] = choices[i];
  }

  program::ConstantId constant(const RecipePtr& recipe) {
    const auto [it, added] = constants_.emplace(to_string(*recipe), static_cast<program::ConstantId>(program_.constants.size()));
    if (added) {
      program::Constant made;
      made.recipe = recipe;
      made.offset = constant_bytes_;
      constant_bytes_ += (made.bytes() + 63) / 64 * 64;
      program_.constants.push_back(std::move(made));
    }
    return it->second;
  }

  void add_step(program::Kernel& kernel, StepKind kind, graph::ValueId operand, const std::vector<RecipePtr>& constants) {
    program::Step& step = kernel.epilogue.emplace_back();
    step.kind = kind;
    if (operand != graph::no_value) step.operand = operand;  // tensors have the numbers of their values
    for (const RecipePtr& recipe : constants) step.constants.push_back(constant(pack_vector(recipe)));
  }

  /// What the operation itself does, before its epilogue.
  void set_kind(const graph::Op& op, program::Kernel& kernel) {
    switch (op.kind) {
      case OpKind::input: kernel.kind = KernelKind::load; break;
      case OpKind::conv2d:
      case OpKind::linear: kernel.kind = KernelKind::conv2d; break;
      case OpKind::max_pool: kernel.kind = KernelKind::max_pool; break;
      case OpKind::avg_pool: kernel.kind = KernelKind::avg_pool; break;
      case OpKind::global_avg_pool: kernel.kind = KernelKind::global_avg_pool; break;
      case OpKind::softmax: kernel.kind = KernelKind::softmax; break;
      case OpKind::pad_channels: kernel.kind = KernelKind::copy; break;
      case OpKind::relu:
      case OpKind::sigmoid:
      case OpKind::add:
      case OpKind::mul:
      case OpKind::affine:
        add_step(kernel, *graph::step_of(op.kind), op.operands.size() > 1 ? op.operands[1] : graph::no_value, op.constants);
        break;
      case OpKind::batch_norm: {
        const RecipePtr scale = mul(op.constants[0], rsqrt(op.constants[3], op.attributes.eps));
        add_step(kernel, StepKind::affine, graph::no_value, {scale, sub(op.constants[1], mul(op.constants[2], scale))});
        break;
      }
    }
  }

  void add_kernel(graph::ValueId id) {
    const graph::Op& op = graph_.op(id);
    program::Kernel kernel;
    kernel.name = op.name;
    kernel.attributes = op.attributes;
    kernel.at = op.at;
    if (!op.operands.empty()) kernel.in = op.operands[0];
    kernel.out = id;
    set_kind(op, kernel);
    for (const graph::Step& step : op.epilogue) add_step(kernel, step.kind, step.operand, step.constants);
    kernel.multiply_adds = graph::multiply_adds(graph_, op);
    const program::Tensor& out = program_.tensor(kernel.out);
    ScheduleChoice choice;
    const WinogradChoice& transforms = transforms_[static_cast<size_t>(id)];
    if (kernel.kind == KernelKind::conv2d) {
      const int64_t groups = op.kind == OpKind::conv2d ? op.attributes.groups : 1;
      kernel.weight = constant(transforms.packed ? pack_winograd(op.constants[0], transforms.output, op.attributes.stride.w)
                                                 : pack_conv(op.constants[0], groups));
    }
    if (transforms.output != 0) {
      choice = choose_winograd_schedule(program_.tensor(kernel.in), out, kernel.attributes, transforms, program_.target);
    } else if (kernel.kind == KernelKind::conv2d) {
      choice = choose_conv_schedule(program_.tensor(kernel.in), out, kernel.attributes, can_be_flat(spec_of(program_, kernel)),
                                    kernel.multiply_adds, program_.target);
    } else {
      const int64_t read = kernel.in == program::none ? 0 : program_.tensor(kernel.in).type.elements();
      choice = choose_general_schedule(kernel.kind == KernelKind::softmax ? 0 : read + out.type.elements(), out.type.height);
    }
    if (const program::TunedKernel* tuned = tuned_[static_cast<size_t>(id)]) {
      if (choice_of(tuned->schedule) == transforms) {
        choice = {tuned->schedule, fmt::format("tuned, {}: {}", to_string(tuned->schedule.algorithm), tuned->reason)};
      } else {
        choice.reason += context_.winograd ? "; tuned otherwise, but the packed weights would be too large"
                                           : "; tuned otherwise, but transforms are switched off";
      }
    }
    finish(std::move(kernel), std::move(choice));
  }

  void add_store(size_t port) {
    const graph::Output& output = graph_.outputs[port];
    program_.outputs.push_back({output.name, graph_.op(output.value).type});
    program::Kernel kernel;
    kernel.kind = KernelKind::store;
    kernel.name = output.name;
    kernel.in = output.value;
    kernel.port = static_cast<int32_t>(port);
    kernel.at = output.at;
    const TensorType& type = program_.tensor(kernel.in).type;
    finish(std::move(kernel), choose_general_schedule(2 * type.elements(), type.height));
  }

  void finish(program::Kernel kernel, ScheduleChoice choice) {
    kernel.schedule = choice.schedule;
    kernel.reason = std::move(choice.reason);
    context_.remarks.push_back({"select-kernels", kernel.name, kernel.reason, kernel.at});
    program_.kernels.push_back(std::move(kernel));
  }

  const graph::Graph& graph_;
  PassContext& context_;
  program::Program program_;
  std::vector<const program::TunedKernel*> tuned_;  ///< of each value; null: none
  std::vector<WinogradChoice> transforms_;          ///< of each value
  std::map<std::string, program::ConstantId> constants_;
  int64_t constant_bytes_ = 0;
};

}  // namespace

std::optional<program::Program> select_kernels(const graph::Graph& graph, PassContext& context) {
  if (graph.ops.empty()) return std::nullopt;
  return Selection(graph, context).run();
}

}  // namespace resnetc::passes

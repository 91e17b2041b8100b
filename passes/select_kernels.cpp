/// \file Lowers a graph to kernels.
#include "passes/select_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ir/packing.h"
#include "passes/algorithms.h"

namespace resnetc::passes {

namespace {

using graph::StepKind;
using program::AlgorithmChoice;
using program::Convolution;
using program::Implementation;
using program::KernelKind;
using program::ScheduleChoice;

class Selection {
 public:
  Selection(const graph::Graph& graph, PassContext& context) : graph_(graph), context_(context) {}

  program::Program run() {
    program_.name = graph_.name;
    program_.target = context_.target;
    program_.input = graph_.input;
    program_.input_name = graph_.ops.front().name;
    find_readers();
    choose_algorithms();
    find_pools();
    lay_out();
    if (context_.tuned != nullptr) {
      find_tuned();
      prefer_tuned();
    }
    for (size_t i = 0; i < graph_.ops.size(); ++i) add_kernel(static_cast<graph::ValueId>(i));
    for (size_t i = 0; i < graph_.outputs.size(); ++i) add_store(i);
    remove_unused_tensors();
    program_.by_picture = choose_by_picture(program_, *context_.machine);
    program_.brief = choose_brief(program_, *context_.machine);
    return std::move(program_);
  }

 private:
  bool gpu() const { return context_.target->on_gpu(); }

  static bool is_convolution(OpKind kind) { return kind == OpKind::conv2d || kind == OpKind::linear; }

  /// Finds the readers of values. The input keeps its layout, without gaps between its pixels, if only convolutions read it.
  void find_readers() {
    input_as_it_is_ = graph_.ops.front().epilogue.empty();
    for (const graph::Op& op : graph_.ops) {
      for (graph::ValueId v : op.operands) input_as_it_is_ = input_as_it_is_ && (v != 0 || is_convolution(op.kind));
      for (const graph::Step& step : op.epilogue) input_as_it_is_ = input_as_it_is_ && step.operand != 0;
    }
    for (const graph::Output& output : graph_.outputs) input_as_it_is_ = input_as_it_is_ && output.value != 0;
  }

  /// Makes a tensor for each value, with the layout that its readers need.
  void lay_out() {
    std::vector<Extent2> halos(graph_.ops.size(), Extent2{0, 0});
    for (size_t reader = 0; reader < graph_.ops.size(); ++reader) {
      const graph::Op& op = graph_.ops[reader];
      if (op.kind != OpKind::conv2d) continue;
      const size_t i = static_cast<size_t>(op.operands[0]);
      const Extent2 halo = chosen_[reader].by->halo(op.attributes, graph_.ops[i].type.channels);
      halos[i] = {std::max(halos[i].h, halo.h), std::max(halos[i].w, halo.w)};
    }
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const graph::Op& op = graph_.ops[i];
      program::Tensor tensor;
      tensor.name = op.name;
      tensor.type = op.type;
      tensor.channel_stride = i == 0 && input_as_it_is_ ? op.type.channels : whole_vectors(op.type.channels);
      tensor.halo = halos[i];
      tensor.at = op.at;
      program_.tensors.push_back(std::move(tensor));
    }
  }

  /// Chooses an algorithm for each value that a convolution computes.
  void choose_algorithms() {
    chosen_.resize(graph_.ops.size());
    tuned_.resize(graph_.ops.size());
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const graph::Op& op = graph_.ops[i];
      if (op.kind != OpKind::conv2d) continue;
      Convolution& convolution = convolutions_.emplace_back();
      convolution = {graph_.op(op.operands[0]).type, op.type, op.attributes, {}, op.operands[0] == 0 && input_as_it_is_};
      for (const graph::Step& step : op.epilogue) {
        if (step.kind == StepKind::project) convolution.projected.push_back(graph_.op(step.operand).type.channels);
      }
      values_.push_back(i);
    }
    // A GPU's convolutions are direct sums.
    choices_ = passes::choose_algorithms(convolutions_, *context_.machine, gpu() ? 0 : context_.winograd_tile);
    for (size_t i = 0; i < values_.size(); ++i) chosen_[values_[i]] = choices_[i];
  }

  /// Makes a pool that is the only reader of the first layer's result a part of that layer's kernel, so that the largest tensor of the
  /// network is never written.
  void find_pools() {
    pools_.assign(graph_.ops.size(), graph::no_value);
    const std::vector<int> uses = use_counts(graph_);
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const graph::Op& op = graph_.ops[i];
      if (op.kind != OpKind::max_pool || !op.epilogue.empty()) continue;
      const OpAttributes& a = op.attributes;
      const size_t operand = static_cast<size_t>(op.operands[0]);
      const graph::Op& from = graph_.ops[operand];
      if (uses[operand] != 1 || from.kind != OpKind::conv2d || from.operands[0] != 0) continue;
      if (!chosen_[operand].by->pools(chosen_[operand], from.type, a)) continue;
      if (a.kernel.h * a.kernel.w > 16 || 2 * a.pad.h >= a.kernel.h || 2 * a.pad.w >= a.kernel.w) continue;
      if (std::any_of(from.epilogue.begin(), from.epilogue.end(), [](const graph::Step& s) { return s.operand != graph::no_value; }))
        continue;
      pools_[operand] = static_cast<graph::ValueId>(i);
      pools_[i] = op.operands[0];
    }
  }

  /// The kernel of the convolution that computes a value, without schedule and constants.
  program::Kernel bare_kernel(size_t value) const {
    const graph::Op& op = graph_.ops[value];
    program::Kernel kernel;
    kernel.kind = KernelKind::conv2d;
    kernel.attributes = op.attributes;
    kernel.in = op.operands[0];
    kernel.out = static_cast<graph::ValueId>(value);
    for (const graph::Step& step : op.epilogue) {
      program::Step& bare = kernel.epilogue.emplace_back();
      bare.kind = step.kind;
      if (step.operand != graph::no_value) bare.operand = step.operand;
    }
    if (const graph::ValueId pool = pools_[value]; pool != graph::no_value) {
      kernel.out = pool;
      kernel.pool = graph_.op(pool).attributes;
    }
    return kernel;
  }

  /// Finds the tuned schedule of each convolution, if the convolution can have it.
  void find_tuned() {
    std::set<const program::TunedKernel*> faulty;  // a line may apply to several kernels but is reported once
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (!is_convolution(graph_.ops[i].kind)) continue;
      program::Kernel kernel = bare_kernel(i);
      const program::TunedKernel* tuned = context_.tuned->find(work_of(spec_of(program_, kernel)));
      if (tuned == nullptr) continue;
      kernel.schedule = tuned->schedule;
      const std::optional<std::string> fault = schedule_fault(spec_of(program_, kernel));
      if (!fault) {
        tuned_[i] = tuned;
      } else if (faulty.insert(tuned).second) {
        context_.diagnostics->error(tuned->at, fmt::format("'{}' cannot have this schedule: {}", graph_.ops[i].name, *fault));
      }
    }
  }

  /// Takes the algorithms of tuned schedules, as far as there is room for their weights. Layouts have been made already, so a first layer
  /// over phases keeps its algorithm, because its input is laid out for it.
  void prefer_tuned() {
    std::vector<std::optional<AlgorithmChoice>> wanted(convolutions_.size());
    for (size_t i = 0; i < values_.size(); ++i) {
      if (tuned_[values_[i]] == nullptr) continue;
      const AlgorithmChoice tuned = choice_of(tuned_[values_[i]]->schedule);
      const bool fixed = program::decides_layout(convolutions_[i].attributes, convolutions_[i].in.channels);
      if (!fixed && tuned.by->within(tuned, context_.winograd_tile)) wanted[i] = tuned;
    }
    prefer(wanted, convolutions_, context_.weights_limited, choices_);
    for (size_t i = 0; i < values_.size(); ++i) chosen_[values_[i]] = choices_[i];
  }

  /// Removes the tensors that no kernel writes and renumbers the others.
  void remove_unused_tensors() {
    std::vector<program::TensorId> renumbered(program_.tensors.size(), program::none);
    std::vector<program::Tensor> kept;
    for (program::Kernel& kernel : program_.kernels) {
      if (kernel.out == program::none) continue;
      renumbered[static_cast<size_t>(kernel.out)] = static_cast<program::TensorId>(kept.size());
      kept.push_back(std::move(program_.tensor(kernel.out)));
    }
    const auto renumber = [&](program::TensorId& id) {
      if (id != program::none) id = renumbered[static_cast<size_t>(id)];
    };
    for (program::Kernel& kernel : program_.kernels) {
      renumber(kernel.in);
      renumber(kernel.out);
      for (program::Step& step : kernel.epilogue) renumber(step.operand);
    }
    program_.tensors = std::move(kept);
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

  /// A step without its constants, which are packed as its kernel's schedule needs them.
  static program::Step bare_step(const graph::Step& from) {
    program::Step step;
    step.kind = from.kind;
    if (from.operand != graph::no_value) step.operand = from.operand;  // tensors have the same numbers as their values
    return step;
  }

  /// Adds the constants to a kernel that is otherwise complete. The kernel computes `op` and `steps`.
  void add_constants(program::Kernel& kernel, const graph::Op& op, const std::vector<graph::Step>& steps) {
    std::vector<RecipePtr> weights;
    if (kernel.kind == KernelKind::conv2d) weights.push_back(op.constants[0]);
    for (const graph::Step& step : steps) {
      if (step.kind == StepKind::project) weights.push_back(step.constants[0]);
    }
    if (!weights.empty()) weights = pack(weights, op.attributes, program_.tensor(kernel.in).type.channels, kernel.schedule);
    size_t projection = 1;
    for (size_t i = 0; i < steps.size(); ++i) {
      for (const RecipePtr& recipe : steps[i].constants) {
        const bool matrix = steps[i].kind == StepKind::project;
        kernel.epilogue[i].constants.push_back(constant(matrix ? weights[projection++] : pack_vector(recipe)));
      }
    }
    if (!weights.empty()) kernel.weight = constant(weights.front());
  }

  /// The steps of an operation's kernel: the operation itself, if it is a step, and its epilogue.
  static std::vector<graph::Step> steps_of(const graph::Op& op) {
    std::vector<graph::Step> steps;
    if (graph::is_step(op.kind)) {
      steps.push_back({op.kind, op.operands.size() > 1 ? op.operands[1] : graph::no_value, op.constants});
    } else if (op.kind == OpKind::batch_norm) {
      const RecipePtr scale = mul(op.constants[0], rsqrt(op.constants[3], op.attributes.eps));
      steps.push_back({StepKind::affine, graph::no_value, {scale, sub(op.constants[1], mul(op.constants[2], scale))}});
    }
    steps.insert(steps.end(), op.epilogue.begin(), op.epilogue.end());
    return steps;
  }

  static AlgorithmChoice choice_of(const program::Schedule& schedule) { return implementation_of(schedule).choice_of(schedule); }

  /// The reason why the kernel of this value does not have the schedule that was measured for it.
  const char* obstacle(const graph::Op& op, const program::Schedule& tuned) const {
    if (context_.winograd_tile == 0) return "transforms are switched off";
    const AlgorithmChoice choice = choice_of(tuned);
    if (!choice.by->within(choice, context_.winograd_tile)) return "its tiles are too large for the error allowed";
    return program::decides_layout(op.attributes, graph_.op(op.operands[0]).type.channels) ? "its input is laid out for another algorithm"
                                                                                           : "the packed weights would be too large";
  }

  /// Chooses the schedule of a kernel that has everything else except constants. For a convolution, it follows the chosen algorithm.
  ScheduleChoice choose_schedule(const program::Kernel& kernel, const AlgorithmChoice& chosen) const {
    const program::KernelSpec spec = spec_of(program_, kernel);
    const Implementation& by = gpu()                               ? implementation_of(program::ThreadSchedule{})
                               : kernel.kind == KernelKind::conv2d ? *chosen.by
                                                                   : implementation_of(program::GeneralSchedule{});
    return by.choose({spec, kernel.multiply_adds, *program_.target, *context_.machine, context_.batch}, chosen);
  }

  void add_kernel(graph::ValueId id) {
    const graph::Op& op = graph_.op(id);
    const graph::ValueId pool = pools_[static_cast<size_t>(id)];
    if (op.kind == OpKind::max_pool && pool != graph::no_value) return;  // its kernel exists already
    program::Kernel kernel;
    kernel.name = op.name;
    kernel.attributes = op.attributes;
    kernel.at = op.at;
    if (!op.operands.empty()) kernel.in = op.operands[0];
    kernel.out = id;
    if (pool != graph::no_value) {
      kernel.name = graph_.op(pool).name;
      kernel.out = pool;
      kernel.pool = graph_.op(pool).attributes;
    }
    kernel.kind = info(op.kind).kernel;
    const std::vector<graph::Step> steps = steps_of(op);
    for (const graph::Step& step : steps) kernel.epilogue.push_back(bare_step(step));
    const AlgorithmChoice& chosen = chosen_[static_cast<size_t>(id)];
    kernel.multiply_adds = graph::multiply_adds(graph_, op);
    ScheduleChoice choice = choose_schedule(kernel, chosen);
    if (kernel.pool) choice.reason += fmt::format("; '{}' is pooled before it is stored", op.name);
    if (const program::TunedKernel* tuned = tuned_[static_cast<size_t>(id)]) {
      if (choice_of(tuned->schedule) == chosen) {
        choice = {tuned->schedule, fmt::format("tuned, {}: {}", name_of(tuned->schedule), tuned->reason)};
      } else {
        choice.reason += std::string("; tuned otherwise, but ") + obstacle(op, tuned->schedule);
      }
    }
    kernel.schedule = choice.schedule;
    add_constants(kernel, op, steps);
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
    ScheduleChoice choice = choose_schedule(kernel, {});
    finish(std::move(kernel), std::move(choice));
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
  bool input_as_it_is_ = false;
  std::vector<Convolution> convolutions_;           ///< the convolutions that compute values_
  std::vector<AlgorithmChoice> choices_;            ///< for each convolution
  std::vector<size_t> values_;                      ///< the values that convolutions compute
  std::vector<AlgorithmChoice> chosen_;             ///< for each value
  std::vector<graph::ValueId> pools_;               ///< for a value, the pool with which its kernel ends; for such a pool, that value
  std::vector<const program::TunedKernel*> tuned_;  ///< for each value; null: no tuned schedule
  std::map<std::string, program::ConstantId> constants_;
  int64_t constant_bytes_ = 0;
};

}  // namespace

std::optional<program::Program> select_kernels(const graph::Graph& graph, PassContext& context) {
  if (graph.ops.empty()) return std::nullopt;
  return Selection(graph, context).run();
}

}  // namespace resnetc::passes

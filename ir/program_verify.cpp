/// \file The rules for every program: all ids, sizes and offsets that code generation and the runtime use must be right.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "ir/algorithms/implementation.h"
#include "ir/checks.h"
#include "ir/integer_checks.h"
#include "ir/written_channels.h"

namespace resnetc::program {

namespace {

/// The largest arena and the largest offset. Their sums cannot overflow.
constexpr int64_t max_arena_bytes = int64_t{1} << 46;
/// The most multiply-adds of a program for one picture. Twice their number times a batch cannot overflow.
constexpr int64_t max_multiply_adds = int64_t{1} << 46;
constexpr std::string_view a_reason = "a reason";

class Verifier {
 public:
  explicit Verifier(const Program& program) : p_(program), written_(program.tensors.size()) {}

  Fault run() {
    if (Fault fault = checks::identifier("the network's name", p_.name)) return fault;
    if (p_.target == nullptr) return "the program has no target";
    if (p_.input_name.empty()) return "the input has no name";
    if (Fault fault = checks::input(p_.input, value_type(p_.input))) return fault;
    if (p_.arena_bytes != none && (p_.arena_bytes < 0 || p_.arena_bytes > max_arena_bytes)) {
      return fmt::format("the arena's size is out of range: 0 to {} bytes", max_arena_bytes);
    }
    if (on_gpu(p_) && p_.by_picture.yes) return "by_picture is not for a GPU, which computes each kernel for the whole batch";
    for (const Decision* decision : {&p_.by_picture, &p_.brief}) {
      if (Fault fault = checks::printable(a_reason, decision->reason)) return fault;
    }
    if (Fault fault = check_outputs()) return fault;
    if (Fault fault = check_tensors()) return fault;
    if (Fault fault = check_constants()) return fault;
    stored_.resize(p_.outputs.size());
    for (size_t i = 0; i < p_.kernels.size(); ++i) {
      const Kernel& kernel = p_.kernels[i];
      at_ = {"", Part::kernel, i};
      if (kernel.name.empty()) return fmt::format("kernel {} has no name", i);
      if ((i == 0) != (kernel.kind == KernelKind::load)) return "a load must be the first kernel, and no other may be one";
      if (Fault fault = check_kernel(kernel)) return fmt::format("kernel '{}': {}", kernel.name, *fault);
    }
    at_ = {};
    if (p_.kernels.empty()) return "the program has no kernel";
    for (size_t i = 0; i < stored_.size(); ++i) {
      at_ = {"", Part::output, i};
      if (!stored_[i]) return fmt::format("no kernel stores output '{}'", p_.outputs[i].name);
    }
    return std::nullopt;
  }

  /// The part that was checked last when run() returned.
  const Finding& at() const { return at_; }

 private:
  using Part = Finding::Part;

  Fault check_outputs() {
    if (p_.outputs.empty()) return "the program has no output";
    std::unordered_set<std::string_view> names;
    for (const Output& output : p_.outputs) {
      at_ = {"", Part::output, names.size()};
      if (output.name.empty()) return "an output has no name";
      if (!names.insert(output.name).second) return fmt::format("two outputs have the name '{}'", output.name);
      if (!fits(output.type)) return fmt::format("output '{}' is empty or too large", output.name);
      if (Fault fault = checks::computable(output.type, false)) return fmt::format("output '{}': {}", output.name, *fault);
    }
    return std::nullopt;
  }

  Fault check_tensors() {
    std::unordered_set<std::string_view> names;
    for (const Tensor& t : p_.tensors) {
      at_ = {"", Part::value, names.size()};
      if (t.name.empty()) return "a tensor has no name";
      if (!names.insert(t.name).second) return fmt::format("two tensors have the name '{}'", t.name);
      const auto fault = [&t](std::string_view what) { return fmt::format("tensor '{}' {}", t.name, what); };
      if (!fits(t.type, t.halo)) return fault("is empty or too large with its halo");
      if (!fits(t.type.quantization, t.type.element))
        return fault(fmt::format("has a scale or zero that is out of range: {}", to_string(t.type)));
      if (Fault other = t.type.is_quantized() ? std::nullopt : checks::computable(t.type, !on_gpu(p_))) {
        return fmt::format("tensor '{}': {}", t.name, *other);
      }
      if (t.type.is_quantized() && on_gpu(p_)) return fault("has integers, for which GPUs have no kernels");
      if (t.type.is_line()) return fault("is a line, which programs have as a picture of height 1");
      if (t.type.is_vector() && !t.dense()) return fault("is a vector with a halo");
      if (t.is_part()) {
        if (Fault other = check_part(t)) return other;
        continue;
      }
      if (t.first_channel != 0) return fault("has a first channel and is part of no tensor");
      const int64_t whole = whole_vectors(t.type.channels);
      const bool in_fours = t.type.is_quantized() && t.type.channels <= channels_in_fours && t.channel_stride == channels_in_fours;
      if (!in_fours && t.channel_stride != t.type.channels && t.channel_stride != whole && t.channel_stride != whole + lanes) {
        const std::string own = t.type.channels == whole ? "" : fmt::format("{}, its channels, or ", t.type.channels);
        return fault(fmt::format("has stride={}; it can be {}{}, whole vectors, or {}, one vector more", t.channel_stride, own, whole,
                                 whole + lanes));
      }
      if (t.offset == none) continue;
      if (t.offset < 0 || t.offset % 64 != 0 || t.offset > max_arena_bytes) {
        return fault(fmt::format("has an offset that is no multiple of 64 from 0 to {}", max_arena_bytes));
      }
      if (p_.arena_bytes == none) return fault("has an offset in an arena without a size");
    }
    return std::nullopt;
  }

  /// Checks a tensor that is a part of another one, against that one, whose own checks come before.
  Fault check_part(const Tensor& t) const {
    const auto fault = [&t](std::string_view what) { return fmt::format("tensor '{}' {}", t.name, what); };
    const size_t index = static_cast<size_t>(&t - p_.tensors.data());
    if (t.part_of < 0 || static_cast<size_t>(t.part_of) >= index) return fault("is a part of a tensor that does not stand before it");
    const Tensor& whole = p_.tensor(t.part_of);
    if (whole.is_part()) return fault(fmt::format("is a part of '{}', which is a part itself", whole.name));
    TensorType rest = t.type;
    rest.channels = whole.type.channels;
    if (rest != whole.type || t.channel_stride != whole.channel_stride || t.halo != whole.halo || t.offset != whole.offset) {
      return fault(fmt::format("differs from '{}', which it is a part of, in more than the channels", whole.name));
    }
    if (t.first_channel < 0 || t.first_channel > whole.type.channels - t.type.channels) {
      return fault(fmt::format("has channels that '{}' does not have", whole.name));
    }
    if (t.first_channel + t.stored_channels() > t.channel_stride) {
      return fault(fmt::format("ends with a vector that reaches into the next pixel: stride={} is too short", t.channel_stride));
    }
    return std::nullopt;
  }

  Fault check_constants() {
    int64_t end = 0;
    for (size_t i = 0; i < p_.constants.size(); ++i) {
      const Constant& c = p_.constants[i];
      at_ = {"", Part::constant, i};
      if (!c.recipe || c.recipe->shape.size() != 1) return fmt::format("constant @{} has no recipe of one dimension", i);
      if (const ElementType element = element_of(*c.recipe); c.element != element) {
        return fmt::format("constant @{} is {} where its recipe makes {}", i, to_string(c.element), to_string(element));
      }
      if (c.element != ElementType::f32 && on_gpu(p_)) return fmt::format("constant @{}: GPUs read weights of f32 only", i);
      // There must be no gaps, because the weights file must not be larger than its contents.
      if (c.offset != end) return fmt::format("constant @{} does not stand right after the one before it, at {}", i, end);
      end += (c.bytes() + 63) / 64 * 64;
      if (end > max_arena_bytes) return "the constants are too large";
    }
    return std::nullopt;
  }

  bool known(TensorId id) const { return id >= 0 && static_cast<size_t>(id) < p_.tensors.size(); }

  /// Checks that a constant packs a tensor of this shape in the way that the kernel reads it. Then it also has the right number of
  /// elements.
  Fault check_constant(std::string_view what, ConstantId id, const Packing& wanted, const std::vector<int64_t>& shape) const {
    if (id < 0 || static_cast<size_t>(id) >= p_.constants.size()) return fmt::format("its {} is missing", what);
    const Recipe& recipe = *p_.constant(id).recipe;
    const Packing there = packing_of(recipe);
    if (there != wanted) return fmt::format("it takes its {} {}, and has it {}", what, to_string(wanted), to_string(there));
    return checks::shape(what, packed_by(recipe)->shape, shape);
  }

  /// Checks that the channels are whole vectors. All steps need that, all kernels except convolutions, and all readers of a kernel's
  /// output.
  static Fault check_vectors(const Tensor& t) {
    if (t.channel_stride % lanes == 0) return std::nullopt;
    return fmt::format("tensor '{}' is not stored in whole vectors, which only a convolution's input may do without", t.name);
  }

  /// Checks one read of a tensor. The tensor must be known. Other reads of it may need less.
  Fault check_read(TensorId id, bool vectors) const {
    if (!written_[static_cast<size_t>(whole_of(p_, id))].cover(p_.tensor(id))) {
      return fmt::format("it reads tensor '{}', which nothing has written", p_.tensor(id).name);
    }
    return vectors ? check_vectors(p_.tensor(id)) : std::nullopt;
  }

  Fault check_kernel(const Kernel& kernel) {
    const bool load = kernel.kind == KernelKind::load, store = kernel.kind == KernelKind::store;
    if (on_gpu(p_) && !runs_on_gpus(kernel.kind)) return fmt::format("there is no {} for GPUs", to_string(kernel.kind));
    if (load ? kernel.in != none : !known(kernel.in)) return "its input tensor is missing or not a tensor";
    if (store ? kernel.out != none : !known(kernel.out)) return "its output tensor is missing or not a tensor";
    if (kernel.kind != KernelKind::conv2d && kernel.weight != none) return "it has a weight and is no convolution";
    if (kernel.kind != KernelKind::conv2d && kernel.pool) return "it has a pool and is no convolution";
    if (kernel.multiply_adds < 0) return "its number of multiply-adds is negative";
    if (kernel.multiply_adds > max_multiply_adds - multiply_adds_) {
      return fmt::format("with its multiply-adds, the program has more than {}", max_multiply_adds);
    }
    multiply_adds_ += kernel.multiply_adds;
    if (Fault fault = checks::lowered(kernel.attributes)) return fault;
    if (Fault fault = checks::printable(a_reason, kernel.reason)) return fault;
    if (!load) {
      if (Fault fault = check_read(kernel.in, kernel.kind != KernelKind::conv2d)) return fault;
    }
    for (const Step& step : kernel.epilogue) {
      if (step.operand == none) continue;
      if (!known(step.operand)) return "its epilogue uses what is not a tensor";
      if (Fault fault = check_read(step.operand, true)) return fault;
    }
    if (Fault fault = check_types(kernel)) return fault;
    if (Fault fault = check_epilogue(kernel)) return fault;
    if (Fault fault = check_schedule(kernel)) return fault;
    if (Fault fault = check_weights(kernel)) return fault;
    if (Fault fault = check_integers(p_, kernel)) return fault;
    if (store) {
      if (stored_[static_cast<size_t>(kernel.port)]) return fmt::format("output {} is stored twice", kernel.port);
      stored_[static_cast<size_t>(kernel.port)] = true;
    } else {
      if (kernel.port != 0) return "it names an output and is no store";
      WrittenChannels& written = written_[static_cast<size_t>(whole_of(p_, kernel.out))];
      if (written.would_be_destroyed_by(p_.tensor(kernel.out))) {
        return fmt::format("tensor '{}' is written {}", p_.tensor(kernel.out).name,
                           p_.tensor(kernel.out).is_part() ? "over a part that was written before" : "twice");
      }
      written.add(p_.tensor(kernel.out));
      if (!load) return check_vectors(p_.tensor(kernel.out));
    }
    return std::nullopt;
  }

  /// Checks the schedule, at the place of which its fault is reported.
  Fault check_schedule(const Kernel& kernel) {
    at_.part = Part::schedule;
    if (Fault fault = schedule_fault(spec_of(p_, kernel))) return fault;
    if (implementation_of(kernel.schedule).device() != p_.target->device) {
      return fmt::format("its algorithm '{}' is not for the program's target", name_of(kernel.schedule));
    }
    at_.part = Part::kernel;
    return std::nullopt;
  }

  Fault check_types(const Kernel& kernel) const {
    const auto equal = [](const TensorType& type, const TensorType& wanted) -> Fault {
      if (type.of_numbers() == wanted.of_numbers()) return std::nullopt;
      return fmt::format("it has {} where {} is needed", to_string(type), to_string(wanted));
    };
    const auto op = [&](OpKind kind) {
      if (Fault fault = checks::attributes(kind, kernel.attributes)) return fault;
      const TensorType operand[] = {p_.tensor(kernel.in).type.of_numbers()};
      return checks::result_type(kind, kernel.attributes, operand, p_.tensor(kernel.out).type.of_numbers());
    };
    switch (kernel.kind) {
      case KernelKind::load: return equal(p_.tensor(kernel.out).type, value_type(p_.input).as_picture());
      case KernelKind::store:
        if (kernel.port < 0 || static_cast<size_t>(kernel.port) >= p_.outputs.size()) {
          return fmt::format("it stores output {}, and the program has {} outputs, counted from 0", kernel.port, p_.outputs.size());
        }
        return equal(p_.tensor(kernel.in).type, p_.outputs[static_cast<size_t>(kernel.port)].type.as_picture());
      case KernelKind::conv2d: return check_convolution(kernel);
      case KernelKind::max_pool: return op(OpKind::max_pool);
      case KernelKind::avg_pool: return op(OpKind::avg_pool);
      case KernelKind::global_avg_pool: return op(OpKind::global_avg_pool);
      case KernelKind::global_max_pool: return op(OpKind::global_max_pool);
      case KernelKind::global_l2_pool: return op(OpKind::global_l2_pool);
      case KernelKind::softmax: return op(OpKind::softmax);
      case KernelKind::flatten: return op(OpKind::flatten);
      case KernelKind::upsample: return op(OpKind::upsample);
      case KernelKind::pixel_shuffle: return op(OpKind::pixel_shuffle);
      case KernelKind::channel_shuffle: return op(OpKind::channel_shuffle);
      case KernelKind::unflatten: return op(OpKind::unflatten);
      case KernelKind::join_rows: return op(OpKind::join_rows);
      case KernelKind::transpose: return op(OpKind::transpose);
      case KernelKind::pad: return op(OpKind::pad);
      case KernelKind::pixel_unshuffle: return op(OpKind::pixel_unshuffle);
      case KernelKind::layer_norm: return op(OpKind::layer_norm);
      case KernelKind::group_norm: return op(OpKind::group_norm);
      case KernelKind::rms_norm: return op(OpKind::rms_norm);
      case KernelKind::mean_norm: return op(OpKind::mean_norm);
      case KernelKind::copy: {
        const TensorType& out = p_.tensor(kernel.out).type;
        TensorType wanted = p_.tensor(kernel.in).type;
        if (wanted.is_vector() && out.channels == wanted.channels) wanted = out;  // the vector is spread over a picture, or copied
        wanted.channels = std::max(wanted.channels, out.channels);
        return equal(out, wanted);
      }
    }
    return std::nullopt;
  }

  Fault check_pool(const Kernel& kernel, const TensorType& computed) const {
    const OpAttributes& pool = *kernel.pool;
    if (Fault fault = checks::lowered(pool)) return fault;
    if (Fault fault = checks::attributes(OpKind::max_pool, pool)) return fault;
    const TensorType operand[] = {computed};
    if (Fault fault = checks::result_type(OpKind::max_pool, pool, operand, p_.tensor(kernel.out).type.of_numbers())) return fault;
    const Extent2 pad = pool.pad.largest();
    if (2 * pad.h >= pool.kernel.h || 2 * pad.w >= pool.kernel.w) return "a pool's window must be more than twice its padding";
    if (pool.kernel.h * pool.kernel.w > 16) return "a pool inside a kernel has at most 16 elements";
    for (const Step& step : kernel.epilogue) {
      if (step.operand != none) return "a kernel that pools what it computes cannot read other tensors";
    }
    return std::nullopt;
  }

  Fault check_convolution(const Kernel& kernel) const {
    const Tensor& in = p_.tensor(kernel.in);
    const Tensor& out = p_.tensor(kernel.out);
    const OpAttributes& a = kernel.attributes;
    const bool linear = in.type.is_vector();
    if (linear) {
      if (Fault fault = checks::attributes(OpKind::linear, a)) return fault;
    }
    const TensorType operand[] = {in.type.of_numbers()};
    TensorType computed = out.type.of_numbers();
    if (kernel.pool) {
      const Result<TensorType> type = infer_type(OpKind::conv2d, a, operand);
      if (!type) return type.failure().text;
      computed = *type;
      if (Fault fault = check_pool(kernel, computed)) return fault;
    }
    if (Fault fault = checks::result_type(linear ? OpKind::linear : OpKind::conv2d, a, operand, computed)) return fault;
    const Extent2 pad = a.pad.largest();
    if (in.halo.h < pad.h || in.halo.w < pad.w) return fmt::format("its input's halo {} is less than its pad", to_string(in.halo));
    return std::nullopt;
  }

  /// Checks that the weights are packed as the schedule needs. The kernel must be able to have its schedule.
  Fault check_weights(const Kernel& kernel) const {
    if (kernel.kind != KernelKind::conv2d) return std::nullopt;
    const OpAttributes& a = kernel.attributes;
    const TensorType &in = p_.tensor(kernel.in).type, &out = p_.tensor(kernel.out).type;
    std::vector<int64_t> shape{out.channels, in.channels / a.groups};
    if (in.is_picture()) shape.insert(shape.end(), {a.kernel.h, a.kernel.w});
    const Implementation& by = implementation_of(kernel.schedule);
    const Packing packing = by.weight_packing(a, in.channels, kernel.schedule);
    if (Fault fault = check_constant("weight", kernel.weight, packing, shape)) return fault;
    std::vector<const Recipe*> summed{p_.constant(kernel.weight).recipe.get()};
    for (const Step& step : kernel.epilogue) {
      if (step.kind != graph::StepKind::project) continue;
      const std::vector<int64_t> projection{out.channels, p_.tensor(step.operand).type.channels, 1, 1};
      if (Fault fault = check_constant("projection's weight", step.constants[0], by.projection_packing(kernel.schedule), projection)) {
        return fault;
      }
      summed.push_back(p_.constant(step.constants[0]).recipe.get());
    }
    return packing.kind == RecipeKind::pack_strassen ? check_summed(summed) : std::nullopt;
  }

  /// Checks that each constant names all weights that are summed, because rows are divided by the largest element of them all.
  static Fault check_summed(std::span<const Recipe* const> constants) {
    for (size_t i = 0; i < constants.size(); ++i) {
      const std::span<const RecipePtr> others = summed_with(*constants[i]);
      bool right = others.size() + 1 == constants.size();
      for (size_t k = 0; right && k < others.size(); ++k) {
        right = to_string(*others[k]) == to_string(*packed_by(*constants[k < i ? k : k + 1]));
      }
      if (!right) return "its weights are packed in view of others than those that it sums";
    }
    return std::nullopt;
  }

  Fault check_projection(const Step& step, const TensorType& type) const {
    const TensorType operand[] = {p_.tensor(step.operand).type.of_numbers()};
    return checks::result_type(OpKind::conv2d, graph::projection(type.channels), operand, type);
  }

  Fault check_epilogue(const Kernel& kernel) const {
    if (kernel.epilogue.size() > graph::max_kernel_steps) return "its epilogue is too long";
    if (const int count = operand_count(kernel); count > graph::max_kernel_operands) {
      return fmt::format("it has {} operands, more than {}: each tensor and each constant that it names is one", count,
                         graph::max_kernel_operands);
    }
    if (kernel.out == none) {
      if (kernel.epilogue.empty()) return std::nullopt;
      return "a store has no epilogue";
    }
    const TensorType type = p_.tensor(kernel.out).type.of_numbers();
    bool sums = kernel.kind == KernelKind::conv2d;
    for (const Step& step : kernel.epilogue) {
      const OpInfo& wanted = info(step.kind);
      if (!wanted.step()) return fmt::format("{} is no step", wanted.name);
      if (wanted.joins() != (step.operand != none) || wanted.constants.size() != step.constants.size()) {
        return fmt::format("its step {} has an operand too many or too few", wanted.name);
      }
      if (step.kind == graph::StepKind::project) {
        if (!sums) return std::string(checks::misplaced_projection);
        if (Fault fault = check_projection(step, type)) return fault;
        continue;
      }
      sums = sums && graph::may_precede_projection(step.kind);
      if (wanted.joins()) {
        const TensorType pair[] = {type, p_.tensor(step.operand).type.of_numbers()};
        const OpKind kind = step.kind == OpKind::add_quantized ? OpKind::add : step.kind == OpKind::mul_quantized ? OpKind::mul : step.kind;
        if (Fault fault = checks::result_type(kind, {}, pair, type)) return fault;
      }
      for (size_t i = 0; i < step.constants.size(); ++i) {
        if (Fault fault = check_constant(wanted.constants[i], step.constants[i], Packing{}, {type.channels})) return fault;
      }
    }
    return std::nullopt;
  }

  const Program& p_;
  std::vector<WrittenChannels> written_;  ///< of each tensor that is no part
  std::vector<bool> stored_;
  int64_t multiply_adds_ = 0;
  Finding at_;
};

}  // namespace

std::optional<Finding> verify(const Program& program) {
  Verifier verifier(program);
  if (Fault fault = verifier.run()) return Finding{*fault, verifier.at().part, verifier.at().index};
  if (program.arena_bytes == none) return std::nullopt;
  return check_memory_plan(program);
}

}  // namespace resnetc::program

/// \file Questions of passes and code generation about a program's kernels.
#include "ir/program.h"

#include <fmt/format.h>

#include <algorithm>

namespace resnetc::program {

std::string_view to_string(KernelKind kind) {
  switch (kind) {
    case KernelKind::load: return "load";
    case KernelKind::store: return "store";
    case KernelKind::conv2d: return "conv2d";
    case KernelKind::max_pool: return "max_pool";
    case KernelKind::avg_pool: return "avg_pool";
    case KernelKind::global_avg_pool: return "global_avg_pool";
    case KernelKind::global_max_pool: return "global_max_pool";
    case KernelKind::global_l2_pool: return "global_l2_pool";
    case KernelKind::copy: return "copy";
    case KernelKind::softmax: return "softmax";
    case KernelKind::flatten: return "flatten";
    case KernelKind::unflatten: return "unflatten";
    case KernelKind::join_rows: return "join_rows";
    case KernelKind::transpose: return "transpose";
    case KernelKind::pad: return "pad";
    case KernelKind::upsample: return "upsample";
    case KernelKind::pixel_shuffle: return "pixel_shuffle";
    case KernelKind::pixel_unshuffle: return "pixel_unshuffle";
    case KernelKind::channel_shuffle: return "channel_shuffle";
    case KernelKind::layer_norm: return "layer_norm";
    case KernelKind::group_norm: return "group_norm";
    case KernelKind::rms_norm: return "rms_norm";
    case KernelKind::mean_norm: return "mean_norm";
  }
  return no_name;
}

bool on_gpu(const Program& program) { return program.target->on_gpu(); }

std::string label(const Program& program) { return label_of(*program.target, program.machine); }
std::string exact_label(const Program& program) { return exact_label_of(*program.target, program.machine); }

TensorId whole_of(const Program& program, TensorId id) {
  const TensorId whole = program.tensor(id).part_of;
  return whole == none ? id : whole;
}

std::vector<TensorId> reads(const Kernel& kernel) {
  std::vector<TensorId> ids;
  const auto add = [&ids](TensorId id) {
    if (id != none && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  add(kernel.in);
  for (const Step& step : kernel.epilogue) add(step.operand);
  return ids;
}

int operand_count(const Kernel& kernel) {
  int count = 2;  // a load reads the caller's buffer, and a store writes it
  if (kernel.weight != none) ++count;
  for (const Step& step : kernel.epilogue) count += graph::operands_of(step.kind);
  return count;
}

bool in_place(const Program& program, const Kernel& kernel, TensorId operand) {
  if (kernel.out == none || operand == none) return false;
  // A copy reads each element of its input where it writes that element. Other kernels also read the neighbours of their input's elements.
  // Operands of the epilogue are read element by element.
  bool elementwise = operand != kernel.in || kernel.kind == KernelKind::copy;
  for (const Step& step : kernel.epilogue) elementwise = elementwise && (step.operand != operand || info(step.kind).joins_in_place());
  for (TensorId other : reads(kernel)) elementwise = elementwise && program.tensor(other).part_of != operand;
  const Tensor &out = program.tensor(kernel.out), &in = program.tensor(operand);
  return elementwise && out.offset != none && out.offset == in.offset && !out.is_part() && !in.is_part();
}

namespace {

int64_t all_multiply_adds(const Program& program) {
  int64_t sum = 0;
  for (const Kernel& kernel : program.kernels) sum += kernel.multiply_adds;
  return sum;
}

}  // namespace

Decision choose_brief(const Program& program, const Machine& machine) {
  // The largest number of a picture's multiply-adds for which no thread is woken. Bytes of tensors count as the multiply-adds that take as
  // long as the bytes take to come from memory. One thread needs at most half a millisecond for them.
  constexpr int64_t most_brief = 50'000'000;
  const int64_t work = all_multiply_adds(program);
  if (work > most_brief) return {false, fmt::format("{} multiply-adds are worth waking threads for", work)};
  int64_t bytes = 0;
  for (const Kernel& kernel : program.kernels) bytes += cost_of(program, kernel).tensor_bytes;
  const double same_time = static_cast<double>(bytes) * machine.multiply_adds_a_second() / machine.memory_bytes_a_second;
  if (same_time > static_cast<double>(most_brief)) return {false, fmt::format("{} bytes of tensors are worth waking threads for", bytes)};
  return {true, fmt::format("{} multiply-adds take less time than it takes to wake a thread", work)};
}

Decision choose_by_picture(const Program& program, const Machine& machine) {
  // A picture's arithmetic must take clearly longer than its weights take to come from memory.
  constexpr double clearly = 1.25;
  if (on_gpu(program)) return {false, "a GPU computes each kernel for the whole batch"};
  const int64_t multiply_adds = all_multiply_adds(program);
  // Count only constants that the program reads, because its table may contain constants of other targets' programs.
  std::vector<bool> read(program.constants.size());
  for (const Kernel& kernel : program.kernels) {
    if (kernel.weight != none) read[static_cast<size_t>(kernel.weight)] = true;
    for (const Step& step : kernel.epilogue) {
      for (ConstantId id : step.constants) read[static_cast<size_t>(id)] = true;
    }
  }
  int64_t weight_bytes = 0;
  for (size_t i = 0; i < read.size(); ++i) weight_bytes += read[i] ? program.constants[i].bytes() : 0;
  const double arithmetic = static_cast<double>(multiply_adds) / machine.multiply_adds_a_second();
  const bool yes = arithmetic >= clearly * static_cast<double>(weight_bytes) / machine.memory_bytes_a_second;
  return {yes, fmt::format("{} multiply-adds take {} {} times as long as {} bytes of weights take to come from memory", multiply_adds,
                           yes ? "at least" : "less than", clearly, weight_bytes)};
}

}  // namespace resnetc::program

/// \file The Graphviz form of programs.
#include <fmt/format.h>

#include "ir/dump.h"
#include "ir/program.h"

namespace resnetc::program {

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

}  // namespace resnetc::program

/// \file Makes the drawing of each level.
#include "inspect/drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "ir/topology_summary.h"

namespace resnetc::inspect {

std::string_view to_string(FrameKind kind) {
  switch (kind) {
    case FrameKind::stage: return "stage";
    case FrameKind::plain_block: return topology::described(topology::BlockKind::plain);
    case FrameKind::identity_block: return topology::described(topology::BlockKind::identity);
    case FrameKind::conv_block: return topology::described(topology::BlockKind::conv);
  }
  return "?";
}

namespace {

Role role_of(program::KernelKind kind) {
  switch (program::family_of(kind)) {
    case program::KernelFamily::port: return Role::port;
    case program::KernelFamily::product: return Role::weights;
    case program::KernelFamily::pool:
    case program::KernelFamily::global_pool: return Role::pool;
    case program::KernelFamily::copy:
    case program::KernelFamily::rearrangement:
    case program::KernelFamily::norm:
    case program::KernelFamily::softmax: return Role::other;
  }
  return Role::other;
}

Role role_of(OpKind op) { return info(op).joins() ? Role::join : role_of(info(op).kernel); }

class TopologyDrawer {
 public:
  explicit TopologyDrawer(const topology::Network& network) : n_(network) {}

  Drawing run() {
    out_.title = n_.name;
    add(n_.input.value, "input", Role::port);
    walk(n_.body);
    for (const topology::Output& output : n_.outputs) {
      out_.boxes.push_back({output.name, "output", "", Role::port});
      connect(output.value, EdgeKind::next);
    }
    return std::move(out_);
  }

 private:
  void add(topology::ValueId id, std::string what, Role role) {
    const topology::Value& value = n_.value(id);
    box_of_[id] = out_.boxes.size();
    out_.boxes.push_back({value.name, std::move(what), value.type ? resnetc::to_string(*value.type) : "", role});
  }

  /// Adds an edge to the newest box.
  void connect(topology::ValueId from, EdgeKind kind) { out_.edges.push_back({box_of_.at(from), out_.boxes.size() - 1, kind}); }

  void walk(const std::vector<topology::Node>& nodes) {
    for (const topology::Node& node : nodes) visit(node);
  }

  void visit(const topology::Node& node) {
    switch (node.kind) {
      case topology::NodeKind::layer:
        add(node.result, topology::described(n_, node), role_of(node.op));
        connect(node.input, EdgeKind::next);
        break;
      case topology::NodeKind::skip:
      case topology::NodeKind::concat:
      case topology::NodeKind::gate: {
        walk(node.children);
        const bool gate = node.kind == topology::NodeKind::gate;
        add(node.result, gate ? "gate" : fmt::format("{} from {}", topology::words(node), node.from_name), Role::join);
        connect(node.input, EdgeKind::next);
        connect(node.list_result, !gate && node.children.empty() ? EdgeKind::skip : EdgeKind::side);
        break;
      }
      case topology::NodeKind::from: break;  // what follows is connected with the value itself
      case topology::NodeKind::block:
      case topology::NodeKind::stage: {
        const size_t frame = out_.frames.size();
        out_.frames.push_back({node.label, frame_kind(node), out_.boxes.size(), 0});
        walk(node.children);
        if (out_.frames[frame].first == out_.boxes.size()) {
          out_.frames.erase(out_.frames.begin() + static_cast<std::ptrdiff_t>(frame));  // it contains nothing, not even frames
        } else {
          out_.frames[frame].last = out_.boxes.size() - 1;
        }
        break;
      }
    }
  }

  static FrameKind frame_kind(const topology::Node& node) {
    if (node.kind == topology::NodeKind::stage) return FrameKind::stage;
    switch (node.block_kind) {
      case topology::BlockKind::plain: return FrameKind::plain_block;
      case topology::BlockKind::identity: return FrameKind::identity_block;
      case topology::BlockKind::conv: return FrameKind::conv_block;
    }
    return FrameKind::plain_block;
  }

  const topology::Network& n_;
  Drawing out_;
  std::map<topology::ValueId, size_t> box_of_;
};

Drawing draw_level(const topology::Network& network) { return TopologyDrawer(network).run(); }

Drawing draw_level(const graph::Graph& graph) {
  Drawing out;
  out.title = graph.name;
  for (const graph::Op& op : graph.ops) {
    const size_t to = out.boxes.size();
    std::string what =
        std::string(info(op.kind).name) + (window_ops.has(op.kind) ? topology::described_window(op.attributes, op.type) : "");
    for (const graph::Step& step : op.epilogue) what += fmt::format(", {}", info(step.kind).name);
    out.boxes.push_back({op.name, std::move(what), resnetc::to_string(op.type), role_of(op.kind)});
    for (size_t i = 0; i < op.operands.size(); ++i) {
      out.edges.push_back({static_cast<size_t>(op.operands[i]), to, i == 0 ? EdgeKind::next : EdgeKind::side});
    }
    for (const graph::Step& step : op.epilogue) {
      if (step.operand != graph::no_value) out.edges.push_back({static_cast<size_t>(step.operand), to, EdgeKind::side});
    }
  }
  for (const graph::Output& output : graph.outputs) {
    out.edges.push_back({static_cast<size_t>(output.value), out.boxes.size(), EdgeKind::next});
    out.boxes.push_back({output.name, "output", "", Role::port});
  }
  return out;
}

/// Whether two tensors in the same place have a channel in common.
bool share_channels(const program::Tensor& a, const program::Tensor& b) {
  return a.first_channel < b.first_channel + b.type.channels && b.first_channel < a.first_channel + a.type.channels;
}

Drawing draw_level(const program::Program& program) {
  Drawing out;
  out.title = program.name;
  std::vector<std::vector<size_t>> makers(program.tensors.size());  // of each whole tensor, the kernels that write it or parts of it
  for (const program::Kernel& kernel : program.kernels) {
    const size_t to = out.boxes.size();
    std::string what(program::to_string(kernel.kind));
    if (role_of(kernel.kind) == Role::weights || kernel.kind == program::KernelKind::max_pool ||
        kernel.kind == program::KernelKind::avg_pool) {
      what += topology::described_window(kernel.attributes, program.tensor(kernel.out).type);
    }
    if (kernel.kind == program::KernelKind::conv2d) what += fmt::format(" {}", program::algorithm_of(kernel));
    for (const program::Step& step : kernel.epilogue) what += fmt::format(", {}", info(step.kind).name);
    if (kernel.pool) what += ", max_pool" + topology::described_window(*kernel.pool, program.tensor(kernel.out).type);
    std::string shape;
    if (kernel.out != program::none) {
      const program::Tensor& t = program.tensor(kernel.out);
      shape = resnetc::to_string(t.type) + (t.offset == program::none ? "" : fmt::format(" at {}", t.offset));
      makers[static_cast<size_t>(program::whole_of(program, kernel.out))].push_back(to);
    }
    out.boxes.push_back({kernel.name, std::move(what), std::move(shape), role_of(kernel.kind)});
    for (program::TensorId id : program::reads(kernel)) {
      for (const size_t from : makers[static_cast<size_t>(program::whole_of(program, id))]) {
        if (!share_channels(program.tensor(id), program.tensor(program.kernels[from].out))) continue;
        out.edges.push_back({from, to,
                             program::in_place(program, kernel, id) ? EdgeKind::in_place
                             : id == kernel.in                      ? EdgeKind::next
                                                                    : EdgeKind::side});
      }
    }
  }
  return out;
}

/// Side edges that come directly from the spine are bare: there is nothing on them.
void find_bare_edges(Drawing& drawing) {
  const std::vector<bool> spine = spine_of(drawing);
  for (Edge& edge : drawing.edges) {
    if (edge.kind == EdgeKind::side && spine[edge.from] && spine[edge.to]) edge.kind = EdgeKind::skip;
  }
}

}  // namespace

std::vector<bool> spine_of(const Drawing& drawing) {
  const size_t count = drawing.boxes.size();
  std::vector<bool> spine(count, false);
  std::vector<std::optional<size_t>> before(count);
  for (const Edge& edge : drawing.edges) {
    if (!before[edge.to] || edge.kind == EdgeKind::next) before[edge.to] = edge.from;
  }
  if (count != 0) {
    for (std::optional<size_t> at = count - 1; at; at = before[*at]) spine[*at] = true;
  }
  return spine;
}

Drawing draw(const passes::AnyIr& ir) {
  Drawing drawing = std::visit([](const auto& level) { return draw_level(level); }, ir);
  if (!std::holds_alternative<topology::Network>(ir)) find_bare_edges(drawing);
  return drawing;
}

Drawing only(const Drawing& drawing, const ValueNames& names) {
  Drawing out;
  out.title = drawing.title;
  std::vector<std::optional<size_t>> now(drawing.boxes.size());
  for (size_t i = 0; i < drawing.boxes.size(); ++i) {
    if (!names.contains(drawing.boxes[i].name)) continue;
    now[i] = out.boxes.size();
    out.boxes.push_back(drawing.boxes[i]);
  }
  for (const Edge& edge : drawing.edges) {
    if (now[edge.from] && now[edge.to]) out.edges.push_back({*now[edge.from], *now[edge.to], edge.kind});
  }
  for (const Frame& frame : drawing.frames) {
    Frame kept = frame;
    bool any = false;
    for (size_t i = frame.first; i <= frame.last; ++i) {
      if (!now[i]) continue;
      if (!any) kept.first = *now[i];
      kept.last = *now[i];
      any = true;
    }
    if (any) out.frames.push_back(std::move(kept));
  }
  return out;
}

}  // namespace resnetc::inspect

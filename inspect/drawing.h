/// \file An IR as a picture, whatever its level: boxes in execution order, edges between them, frames around stages and blocks. What a
/// level has to show is said once, here; Graphviz's text and the SVG are two ways to write it down.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "passes/pipeline.h"

namespace resnetc::inspect {

/// What a box does, for its colour.
enum class Role {
  port,     ///< the input, an output, a kernel that loads or stores
  weights,  ///< has weights: a convolution, a linear layer
  pool,
  join,  ///< where two values meet: a skip edge's addition, a gate's product
  other,
};

struct Box {
  std::string name;   ///< of the value that it makes; unique but for outputs, which may be called as a layer
  std::string what;   ///< "conv 3x3 /2", "conv2d, bias, add, relu"
  std::string shape;  ///< of its value, "f32[N, 64, 56, 56]"; empty before infer-shapes, and of outputs
  Role role = Role::other;
};

enum class EdgeKind {
  next,      ///< the value that the box goes on from
  skip,      ///< a bare skip edge: the value as it is
  side,      ///< the other value of a join, or of an epilogue, with work of its own on the way
  in_place,  ///< the same, and the result takes its place in memory
};

struct Edge {
  size_t from = 0, to = 0;  ///< boxes
  EdgeKind kind = EdgeKind::next;
};

enum class FrameKind { stage, plain_block, identity_block, conv_block };
std::string_view to_string(FrameKind kind);

/// Around the boxes [first, last].
struct Frame {
  std::string label;
  FrameKind kind = FrameKind::stage;
  size_t first = 0, last = 0;
};

struct Drawing {
  std::string title;
  std::vector<Box> boxes;     ///< in execution order
  std::vector<Edge> edges;    ///< by `to`
  std::vector<Frame> frames;  ///< outer ones before inner ones
};

/// Of a topology frames and layers, of a graph operations, of a program kernels.
Drawing draw(const passes::AnyIr& ir);
/// Which boxes lie on the network's way: what the last one goes on from, back to the input.
std::vector<bool> spine_of(const Drawing& drawing);
/// What makes these values, and the edges between them.
Drawing only(const Drawing& drawing, const ValueNames& names);

/// Graphviz's language; frames are clusters.
std::string to_dot(const Drawing& drawing);

/// A picture in SVG 1.1 of its own: its colours follow the viewer's light or dark mode. The network's way runs down a spine; what lies on a
/// skip edge stands beside it, bare edges are arcs. Each box is a group of the class `box` with its value's name as `data-name`.
std::string to_svg(const Drawing& drawing);

}  // namespace resnetc::inspect

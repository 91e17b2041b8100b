/// \file An IR of any level as a picture: boxes in execution order, edges between them, frames around stages and blocks. The drawing
/// decides what a level shows; Graphviz's text and the SVG are two ways to write a drawing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "passes/any_ir.h"

namespace resnetc::inspect {

/// The role of a box, which decides its colour.
enum class Role {
  port,     ///< the input, an output, a kernel that loads or stores
  weights,  ///< has weights: a convolution, a linear layer
  pool,
  join,  ///< where two values meet: the addition of a skip edge, the product of a gate, a concatenation
  other,
};

struct Box {
  std::string name;   ///< of the value that it makes; unique, except that an output may have a layer's name
  std::string what;   ///< "conv 3x3 /2", "conv2d, bias, add, relu"
  std::string shape;  ///< of its value, "f32[N, 64, 56, 56]"; empty before infer-shapes, and for outputs
  Role role = Role::other;
};

enum class EdgeKind {
  next,      ///< the value that the box continues
  skip,      ///< a bare edge: the unchanged value
  side,      ///< the other value of a join or of an epilogue, with layers on the way
  in_place,  ///< the same, and the result takes that value's place in memory
};

struct Edge {
  size_t from = 0, to = 0;  ///< boxes
  EdgeKind kind = EdgeKind::next;
};

enum class FrameKind { stage, plain_block, identity_block, conv_block };
std::string_view to_string(FrameKind kind);

/// A frame around the boxes [first, last].
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

/// Draws a topology's frames and layers, a graph's operations or a program's kernels.
Drawing draw(const passes::AnyIr& ir);
/// For each box, whether it lies on the network's spine: the boxes that the last one continues, back to the input.
std::vector<bool> spine_of(const Drawing& drawing);
/// The boxes that make these values, and the edges between them.
Drawing only(const Drawing& drawing, const ValueNames& names);

/// The drawing in Graphviz's language; frames are clusters.
std::string to_dot(const Drawing& drawing);

/// The drawing as a complete picture in SVG 1.1. Its colours follow the viewer's light or dark mode. The network runs down a spine. Layers
/// on a skip edge stand beside the spine; bare edges are arcs. Each box is a group of the class `box` with its value's name as `data-name`.
std::string to_svg(const Drawing& drawing);

}  // namespace resnetc::inspect

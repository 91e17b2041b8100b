/// \file trim-windows: leaves out the taps of convolutions that meet nothing but padding.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// A dilated window may reach beyond the picture on all sides wherever it stands: of a 3x3 with dilation 24 over a picture of 16 x 16, only
/// the tap in the middle meets pixels, and so does that of any 3x3 over one pixel. The outer rows and columns of taps that meet padding
/// alone are left out of the window, its weights and its padding. A window without any tap that meets a pixel stays as it is.
void trim_windows(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes

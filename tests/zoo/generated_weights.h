/// \file Generated weights for ONNX graphs that come without theirs (docs/exactness.md).
#pragma once

#include <onnx.pb.h>

#include "support/failure.h"

namespace resnetc::zoo {

/// Fills every initializer whose data is said to lie in the file "generated". Its stream is called NAME.ROLE. The role, and the shape that
/// the generator is given, depend on the first node that reads it; make_models.py leaves out only what has them. A failure names the
/// initializer.
Result<> fill_generated(onnx::GraphProto& graph);

}  // namespace resnetc::zoo

/// \file Whole imports of small ONNX models, for tests that look at their texts and weights.
#pragma once

#include <doctest/doctest.h>

#include "codegen/weights/safetensors.h"
#include "tests/unit/import/onnx_models.h"

namespace import_test {

inline resnetc::importer::Imported imported(const OnnxModel& model, const resnetc::importer::ImportOptions& options = {}) {
  auto result = model.import(options);
  REQUIRE_MESSAGE(result, (result ? "" : result.failure().text));
  return std::move(*result);
}

/// The tensors of an import, by name.
inline std::unique_ptr<resnetc::codegen::Safetensors> weights_of(const resnetc::importer::Imported& network, resnetc::Sources& sources) {
  resnetc::Diagnostics diagnostics(sources);
  auto weights = resnetc::codegen::Safetensors::from_bytes("w", network.weights, diagnostics);
  REQUIRE_MESSAGE(weights, diagnostics.render());
  return weights;
}

}  // namespace import_test

/// \file Any bytes as an ONNX model: it is imported or refused for a reason that is not resnetc's fault.
#include <cstdint>
#include <string>

#include "import/import.h"
#include "import/onnx_reader.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace resnetc;
  const auto model = importer::read_onnx_bytes({reinterpret_cast<const char*>(data), size}, {});
  if (!model) {
    require(!model.failure().text.empty() && model.failure().blame != Blame::bug, "a failure to read says why, and is the file's");
    return 0;
  }
  importer::ImportOptions options;
  options.installed_dirs = {RESNETC_SOURCE_DIR "/networks"};
  const auto imported = importer::import_model(*model, "fuzz.onnx", options);
  require(imported || imported.failure().blame != Blame::bug, imported ? "" : imported.failure().text.c_str());
  return 0;
}

/// \file Any bytes as a network's text: it is resolved or refused, the result verifies, and a text that parses can be formatted.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "frontend/frontend.h"
#include "tests/unit/frontend/format_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  resnetc::Sources sources;
  resnetc::Diagnostics diagnostics(sources);
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string formatted;
  if (!format_fault(text, formatted).empty()) std::abort();
  const auto network = resnetc::parse_network("fuzz.rn", text, {}, diagnostics);
  if (network.has_value() == diagnostics.has_errors()) std::abort();
  if (network && resnetc::topology::verify(*network)) std::abort();
  diagnostics.render();
  return 0;
}

/// \file Any bytes as a network's text: resolved or refused, and what is resolved verifies.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "frontend/frontend.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  resnetc::Sources sources;
  resnetc::Diagnostics diagnostics(sources);
  const auto network = resnetc::parse_network("fuzz.rn", std::string(reinterpret_cast<const char*>(data), size), {}, diagnostics);
  if (network.has_value() == diagnostics.has_errors()) std::abort();
  if (network && resnetc::topology::verify(*network)) std::abort();
  diagnostics.render();
  return 0;
}

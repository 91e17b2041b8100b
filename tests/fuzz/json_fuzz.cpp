/// \file The readers of IR in JSON. What they accept must print, in both forms, to what reads back the same.
#include <cstdint>
#include <string>

#include "ir/graph.h"
#include "ir/program.h"
#include "ir/topology.h"
#include "tests/fuzz/require.h"

namespace {

using namespace resnetc;

template <class Parse, class ParseText>
void check(const std::string& input, Parse parse, ParseText parse_text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto ir = parse(sources.add("fuzz.json", input), diagnostics);
  require(ir.has_value() != diagnostics.has_errors(), "a failure without an error, or an error without a failure");
  if (!ir) {
    diagnostics.render();
    return;
  }
  const std::string json = to_json(*ir, sources), text = print(*ir, sources);
  const auto again = parse(sources.add("again.json", json), diagnostics);
  require(again.has_value(), "the JSON that was printed does not read back");
  require(print(*again, sources) == text && to_json(*again, sources) == json, "the JSON that was printed reads back as something else");
  const auto from_text = parse_text(sources.add("again.ir", text), diagnostics);
  require(from_text && to_json(*from_text, sources) == json, "the text and the JSON say different things");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  check(input, topology::parse_json, topology::parse);
  check(input, graph::parse_json, graph::parse);
  check(input, program::parse_json, program::parse);
  return 0;
}

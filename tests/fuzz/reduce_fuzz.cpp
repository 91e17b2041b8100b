/// \file Any bytes as a text to reduce, with verdicts made of the same bytes: every candidate parses and is smaller than its origin.
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>

#include "frontend/reduce.h"
#include "frontend/source_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace resnetc;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto tree = SourceTree::parse(text);
  if (!tree) return 0;
  SourceSize best = tree->size();
  size_t candidates = 0;
  reduce(text, [&](const std::string& candidate) {
    const auto smaller = SourceTree::parse(candidate);
    if (!smaller || smaller->size() >= best) std::abort();
    if (++candidates > 100) return Verdict::stop;
    if (std::hash<std::string>{}(candidate) % 2 != 0) return Verdict::dull;
    best = smaller->size();
    return Verdict::interesting;
  });
  return 0;
}

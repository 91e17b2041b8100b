/// \file The first words of the kinds of text.
#include "ir/forms/text_kind.h"

#include <fmt/format.h>

#include <algorithm>

namespace resnetc::text {

namespace {

struct Known {
  std::string_view word;
  Kind kind;
  std::string_view what, reader;  ///< as in Beginning
};

constexpr std::string_view reads_network = "'resnetc compile' makes a library of it",
                           reads_ir = "'resnetc compile' and 'resnetc opt' read it";
constexpr Known table[] = {
    {"network", Kind::network, "a network's text", reads_network},
    {"block", Kind::network, "a network's text", reads_network},
    {"use", Kind::network, "a network's text", reads_network},
    {"topology", Kind::ir, "a topology (IR)", reads_ir},
    {"graph", Kind::ir, "a graph (IR)", reads_ir},
    {"program", Kind::ir, "a program (IR)", reads_ir},
    {"{", Kind::json, "JSON", "'resnetc compile' and 'resnetc opt' read IR in this form"},
    {"part", Kind::part, "a part, as --only writes it for people", "whole IR is what can be read"},
    {"tuning", Kind::tuning, "a file of tuned schedules", "'resnetc compile NET.rn --tuned FILE' reads it"},
    {"machine", Kind::machine, "a machine's description", "'resnetc compile NET.rn --machine FILE' reads it"},
    {"ranges", Kind::ranges, "a file of ranges", "'resnetc calibrate' writes it"},
};

}  // namespace

Beginning beginning_of(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && std::string_view(" \t\r\n#").find(text[at]) != std::string_view::npos) {
    at = text[at] == '#' ? std::min(text.find('\n', at), text.size()) : at + 1;
  }
  size_t end = at;
  while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
  if (end == at && text.substr(at).starts_with('{')) ++end;
  Beginning beginning;
  beginning.word = text.substr(at, end - at);
  beginning.offset = at;
  for (const Known& known : table) {
    if (known.word != beginning.word) continue;
    beginning.kind = known.kind;
    beginning.what = known.what;
    beginning.reader = known.reader;
  }
  return beginning;
}

std::string misplaced(const Beginning& beginning, std::string_view wanted) {
  if (beginning.kind == Kind::unknown) return {};
  return fmt::format("this is {}, not {}; {}", beginning.what, wanted, beginning.reader);
}

}  // namespace resnetc::text

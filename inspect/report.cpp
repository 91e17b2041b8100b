/// \file Makes the page from a frame, a style and a script, which are files beside this one, from the picture of the network, and from the
/// data of the compilation.
#include "inspect/report.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/Support/Base64.h>
#include <llvm/Support/Compression.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "inspect/drawing.h"
#include "inspect/markup.h"
#include "support/json.h"

namespace resnetc::inspect {

namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr char page_frame[] = {
#embed "page/report.html"
    , 0};
constexpr char page_style[] = {
#embed "page/report.css"
    , 0};
constexpr char page_script[] = {
#embed "page/report.js"
    , 0};
#pragma clang diagnostic pop

/// The text as base64 of the format "deflate" of the Compression Streams standard (RFC 1950), which all current browsers can read.
std::string packed(std::string_view text) {
  llvm::SmallVector<uint8_t, 0> bytes;
  llvm::compression::zlib::compress(llvm::ArrayRef(reinterpret_cast<const uint8_t*>(text.data()), text.size()), bytes);
  return llvm::encodeBase64(bytes);
}

void append_block(std::string& out, std::string_view id, std::string_view text) {
  out += "<script type=\"application/octet-stream\" id=\"";
  out += id;
  out += "\">";
  out += packed(text);
  out += "</script>\n";
}

std::string code_as_json(const std::vector<std::string>& texts) {
  llvm::json::Array array;
  for (const std::string& text : texts) array.push_back(json_string(text));
  std::string out;
  llvm::raw_string_ostream(out) << llvm::json::Value(std::move(array));
  return out;
}

struct Part {
  std::string_view mark;
  std::string text;
};

/// The text with its marks replaced. They occur in the text in this order, and replacements are not searched for marks.
std::string filled(std::string_view text, const std::vector<Part>& parts) {
  std::string out;
  for (const Part& part : parts) {
    const size_t at = text.find(part.mark);
    out += text.substr(0, at);
    out += part.text;
    text.remove_prefix(at + part.mark.size());
  }
  return out += text;
}

}  // namespace

Phase phase_of(const passes::PassRun& run) {
  const passes::PassInfo& pass = run.pass;
  return {std::string(pass.name), std::string(pass.description), std::string(pass.order), run.ir, run.changed, run.seconds};
}

std::string report(const Compilation& compilation, const Sources& sources) {
  std::string blocks;
  append_block(blocks, "data", report_data(compilation, sources));
  for (size_t i = 0; i < compilation.code.size(); ++i) {
    append_block(blocks, "code-" + std::to_string(i), code_as_json(compilation.code[i]));
  }
  // Shapes are known after the second phase.
  const Phase& drawn = compilation.phases[std::min<size_t>(1, compilation.phases.size() - 1)];
  return filled(page_frame, {{"<!-- title -->", escaped(compilation.title)},
                             {"/* style */", page_style},
                             {"<!-- network -->", to_svg(draw(drawn.ir))},
                             {"<!-- data -->", std::move(blocks)},
                             {"/* script */", page_script}});
}

}  // namespace resnetc::inspect

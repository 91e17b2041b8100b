/// \file A session with the language server from any bytes: first as edits and requests that they choose, then as the stream itself.
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "editor/framing.h"
#include "editor/server.h"

namespace {

namespace json = llvm::json;

/// Choices made from the bytes; zeros when the bytes are used up.
struct Choices {
  const uint8_t* at;
  const uint8_t* end;

  bool left() const { return at != end; }
  uint8_t byte() { return at == end ? 0 : *at++; }
  /// Mostly a place in a short text, sometimes a place far outside.
  int64_t number() {
    const uint8_t b = byte();
    return b < 240 ? b % 24 : b < 248 ? -int64_t{b} : INT64_MAX - b;
  }
  std::string text() {
    static const char* const words[] = {"network n(w = 8) {\n",
                                        "input x: f32[N, 3, 8, 8]\n",
                                        "a: conv(3x3, w)\n",
                                        "relu\n",
                                        "}\n",
                                        "block b(w) {\n",
                                        "skip from in",
                                        " via d {",
                                        "skip from a\n",
                                        "output y\n",
                                        "use \"b.rn\"\n",
                                        "use \"a.rn\"\n",
                                        "b(w)\n",
                                        "repeat 3 ",
                                        "if w {",
                                        "else {",
                                        "let v = w + 1\n",
                                        "stage s {",
                                        "gate via {",
                                        "(",
                                        ")",
                                        "w",
                                        "#",
                                        "\"",
                                        "in",
                                        "c: b(w = 2)\n",
                                        ":",
                                        "\xC3\xA9",
                                        "\xF0\x9F\x98\x80",
                                        "\r",
                                        "\n",
                                        "\r\n",
                                        "concat spread from a\n",
                                        "from a\n"};
    std::string out;
    for (size_t count = byte() % 24; count > 0 && left(); --count) {
      const uint8_t b = byte();
      if (b < 224) {
        out += words[b % std::size(words)];
      } else {
        out += static_cast<char>(b & 0x7f);
      }
    }
    return out;
  }
};

json::Object position(Choices& choices) { return json::Object{{"line", choices.number()}, {"character", choices.number()}}; }

void check(std::string_view content) {
  llvm::Expected<json::Value> message = json::parse(content);
  if (!message || !message->getAsObject() || message->getAsObject()->getString("jsonrpc") != llvm::StringRef("2.0")) std::abort();
}

struct Session {
  resnetc::editor::Server server{{}, "fuzz", check};
  int64_t id = 0;

  void send(json::Object message) {
    std::string text;
    llvm::raw_string_ostream(text) << json::Value(std::move(message));
    server.handle(text);
  }
  void notify(llvm::StringRef method, json::Object params) { send(json::Object{{"method", method}, {"params", std::move(params)}}); }
  void request(llvm::StringRef method, json::Object params) {
    send(json::Object{{"id", ++id}, {"method", method}, {"params", std::move(params)}});
  }
};

void edits(Choices choices) {
  Session session;
  session.request("initialize", {});
  static const char* const requests[] = {"textDocument/hover",          "textDocument/definition", "textDocument/references",
                                         "textDocument/prepareRename",  "textDocument/rename",     "textDocument/completion",
                                         "textDocument/documentSymbol", "textDocument/formatting"};
  while (choices.left()) {
    const uint8_t what = choices.byte();
    const std::string uri = choices.byte() % 2 ? "file:///nowhere/a.rn" : "file:///nowhere/b.rn";
    json::Object document{{"uri", uri}};
    if (what < 40) {
      document["text"] = json::fixUTF8(choices.text());
      session.notify("textDocument/didOpen", json::Object{{"textDocument", std::move(document)}});
    } else if (what < 110) {
      json::Object change{{"text", json::fixUTF8(choices.text())}};
      if (what % 4) change["range"] = json::Object{{"start", position(choices)}, {"end", position(choices)}};
      session.notify("textDocument/didChange",
                     json::Object{{"textDocument", std::move(document)}, {"contentChanges", json::Array{std::move(change)}}});
    } else if (what < 120) {
      session.notify("textDocument/didClose", json::Object{{"textDocument", std::move(document)}});
    } else if (what < 130) {
      session.server.settle();
    } else {
      static const char* const names[] = {"z", "a", "w", "relu", "in", "", "1"};
      session.request(requests[what % std::size(requests)], json::Object{{"textDocument", std::move(document)},
                                                                         {"position", position(choices)},
                                                                         {"newName", names[what % std::size(names)]},
                                                                         {"context", json::Object{{"includeDeclaration", what % 2 == 0}}}});
    }
  }
  session.server.settle();
}

void stream(std::string_view bytes) {
  resnetc::editor::Server server({}, "fuzz", check);
  server.handle(R"({"id":0,"method":"initialize"})");
  server.handle(bytes);
  resnetc::editor::FrameReader frames;
  frames.feed(bytes.substr(0, bytes.size() / 2));
  for (int half = 0; half < 2; ++half) {
    while (auto frame = frames.next()) server.handle(frame->content);
    if (half == 0) frames.feed(bytes.substr(bytes.size() / 2));
  }
  server.settle();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0 && data[0] % 8 == 0) {
    stream({reinterpret_cast<const char*>(data) + 1, size - 1});
  } else {
    edits({data, data + size});
  }
  return 0;
}

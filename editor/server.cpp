/// \file A session of the language server: JSON-RPC, from initialize to exit, and the publication of diagnostics.
#include "editor/server.h"

#include <fmt/format.h>
#include <llvm/Support/Error.h>

#include <algorithm>

#include "editor/diagnostics.h"
#include "support/json.h"

namespace resnetc::editor {

namespace {

constexpr int max_depth = 64;  ///< nesting depth of a message's JSON

std::string written(json::Object message) {
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(std::move(message));
  return text;
}

}  // namespace

const Server::Request Server::requests[] = {
    {"initialize", &Server::initialize},
    {"shutdown", &Server::shutdown},
    {"textDocument/hover", &Server::hover},
    {"textDocument/definition", &Server::definition},
    {"textDocument/references", &Server::references},
    {"textDocument/prepareRename", &Server::prepare_rename},
    {"textDocument/rename", &Server::rename},
    {"textDocument/completion", &Server::completion},
    {"textDocument/documentSymbol", &Server::document_symbol},
    {"textDocument/formatting", &Server::formatting},
};

const Server::Notification Server::notifications[] = {
    {"exit", &Server::exit},
    {"initialized", &Server::initialized},
    {"textDocument/didOpen", &Server::did_open},
    {"textDocument/didChange", &Server::did_change},
    {"textDocument/didClose", &Server::did_close},
    {"textDocument/didSave", &Server::did_save},
    {"workspace/didChangeWatchedFiles", &Server::did_change_watched_files},
};

Server::Server(FrontendOptions options, std::string version, Send send)
    : options_(std::move(options)), version_(std::move(version)), send_(std::move(send)), workspace_(options_) {}

void Server::handle(std::string_view content) {
  if (nested_too_deep(content, max_depth)) {
    return answer(nullptr, Failure{ErrorCode::parse_error, fmt::format("more than {} levels of arrays and objects", max_depth)});
  }
  llvm::Expected<json::Value> parsed = json::parse(content);
  if (!parsed) return answer(nullptr, Failure{ErrorCode::parse_error, llvm::toString(parsed.takeError())});
  const json::Object* message = parsed->getAsObject();
  if (message == nullptr) return answer(nullptr, Failure{ErrorCode::invalid_request, "a message is an object"});
  const json::Value* id = message->get("id");
  if (id && id->kind() != json::Value::Number && id->kind() != json::Value::String) id = nullptr;
  const auto method = message->getString("method");
  if (!method) {
    // This is an answer of the client, which needs no reply.
    if (message->get("result") || message->get("error")) return;
    return answer(id ? *id : json::Value(nullptr), Failure{ErrorCode::invalid_request, "a message has a method"});
  }
  const json::Object* params = message->getObject("params");
  static const json::Object none;
  if (id) {
    request(*method, *id, params ? *params : none);
  } else {
    notification(*method, params ? *params : none);
  }
}

void Server::refuse_too_large() { answer(nullptr, Failure{ErrorCode::invalid_request, "the message is too large"}); }

void Server::request(std::string_view method, const json::Value& id, const Params& params) {
  const auto known = std::find_if(std::begin(requests), std::end(requests), [&](const Request& r) { return r.method == method; });
  if (shut_down_) return answer(id, Failure{ErrorCode::invalid_request, "the server has been shut down"});
  if (!initialized_ && method != "initialize") {
    return answer(id, Failure{ErrorCode::server_not_initialized, "the first request is 'initialize'"});
  }
  if (known == std::end(requests)) {
    return answer(id, Failure{ErrorCode::method_not_found, fmt::format("there is no method '{}'", utf8(method))});
  }
  settle();
  answer(id, (this->*known->handler)(params));
}

void Server::notification(std::string_view method, const Params& params) {
  if ((!initialized_ || shut_down_) && method != "exit") return;
  const auto known =
      std::find_if(std::begin(notifications), std::end(notifications), [&](const Notification& n) { return n.method == method; });
  if (known != std::end(notifications)) (this->*known->handler)(params);
}

void Server::send(json::Object message) {
  message["jsonrpc"] = "2.0";
  send_(written(std::move(message)));
}

void Server::answer(json::Value id, Reply reply) {
  json::Object message{{"id", std::move(id)}};
  if (const auto* failure = std::get_if<Failure>(&reply)) {
    message["error"] = json::Object{{"code", static_cast<int64_t>(failure->code)}, {"message", utf8(failure->text)}};
  } else {
    message["result"] = std::move(std::get<json::Value>(reply));
  }
  send(std::move(message));
}

void Server::settle() {
  if (!unpublished_) return;
  unpublished_ = false;
  workspace_.settle();
  std::map<std::string, json::Array> now = diagnostics_by_uri(workspace_);
  const auto publish = [this](const std::string& uri, json::Array list) {
    json::Object params{{"uri", uri}, {"diagnostics", std::move(list)}};
    send(json::Object{{"method", "textDocument/publishDiagnostics"}, {"params", std::move(params)}});
  };
  for (const auto& [uri, list] : published_) {
    if (!now.contains(uri)) publish(uri, {});
  }
  for (const auto& [uri, list] : now) {
    const auto before = published_.find(uri);
    if (before == published_.end() || before->second != list) publish(uri, list);
  }
  published_ = std::move(now);
}

Reply Server::initialize(const Params& params) {
  if (initialized_) return Failure{ErrorCode::invalid_request, "the server has been initialized"};
  initialized_ = true;
  const json::Object* client = params.getObject("capabilities");
  const json::Object* workspace = client ? client->getObject("workspace") : nullptr;
  const json::Object* watching = workspace ? workspace->getObject("didChangeWatchedFiles") : nullptr;
  can_watch_ = watching && watching->getBoolean("dynamicRegistration").value_or(false);
  json::Object capabilities{
      {"textDocumentSync", json::Object{{"openClose", true}, {"change", 2}, {"save", true}}},
      {"hoverProvider", true},
      {"definitionProvider", true},
      {"referencesProvider", true},
      {"renameProvider", json::Object{{"prepareProvider", true}}},
      {"completionProvider", json::Object{{"triggerCharacters", json::Array{":", "(", "\"", "/"}}}},
      {"documentSymbolProvider", true},
      {"documentFormattingProvider", true},
  };
  return json::Value(
      json::Object{{"capabilities", std::move(capabilities)}, {"serverInfo", json::Object{{"name", "resnetc"}, {"version", version_}}}});
}

void Server::initialized(const Params&) {
  if (!can_watch_) return;
  const json::Value watchers = json::Array{json::Object{{"globPattern", "**/*.rn"}}};
  const json::Value registration = json::Object{
      {"id", "files"}, {"method", "workspace/didChangeWatchedFiles"}, {"registerOptions", json::Object{{"watchers", watchers}}}};
  json::Object params{{"registrations", json::Array{registration}}};
  send(json::Object{{"id", "files"}, {"method", "client/registerCapability"}, {"params", std::move(params)}});
}

Reply Server::shutdown(const Params&) {
  shut_down_ = true;
  return json::Value(nullptr);
}

void Server::exit(const Params&) { exit_status_ = shut_down_ ? 0 : 1; }

}  // namespace resnetc::editor

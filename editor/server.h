/// \file The language server: messages in, messages out. The caller has the files and pipes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "editor/workspace.h"

namespace resnetc::editor {

class Server {
 public:
  using Send = std::function<void(std::string_view content)>;

  /// `send` receives the content of each message for the client. `options` say where to look for files that a `use` names.
  Server(FrontendOptions options, std::string version, Send send);

  /// Handles one message of any kind. No message may follow once exit_status() is known.
  void handle(std::string_view content);
  /// Answers a message that was too long to be read.
  void refuse_too_large();
  /// Brings diagnostics up to date and publishes those that have changed. The server calls it before it answers a request. After
  /// notifications, the caller calls it when no message waits. So only the last state of a burst of edits is analysed.
  void settle();

  /// Known once the client has sent `exit`: 0 if it sent `shutdown` before, else 1.
  std::optional<int> exit_status() const { return exit_status_; }

 private:
  using Params = json::Object;
  struct Request {
    std::string_view method;
    Reply (Server::*handler)(const Params&);
  };
  struct Notification {
    std::string_view method;
    void (Server::*handler)(const Params&);
  };
  static const Request requests[];
  static const Notification notifications[];

  void request(std::string_view method, const json::Value& id, const Params& params);
  void notification(std::string_view method, const Params& params);
  void send(json::Object message);
  void answer(json::Value id, Reply reply);
  /// Calls `with` with the text and the place that the parameters name; a failure if they name none.
  Reply at_place(const Params& params, const std::function<Reply(const ParsedText&, size_t offset)>& with);
  std::variant<std::shared_ptr<const ParsedText>, Failure> text_of(const Params& params);

  Reply initialize(const Params& params);
  Reply shutdown(const Params& params);
  Reply hover(const Params& params);
  Reply definition(const Params& params);
  Reply references(const Params& params);
  Reply prepare_rename(const Params& params);
  Reply rename(const Params& params);
  Reply completion(const Params& params);
  Reply document_symbol(const Params& params);
  Reply formatting(const Params& params);

  void exit(const Params& params);
  void initialized(const Params& params);
  void did_open(const Params& params);
  void did_change(const Params& params);
  void did_close(const Params& params);
  void did_save(const Params& params);
  void did_change_watched_files(const Params& params);

  FrontendOptions options_;
  std::string version_;
  Send send_;
  Workspace workspace_;
  std::map<std::string, json::Array> published_;  ///< by URI; without those that are empty
  bool unpublished_ = false;                      ///< whether a text has changed since settle()
  bool initialized_ = false;
  bool can_watch_ = false;  ///< whether the client can report changes of files on the disk
  bool shut_down_ = false;
  std::optional<int> exit_status_;
};

}  // namespace resnetc::editor

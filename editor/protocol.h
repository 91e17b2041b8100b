/// \file The parts of the Language Server Protocol (3.17) that all handlers share: failures, places as JSON, texts as JSON.
#pragma once

#include <llvm/Support/JSON.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "editor/positions.h"

namespace resnetc::editor {

namespace json = llvm::json;

/// The codes of JSON-RPC and of the protocol.
enum class ErrorCode : int64_t {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  server_not_initialized = -32002,
  request_failed = -32803,
};

/// The reason why a request has no result.
struct Failure {
  ErrorCode code = ErrorCode::request_failed;
  std::string text;
};

using Reply = std::variant<json::Value, Failure>;

/// Makes text for JSON of any bytes.
std::string utf8(std::string_view text);

json::Object to_json(Position position);
json::Object to_json(Range range);
/// Reads a place from JSON; nothing if `value` (may be null) is no such object. All integers are allowed.
std::optional<Position> read_position(const json::Object* value);
std::optional<Range> read_range(const json::Object* value);

/// `{"kind": "markdown", "value": text}`.
json::Object markdown(std::string_view text);

}  // namespace resnetc::editor

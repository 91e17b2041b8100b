/// \file Percent-encoding (RFC 3986).
#include "editor/uri.h"

#include <fmt/format.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <filesystem>

namespace resnetc::editor {

namespace {

constexpr std::string_view scheme = "file://";

}  // namespace

std::string path_of(std::string_view uri) {
  if (!uri.starts_with(scheme)) return std::string(uri);
  std::string_view rest = uri.substr(scheme.size());
  rest.remove_prefix(std::min(rest.find('/'), rest.size()));  // the host
  std::string path;
  for (size_t i = 0; i < rest.size(); ++i) {
    const bool escape = rest[i] == '%' && i + 2 < rest.size() && llvm::isHexDigit(rest[i + 1]) && llvm::isHexDigit(rest[i + 2]);
    path += escape ? static_cast<char>(llvm::hexFromNibbles(rest[i + 1], rest[i + 2])) : rest[i];
    if (escape) i += 2;
  }
  // A zero byte would end the path early in system calls.
  return path.find('\0') == std::string::npos ? path : std::string(uri);
}

std::string uri_of(std::string_view path) {
  if (!path.starts_with('/')) return std::string(path);
  std::string uri(scheme);
  for (const char c : path) {
    if (llvm::isAlnum(c) || std::string_view("-._~/").find(c) != std::string_view::npos) {
      uri += c;
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

std::string canonical(const std::string& path) {
  std::error_code error;
  const std::filesystem::path result = std::filesystem::weakly_canonical(path, error);
  return error ? path : result.string();
}

}  // namespace resnetc::editor

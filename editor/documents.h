/// \file The files that are open in the editor, as it holds them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "editor/protocol.h"

namespace resnetc::editor {

struct Document {
  std::string uri;
  std::string path;  ///< that the URI names
  std::string file;  ///< the same in canonical form: what makes two paths one file
  std::string text;
};

class Documents {
 public:
  /// Opens a document, or replaces the text of one that is open.
  const Document& open(std::string_view uri, std::string text);
  void close(std::string_view uri);
  /// Carries out a didChange's list: each change has the whole text, or a range, in the text that the ones before it left, and what takes
  /// its place. Changes that are neither are left out. Null where the document is not open.
  const Document* change(std::string_view uri, const json::Array& changes);

  const Document* find(std::string_view uri) const;
  /// The open document that holds a file, given in canonical form.
  const Document* holding(const std::string& file) const;
  const std::map<std::string, Document, std::less<>>& all() const { return by_uri_; }

 private:
  std::map<std::string, Document, std::less<>> by_uri_;
};

}  // namespace resnetc::editor

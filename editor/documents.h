/// \file The files that are open in the editor, with the editor's texts.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "editor/protocol.h"

namespace resnetc::editor {

struct Document {
  std::string uri;
  std::string path;  ///< of the URI
  std::string file;  ///< the path in canonical form: equal for all paths of one file
  std::string text;
};

class Documents {
 public:
  /// Opens a document, or replaces the text of an open one.
  const Document& open(std::string_view uri, std::string text);
  void close(std::string_view uri);
  /// Carries out the changes of a didChange, one after the other. A change has a whole text, or a range of the text so far and its
  /// replacement. Changes that have neither are ignored. Null if the document is not open.
  const Document* change(std::string_view uri, const json::Array& changes);

  const Document* find(std::string_view uri) const;
  /// The open document of a file, whose path is in canonical form.
  const Document* holding(const std::string& file) const;
  const std::map<std::string, Document, std::less<>>& all() const { return by_uri_; }

 private:
  std::map<std::string, Document, std::less<>> by_uri_;
};

}  // namespace resnetc::editor

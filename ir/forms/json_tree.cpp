/// \file Reads the structure of JSON. LLVM reads its strings and numbers.
#include "ir/forms/json_tree.h"

#include <fmt/format.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/JSON.h>

namespace resnetc::json_form {

namespace {

std::optional<llvm::json::Value> scalar(std::string_view text) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(llvm::StringRef(text.data(), text.size()));
  if (value) return std::move(*value);
  llvm::consumeError(value.takeError());
  return std::nullopt;
}

}  // namespace

class Tree::Scanner {
 public:
  Scanner(Tree& tree, Fault& fault) : tree_(tree), text_(tree.text_), fault_(fault) {}

  /// Reads one value in each iteration, then the text between it and the next value.
  bool run() {
    if (text_.size() > max_json_bytes) return fail(0, fmt::format("a JSON text of more than {} bytes", max_json_bytes));
    do {
      if (!read_value() || !read_between()) return false;
    } while (!open_.empty());
    return at_ == text_.size() || fail(at_, "text after the end of the JSON value");
  }

 private:
  bool fail(size_t offset, std::string why) {
    fault_ = {offset, std::move(why)};
    return false;
  }

  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  bool accept(char c) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool in_object() const { return !open_.empty() && tree_.values_[open_.back()].kind == Kind::object; }

  void add(Kind kind, size_t begin) {
    const auto id = static_cast<Id>(tree_.values_.size());
    tree_.values_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(at_ - begin), id + 1, kind});
  }

  /// Reads a scalar, or begins an object or array, whose contents are further values.
  bool read_value() {
    skip_blanks();
    if (at_ == text_.size()) return fail(at_, "the JSON text ends where a value should stand");
    const char c = text_[at_];
    if (c == '"') return read_string("a string with a character or an escape that JSON does not have");
    if (c != '{' && c != '[') return read_scalar();
    if (open_.size() == max_json_nesting) return fail(at_, "nested too deeply");
    open_.push_back(static_cast<Id>(tree_.values_.size()));
    ++at_;
    add(c == '{' ? Kind::object : Kind::array, at_ - 1);
    return true;
  }

  bool read_string(std::string_view fault) {
    const size_t begin = at_;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
      if (at_ < text_.size() && text_[at_] == '\n') break;
    }
    if (at_ >= text_.size() || text_[at_] != '"') return fail(begin, "a string without its closing quote");
    ++at_;
    if (!scalar(text_.substr(begin, at_ - begin))) return fail(begin, std::string(fault));
    add(Kind::string, begin);
    return true;
  }

  bool read_scalar() {
    const size_t begin = at_;
    const std::string_view letters = "+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    at_ = std::min(text_.find_first_not_of(letters, at_), text_.size());
    if (at_ == begin || !scalar(text_.substr(begin, at_ - begin))) return fail(begin, "expected a JSON value");
    add(Kind::scalar, begin);
    return true;
  }

  /// Closes the objects and arrays that end here, and moves to the beginning of the next value.
  bool read_between() {
    // An object or array may close directly after its opening bracket.
    bool begins = !open_.empty() && open_.back() + 1 == tree_.values_.size();
    while (!open_.empty()) {
      const bool object = in_object();
      if (accept(object ? '}' : ']')) {
        tree_.values_[open_.back()].next = static_cast<Id>(tree_.values_.size());
        open_.pop_back();
        begins = false;
        continue;
      }
      if (!begins && !accept(',')) return fail(at_, object ? "expected ',' or '}'" : "expected ',' or ']'");
      return !object || read_key();
    }
    skip_blanks();
    return true;
  }

  bool read_key() {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != '"') return fail(at_, "expected a field's name in double quotes");
    if (!read_string("a field's name with a character or an escape that JSON does not have")) return false;
    return accept(':') || fail(at_, "expected ':'");
  }

  Tree& tree_;
  std::string_view text_;
  Fault& fault_;
  size_t at_ = 0;
  std::vector<Id> open_;
};

std::optional<Tree> Tree::parse(std::string_view text, Fault& fault) {
  Tree tree(text);
  if (!Scanner(tree, fault).run()) return std::nullopt;
  return tree;
}

std::string_view Tree::text(Id id) const { return text_.substr(values_[id].begin, values_[id].size); }

std::string Tree::string(Id id) const {
  const std::string_view quoted = text(id);
  if (quoted.find('\\') == std::string_view::npos) return std::string(quoted.substr(1, quoted.size() - 2));
  return scalar(quoted)->getAsString()->str();
}

Tree::Id Tree::find(std::string_view key, Id from, Id end) const {
  for (Id member = from; member != end; member = next(member + 1)) {
    const std::string_view quoted = text(member);
    const bool same = quoted.find('\\') == std::string_view::npos ? quoted.substr(1, quoted.size() - 2) == key : string(member) == key;
    if (same) return member + 1;
  }
  return none;
}

}  // namespace resnetc::json_form

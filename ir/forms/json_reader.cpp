/// \file Reads fields and values, and reports their errors.
#include "ir/forms/json_reader.h"

#include <fmt/format.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/JSON.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ir/forms/json_writer.h"
#include "support/suggest.h"

namespace resnetc::json_form {

Reader::Reader(FileId file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {
  Tree::Fault fault;
  tree_ = Tree::parse(diagnostics.sources().text(file), fault);
  if (!tree_) fail_in_text(fault.offset, 1, std::move(fault.why));
}

void Reader::level(std::string_view level) {
  if (enter("level")) {
    if (string("expected a string") != level) fail(fmt::format("expected the level '{}'", level));
  } else if (!failed()) {
    missing("level");
  }
}

void Reader::object(Run fields) {
  Frame outer = std::exchange(frame_, Frame{at_, {}});
  if (expect(Tree::Kind::object, "expected an object")) fields();
  if (!failed()) refuse_unknown();
  frame_ = std::move(outer);
}

void Reader::list(std::string_view expected, Run element) {
  const Tree::Id array = at_;
  if (!expect(Tree::Kind::array, expected)) return;
  const Tree::Id end = tree_->next(array);
  for (Tree::Id id = array + 1; id != end && !failed(); id = tree_->next(id)) {
    at_ = id;
    element();
  }
}

void Reader::add_field(std::string_view key, const Value& value, std::string_view) {
  if (enter(key)) {
    value.read(*this);
  } else if (!failed()) {
    missing(key);
  }
}

void Reader::add_optional(std::string_view key, const Value& value, bool, std::string_view) {
  if (enter(key)) value.read(*this);
}

void Reader::add_choice(std::string_view key, const Value& value, std::span<const std::string_view>, std::string_view description, RunEach,
                        Run fields) {
  add_field(key, value, description);
  if (!failed()) fields();
}

bool Reader::enter(std::string_view key) {
  if (failed()) return false;
  frame_.known.push_back(key);
  const Tree::Id end = tree_->next(frame_.object), found = tree_->find(key, frame_.object + 1, end);
  if (found == Tree::none) return false;
  at_ = found;
  const Tree::Id again = tree_->find(key, tree_->next(found), end);
  if (again == Tree::none) return true;
  at_ = again;
  fail(fmt::format("the field '{}' stands here twice", key));
  return false;
}

void Reader::missing(std::string_view key) {
  // The field may be present under a name with a spelling mistake.
  const Tree::Id end = tree_->next(frame_.object);
  Tree::Id member = frame_.object + 1;
  for (int looked = 0; member != end && looked < 100; ++looked, member = tree_->next(member + 1)) {
    const std::string name = tree_->string(member), meant = suggestion(name, {key});
    if (meant.empty() || std::find(frame_.known.begin(), frame_.known.end(), name) != frame_.known.end()) continue;
    at_ = member;
    return fail(fmt::format("unknown field '{}'{}", text::shown(name), meant));
  }
  at_ = frame_.object;
  fail(fmt::format("the field '{}' is missing", key));
}

void Reader::refuse_unknown() {
  const Tree::Id end = tree_->next(frame_.object);
  for (Tree::Id member = frame_.object + 1; member != end; member = tree_->next(member + 1)) {
    const std::string name = tree_->string(member);
    if (std::find(frame_.known.begin(), frame_.known.end(), name) != frame_.known.end()) continue;
    at_ = member;
    return fail(fmt::format("unknown field '{}'{}", text::shown(name), suggestion(name, frame_.known)));
  }
}

bool Reader::expect(Tree::Kind kind, std::string_view expected) {
  if (!failed() && tree_->kind(at_) != kind) fail(std::string(expected));
  return !failed();
}

namespace {

/// The tree contains no scalar that LLVM cannot read.
llvm::json::Value parsed(std::string_view text) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(llvm::StringRef(text.data(), text.size()));
  if (value) return std::move(*value);
  llvm::consumeError(value.takeError());
  return nullptr;
}

}  // namespace

std::optional<std::string> Reader::string(std::string_view expected) {
  if (!expect(Tree::Kind::string, expected)) return std::nullopt;
  return unquoted(tree_->string(at_));
}

std::optional<int64_t> Reader::integer(std::string_view expected) {
  if (!expect(Tree::Kind::scalar, expected)) return std::nullopt;
  const std::optional<int64_t> value = parsed(tree_->text(at_)).getAsInteger();
  if (!value) fail(std::string(expected));
  return value;
}

std::optional<double> Reader::real(std::string_view expected) {
  if (!expect(Tree::Kind::scalar, expected)) return std::nullopt;
  const std::optional<double> value = parsed(tree_->text(at_)).getAsNumber();
  if (value && std::isfinite(*value)) return value;
  fail(std::string(expected));
  return std::nullopt;
}

std::optional<bool> Reader::boolean(std::string_view expected) {
  if (!expect(Tree::Kind::scalar, expected)) return std::nullopt;
  const std::optional<bool> value = parsed(tree_->text(at_)).getAsBoolean();
  if (!value) fail(std::string(expected));
  return value;
}

bool Reader::has_elements(size_t count) const {
  if (failed() || tree_->kind(at_) != Tree::Kind::array) return false;
  const Tree::Id end = tree_->next(at_);
  size_t there = 0;
  for (Tree::Id element = at_ + 1; element != end && there <= count; element = tree_->next(element)) ++there;
  return there == count;
}

FileId Reader::file_named(std::string name) {
  if (failed()) return no_file;
  const FileId file = files_.named(std::move(name), diagnostics_.sources());
  if (file == no_file) fail(text::FileTable::too_many());
  return file;
}

void Reader::fail(std::string why) { fail_in_text(tree_->offset(at_), tree_->text(at_).size(), std::move(why)); }

void Reader::fail_at(std::string_view key, std::string why) {
  if (failed()) return;
  const Tree::Id found = tree_->find(key, frame_.object + 1, tree_->next(frame_.object));
  at_ = found == Tree::none ? frame_.object : found;
  fail(std::move(why));
}

void Reader::fail_within(size_t offset, std::string why) {
  // If there are escapes, the offsets of the content differ from those of the text.
  const std::string_view text = tree_->text(at_);
  if (text.find('\\') != std::string_view::npos) return fail(std::move(why));
  fail_in_text(tree_->offset(at_) + 1 + offset, 1, std::move(why));
}

void Reader::fail_in_text(size_t offset, size_t length, std::string why) {
  if (failed()) return;
  why_ = std::move(why);
  failed_at_ = offset;
  failed_length_ = length;
}

bool Reader::report() {
  if (!failed() && !fault_) return true;
  if (!failed()) {
    const std::vector<Tree::Id>& known = parts_[static_cast<size_t>(fault_->part)];
    if (fault_->index < known.size()) failed_at_ = tree_->offset(known[fault_->index]);
  }
  const Location at = diagnostics_.sources().place(file_, failed_at_, std::max<size_t>(failed_length_, 1));
  diagnostics_.error(at, failed() ? why_ : "this IR is not valid: " + fault_->what);
  return false;
}

}  // namespace resnetc::json_form

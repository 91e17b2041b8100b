/// \file How a function says that it could not do its work: the reason in the user's words, and who is to blame. The exit status follows
/// from the blame. What is wrong with a text, where it has a place, goes to `Diagnostics` instead.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace resnetc {

/// Whose fault a failure is.
enum class Blame {
  input,    ///< what the user gave: a file, a network, weights
  command,  ///< how resnetc was called: its options, and what they have to do with each other
  limit,    ///< a limit of resnetc or of this machine: the input is right
  bug,      ///< resnetc itself
};

/// Why a function has no result.
struct Failure {
  std::string text;  ///< a sentence without a capital letter and a full stop, as diagnostics have
  Blame blame = Blame::input;
};

/// The value that a function was asked for, or why there is none. `Result<>` has no value: the work is done, or it failed.
template <class T = void>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool has_value() const { return state_.index() == 0; }
  T& operator*() & { return value(); }
  const T& operator*() const& { return const_cast<Result*>(this)->value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &**this; }

  /// Only of a result without a value.
  const Failure& failure() const {
    assert(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }

 private:
  T& value() {
    assert(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Failure> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::move(failure)), failed_(true) {}

  explicit operator bool() const { return !failed_; }

  /// Only of work that is not done.
  const Failure& failure() const {
    assert(failed_);
    return failure_;
  }

 private:
  Failure failure_;
  bool failed_ = false;
};

}  // namespace resnetc

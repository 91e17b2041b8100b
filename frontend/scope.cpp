/// \file Names and expressions.
#include "frontend/scope.h"

#include <fmt/format.h>

#include <limits>

#include "frontend/messages.h"
#include "support/suggest.h"

namespace resnetc {

const Binding* Scope::find_name(std::string_view name) const {
  for (const Scope* scope = this; scope; scope = scope->parent) {
    if (const auto found = scope->names.find(name); found != scope->names.end()) return &found->second;
  }
  return nullptr;
}

const Label* Scope::find_label(std::string_view name) const {
  for (const Scope* scope = this; scope; scope = scope->parent) {
    if (const auto found = scope->labels.find(name); found != scope->labels.end()) return &found->second;
  }
  return nullptr;
}

std::vector<std::string_view> Scope::all_names() const {
  std::vector<std::string_view> result;
  for (const Scope* scope = this; scope; scope = scope->parent) {
    for (const auto& [name, binding] : scope->names) result.push_back(name);
  }
  return result;
}

std::vector<std::string_view> Scope::all_labels() const {
  std::vector<std::string_view> result;
  for (const Scope* scope = this; scope; scope = scope->parent) {
    for (const auto& [name, label] : scope->labels) {
      if (label.value != topology::no_value) result.push_back(name);
    }
  }
  return result;
}

Diagnostic* Reporter::error_in_use(Location at, std::string text) {
  Diagnostic* d = error(at, std::move(text));
  if (d && !uses.empty()) d->note(uses.back().at, fmt::format(message::in_block, uses.back().text));
  return d;
}

namespace {

/// The result of an operator; nothing if it does not fit in 64 bits.
std::optional<int64_t> apply(ast::ExprKind kind, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  switch (kind) {
    case ast::ExprKind::negate: overflow = __builtin_sub_overflow(int64_t{0}, b, &result); break;
    case ast::ExprKind::add: overflow = __builtin_add_overflow(a, b, &result); break;
    case ast::ExprKind::subtract: overflow = __builtin_sub_overflow(a, b, &result); break;
    case ast::ExprKind::multiply: overflow = __builtin_mul_overflow(a, b, &result); break;
    case ast::ExprKind::divide:
      overflow = b == -1 && a == std::numeric_limits<int64_t>::min();
      if (!overflow) result = a / b;
      break;
    case ast::ExprKind::remainder: result = b == -1 ? 0 : a % b; break;
    case ast::ExprKind::integer:
    case ast::ExprKind::name: break;
  }
  return overflow ? std::nullopt : std::optional(result);
}

}  // namespace

std::optional<int64_t> evaluate(const ast::Expr& expr, const Scope& scope, Reporter& reporter) {
  reporter.steps += static_cast<int64_t>(expr.postfix.size());
  std::vector<int64_t> stack;
  for (const ast::ExprItem& item : expr.postfix) {
    if (item.kind == ast::ExprKind::integer) {
      stack.push_back(item.value);
      continue;
    }
    if (item.kind == ast::ExprKind::name) {
      const Binding* binding = scope.find_name(item.text);
      if (!binding) {
        std::string advice = suggestion(item.text, scope.all_names());
        if (advice.empty()) advice = "; declare it as a parameter or with 'let' in the same block, stage or network";
        reporter.error(item.at, fmt::format(message::unknown_name, item.text, advice));
      }
      if (!binding || !binding->value) return std::nullopt;
      stack.push_back(*binding->value);
      continue;
    }
    if (stack.size() < (item.kind == ast::ExprKind::negate ? 1 : 2)) return std::nullopt;
    const int64_t right = stack.back();
    stack.pop_back();
    int64_t left = 0;
    if (item.kind != ast::ExprKind::negate) {
      left = stack.back();
      stack.pop_back();
    }
    if ((item.kind == ast::ExprKind::divide || item.kind == ast::ExprKind::remainder) && right == 0) {
      reporter.error_in_use(item.at, fmt::format(message::division_by_zero, item.text));
      return std::nullopt;
    }
    const std::optional<int64_t> result = apply(item.kind, left, right);
    if (!result) {
      reporter.error_in_use(item.at, fmt::format(message::overflow, item.text));
      return std::nullopt;
    }
    stack.push_back(*result);
  }
  if (stack.empty()) return std::nullopt;
  return stack.back();
}

}  // namespace resnetc

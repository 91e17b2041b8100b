/// \file The meaning of an element-wise operation: what it makes of one element, as a small expression. The table of operations (ir/op.cpp)
/// holds one expression for each element-wise operation. Kernels for every device are made from it, and other code that needs the meaning
/// (derivatives, checks) reads it too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace resnetc {

/// An expression as a list of its parts in postfix order: operands come before the part that uses them. It is a value type, and constexpr
/// code can compute with it.
class Expression {
 public:
  enum class Kind : uint8_t {
    element,      ///< the element that the operation is applied to
    operand,      ///< the element of the second operand in the same place
    constant,     ///< the element of one of the operation's constants for the current channel; `number` is the constant's index
    number,       ///< a number
    negate,       ///< -a
    exp,          ///< e to the power of a
    erf,          ///< the error function of a
    log_1p,       ///< the natural logarithm of 1 + a, for an a that is not negative
    nearest,      ///< the integer nearest to a, ties to even
    add,          ///< a + b
    subtract,     ///< a - b
    multiply,     ///< a * b
    divide,       ///< a / b
    select_less,  ///< c if a < b, else d; d also where a or b is NaN
  };
  struct Part {
    Kind kind{};
    double number = 0;
  };

  /// The empty expression.
  constexpr Expression() = default;
  constexpr Expression(double number) { append({Kind::number, number}); }
  /// A part without operands.
  constexpr explicit Expression(Part leaf) { append(leaf); }
  /// The expression that applies `kind` to the operands.
  constexpr Expression(Kind kind, std::initializer_list<const Expression*> operands) {
    for (const Expression* operand : operands) {
      for (const Part& part : operand->parts()) append(part);
    }
    append({kind});
  }

  constexpr bool empty() const { return size_ == 0; }
  constexpr std::span<const Part> parts() const { return {parts_.data(), size_}; }

  /// Computes the expression for any type of value that has + - * / and the sign -: numbers, the expressions of a code generator, numbers
  /// with their derivatives. `Arithmetic` provides the rest: element(), operand(), constant(size_t), number(double), exp(Value),
  /// erf(Value), log_1p(Value), nearest(Value), select_less(Value a, Value b, Value then, Value otherwise).
  template <class Value, class Arithmetic>
  Value evaluate(const Arithmetic& arithmetic) const {
    std::array<Value, capacity> stack{};
    size_t top = 0;
    for (const Part& part : parts()) {
      // The operands of this part are the last values on the stack, in order. The part's value replaces them.
      top -= operands_of(part.kind);
      Value* const a = stack.data() + top;
      switch (part.kind) {
        case Kind::element: *a = arithmetic.element(); break;
        case Kind::operand: *a = arithmetic.operand(); break;
        case Kind::constant: *a = arithmetic.constant(static_cast<size_t>(part.number)); break;
        case Kind::number: *a = arithmetic.number(part.number); break;
        case Kind::negate: *a = -a[0]; break;
        case Kind::exp: *a = arithmetic.exp(a[0]); break;
        case Kind::erf: *a = arithmetic.erf(a[0]); break;
        case Kind::log_1p: *a = arithmetic.log_1p(a[0]); break;
        case Kind::nearest: *a = arithmetic.nearest(a[0]); break;
        case Kind::add: *a = a[0] + a[1]; break;
        case Kind::subtract: *a = a[0] - a[1]; break;
        case Kind::multiply: *a = a[0] * a[1]; break;
        case Kind::divide: *a = a[0] / a[1]; break;
        case Kind::select_less: *a = arithmetic.select_less(a[0], a[1], a[2], a[3]); break;
      }
      ++top;
    }
    return stack[0];
  }

 private:
  static constexpr size_t capacity = 40;

  static constexpr size_t operands_of(Kind kind) {
    switch (kind) {
      case Kind::element:
      case Kind::operand:
      case Kind::constant:
      case Kind::number: return 0;
      case Kind::negate:
      case Kind::exp:
      case Kind::erf:
      case Kind::log_1p:
      case Kind::nearest: return 1;
      case Kind::add:
      case Kind::subtract:
      case Kind::multiply:
      case Kind::divide: return 2;
      case Kind::select_less: return 4;
    }
    return 0;
  }

  /// Adds a part. An expression with too many parts does not compile, because `at` throws in a constant expression.
  constexpr void append(Part part) { parts_.at(size_++) = part; }

  std::array<Part, capacity> parts_{};
  size_t size_ = 0;
};

/// Spells expressions as C++ does: `select(x < 0, 0, x)`.
namespace spelled {

struct Comparison {
  Expression less, greater;
};

inline constexpr Expression x{Expression::Part{Expression::Kind::element}};
inline constexpr Expression operand{Expression::Part{Expression::Kind::operand}};
constexpr Expression constant(int index) { return Expression(Expression::Part{Expression::Kind::constant, static_cast<double>(index)}); }

constexpr Expression operator-(const Expression& a) { return {Expression::Kind::negate, {&a}}; }
constexpr Expression operator+(const Expression& a, const Expression& b) { return {Expression::Kind::add, {&a, &b}}; }
constexpr Expression operator-(const Expression& a, const Expression& b) { return {Expression::Kind::subtract, {&a, &b}}; }
constexpr Expression operator*(const Expression& a, const Expression& b) { return {Expression::Kind::multiply, {&a, &b}}; }
constexpr Expression operator/(const Expression& a, const Expression& b) { return {Expression::Kind::divide, {&a, &b}}; }
constexpr Comparison operator<(const Expression& a, const Expression& b) { return {a, b}; }
constexpr Expression exp(const Expression& a) { return {Expression::Kind::exp, {&a}}; }
constexpr Expression erf(const Expression& a) { return {Expression::Kind::erf, {&a}}; }
constexpr Expression log_1p(const Expression& a) { return {Expression::Kind::log_1p, {&a}}; }
constexpr Expression nearest(const Expression& a) { return {Expression::Kind::nearest, {&a}}; }
constexpr Expression select(const Comparison& c, const Expression& then, const Expression& otherwise) {
  return {Expression::Kind::select_less, {&c.less, &c.greater, &then, &otherwise}};
}

}  // namespace spelled

}  // namespace resnetc

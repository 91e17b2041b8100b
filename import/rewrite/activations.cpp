/// \file Activations that exporters spell out. Nearly all are products: a product's factors and its number are found first, in whatever
/// order they stand. Softsign is a quotient.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

using flat::ValueId;

constexpr size_t most_factors = 6;

/// `number` times the product of `factors`.
struct Product {
  double number = 1;
  std::vector<ValueId> factors;
};

class Activations {
 public:
  explicit Activations(const flat::Graph& graph) : graph_(graph) {}

  /// The operator that computes the same as `node`, and its input; nothing if none is known.
  struct Named {
    std::string_view op;
    ValueId input;
  };
  std::optional<Named> named(const flat::Node& node) const {
    if (!node.domain.empty() || node.outputs.empty() || (node.op != "Mul" && node.op != "Div")) return std::nullopt;
    if (is_softsign(node)) return Named{"Softsign", node.inputs[0]};
    // x may be a product itself, so each value near is tried as one that stays whole.
    std::vector<ValueId> whole{flat::no_value};
    for (const ValueId input : node.inputs) {
      whole.push_back(input);
      for (const std::string_view op : {std::string_view("Mul"), std::string_view("Div")}) {
        if (const flat::Node* inner = made_by(graph_, input, op)) whole.insert(whole.end(), inner->inputs.begin(), inner->inputs.end());
      }
    }
    for (const ValueId x : whole) {
      Product product;
      multiply_in(node, product, x, 0);
      if (const auto found = named(product)) return found;
    }
    return std::nullopt;
  }

 private:
  std::optional<Named> named(const Product& product) const {
    if (product.factors.size() == 1 && close(product.number, 1.0 / 6)) {
      if (const ValueId x = shifted_and_clipped(product.factors[0]); x != flat::no_value) return Named{"HardSigmoid", x};
    }
    if (product.factors.size() != 2) return std::nullopt;
    for (const size_t first : {size_t{0}, size_t{1}}) {
      const ValueId x = product.factors[first], other = product.factors[1 - first];
      if (const std::string_view op = gated(x, other, product.number); !op.empty()) return Named{op, x};
    }
    return std::nullopt;
  }

  /// Whether a Mul or Div is x / (1 + |x|).
  bool is_softsign(const flat::Node& node) const {
    if (node.op != "Div" || node.inputs.size() != 2) return false;
    const flat::Node* magnitude = made_by(graph_, minus_number(node.inputs[1], 1), "Abs");
    return magnitude != nullptr && magnitude->inputs[0] == node.inputs[0];
  }

  /// Takes a Mul or Div into the product, and the products that its inputs are. `whole` is not taken apart.
  void multiply_in(const flat::Node& node, Product& product, ValueId whole, int depth) const {
    const bool divides = node.op == "Div";
    for (size_t i = 0; i < node.inputs.size() && i < 2; ++i) {
      const std::optional<double> number = number_at(graph_, node, i);
      if (number && !(divides && i == 0)) {
        product.number *= divides ? 1 / *number : *number;
      } else if (divides && i == 1) {
        product.factors.insert(product.factors.end(), most_factors + 1, node.inputs[i]);  // no product
      } else {
        take_factor(node.inputs[i], product, whole, depth);
      }
    }
  }

  void take_factor(ValueId value, Product& product, ValueId whole, int depth) const {
    for (const std::string_view op : {std::string_view("Mul"), std::string_view("Div")}) {
      const flat::Node* inner = value == whole ? nullptr : made_by(graph_, value, op);
      if (inner != nullptr && depth < 4 && product.factors.size() <= most_factors) return multiply_in(*inner, product, whole, depth + 1);
    }
    product.factors.push_back(value);
  }

  /// The value as a product in which x stays whole.
  Product product_of(ValueId value, ValueId x) const {
    Product product;
    take_factor(value, product, x, 0);
    return product;
  }

  /// Whether the value is `number` times x.
  bool is_multiple(ValueId value, ValueId x, double number) const {
    const Product product = product_of(value, x);
    return product.factors == std::vector<ValueId>{x} && close(product.number, number);
  }

  /// The other operand of a sum with this number; no_value if the value is no such sum.
  ValueId minus_number(ValueId value, double number) const {
    const flat::Node* sum = made_by(graph_, value, "Add");
    for (size_t i = 0; sum != nullptr && sum->inputs.size() == 2 && i < 2; ++i) {
      const std::optional<double> given = number_at(graph_, *sum, i);
      if (given && close(*given, number)) return sum->inputs[1 - i];
    }
    return flat::no_value;
  }

  /// x of clip(x + 3, 0, 6).
  ValueId shifted_and_clipped(ValueId value) const {
    const flat::Node* clip = made_by(graph_, value, "Clip");
    if (clip == nullptr || clip->inputs.empty()) return flat::no_value;
    const auto bound = [&](size_t input, std::string_view attribute) {
      const std::optional<double> given = number_at(graph_, *clip, input);
      return given ? *given : flat::real(*clip, attribute, std::nan(""));
    };
    return bound(1, "min") == 0 && bound(2, "max") == 6 ? minus_number(clip->inputs[0], 3) : flat::no_value;
  }

  bool is_cube(ValueId value, ValueId x, double number) const {
    const Product product = product_of(value, x);
    if (!close(product.number, number)) return false;
    if (product.factors == std::vector<ValueId>{x, x, x}) return true;
    const auto power = [&](ValueId of, double exponent) {
      const flat::Node* pow = made_by(graph_, of, "Pow");
      const std::optional<double> given = pow == nullptr ? std::nullopt : number_at(graph_, *pow, 1);
      return given && *given == exponent && pow->inputs[0] == x;
    };
    if (product.factors.size() == 1) return power(product.factors[0], 3);
    return product.factors.size() == 2 &&
           ((product.factors[0] == x && power(product.factors[1], 2)) || (product.factors[1] == x && power(product.factors[0], 2)));
  }

  /// Whether the value is sqrt(2 / pi) * (x + 0.044715 x^3).
  bool is_tanh_argument(ValueId value, ValueId x) const {
    constexpr double cubic = 0.044715;
    const Product product = product_of(value, x);
    if (!close(product.number, std::sqrt(2 / std::numbers::pi))) return false;
    if (product.factors.size() == 2) {  // x * (1 + 0.044715 x^2)
      for (const size_t i : {size_t{0}, size_t{1}}) {
        const ValueId rest = product.factors[i] == x ? minus_number(product.factors[1 - i], 1) : flat::no_value;
        if (rest == flat::no_value) continue;
        const Product square = product_of(rest, x);
        const flat::Node* pow = square.factors.size() == 1 ? made_by(graph_, square.factors[0], "Pow") : nullptr;
        const bool powered = pow != nullptr && pow->inputs[0] == x && number_at(graph_, *pow, 1) == std::optional<double>(2);
        if (close(square.number, cubic) && (powered || square.factors == std::vector<ValueId>{x, x})) return true;
      }
      return false;
    }
    const flat::Node* sum = product.factors.size() == 1 ? made_by(graph_, product.factors[0], "Add") : nullptr;
    if (sum == nullptr || sum->inputs.size() != 2) return false;
    return (sum->inputs[0] == x && is_cube(sum->inputs[1], x, cubic)) || (sum->inputs[1] == x && is_cube(sum->inputs[0], x, cubic));
  }

  /// What `number` * x * `other` is; empty if nothing that has a name.
  std::string_view gated(ValueId x, ValueId other, double number) const {
    if (close(number, 1)) {
      if (const flat::Node* s = made_by(graph_, other, "Sigmoid"); s != nullptr && s->inputs[0] == x) return "Silu";
      if (const flat::Node* h = made_by(graph_, other, "HardSigmoid"); h != nullptr && h->inputs[0] == x) {
        return close(flat::real(*h, "alpha", 0.2), 1.0 / 6) && close(flat::real(*h, "beta", 0.5), 0.5) ? "HardSwish" : "";
      }
      const flat::Node* t = made_by(graph_, other, "Tanh");
      const flat::Node* soft = t == nullptr ? nullptr : made_by(graph_, t->inputs[0], "Softplus");
      if (soft != nullptr && soft->inputs[0] == x) return "Mish";
    }
    if (close(number, 1.0 / 6) && shifted_and_clipped(other) == x) return "HardSwish";
    if (close(number, 0.5)) {
      const ValueId function = minus_number(other, 1);
      const flat::Node* erf = made_by(graph_, function, "Erf");
      if (erf != nullptr && is_multiple(erf->inputs[0], x, 1 / std::numbers::sqrt2)) return "Gelu";
      const flat::Node* tanh = made_by(graph_, function, "Tanh");
      if (tanh != nullptr && is_tanh_argument(tanh->inputs[0], x)) return "GeluTanh";
    }
    return "";
  }

  const flat::Graph& graph_;
};

}  // namespace

void name_activations(flat::Graph& graph) {
  // The last node of a spelling is found first, so that its parts are still as they were.
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    flat::Node& node = graph.nodes[i];
    if (node.dead) continue;
    const auto named = Activations(graph).named(node);
    if (!named) continue;
    const std::optional<Dims>& from = graph.value(named->input).dims;
    if (!from || from != graph.value(node.outputs[0]).dims) continue;  // a constant spread it
    node.op = named->op;
    node.inputs = {named->input};
    node.attributes.clear();
    if (node.op == "HardSigmoid") {
      Attribute slope;
      slope.kind = Attribute::Kind::real;
      slope.real = 1.0 / 6;
      node.attributes.emplace("alpha", slope);
    }
  }
}

}  // namespace resnetc::importer

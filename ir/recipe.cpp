/// \file Building, printing and carrying out recipes. The reader of their text form is in recipe_text.cpp.
#include "ir/recipe.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace resnetc {
namespace {

RecipePtr make(RecipeKind kind, std::vector<RecipePtr> args, std::vector<int64_t> shape) {
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = kind;
  recipe->args = std::move(args);
  recipe->shape = std::move(shape);
  return recipe;
}

RecipePtr element_wise(RecipeKind kind, RecipePtr a, RecipePtr b) {
  assert(a->shape == b->shape);
  auto shape = a->shape;
  return make(kind, {std::move(a), std::move(b)}, std::move(shape));
}

int64_t whole_vectors(int64_t channels) { return (channels + lanes - 1) / lanes; }

std::vector<double> pack_conv_values(const Recipe& recipe, const std::vector<double>& w) {
  const std::vector<int64_t>& shape = recipe.args[0]->shape;
  int64_t co = shape[0], per_group = shape[1];
  int64_t window = element_count(shape) / (co * per_group);
  GroupSpan span = group_span(per_group * recipe.groups, co, recipe.groups);
  std::vector<double> out(static_cast<size_t>(element_count(recipe.shape)), 0.0);
  for (int64_t o = 0; o < co; ++o) {
    int64_t block = o / lanes;
    int64_t first = o / span.co_per_group * per_group - span.start(block);  // where this channel's inputs lie in the block's span
    for (int64_t i = 0; i < per_group; ++i) {
      const double* from = &w[static_cast<size_t>((o * per_group + i) * window)];
      for (int64_t k = 0; k < window; ++k) {
        out[static_cast<size_t>(((block * window + k) * span.span + first + i) * lanes + o % lanes)] = from[k];
      }
    }
  }
  return out;
}

}  // namespace

RecipePtr tensor(std::string name, std::vector<int64_t> shape) {
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::tensor;
  recipe->name = std::move(name);
  recipe->shape = std::move(shape);
  return recipe;
}

RecipePtr fill(double value, std::vector<int64_t> shape) {
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::fill;
  recipe->value = value;
  recipe->shape = std::move(shape);
  return recipe;
}

RecipePtr add(RecipePtr a, RecipePtr b) { return element_wise(RecipeKind::add, std::move(a), std::move(b)); }
RecipePtr sub(RecipePtr a, RecipePtr b) { return element_wise(RecipeKind::sub, std::move(a), std::move(b)); }
RecipePtr mul(RecipePtr a, RecipePtr b) { return element_wise(RecipeKind::mul, std::move(a), std::move(b)); }

RecipePtr rsqrt(RecipePtr a, double eps) {
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::rsqrt;
  recipe->value = eps;
  recipe->shape = a->shape;
  recipe->args = {std::move(a)};
  return recipe;
}

RecipePtr scale_rows(RecipePtr a, RecipePtr b) {
  assert(!a->shape.empty() && b->shape == std::vector<int64_t>{a->shape[0]});
  auto shape = a->shape;
  return make(RecipeKind::scale_rows, {std::move(a), std::move(b)}, std::move(shape));
}

RecipePtr pack_vector(RecipePtr a) {
  assert(a->shape.size() == 1);
  std::vector<int64_t> shape{whole_vectors(a->shape[0]) * lanes};
  return make(RecipeKind::pack_vector, {std::move(a)}, std::move(shape));
}

RecipePtr pack_conv(RecipePtr w, int64_t groups) {
  assert(w->shape.size() == 2 || w->shape.size() == 4);
  assert(groups >= 1 && w->shape[0] % groups == 0);
  int64_t kh = w->shape.size() == 4 ? w->shape[2] : 1, kw = w->shape.size() == 4 ? w->shape[3] : 1;
  GroupSpan span = group_span(w->shape[1] * groups, w->shape[0], groups);
  auto recipe = std::make_shared<Recipe>();
  recipe->kind = RecipeKind::pack_conv;
  recipe->groups = groups;
  recipe->shape = {whole_vectors(w->shape[0]), kh, kw, span.span, lanes};
  recipe->args = {std::move(w)};
  return recipe;
}

int64_t GroupSpan::start(int64_t block) const { return std::min(block * lanes / co_per_group * ci_per_group, ci - span); }

GroupSpan group_span(int64_t ci, int64_t co, int64_t groups) {
  GroupSpan span{0, co / groups, ci / groups, ci};
  for (int64_t block = 0; block < whole_vectors(co); ++block) {
    int64_t last = std::min((block + 1) * lanes, co) - 1;
    int64_t touched = last / span.co_per_group - block * lanes / span.co_per_group + 1;
    span.span = std::max(span.span, touched * span.ci_per_group);
  }
  return span;
}

void collect_tensors(const Recipe& recipe, std::vector<TensorRef>& into) {
  if (recipe.kind == RecipeKind::tensor) {
    TensorRef ref{recipe.name, recipe.shape};
    if (std::find(into.begin(), into.end(), ref) == into.end()) into.push_back(std::move(ref));
  }
  for (const RecipePtr& a : recipe.args) collect_tensors(*a, into);
}

std::vector<double> evaluate(const Recipe& recipe, const WeightSource& source) {
  if (recipe.kind == RecipeKind::tensor) return source.read(recipe.name, recipe.shape);
  if (recipe.kind == RecipeKind::fill) return std::vector<double>(static_cast<size_t>(element_count(recipe.shape)), recipe.value);
  std::vector<double> a = evaluate(*recipe.args[0], source);
  if (a.empty()) return {};
  std::vector<double> b;
  if (recipe.args.size() > 1) {
    b = evaluate(*recipe.args[1], source);
    if (b.empty()) return {};
  }
  switch (recipe.kind) {
    case RecipeKind::tensor:
    case RecipeKind::fill: break;
    case RecipeKind::add:
      for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
      break;
    case RecipeKind::sub:
      for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
      break;
    case RecipeKind::mul:
      for (size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
      break;
    case RecipeKind::rsqrt:
      for (double& v : a) v = 1 / std::sqrt(v + recipe.value);
      break;
    case RecipeKind::scale_rows: {
      size_t row = a.size() / b.size();
      for (size_t i = 0; i < a.size(); ++i) a[i] *= b[i / row];
      break;
    }
    case RecipeKind::pack_vector: a.resize(static_cast<size_t>(recipe.shape[0]), 0.0); break;
    case RecipeKind::pack_conv: return pack_conv_values(recipe, a);
  }
  return a;
}

}  // namespace resnetc

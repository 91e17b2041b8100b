/// \file Matches tensors by name and shape, and searches for a prefix.
#include "codegen/weights/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "ir/forms/text.h"
#include "ir/ranges.h"

namespace resnetc::codegen {
namespace {

using Shapes = std::map<std::string_view, const std::vector<int64_t>*>;

/// Further errors and names are counted but not listed.
constexpr size_t most_errors = 5, most_names = 3;

/// How many of so many messages are listed: a few, or all where the line that counts the rest would stand for one.
size_t listed_of(size_t count) { return count == most_errors + 1 ? count : std::min(count, most_errors); }

std::string shape_text(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

bool readable(const std::string& dtype) { return dtype == "F32" || dtype == "F64" || dtype == "F16" || dtype == "BF16"; }

bool counts_batches(std::string_view name) {
  constexpr std::string_view counter = "num_batches_tracked";
  return name == counter || name.ends_with(".num_batches_tracked");
}

/// The prefixes whose removal from the names of `longer` gives the most names of `shorter`, and the number of these names.
struct Prefixes {
  std::vector<std::string_view> best;
  size_t count = 0;
};

/// `same` returns whether two shapes belong to the same tensor. Its first argument is the shape from `longer`.
Prefixes prefixes(const Shapes& longer, const Shapes& shorter,
                  const std::function<bool(const std::vector<int64_t>&, const std::vector<int64_t>&)>& same) {
  constexpr int most_parts = 8;  // parts of a prefix, so that the examined part of a name is bounded
  std::map<std::string_view, size_t> counts;
  for (const auto& [name, shape] : longer) {
    size_t dot = name.find('.');
    for (int parts = 0; dot != std::string_view::npos && parts < most_parts; ++parts, dot = name.find('.', dot + 1)) {
      const auto found = shorter.find(name.substr(dot + 1));
      if (found != shorter.end() && same(*shape, *found->second)) ++counts[name.substr(0, dot + 1)];
    }
  }
  Prefixes result;
  for (const auto& [prefix, count] : counts) {
    if (count > result.count) result = {{}, count};
    if (count == result.count) result.best.push_back(prefix);
  }
  return result;
}

/// Reports one error if a prefix makes most of the missing tensors present, among those that nothing in `read` reads. Returns whether it
/// did.
bool report_prefix(const Safetensors& checkpoint, const std::set<std::string_view>& read, const std::vector<TensorRef>& missing,
                   Location at, Diagnostics& diagnostics) {
  Shapes stored, wanted;
  for (const auto& [name, entry] : checkpoint.entries()) {
    if (!read.contains(name)) stored[name] = &entry.shape;
  }
  for (const TensorRef& tensor : missing) wanted[tensor.name] = &tensor.shape;
  const Prefixes more = prefixes(stored, wanted, [](const auto& a, const auto& b) { return Safetensors::holds(a, b); });
  const Prefixes less = prefixes(wanted, stored, [](const auto& a, const auto& b) { return Safetensors::holds(b, a); });
  const size_t count = std::max(more.count, less.count);
  if (2 * count <= missing.size()) return false;
  const size_t all = missing.size();
  const std::string what = all == 1       ? "the missing tensor is"
                           : count == all ? fmt::format("all {} missing tensors are", all)
                                          : fmt::format("{} of the {} missing tensors are", count, all);
  if (more.count < less.count) {
    diagnostics.error(at, fmt::format("{} here without '{}' before the name: rename them, or the network's layers", what,
                                      text::shown(less.best.front())));
    return true;
  }
  std::string names, options;
  for (size_t i = 0; i < std::min(more.best.size(), most_names); ++i) {
    const std::string prefix = text::shown(more.best[i]);
    const std::string_view between = i == 0 ? "" : " or ";
    names += fmt::format("{}'{}'", between, prefix);
    options += fmt::format("{}'--strip-prefix {}'", between, prefix);
  }
  const std::string_view also = checkpoint.stripped().empty() ? "" : ", after the other,";
  diagnostics.error(at, fmt::format("{} here with {} before the name: {}{} takes it off", what, names, options, also));
  return true;
}

/// Whether a tensor has the steps of the integers that weights were made from, of weights that are read. A network in float needs no steps.
bool has_steps(std::string_view name, const std::set<std::string_view>& read) {
  return name.ends_with(steps_ending) && read.contains(name.substr(0, name.size() - steps_ending.size()));
}

void report_unread(const Safetensors& checkpoint, const std::set<std::string_view>& read, Unread unread, Location at,
                   Diagnostics& diagnostics) {
  size_t count = 0;
  std::string names;
  const auto add = [&](std::string_view name, const std::string& shape) {
    if (counts_batches(name) || has_steps(name, read) || ++count > most_names) return;
    names += fmt::format("{}'{}'{}", names.empty() ? "" : ", ", text::shown(name), shape);
  };
  for (const auto& [name, entry] : checkpoint.entries()) {
    if (!read.contains(name)) add(name, " " + shape_text(entry.shape));
  }
  for (const std::string& name : checkpoint.hidden()) add(name, fmt::format(", hidden by '{}'", text::shown(checkpoint.stripped() + name)));
  if (count == 0) return;
  if (count > most_names) names += fmt::format(" and {} more", count - most_names);
  std::string text = fmt::format("nothing reads {} of the tensors: {}", count, names);
  unread == Unread::error ? diagnostics.error(at, std::move(text)) : diagnostics.warning(at, std::move(text));
}

/// The fault of a tensor that is present; empty if it has none.
std::string fault(const TensorRef& tensor, const Safetensors::Entry& entry) {
  if (!Safetensors::holds(entry.shape, tensor.shape)) {
    return fmt::format("tensor '{}' has shape {}, the network needs {}", text::shown(tensor.name), shape_text(entry.shape),
                       shape_text(tensor.shape));
  }
  if (readable(entry.dtype)) return "";
  return fmt::format("tensor '{}' has type {}; weights must be F64, F32, F16 or BF16", text::shown(tensor.name), entry.dtype);
}

/// `tensors` must be there in types that can be read.
void warn_of_not_finite(const Safetensors& checkpoint, const std::vector<TensorRef>& tensors, Location at, Diagnostics& diagnostics) {
  std::vector<std::string> found;
  for (const TensorRef& tensor : tensors) {
    const std::vector<double> values = checkpoint.read(tensor.name, tensor.shape);
    const auto wrong = std::find_if(values.begin(), values.end(), [](double x) { return !std::isfinite(x); });
    if (wrong == values.end()) continue;
    found.push_back(fmt::format("tensor '{}' holds {} at element {}; what it touches will not be a number", text::shown(tensor.name),
                                *wrong, wrong - values.begin()));
  }
  const size_t listed = listed_of(found.size());
  for (size_t i = 0; i < listed; ++i) diagnostics.warning(at, std::move(found[i]));
  if (found.size() > listed) diagnostics.warning(at, fmt::format("{} more tensors hold infinities or NaN", found.size() - listed));
}

}  // namespace

bool matches(const Safetensors& checkpoint, const std::vector<TensorRef>& wanted, Unread unread, Diagnostics& diagnostics) {
  const Location at{diagnostics.sources().named(checkpoint.name()), 0, 0, 0};
  std::vector<TensorRef> missing;
  std::vector<std::string> faults;
  std::set<std::string_view> read;
  for (const TensorRef& tensor : wanted) {
    read.insert(tensor.name);
    const auto found = checkpoint.entries().find(tensor.name);
    if (found == checkpoint.entries().end()) {
      missing.push_back(tensor);
      faults.push_back(fmt::format("tensor '{}' of shape {} is missing", text::shown(tensor.name), shape_text(tensor.shape)));
    } else if (std::string wrong = fault(tensor, found->second); !wrong.empty()) {
      faults.push_back(std::move(wrong));
    }
  }
  if (!missing.empty() && report_prefix(checkpoint, read, missing, at, diagnostics)) return false;
  const size_t listed = listed_of(faults.size());
  for (size_t i = 0; i < listed; ++i) diagnostics.error(at, faults[i]);
  if (faults.size() > listed) diagnostics.error(at, fmt::format("{} more tensors are missing or do not fit", faults.size() - listed));
  const size_t errors = diagnostics.error_count();
  if (unread != Unread::fine) report_unread(checkpoint, read, unread, at, diagnostics);
  if (!faults.empty() || diagnostics.error_count() != errors) return false;
  warn_of_not_finite(checkpoint, wanted, at, diagnostics);
  return true;
}

}  // namespace resnetc::codegen

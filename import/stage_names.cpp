/// \file Tries the model's own paths first, and takes one only if all that the model has there is in the stage.
#include "import/stage_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "import/scopes.h"

namespace resnetc::importer {
namespace {

/// The number that a block has in the model: 4 of "features.4.conv".
std::optional<int64_t> number_of(std::string_view scope) {
  const std::string numbered = up_to_number(scope);
  const std::string_view last = parts_of(numbered).empty() ? std::string_view() : parts_of(numbered).back();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), number);
  if (!is_number(last) || error != std::errc() || end != last.data() + last.size()) return std::nullopt;
  return number;
}

/// Names of one network's stages, one after the other.
class Naming {
 public:
  Naming(const Network& network, NameTable& names) : network_(network), model_(network), names_(names) {}

  std::string name(const StageBlocks& stage) {
    const std::string scope = stage_scope(stage.scopes.front());
    const bool one_scope =
        std::all_of(stage.scopes.begin(), stage.scopes.end(), [&](const std::string& s) { return stage_scope(s) == scope; });
    const std::string label = flat_name(scope);
    std::optional<std::string> name;
    if (!scope.empty() && blocks_inside(label, stage)) name = taken(label);
    if (name) return *name;
    const std::optional<int64_t> first = number_of(stage.scopes.front());
    if (stage.scopes.size() == 1 && !stage.scopes.front().empty()) {
      // Keras calls the first block "expanded_conv" and the next one "expanded_conv_1": these are others.
      const std::string own = flat_name(up_to_number(stage.scopes.front()));
      if (all_inside(own, stage, first.has_value())) name = taken(own);
    } else if (one_scope && first && counted(stage, *first)) {
      const std::string range = fmt::format("{}_{}_to_{}", label, *first, *first + static_cast<int64_t>(stage.scopes.size()) - 1);
      if (model_.count(range) == 0) name = taken(range);
    }
    while (!name) {
      name = names_.numbered("stage");
      if (model_.count(*name) != 0) name.reset();
    }
    return *name;
  }

 private:
  /// Whether the blocks have the model's numbers from the first one on.
  static bool counted(const StageBlocks& stage, int64_t first) {
    for (size_t i = 0; i < stage.scopes.size(); ++i) {
      const std::optional<int64_t> number = number_of(stage.scopes[i]);
      if (!number || *number - first != static_cast<int64_t>(i)) return false;
    }
    return true;
  }

  /// How many of a stage's layers with weights the model has under this name.
  size_t own(const std::string& label, const StageBlocks& stage, bool numbered) const {
    size_t count = 0;
    for (const LayerId id : stage.layers) {
      const Layer& layer = network_.node(id);
      if (layer.weights.empty() || layer.scope.empty()) continue;
      count += ModelNames::is_under(flat_name(layer.scope), label, numbered) ? 1 : 0;
    }
    return count;
  }

  /// Whether all that the model has under this name is in the stage.
  bool all_inside(const std::string& label, const StageBlocks& stage, bool numbered = true) const {
    return own(label, stage, numbered) == model_.count(label, numbered);
  }

  /// The same where a part of the stage's blocks may stand beside it, such as the norm before the first.
  bool blocks_inside(const std::string& label, const StageBlocks& stage) const {
    size_t count = own(label, stage, true);
    const size_t all = model_.count(label);
    if (count == all) return true;
    const std::set<std::string> blocks(stage.scopes.begin(), stage.scopes.end());
    for (const std::string& block : blocks) {
      const std::string inside = flat_name(block);
      if (inside.size() > label.size()) count += model_.count(inside, false) - own(inside, stage, false);
    }
    return count == all;
  }

  /// This label as a name; nothing if something else has that.
  std::optional<std::string> taken(const std::string& label) {
    std::string name = names_.unique(label);
    if (name != as_name(label)) return std::nullopt;
    return name;
  }

  const Network& network_;
  const ModelNames model_;
  NameTable& names_;
};

}  // namespace

std::string stage_scope(std::string_view scope) {
  const std::string numbered = up_to_number(scope);
  std::vector<std::string_view> parts = parts_of(numbered);
  if (parts.size() < 2) return "";
  parts.pop_back();
  return fmt::format("{}", fmt::join(parts, "."));
}

ModelNames::ModelNames(const Network& network) {
  for (const Layer& layer : network.nodes) {
    if (!layer.weights.empty() && !layer.scope.empty()) labels_.push_back(flat_name(layer.scope));
  }
  std::sort(labels_.begin(), labels_.end());
}

bool ModelNames::is_under(std::string_view label, std::string_view name, bool numbered) {
  if (!label.starts_with(name)) return false;
  label.remove_prefix(name.size());
  return label.empty() || (label[0] == '_' && (numbered || label.size() == 1 || label[1] < '0' || label[1] > '9'));
}

size_t ModelNames::count(const std::string& name, bool numbered) const {
  const auto at = [&](const std::string& label) { return std::lower_bound(labels_.begin(), labels_.end(), label) - labels_.begin(); };
  // The characters behind '_' and '9' end the labels that go on with "_", and with a digit.
  ptrdiff_t count = std::upper_bound(labels_.begin(), labels_.end(), name) - labels_.begin() - at(name);
  count += at(fmt::format("{}{}", name, static_cast<char>('_' + 1))) - at(name + "_");
  if (!numbered) count -= at(fmt::format("{}_{}", name, static_cast<char>('9' + 1))) - at(name + "_0");
  return static_cast<size_t>(count);
}

std::vector<std::string> names_of_stages(const std::vector<StageBlocks>& stages, const Network& network, NameTable& names) {
  Naming naming(network, names);
  std::vector<std::string> result;
  for (const StageBlocks& stage : stages) result.push_back(naming.name(stage));
  return result;
}

}  // namespace resnetc::importer

/// \file Names of stages, which never say what the model says of something else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "import/labels.h"
#include "import/network.h"

namespace resnetc::importer {

/// The path of a block without its last part, which numbers it: "layer1" for "layer1.0". A path without a number loses its last part too.
/// Empty if nothing is left.
std::string stage_scope(std::string_view scope);

/// The blocks of one stage, in order.
struct StageBlocks {
  std::vector<std::string> scopes;  ///< the path of each in the model; may be empty
  std::vector<LayerId> layers;      ///< all layers in them
};

/// A name for each stage, of the first of these kinds that fits: the path of all its blocks, if the model has no other layers there
/// ("layer1"); the path of its only block ("features_4"); that with the numbers of its first and last block ("features_4_to_6"); "stage1".
std::vector<std::string> names_of_stages(const std::vector<StageBlocks>& stages, const Network& network, NameTable& names);

/// The paths of a network's layers as labels: what a model calls its own things.
class ModelNames {
 public:
  explicit ModelNames(const Network& network);

  /// How many layers with weights the model has under this name: at "a_b" itself, or at "a_b_..." below it. `numbered`: whether those with
  /// a number next, "a_b_1_...", count.
  size_t count(const std::string& name, bool numbered = true) const;
  /// Whether a label counts for that.
  static bool is_under(std::string_view label, std::string_view name, bool numbered);

 private:
  std::vector<std::string> labels_;  ///< sorted
};

}  // namespace resnetc::importer

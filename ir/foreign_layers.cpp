/// \file The table of layers that resnetc does not have.
#include "ir/foreign_layers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ir/op.h"

namespace resnetc {

namespace {

namespace advice {

constexpr std::string_view identity = "at inference it is the identity: leave it out";
constexpr std::string_view dense = "it is 'linear' here";
constexpr std::string_view larger = "it is 'upsample' here";
constexpr std::string_view silu = "it is 'silu' here";
constexpr std::string_view leaky = "it is 'leaky_relu' here";
constexpr std::string_view clipped = "it is 'clip(0, 6)' here";
constexpr std::string_view clipped_both = "it is 'clip(-1, 1)' here";
constexpr std::string_view norm = "it normalises by what it measures in each run; 'batch_norm' uses the checkpoint's numbers";
constexpr std::string_view depthwise = "it is 'conv' with as many groups as channels";
constexpr std::string_view padded = "it is 'pad' here";
constexpr std::string_view shuffled = "it is 'pixel_shuffle' here";
constexpr std::string_view unshuffled = "it is 'pixel_unshuffle' here";
constexpr std::string_view transposed = "it is 'conv_transpose' here";
constexpr std::string_view sum = "values are added by 'skip from'";
constexpr std::string_view appended = "channels are appended by 'concat from'";
constexpr std::string_view product = "values are multiplied by 'gate via', and a value by a number with 'multiply'";
constexpr std::string_view to_one_pixel = "to one pixel it is 'global_avg_pool' here";
constexpr std::string_view to_largest = "to one pixel it is 'global_max_pool' here";

}  // namespace advice

constexpr ForeignLayer foreign_layers[] = {
    // activations
    {"celu", ""},
    {"crelu", ""},
    {"glu", ""},
    {"hard_tanh", advice::clipped_both},
    {"log_sigmoid", ""},
    {"log_softmax", ""},
    {"lrelu", advice::leaky},
    {"relu6", advice::clipped},
    {"rrelu", ""},
    {"softmin", ""},
    {"swish", advice::silu},
    {"thresholded_relu", ""},
    // pools
    {"adaptive_avg_pool", advice::to_one_pixel},
    {"adaptive_max_pool", advice::to_largest},
    {"global_sum_pool", ""},
    {"lp_pool", ""},
    {"min_pool", ""},
    {"sum_pool", ""},
    // normalisations
    {"local_response_norm", advice::norm},
    {"lrn", advice::norm},
    // convolutions and products
    {"bilinear", ""},
    {"conv1d", ""},
    {"conv3d", ""},
    {"deconv", advice::transposed},
    {"dense", advice::dense},
    {"depthwise", advice::depthwise},
    {"depthwise_conv", advice::depthwise},
    {"fc", advice::dense},
    {"fully_connected", advice::dense},
    {"transposed_conv", advice::transposed},
    // shapes
    {"cat", advice::appended},
    {"concat", advice::appended},
    {"concatenate", advice::appended},
    {"interpolate", advice::larger},
    {"permute", ""},
    {"reshape", ""},
    {"reflection_pad", advice::padded},
    {"space_to_depth", advice::unshuffled},
    {"depth_to_space", advice::shuffled},
    {"zero_pad", advice::padded},
    // others
    {"add", advice::sum},
    {"drop_path", advice::identity},
    {"dropout", advice::identity},
    {"identity", advice::identity},
    {"mul", advice::product},
    {"stochastic_depth", advice::identity},
};

/// The letters of the name in lower case, and its digits. What PyTorch's names say about dimensions is removed.
std::string plain(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (out.ends_with("2d")) out.resize(out.size() - 2);
  return out;
}

}  // namespace

std::span<const std::string_view> foreign_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const ForeignLayer& layer : foreign_layers) {
      if (!layer_named(layer.name)) all.push_back(layer.name);
    }
    return all;
  }();
  return names;
}

bool spelled_alike(std::string_view a, std::string_view b) { return plain(a) == plain(b); }

const ForeignLayer* foreign_layer(std::string_view name) {
  const auto* found = std::find_if(std::begin(foreign_layers), std::end(foreign_layers),
                                   [&](const ForeignLayer& l) { return spelled_alike(l.name, name); });
  return found == std::end(foreign_layers) || layer_named(found->name) ? nullptr : found;
}

}  // namespace resnetc

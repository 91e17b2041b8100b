/// \file The table of layers that resnetc does not have.
#include "ir/foreign_layers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ir/op.h"

namespace resnetc {

namespace {

constexpr std::string_view identity = "at inference it is the identity: leave it out";
constexpr std::string_view dense = "it is 'linear' here";
constexpr std::string_view flat = "a picture becomes a vector by 'global_avg_pool' alone";
constexpr std::string_view gated = "it is 'gate via { sigmoid }' here";
constexpr std::string_view norm = "it normalises by what it measures in each run; 'batch_norm' uses the checkpoint's numbers";
constexpr std::string_view depthwise = "it is 'conv' with as many groups as channels";
constexpr std::string_view padded = "'conv' and pools have 'pad', and 'pad_channels' appends channels";
constexpr std::string_view sum = "values are added by 'skip from'";
constexpr std::string_view product = "values are multiplied by 'gate via'";
constexpr std::string_view to_one_pixel = "to one pixel it is 'global_avg_pool' here";

constexpr ForeignLayer table[] = {
    // activations
    {"celu", ""},
    {"clip", ""},
    {"crelu", ""},
    {"elu", ""},
    {"gelu", ""},
    {"glu", ""},
    {"hard_sigmoid", ""},
    {"hard_swish", ""},
    {"hard_tanh", ""},
    {"leaky_relu", ""},
    {"log_sigmoid", ""},
    {"log_softmax", ""},
    {"lrelu", ""},
    {"mish", ""},
    {"prelu", ""},
    {"relu6", ""},
    {"rrelu", ""},
    {"selu", ""},
    {"silu", gated},
    {"softmin", ""},
    {"softplus", ""},
    {"softsign", ""},
    {"swish", gated},
    {"tanh", ""},
    {"thresholded_relu", ""},
    // pools
    {"adaptive_avg_pool", to_one_pixel},
    {"adaptive_max_pool", ""},
    {"global_max_pool", ""},
    {"global_sum_pool", ""},
    {"lp_pool", ""},
    {"min_pool", ""},
    {"sum_pool", ""},
    // normalisations
    {"group_norm", norm},
    {"instance_norm", norm},
    {"layer_norm", norm},
    {"local_response_norm", norm},
    {"lrn", norm},
    {"rms_norm", norm},
    // convolutions and products
    {"bilinear", ""},
    {"conv1d", ""},
    {"conv3d", ""},
    {"conv_transpose", ""},
    {"deconv", ""},
    {"dense", dense},
    {"depthwise_conv", depthwise},
    {"fc", dense},
    {"fully_connected", dense},
    {"transposed_conv", ""},
    // shapes
    {"concat", ""},
    {"flatten", flat},
    {"interpolate", ""},
    {"pad", padded},
    {"permute", ""},
    {"pixel_shuffle", ""},
    {"reshape", ""},
    {"transpose", ""},
    {"upsample", ""},
    {"zero_pad", padded},
    // others
    {"add", sum},
    {"drop_path", identity},
    {"dropout", identity},
    {"identity", identity},
    {"mul", product},
    {"stochastic_depth", identity},
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
    for (const ForeignLayer& layer : table) {
      if (!layer_named(layer.name)) all.push_back(layer.name);
    }
    return all;
  }();
  return names;
}

bool spelled_alike(std::string_view a, std::string_view b) { return plain(a) == plain(b); }

const ForeignLayer* foreign_layer(std::string_view name) {
  const auto* found = std::find_if(std::begin(table), std::end(table), [&](const ForeignLayer& l) { return spelled_alike(l.name, name); });
  return found == std::end(table) || layer_named(found->name) ? nullptr : found;
}

}  // namespace resnetc

/// \file Small IRs of each level as text, which use everything that the text forms have, and functions of tests for them.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

#include "ir/graph.h"
#include "ir/program.h"
#include "ir/topology.h"

namespace ir_test {

inline constexpr std::string_view topology_text = R"(topology "net" @ "net.rn":1:9+3 {
  param "classes" = 10
  param "odd \"name\"" = -3
  input %image as "image" : u8[N, 3, 8, 8] channels_last mean (0.485, 0.456, 0.406) std (0.1, 0.2, 1e-20) @ "net.rn":2:9+5
  %conv1 = conv2d(%image) channels=16 kernel=3x3 pad=1x1 bias=true weights="conv1" : f32[N, 16, 8, 8] @ "net.rn":3:3+5
  %bn1 = batch_norm(%conv1) eps=0.001 affine=false weights="bn1" : f32[N, 16, 8, 8]
  stage "layer1" @ "net.rn":4:3+5 {
    block "layer1.0" conv "conv_block" @ "blocks.rn":1:7+10 {
      %layer1.0.conv1 = conv2d(%bn1) channels=32 kernel=3x5 stride=2x2 pad=2x4 dilation=2x2 groups=4 weights="layer1.0.conv1" : f32[N, 32, 4, 4] @ "blocks.rn":2:3+5
      %layer1.0.skip = skip(%layer1.0.conv1, %bn1) as "in" @ "blocks.rn":3:13+2 via "downsample" {
        %layer1.0.downsample.0 = conv2d(%bn1) channels=32 stride=2x2 weights="layer1.0.downsample.0" : f32[N, 32, 4, 4] @ "blocks.rn":3:20+4
      } : f32[N, 32, 4, 4] @ "blocks.rn":3:3+4 value @ "blocks.rn":3:4+4
      %layer1.0.gate = gate(%layer1.0.skip) via {
        %layer1.0.pool = global_avg_pool(%layer1.0.skip) : f32[N, 32] @ "blocks.rn":5:3+15
        %layer1.0.fc = linear(%layer1.0.pool) channels=32 bias=true weights="layer1.0.fc" : f32[N, 32] @ "blocks.rn":5:20+6
        %layer1.0.sigmoid = sigmoid(%layer1.0.fc) : f32[N, 32] @ "blocks.rn":5:30+7
      } : f32[N, 32, 4, 4] @ "blocks.rn":5:1+4 value unknown
    }
    block "layer1.1" plain "empty" {
    }
  }
  block "b" identity "identity_block" {
    %b.relu = relu(%layer1.0.gate) : ?
    %b.skip = skip(%b.relu, %layer1.0.conv1) as "conv1" : ?
  }
  %joined = concat(%b.skip, %layer1.0.conv1) as "conv1" @ "net.rn":7:15+5 via "list" {
    %list.0 = relu(%layer1.0.conv1) : f32[N, 32, 4, 4] @ "net.rn":7:32+4
  } : ? @ "net.rn":7:3+30
  %spread = concat spread(%joined, %layer1.0.pool) as "pool" : ?
  %sum = skip spread(%spread, %layer1.0.pool) as "pool" : ?
  from %b.skip @ "net.rn":8:3+6 as "b" @ "net.rn":8:8+1
  %"odd \"value\"" = max_pool(%b.skip) kernel=3x3 stride=2x2 pad=1x0x1x1 : ?
  %same = avg_pool(%"odd \"value\"") kernel=2x2 same_pad=true : ?
  output "features" %b.skip @ "net.rn":9:3+6
  output "logits" %same
}
)";

inline constexpr std::string_view graph_text = R"(graph "net" {
  input %image : f32[N, 3, 8, 8] @ "net.rn":2:9+5
  %conv1 = conv2d(%image) channels=16 kernel=3x3 pad=1x1 then bias, affine, relu : f32[N, 16, 8, 8] @ "net.rn":3:3+5
    weight = scale_rows(tensor("conv1.weight", [16, 3, 3, 3]), rsqrt(tensor("bn.running_var", [16]), 1e-05))
    bias = sub(tensor("bn.bias", [16]), fill(0.5, [16]))
    scale = tensor("s", [16])
    shift = tensor("t", [16])
  %bn = batch_norm(%conv1) eps=0.001 : f32[N, 16, 8, 8]
    weight = tensor("bn.weight", [16])
    bias = tensor("bn.bias", [16])
    running_mean = tensor("bn.running_mean", [16])
    running_var = tensor("bn.running_var", [16])
  %affine = affine(%bn) : f32[N, 16, 8, 8] @ "net.rn":4:3+5
    scale = fill(2, [16])
    shift = fill(-0, [16])
  %add = add(%affine, %conv1) then add(%bn), sigmoid : f32[N, 16, 8, 8]
  %pool = global_avg_pool(%add) : f32[N, 16]
  %mul = mul(%add, %pool) then mul(%pool), mul(%bn) : f32[N, 16, 8, 8]
  %max = max_pool(%mul) kernel=3x3 stride=2x2 pad=0x0x1x1 : f32[N, 16, 4, 4]
  %pad = pad_channels(%max) channels=20 : f32[N, 20, 4, 4]
  %gap = global_avg_pool(%pad) : f32[N, 20]
  %fc = linear(%gap) channels=10 then bias : f32[N, 10]
    weight = tensor("fc.weight", [10, 20])
    bias = tensor("fc.bias", [10])
  %softmax = softmax(%fc) : f32[N, 10]
  output "features" %max @ "net.rn":9:3+6
  output "logits" %softmax
}
)";

inline constexpr std::string_view program_text = R"(program "net" target "avx2" arena 26560 {
  input "image" : u8[N, 3, 8, 8] channels_last mean (0.5, 0.25, 0.125) std (1, 2, 0.1)
  output "features" : f32[N, 16, 8, 8]
  output "logits" : f32[N, 10]
  by_picture=false because "9 multiply-adds a byte"
  brief=true because "little work"
  tensor %image : f32[N, 3, 8, 8] stride=3 halo=1x1 at 25344 @ "net.rn":2:9+5
  tensor %conv1 : f32[N, 16, 8, 8] stride=16 halo=0x0 at 0 @ "net.rn":3:3+5
  tensor %conv2 : f32[N, 32, 8, 8] stride=32 halo=0x0 at 4096
  tensor %sum : f32[N, 16, 8, 8] stride=16 halo=0x0 at 0
  tensor %gap : f32[N, 16] stride=16 halo=0x0 at 4096
  tensor %fc : f32[N, 10] stride=16 halo=0x0 at 4160
  constant @0 : f32[432] at 0 = pack_conv(tensor("conv1.weight", [16, 3, 3, 3]), groups=1)
  constant @1 : f32[16] at 1728 = pack_vector(tensor("conv1.bias", [16]))
  constant @2 : f32[512] at 1792 = pack_conv(tensor("conv2.weight", [32, 16, 1, 1]), groups=1)
  constant @3 : f32[512] at 3840 = pack_conv(tensor("conv3.weight", [16, 32, 1, 1]), groups=1)
  constant @4 : f32[256] at 5888 = pack_conv(tensor("fc.weight", [10, 16]), groups=1)
  kernel "image" load out %image
      schedule general vectors=1 rows=2
  kernel "conv1" conv2d channels=16 kernel=3x3 pad=1x1 in %image weight @0 then bias(@1), affine(@1, @1), relu out %conv1
      schedule direct vectors=1 pixels=4 rows=2 multiply_adds=27648 because "direct convolution, \"16\" x 4" @ "net.rn":3:3+5
  kernel "conv2" conv2d channels=32 in %conv1 weight @2 out %conv2
      schedule direct vectors=2 pixels=16 rows=0 flat multiply_adds=32768
  kernel "sum" conv2d channels=16 in %conv2 weight @3 then add(%conv1), relu out %sum
      schedule direct vectors=1 pixels=8 rows=1 flat multiply_adds=32768 @ "net.rn":5:3+4
  kernel "features" store in %sum output 0
      schedule general vectors=1 rows=0
  kernel "gap" global_avg_pool in %sum out %gap
      schedule general vectors=1 rows=1
  kernel "fc" conv2d channels=10 in %gap weight @4 then sigmoid out %fc
      schedule direct vectors=1 pixels=1 rows=0 multiply_adds=160
  kernel "logits" store in %fc output 1
      schedule general vectors=1 rows=0 @ "net.rn":9:3+6
}
)";

/// `text` with the first `from` replaced by `to`.
inline std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  const size_t at = out.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return out.replace(at, from.size(), to);
}

/// The finding of a verifier, or "none".
inline std::string what(const std::optional<resnetc::Finding>& finding) { return finding ? finding->what : "none"; }

/// The first error that reading `text` gives, or "read".
template <class Parse>
std::string first_error(Parse parse, std::string text) {
  resnetc::Sources sources;
  const resnetc::FileId file = sources.add("test.ir", std::move(text));
  resnetc::Diagnostics diagnostics(sources);
  if (parse(file, diagnostics)) return "read";
  REQUIRE(diagnostics.error_count() == 1);
  return diagnostics.all()[0].text;
}

/// Reads a text, prints the result, and reads what was printed.
template <class Ir, class Parse>
std::string reprinted(Parse parse, std::string_view text, std::optional<Ir>* keep = nullptr) {
  resnetc::Sources sources;
  resnetc::Diagnostics diagnostics(sources);
  const auto ir = parse(sources.add("test.ir", std::string(text)), diagnostics);
  REQUIRE_MESSAGE(ir.has_value(), diagnostics.render());
  const auto again = parse(sources.add("again.ir", print(*ir, sources)), diagnostics);
  REQUIRE_MESSAGE(again.has_value(), diagnostics.render());
  if (keep != nullptr) *keep = *ir;
  return print(*again, sources);
}

}  // namespace ir_test

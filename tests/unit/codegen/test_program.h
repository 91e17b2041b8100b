/// \file A small handmade program, relu(x + bias[c]), for the tests of the last part of code generation.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "codegen/library.h"
#include "ir/program.h"
#include "support/temp_dir.h"

namespace lib_test {

inline constexpr int64_t channels = 3, height = 5, width = 7;
inline constexpr int64_t elements = channels * height * width;

/// The bias of channel c is `scale` * (c - 1).
class Weights final : public resnetc::WeightSource {
 public:
  explicit Weights(double scale) : scale_(scale) {}
  std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const override {
    if (name != "bn.bias" || shape != std::vector<int64_t>{channels}) return {};
    std::vector<double> values;
    for (int64_t c = 0; c < channels; ++c) values.push_back(scale_ * static_cast<double>(c - 1));
    return values;
  }

 private:
  double scale_;
};

inline float expected(float x, int64_t c, double scale) {
  const float sum = x + static_cast<float>(scale * static_cast<double>(c - 1));
  return sum > 0 ? sum : 0;
}

inline resnetc::program::Program make_program(const std::string& name, const resnetc::Target* target = resnetc::find_target("sse41")) {
  namespace program = resnetc::program;
  program::Program p;
  p.name = name;
  p.target = target;
  p.brief.yes = true;
  p.input_name = "image";
  p.input.type = resnetc::TensorType::picture(channels, height, width);
  p.outputs.push_back({"result", p.input.type});
  program::Tensor image;
  image.name = "image";
  image.type = p.input.type;
  image.channel_stride = 16;
  image.halo = {1, 2};
  image.offset = 0;
  program::Tensor out = image;
  out.name = "out";
  out.halo = {0, 0};
  out.offset = image.picture_bytes();
  p.arena_bytes = out.offset + out.picture_bytes();
  p.tensors = {image, out};
  p.constants.push_back({resnetc::pack_vector(resnetc::tensor("bn.bias", {channels})), 0});

  program::Kernel load;
  load.kind = program::KernelKind::load;
  load.name = "image";
  load.out = 0;
  program::Kernel copy;
  copy.kind = program::KernelKind::copy;
  copy.name = "out";
  copy.in = 0;
  copy.out = 1;
  copy.epilogue.resize(2);
  copy.epilogue[0].kind = resnetc::graph::StepKind::bias;
  copy.epilogue[0].constants = {0};
  copy.epilogue[1].kind = resnetc::graph::StepKind::relu;
  program::Kernel store;
  store.kind = program::KernelKind::store;
  store.name = "result";
  store.in = 1;
  p.kernels = {load, copy, store};
  return p;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

}  // namespace lib_test

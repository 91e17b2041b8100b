/// \file The generator's test vectors of docs/exactness.md; tests/exactness/generator.py, which made PyTorch's reference outputs, yields
/// the same.
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "ir/interpreter.h"

namespace {

struct Vector {
  const char* name;
  std::vector<int64_t> shape;
  std::array<double, 4> values;  // exact float32 values
};

const Vector test_vectors[] = {
    {"conv1.weight", {64, 3, 7, 7}, {0x1.2a6708p-6, 0x1.95c042p-4, -0x1.8aca54p-3, 0x1.86ea58p-4}},
    {"bn1.weight", {64}, {0x1.5c3654p-1, 0x1.d30c7ap-1, -0x1.91b64cp-1, -0x1.3fd888p-1}},
    {"bn1.running_mean", {64}, {0x1.801f72p-5, 0x1.49b512p-6, 0x1.13e3d8p-7, 0x1.32efdep-4}},
    {"layer1.0.bn1.running_var", {64}, {0x1.25700ep+0, 0x1.56999ep+0, 0x1.47ffa0p+0, 0x1.4f2e48p-1}},
    {"fc.bias", {1000}, {-0x1.24edc6p-8, -0x1.f91a94p-9, -0x1.68583ap-5, -0x1.53342ep-5}},
    {"fc.weight", {1000, 512}, {-0x1.b3b84ap-9, 0x1.4a21eap-4, 0x1.afebbap-5, 0x1.639f32p-5}},
};

}  // namespace

TEST_CASE("generated weights are those of docs/exactness.md") {
  const resnetc::GeneratedWeights weights;
  for (const Vector& vector : test_vectors) {
    CAPTURE(vector.name);
    const std::vector<double> values = weights.read(vector.name, vector.shape);
    REQUIRE(values.size() == static_cast<size_t>(resnetc::element_count(vector.shape)));
    for (size_t i = 0; i < vector.values.size(); ++i) CHECK(values[i] == vector.values[i]);
  }
}

TEST_CASE("generated pictures are those of docs/exactness.md") {
  const resnetc::Values floats = resnetc::generated_input("image", 0, 12, resnetc::ElementType::f32);
  REQUIRE(floats.size() == 12);
  const std::array<double, 4> wanted = {-0x1.348178p-5, -0x1.f80172p-2, -0x1.3d51a6p-1, 0x1.487046p-3};
  for (size_t i = 0; i < wanted.size(); ++i) CHECK(floats[i] == wanted[i]);

  const resnetc::Values pixels = resnetc::generated_input("image", 0, 12, resnetc::ElementType::u8);
  REQUIRE(pixels.size() == 12);
  const std::array<double, 4> bytes = {123, 64, 48, 148};
  for (size_t i = 0; i < bytes.size(); ++i) CHECK(pixels[i] == bytes[i]);
}

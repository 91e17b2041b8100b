/// \file Checkpoints: valid ones, and every way in which a header can be wrong.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "codegen/weights/safetensors.h"
#include "tests/unit/codegen/checkpoints.h"
#include "tests/unit/codegen/test_program.h"

using namespace resnetc;
using namespace checkpoint_test;
using codegen::Safetensors;

namespace {

/// The one error that a file gives, without the name and "error:".
std::string error(const std::string& bytes) {
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK(Safetensors::from_bytes("w.safetensors", bytes, diagnostics) == nullptr);
  CHECK(diagnostics.error_count() == 1);
  const std::string text = diagnostics.render(), prefix = "w.safetensors: error: ";
  REQUIRE(text.starts_with(prefix));
  return text.substr(prefix.size(), text.size() - prefix.size() - 1);
}

}  // namespace

TEST_CASE("safetensors: values of every readable type") {
  const std::string header = "{ \"__metadata__\": {\"format\": \"pt\"}, " + tensor("d", "F64", "[1]", "[0,8]") + ", " +
                             tensor("f", "F32", "[2,1]", "[8,16]") + "," + tensor("h", "F16", "[4]", "[16,24]") + "," +
                             tensor("b", "BF16", "[2]", "[24,28]") + "," + tensor("scalar", "F32", "[]", "[28,32]") + "," +
                             tensor("none", "F32", "[0,3]", "[32,32]") + "," + tensor("\\u00e9\\n\\ud83d\\ude00", "I64", "[1]", "[32,40]") +
                             "}   ";
  std::string data(40, '\0');
  const double d = -0.1;
  const float f[2] = {1.5f, -3};
  const uint16_t h[4] = {0x3c00, 0xc500, 0x0001, 0xfc00}, b[2] = {0x3f80, 0xc000};
  const float scalar = 9;
  std::memcpy(&data[0], &d, 8);
  std::memcpy(&data[8], f, 8);
  std::memcpy(&data[16], h, 8);
  std::memcpy(&data[24], b, 4);
  std::memcpy(&data[28], &scalar, 4);
  const auto weights = good(with_size(header.size(), header + data));
  CHECK(weights->entries().size() == 7);
  CHECK(weights->entries().count("\xc3\xa9\n\xf0\x9f\x98\x80") == 1);
  CHECK(weights->read("d", {1}) == std::vector<double>{-0.1});
  CHECK(weights->read("f", {2, 1}) == std::vector<double>{1.5, -3});
  CHECK(weights->read("h", {4}) == std::vector<double>{1, -5, std::ldexp(1, -24), -HUGE_VAL});
  CHECK(weights->read("b", {2}) == std::vector<double>{1, -2});
  CHECK(weights->read("scalar", {}) == std::vector<double>{9});
  CHECK(weights->read("f", {2}) == std::vector<double>{1.5, -3});
  CHECK(weights->read("f", {1, 2}).empty());
  CHECK(weights->read("f", {1}).empty());
  CHECK(weights->read("none", {0, 3}).empty());
  CHECK(weights->read("missing", {1}).empty());
}

TEST_CASE("safetensors: truncated and lying sizes") {
  CHECK(error("") == "not a safetensors file: 0 bytes are too few");
  CHECK(error("1234567") == "not a safetensors file: 7 bytes are too few");
  CHECK(error(with_size(UINT64_MAX, "{}")) ==
        "not a safetensors file: it claims a header of 18446744073709551615 bytes, more than 100000000");
  CHECK(error(with_size(100, "{}")) == "the header is said to have 100 bytes, but the file has only 2 more; it may be truncated");
  CHECK(error(file("{" + tensor("a", "F32", "[2]", "[0,8]") + "}", 4)) ==
        "tensor 'a': its data ends at byte 8, but the file has 4 bytes of data; it may be truncated");
  CHECK(error(file("{" + tensor("a", "F32", "[2]", "[0,8]") + "}", 9)) == "the last 1 bytes of data belong to no tensor");
  CHECK(error(file("{" + tensor("a", "F32", "[2]", "[4,12]") + "}", 12)) == "the 4 bytes of data before tensor 'a' belong to no tensor");
  CHECK(error(file("{" + tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("b", "F32", "[2]", "[4,12]") + "}", 12)) ==
        "tensors 'a' and 'b' overlap");
  CHECK(error(file("{" + tensor("a", "F32", "[2]", "[8,0]") + "}", 8)) ==
        "tensor 'a': its data ends at byte 0, before it begins at byte 8");
  CHECK(error(file("{" + tensor("a", "F32", "[3]", "[0,8]") + "}", 8)) == "tensor 'a': F32 [3] takes 12 bytes, but its offsets span 8");
  CHECK(error(file("{" + tensor("a", "F32", "[4294967296,4294967296]", "[0,8]") + "}", 8)) ==
        "tensor 'a': shape [4294967296, 4294967296] is too large");
  CHECK(error(file("{" + tensor("a", "F32", "[18446744073709551615]", "[0,8]") + "}", 8)) ==
        "tensor 'a': shape [18446744073709551615] is too large");
  CHECK(error(file("{" + tensor("a", "F32", "[2]", "[18446744073709551612,4]") + "}", 8)) ==
        "tensor 'a': its data ends at byte 4, before it begins at byte 18446744073709551612");
}

TEST_CASE("safetensors: headers that are not the format's JSON") {
  CHECK(error(file("", 0)) == "the header is not valid at byte 0: expected '{'");
  CHECK(error(file("[]", 0)) == "the header is not valid at byte 0: expected '{'");
  CHECK(error(file(std::string(100000, '{'), 0)) == "the header is not valid at byte 1: expected '\"'");
  CHECK(error(file("{} x", 0)) == "the header is not valid at byte 3: text after its end");
  CHECK(error(file("{\"a", 0)) == "the header is not valid at byte 3: a string without an end");
  CHECK(error(file("{\"a\\", 0)) == "the header is not valid at byte 4: a cut-off escape");
  CHECK(error(file("{\"a\\u12", 0)) == "the header is not valid at byte 5: a cut-off escape");
  CHECK(error(file("{\"a\\u12x4\"", 0)) == "the header is not valid at byte 5: a bad escape");
  CHECK(error(file("{\"a\\q\"", 0)) == "the header is not valid at byte 5: a bad escape");
  CHECK(error(file("{\"\\ud800\"", 0)) == "the header is not valid at byte 8: half of a surrogate pair");
  CHECK(error(file("{\"\\udc00\"", 0)) == "the header is not valid at byte 8: half of a surrogate pair");
  CHECK(error(file("{\"a\n\"", 0)) == "the header is not valid at byte 4: a control character in a string");
  CHECK(error(file("{\"a\":1}", 0)) == "the header is not valid at byte 5: expected '{'");
  CHECK(error(file("{" + tensor("a", "F32", "[-1]", "[0,8]") + "}", 8)) ==
        "the header is not valid at byte 29: expected a whole number below 2^64");
  CHECK(error(file("{" + tensor("a", "F32", "[2.5]", "[0,8]") + "}", 8)) == "the header is not valid at byte 30: expected ']'");
  CHECK(error(file("{" + tensor("a", "F32", "[18446744073709551616]", "[0,8]") + "}", 8)) ==
        "the header is not valid at byte 29: expected a whole number below 2^64");
  CHECK(error(file("{" + tensor("a", "F32", "[2]", "[0,8,9]") + "}", 8)).ends_with("a list of more than 2 numbers"));
  CHECK(error(file("{" + tensor("a", "F32", "[2]", "[0]") + "}", 8)) == "tensor 'a': needs 'dtype', 'shape' and two 'data_offsets'");
  CHECK(error(file("{\"a\":{}}", 0)) == "tensor 'a': needs 'dtype', 'shape' and two 'data_offsets'");
  CHECK(error(file("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0)) == "tensor 'a': 'dtype' appears twice");
  CHECK(error(file("{\"a\":{\"colour\":\"red\"}}", 0)) == "tensor 'a': 'colour' is not a field of a tensor");
  CHECK(error(file("{" + tensor("a", "Q4", "[2]", "[0,8]") + "}", 8)) == "tensor 'a': unknown type 'Q4'");
  CHECK(error(file("{" + tensor("a", "F32", "[1]", "[0,4]") + "," + tensor("a", "F32", "[1]", "[4,8]") + "}", 8)) ==
        "tensor 'a': appears twice");
  CHECK(error(file("{\"__metadata__\":{},\"__metadata__\":{}}", 0)) == "the header is not valid at byte 34: '__metadata__' appears twice");
  CHECK(error(file("{\"__metadata__\":{\"a\":{}}}", 0)) == "the header is not valid at byte 21: expected '\"'");
}

TEST_CASE("safetensors: files") {
  TempDir folder;
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK(Safetensors::open(folder.path() + "/none", diagnostics) == nullptr);
  CHECK(Safetensors::open(folder.path(), diagnostics) == nullptr);
  CHECK(diagnostics.render() == "resnetc: error: cannot read '" + folder.path() + "/none': there is no such file\n" +
                                    "resnetc: error: cannot read '" + folder.path() + "': it is a directory\n");
  const std::string path = folder.path() + "/w.safetensors";
  lib_test::write_bytes(path, file("{" + tensor("a", "F32", "[2]", "[0,8]") + "}", 8));
  const auto weights = Safetensors::open(path, diagnostics);
  REQUIRE(weights != nullptr);
  CHECK(weights->read("a", {2}).size() == 2);
}

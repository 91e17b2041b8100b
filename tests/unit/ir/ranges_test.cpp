/// \file The text form of ranges: what is printed reads back, and each mistake is reported in its place.
#include "ir/ranges.h"

#include <doctest/doctest.h>

#include <string>

using namespace resnetc;

namespace {

constexpr std::string_view ranges_text = R"(ranges 1 "net"
# chosen by mse from 2 pictures of 'x.npy'
value "image" low=-2.117904 high=2.64 because "seen -2.1179 to 2.64; 0 % outside"
value "layer1.0.relu" low=0 high=1e-05
value "a \"quoted\" name" low=-3.4028235e+38 high=0
)";

std::optional<Ranges> read_ranges(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  return parse_ranges(sources.add("t", text), diagnostics);
}

/// The place and text of the one error that reading `text` gives.
std::string ranges_fault(std::string text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK_FALSE(parse_ranges(sources.add("t", std::move(text)), diagnostics));
  REQUIRE(diagnostics.error_count() == 1);
  const Diagnostic& first = diagnostics.all()[0];
  return std::to_string(first.at.line) + ":" + std::to_string(first.at.column) + ": " + first.text;
}

}  // namespace

TEST_CASE("ranges: the text form reads back") {
  Ranges ranges;
  ranges.network = "net";
  ranges.source = "chosen by mse from 2 pictures of 'x.npy'";
  ranges.values = {{"image", -2.1179039478302, 2.6400001049041748, "seen -2.1179 to 2.64; 0 % outside", {}},
                   {"layer1.0.relu", -0.0, 1e-5, "", {}},
                   {"a \"quoted\" name", -3.4028234663852886e38, 0, "", {}}};
  CHECK(print(ranges) == ranges_text);
  const auto read = read_ranges(std::string(ranges_text));
  REQUIRE(read);
  CHECK(read->network == "net");
  CHECK(read->source.empty());
  REQUIRE(read->values.size() == 3);
  CHECK(read->values[0].low == static_cast<double>(-2.117904F));
  CHECK(read->values[0].high == static_cast<double>(2.64F));
  CHECK(read->values[0].reason == "seen -2.1179 to 2.64; 0 % outside");
  CHECK(read->values[0].at == Location{read->values[0].at.file, 3, 7, 1});
  CHECK(read->values[1].high == static_cast<double>(1e-5F));
  CHECK(read->find("a \"quoted\" name") == &read->values[2]);
  CHECK(read->find("relu") == nullptr);
  std::string without_comment(ranges_text);
  const size_t comment = without_comment.find('#');
  CHECK(print(*read) == without_comment.erase(comment, without_comment.find('\n', comment) + 1 - comment));
}

TEST_CASE("ranges: what a person may write") {
  const auto read = read_ranges("# mine\n\tranges 1 \"n\" value\n \"a\" low = -1.50 # a guess\nhigh=+0.25e1 value \"b\" low=0 high=0");
  CHECK_FALSE(read);  // a number has no plus before it
  const auto good = read_ranges("# mine\n\tranges 1 \"n\" value\n \"a\" low = -1.50 # a guess\nhigh=0.25e1 value \"b\" low=-0 high=1e-60");
  REQUIRE(good);
  CHECK(print(*good) == "ranges 1 \"n\"\nvalue \"a\" low=-1.5 high=2.5\nvalue \"b\" low=0 high=0\n");
  CHECK(read_ranges("ranges 1 \"n\"")->values.empty());
}

TEST_CASE("ranges: a comment cannot become a line") {
  Ranges ranges;
  ranges.network = "net";
  ranges.source = "of 'a\nvalue \"x\" low=0 high=1'";
  CHECK(print(ranges) == "ranges 1 \"net\"\n# of 'a?value \"x\" low=0 high=1'\n");
}

TEST_CASE("ranges: each mistake in its place") {
  const auto fault = [](std::string_view from, std::string_view to) {
    std::string text(ranges_text);
    return ranges_fault(text.replace(text.find(from), from.size(), to));
  };
  const std::string beginning = "a file of ranges begins with 'ranges 1 \"NETWORK\"', and this does not; 'resnetc calibrate' writes one";
  CHECK(ranges_fault("") == "1:1: " + beginning);
  CHECK(ranges_fault("\xff\xfe") == "1:1: " + beginning);
  CHECK(fault("ranges 1", "range 1") == "1:1: " + beginning);
  CHECK(ranges_fault("tuning 1 target \"avx2\"") ==
        "1:1: this is a file of tuned schedules, not a file of ranges; 'resnetc compile NET.rn --tuned FILE' reads it");
  CHECK(fault("ranges 1", "ranges 2") ==
        "1:8: this is version 2 of the form, and only version 1 is known; 'resnetc calibrate' makes the file anew");
  CHECK(fault("\"net\"", "net") == "1:10: expected a string in double quotes");
  CHECK(fault("\"net\"", "\"a net\"") == "1:10: the network's name 'a net' is not a C identifier");
  CHECK(fault("\"net\"", "\"n\\x1b\"") == "1:10: the network's name 'n\\x1b' is not a C identifier");
  CHECK(fault("value \"layer1", "vale \"layer1") == "4:1: unknown word 'vale'; did you mean 'value'?");
  CHECK(fault("layer1.0.relu", "image") == "4:7: 'image' has a range already, in line 3: keep one of the two");
  CHECK(fault("layer1", "\x1b[2Jlayer1") == "4:7: this name has control characters, or bytes that are no UTF-8");
  CHECK(fault("seen", "seen \\x07") == "3:47: this string has control characters, or bytes that are no UTF-8");
  CHECK(fault("low=0", "high=0") == "4:23: expected 'low'");
  CHECK(fault("low=0", "low 0") == "4:27: expected '='");
  CHECK(fault("high=1e-05\n", "\n") == "5:1: expected 'high'");
  CHECK(fault("low=0 high=1e-05", "low=2 high=1") == "4:27: low is above high; exchange the two numbers");
  CHECK(fault("low=0 high=1e-05", "low=0.5 high=1") ==
        "4:27: low is above 0, but a range holds 0, as padding and ReLU need it; write low=0");
  CHECK(fault("low=0 high=1e-05", "low=-2 high=-1") ==
        "4:35: high is below 0, but a range holds 0, as padding and ReLU need it; write high=0");
  CHECK(fault("high=1e-05", "high=nan") == "4:34: expected a finite number");
  CHECK(fault("high=1e-05", "high=inf") == "4:34: expected a finite number");
  CHECK(fault("high=1e-05", "high=1e999") == "4:34: expected a finite number");
  const std::string size = "expected a number between -3.40282e+38 and 3.40282e+38, as float32 has them";
  CHECK(fault("high=1e-05", "high=1e39") == "4:34: " + size);
  CHECK(fault("-3.4028235e+38", "-3.4028236e+38") == "5:31: " + size);
  CHECK(fault("high=1e-05", "high=1V") == "4:35: expected 'value'");
  CHECK(ranges_fault(std::string(ranges_text) + "}") == "6:1: expected 'value'");
  CHECK(ranges_fault(std::string(ranges_text) + std::string(max_ranges_bytes, ' ')).ends_with("more than 16777216 bytes"));
  std::string many = "ranges 1 \"net\"\n";
  for (size_t i = 0; i <= max_value_ranges; ++i) many += "value \"" + std::to_string(i) + "\" low=0 high=1\n";
  CHECK(ranges_fault(many) == "50002:7: more than 50000 values");
}

/// \file Tuned schedules: their text form, their use by select-kernels, and the candidates that tuning measures.
#include <algorithm>
#include <map>

#include "ir/tuning.h"
#include "passes/candidates.h"
#include "tests/unit/passes/session.h"
#include "tests/unit/random_network.h"

using namespace resnetc;

namespace {

constexpr std::string_view tuning_text =
    R"(tuning 1 target "avx2" because "net took 1.5000 ms instead of 2.0000 on 1 thread"
kernel "a \"quoted\" work" schedule direct vectors=2 pixels=7 rows=0 flat
kernel "another" schedule winograd output=4 vectors=2 tiles=1x7 rows=7 depth=32 parts=2 because "0.1000 ms instead of 0.2000 on 1 thread"
)";

/// The place and text of the one error that reading `text` gives.
std::string faults(std::string text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK_FALSE(program::parse_tuning(sources.add("t", std::move(text)), diagnostics));
  CHECK(diagnostics.error_count() == 1);
  const Diagnostic& first = diagnostics.all()[0];
  return std::to_string(first.at.line) + ":" + std::to_string(first.at.column) + ": " + first.text;
}

/// Two kinds of work that may be transformed, the first of them in two layers; a strided convolution, a 1x1 convolution and a linear layer.
constexpr std::string_view network_text = R"(
network net {
  input image: f32[N, 32, 28, 28]
  conv1: conv(3x3, 32)  relu
  conv2: conv(3x3, 32)  relu
  conv3: conv(3x3, 32, stride = 2)
  conv4: conv(3x3, 64)  sigmoid
  conv5: conv(1x1, 96)
  global_avg_pool
  fc: linear(10)
  output logits
})";

program::Program select(pass_test::Session& session, std::string_view text = network_text) {
  return std::get<program::Program>(session.lowered(std::string(text), passes::Level::program));
}

int64_t weight_bytes(const program::Program& program) {
  int64_t bytes = 0;
  for (const program::Kernel& kernel : program.kernels) {
    if (kernel.weight != program::none) bytes += program.constant(kernel.weight).bytes();
  }
  return bytes;
}

std::map<std::string, program::Schedule> schedules(const program::Program& program) {
  std::map<std::string, program::Schedule> found;
  for (const program::Kernel& kernel : program.kernels) found[kernel.name] = kernel.schedule;
  return found;
}

}  // namespace

TEST_CASE("tuning: reads back as printed") {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto tuning = program::parse_tuning(sources.add("t", std::string(tuning_text)), diagnostics);
  REQUIRE_MESSAGE(tuning, diagnostics.render());
  CHECK(program::print(*tuning) == tuning_text);
  CHECK(tuning->target == "avx2");
  REQUIRE(tuning->kernels.size() == 2);
  CHECK(tuning->find("another") == &tuning->kernels[1]);
  CHECK(tuning->find("a third") == nullptr);
  CHECK(tuning->kernels[0].schedule == program::Schedule(program::DirectSchedule{2, 7, 0, true}));
  CHECK(std::get<program::WinogradSchedule>(tuning->kernels[1].schedule).depth == 32);
  CHECK(tuning->kernels[1].at == Location{tuning->kernels[1].at.file, 3, 18, 1});
}

TEST_CASE("tuning: what an older file lacks has its default") {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto tuning = program::parse_tuning(sources.add("t", R"(tuning 1 target "avx2"
kernel "a" schedule winograd output=4 vectors=2 tiles=1x7 rows=7
kernel "b" schedule direct vectors=2 rows=3 because "measured"
kernel "c" schedule strassen)"),
                                            diagnostics);
  REQUIRE_MESSAGE(tuning, diagnostics.render());
  program::WinogradSchedule winograd;
  winograd.output = 4;
  winograd.vectors = 2;
  winograd.tiles = {1, 7};
  winograd.rows = 7;
  REQUIRE(tuning->kernels.size() == 3);
  CHECK(tuning->kernels[0].schedule == program::Schedule(winograd));
  CHECK(tuning->kernels[1].schedule == program::Schedule(program::DirectSchedule{2, 1, 3, false}));
  CHECK(tuning->kernels[1].reason == "measured");
  CHECK(tuning->kernels[2].schedule == program::Schedule(program::StrassenSchedule{}));
}

TEST_CASE("tuning: the machine's name, which is absent for the default one") {
  const auto read = [](const std::string& text) {
    Sources sources;
    Diagnostics diagnostics(sources);
    const auto tuning = program::parse_tuning(sources.add("t", text), diagnostics);
    REQUIRE_MESSAGE(tuning, diagnostics.render());
    return *tuning;
  };
  const std::string text = "tuning 1 target \"avx2\" machine \"haswell\" because \"measured\"\n";
  CHECK(read(text).machine == "haswell");
  CHECK(program::print(read(text)) == text);
  CHECK(read("tuning 1 target \"avx2\"").machine.empty());
  CHECK(read("tuning 1 target \"avx2\" machine \"generic\"").machine.empty());
  CHECK(faults("tuning 1 target \"avx2\" machine \"my machine\"") == "1:32: a machine's name is 1 to 64 letters, digits, '-', '_' and '.'");
}

TEST_CASE("tuning: each mistake in its place") {
  const auto fault = [](std::string_view from, std::string_view to) {
    std::string text(tuning_text);
    return faults(text.replace(text.find(from), from.size(), to));
  };
  const std::string anew = "; 'resnetc compile NET.rn --tune FILE' makes the file anew";
  CHECK(faults("") == "1:1: expected 'tuning'");
  CHECK(fault("tuning 1", "tuning 2") == "1:8: this is version 2 of the form, and only version 1 is known" + anew);
  CHECK(fault("target", "machine") == "1:10: expected 'target'");
  CHECK(fault("avx2", "avx2\\x1b") == "1:17: this string has control characters, or bytes that are no UTF-8");
  CHECK(fault("net took", "\x1b[2Jnet took") == "1:32: this string has control characters, or bytes that are no UTF-8");
  CHECK(fault("avx2", "avx3") == "1:17: unknown target 'avx3'; the targets are cuda, avx512_bf16, avx512_vnni, avx512, avx2, sse41");
  CHECK(faults("program \"p\"") ==
        "1:1: this is a program (IR), not a file of tuned schedules; 'resnetc compile' and 'resnetc opt' read it");
  CHECK(fault("kernel \"another", "layer \"another") == "3:1: expected 'kernel'");
  CHECK(fault("another", "a \\\"quoted\\\" work") == "3:8: this kernel has a line already");
  CHECK(fault("schedule winograd", "schedule magic") == "3:27: unknown algorithm 'magic'" + anew);
  CHECK(fault("schedule winograd", "schedule winogrand") == "3:27: unknown algorithm 'winogrand'; did you mean 'winograd'?");
  CHECK(fault("parts=2", "shares=2") == "3:81: unknown parameter 'shares'" + anew);
  CHECK(fault("parts=2", "part=2") == "3:81: unknown parameter 'part'; did you mean 'parts'?");
  CHECK(fault("flat\n", "flt\n") == "2:70: unknown word 'flt'; did you mean 'flat'?");
  CHECK(fault("kernel \"another", "kernal \"another") == "3:1: unknown word 'kernal'; did you mean 'kernel'?");
  CHECK(fault(" parts=2", " parts=2 shares=2").starts_with("3:89: unknown parameter 'shares'"));
  CHECK(fault("flat\n", "flat = 1\n") == "2:75: expected 'kernel'");
  CHECK(fault("flat\n", "flat }\n") == "2:75: expected 'kernel'");
  CHECK(fault("vectors=2 pixels", "vectors=-2 pixels") == "2:52: expected an integer between 0 and 268435456");
  CHECK(faults(std::string(tuning_text) + "}") == "4:1: expected 'kernel'");
  CHECK(faults(std::string(tuning_text) + std::string(program::max_tuning_bytes, ' ')).ends_with("more than 1048576 bytes"));
  std::string many = "tuning 1 target \"avx2\"\n";
  for (size_t i = 0; i <= program::max_tuned_kernels; ++i) {
    many += "kernel \"" + std::to_string(i) + "\" schedule direct vectors=1 pixels=1 rows=1\n";
  }
  CHECK(faults(many) == "1002:8: more than 1000 kernels");
}

TEST_CASE("tuning: candidates begin with what the model chooses, are legal, and differ") {
  for (const char* name : {"avx512", "avx2", "sse41"}) {
    pass_test::Session session;
    session.context.target = find_target(name);
    const program::Program program = select(session);
    for (const program::Kernel& kernel : program.kernels) {
      const std::vector<program::Schedule> candidates =
          passes::schedule_candidates(program, kernel, default_machine(), largest_winograd_tile);
      CHECK(candidates.empty() == (kernel.kind != program::KernelKind::conv2d));
      if (candidates.empty()) continue;
      CHECK(std::count(candidates.begin(), candidates.end(), kernel.schedule) == 1);
      program::KernelSpec spec = spec_of(program, kernel);
      const std::string work = work_of(spec);
      for (size_t i = 0; i < candidates.size(); ++i) {
        spec.schedule = candidates[i];
        CHECK(program::schedule_fault(spec).value_or("") == "");
        CHECK(work_of(spec) == work);
        CHECK(std::find(candidates.begin(), candidates.begin() + static_cast<ptrdiff_t>(i), candidates[i]) ==
              candidates.begin() + static_cast<ptrdiff_t>(i));
      }
      const std::vector<program::Schedule> sums = passes::schedule_candidates(program, kernel, default_machine(), 0);
      CHECK(!sums.empty());
      CHECK(std::all_of(sums.begin(), sums.end(), [](const auto& s) { return std::holds_alternative<program::DirectSchedule>(s); }));
    }
  }
}

TEST_CASE("tuning: select-kernels obeys, within the limit on packed weights") {
  pass_test::Session plain;
  const program::Program before = select(plain);
  const std::map<std::string, program::Schedule> model = schedules(before);
  int obeyed = 0;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const program::Tuning tuning = random_tuning(before, seed);
    for (bool limited : {true, false}) {
      pass_test::Session session;
      session.context.tuned = &tuning;
      session.context.weights_limited = limited;
      const program::Program after = select(session);
      CHECK(program::verify(after) == std::nullopt);
      for (const program::Kernel& kernel : after.kernels) {
        const program::TunedKernel* tuned = tuning.find(work_of(spec_of(after, kernel)));
        if (tuned == nullptr) {
          CHECK(kernel.schedule == model.at(kernel.name));
        } else if (kernel.reason.starts_with("tuned, ")) {
          CHECK(kernel.schedule == tuned->schedule);
          CHECK(kernel.reason.ends_with(": measured"));
          ++obeyed;
        } else {
          CHECK(limited);
          CHECK(kernel.schedule == model.at(kernel.name));
          CHECK(kernel.reason.ends_with("; tuned otherwise, but the packed weights would be too large"));
        }
      }
      // This holds for the convolutions. The linear layer's weights stay as they are.
      const int64_t checkpoint = 4 * (3 * 9 * 32 * 32 + 9 * 64 * 32 + 96 * 64), linear = 4 * 96 * 16;
      if (limited) CHECK(weight_bytes(after) <= 2 * checkpoint + linear);
    }
  }
  CHECK(obeyed > 100);
}

TEST_CASE("tuning: what does not fit at all is one error, what is switched off a reason") {
  pass_test::Session plain;
  const program::Program before = select(plain);
  const program::Kernel& conv1 = before.kernels[1];
  const program::Kernel& conv2 = before.kernels[2];
  const std::string work = work_of(spec_of(before, conv1));
  REQUIRE(work == work_of(spec_of(before, conv2)));
  REQUIRE(std::holds_alternative<program::WinogradSchedule>(conv1.schedule));
  auto schedule = std::get<program::WinogradSchedule>(conv1.schedule);

  program::Tuning tuning{"avx2", "", "", {{work, schedule, "measured", {}}}};
  pass_test::Session sums;
  sums.context.tuned = &tuning;
  sums.context.winograd_tile = 0;
  const program::Program direct = select(sums);
  CHECK(std::holds_alternative<program::DirectSchedule>(direct.kernels[1].schedule));
  CHECK(direct.kernels[1].reason.ends_with("; tuned otherwise, but transforms are switched off"));

  const auto error = [&](const program::Schedule& wrong) {
    tuning.kernels[0].schedule = wrong;
    pass_test::Session session;
    session.context.tuned = &tuning;
    passes::AnyIr ir = session.network(std::string(network_text));
    CHECK_FALSE(passes::run_pipeline(ir, passes::Level::program, session.context));
    CHECK(session.diagnostics.error_count() == 1);
    return session.diagnostics.all()[0].text;
  };
  const auto with = [&](auto field, auto value) {
    program::WinogradSchedule changed = schedule;
    changed.*field = value;
    return changed;
  };
  using program::WinogradSchedule;
  const std::string prefix = "'" + conv1.name + "' cannot have this schedule: ";
  CHECK(error(program::GeneralSchedule{1, 1}) == prefix + "a conv2d cannot be computed by 'general'");
  CHECK(error(program::DirectSchedule{1, 65, 1, true}) ==
        prefix + "a tile of 1 vectors by 65 pixels is out of range: vectors are 1 to 8, their product with pixels 1 to 64");
  CHECK(error(with(&WinogradSchedule::output, 3)) == prefix + "a tile of 3 x 3 results has no transform at stride 1");
  CHECK(error(with(&WinogradSchedule::depth, 24)) == prefix + "a depth of 24 does not divide its 32 input channels into whole vectors");
  schedule.tiles = {1, 1};
  CHECK(error(with(&WinogradSchedule::rows, max_elements)) == prefix + "tasks of 268435456 rows of tiles are out of range: 0 to 7");
  CHECK(error(with(&WinogradSchedule::parts, 0)) == prefix + "0 parts of its channels are out of range: 1 to 2");
}

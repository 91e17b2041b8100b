/// \file Which machine goes with which target.
#include "driver/goals.h"

#include <doctest/doctest.h>

#include <string>

using namespace resnetc;

namespace {

std::string paired(const std::vector<const char*>& cpus, const std::vector<const char*>& names) {
  std::vector<const Machine*> machines;
  driver::Targets targets;
  for (const char* cpu : cpus) machines.push_back(find_machine(cpu));
  for (const char* name : names) targets.push_back(find_target(name));
  std::string labels;
  for (const driver::Goal& goal : driver::pair_up(machines, targets)) labels += (labels.empty() ? "" : " ") + goal.label();
  return labels;
}

}  // namespace

TEST_CASE("goals: each machine has its best target, and each target a machine") {
  CHECK(paired({"generic"}, {"avx2", "avx512"}) == "avx512 avx2");
  CHECK(paired({"znver4"}, {"avx2", "avx512", "cuda"}) == "cuda avx512:znver4 avx2:znver4");
  CHECK(paired({"znver4", "haswell"}, {"avx2", "avx512"}) == "avx512:znver4 avx2:haswell");
  CHECK(paired({"haswell", "znver4"}, {"sse41", "avx512", "avx2"}) == "avx512:znver4 avx2:haswell sse41:haswell");
  CHECK(paired({"haswell"}, {"avx512"}).empty());
  CHECK(paired({"haswell"}, {"avx512", "avx2"}) == "avx2:haswell");
}

TEST_CASE("goals: of one target, machines stand in the order in which they are recognised, each once") {
  CHECK(paired({"znver4", "skylake-avx512", "sapphirerapids", "generic", "znver4"}, {"avx512"}) ==
        "avx512 avx512:sapphirerapids avx512:skylake-avx512 avx512:znver4");
}

TEST_CASE("goals: a program answers to its exact label") {
  const Target &avx512 = *find_target("avx512"), &cuda = *find_target("cuda");
  CHECK(driver::Goal{&avx512}.label() == "avx512");
  CHECK(driver::Goal{&avx512}.exact_label() == "avx512:generic");
  CHECK(driver::Goal{&avx512, find_machine("znver4")}.label() == "avx512:znver4");
  CHECK(driver::Goal{&avx512, find_machine("znver4")}.exact_label() == "avx512:znver4");
  CHECK(driver::Goal{&cuda}.exact_label() == "cuda");
}

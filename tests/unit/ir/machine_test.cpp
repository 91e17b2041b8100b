/// \file The table of machines, and the text form of a machine.
#include "ir/machine.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "ir/machine_text.h"

using namespace resnetc;

namespace {

/// The first error in the text of a machine, with its place; empty if there is none.
std::string fault_of(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  if (parse_machine(sources.add("m", text), diagnostics)) return "";
  const Diagnostic& first = diagnostics.all().front();
  return fmt::format("{}:{}: {}", first.at.line, first.at.column, first.text);
}

}  // namespace

TEST_CASE("machines: each known one reads back as printed") {
  std::set<std::string> names;
  for (const Machine& machine : all_machines()) {
    Sources sources;
    Diagnostics diagnostics(sources);
    // The default machine's name has a meaning of its own.
    Machine named = machine;
    if (&machine == &default_machine()) named.name = "mine";
    auto read = parse_machine(sources.add("m", print(named)), diagnostics);
    REQUIRE_MESSAGE(read, diagnostics.render());
    read->name = machine.name;
    CHECK(read->source.empty());
    read->source = machine.source;
    read->rule = machine.rule;
    CHECK_MESSAGE(*read == machine, machine.name);
    CHECK(names.insert(machine.name).second);
    CHECK(machine_name_fault(machine.name).empty());
    CHECK_FALSE(machine.source.empty());
    CHECK(find_machine(machine.name) == &machine);
    for (size_t i = 0; i < machine.vectors.size(); ++i) CHECK(machine.rates(machine.vectors[i].bytes) == machine.vectors[i]);
    CHECK_MESSAGE(machine.first.bytes_a_second >= machine.second.bytes_a_second, machine.name);
    CHECK_MESSAGE(machine.second.bytes_a_second >= machine.third.bytes_a_second, machine.name);
    CHECK_MESSAGE(machine.third.bytes_a_second >= machine.memory_bytes_a_second, machine.name);
    CHECK_MESSAGE(machine.memory_bytes_a_second_of_all >= machine.memory_bytes_a_second, machine.name);
  }
  CHECK(all_machines().front().name == "generic");
  CHECK(find_machine("host") == nullptr);
}

TEST_CASE("machines: a figure that a line of the table forgets is out of its range") {
  const Machine good = *find_machine("haswell"), none;
  const auto fault_without = [&](auto Machine::* figure) {
    Machine lacking = good;
    lacking.*figure = none.*figure;
    return fault_of(print(lacking));
  };
  for (const auto figure :
       {&Machine::cycles_a_second, &Machine::latency, &Machine::third_bytes_a_second_of_all, &Machine::memory_bytes_a_second,
        &Machine::memory_bytes_a_second_of_all, &Machine::hidden, &Machine::crowding}) {
    CHECK_FALSE(fault_without(figure).empty());
  }
  CHECK_FALSE(fault_without(&Machine::first_ways).empty());
  CHECK_FALSE(fault_without(&Machine::vectors).empty());
  for (const auto cache : {&Machine::first, &Machine::second, &Machine::third}) CHECK_FALSE(fault_without(cache).empty());
}

TEST_CASE("machines: other compilers' names of CPUs") {
  CHECK(unknown_machine("native") == "unknown CPU 'native'; 'host' is the machine that compiles");
  CHECK(unknown_machine("skylake") == "unknown CPU 'skylake'; 'haswell' stands for it");
  CHECK(unknown_machine("cascadelake") == "unknown CPU 'cascadelake'; 'skylake-avx512' stands for it");
  CHECK(unknown_machine("icelake") == "unknown CPU 'icelake'; 'icelake-server' stands for it");
  CHECK(unknown_machine("raptorlake") == "unknown CPU 'raptorlake'; 'alderlake' stands for it");
  CHECK(unknown_machine("zen4") == "unknown CPU 'zen4'; 'znver4' is its name here");
  CHECK(unknown_machine("znver2") == "unknown CPU 'znver2'; no machine is near to it: 'generic' stands for any");
  CHECK(unknown_machine("haswel") == "unknown CPU 'haswel'; did you mean 'haswell'?");
}

TEST_CASE("machines: the best target is the first whose registers they have") {
  const auto best = [](const char* name) { return best_target(*find_machine(name)); };
  CHECK(best("generic")->name == "avx512");
  CHECK(best("znver5")->name == "avx512");
  CHECK(best("haswell")->name == "avx2");
  CHECK(best("neoverse-v2") == nullptr);
  CHECK(can_run(*find_machine("znver3"), *find_target("sse41")));
  CHECK_FALSE(can_run(*find_machine("znver3"), *find_target("avx512")));
  CHECK_FALSE(can_run(*find_machine("znver4"), *find_target("cuda")));
}

TEST_CASE("machines: each mistake in a text in its place") {
  const std::string good = print(*find_machine("haswell"));
  const auto fault = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    return fault_of(text.replace(text.find(from), from.size(), to));
  };
  const std::string remedy = "; 'resnetc machine NAME' prints a file with all of them",
                    beginning = "a machine's description begins with 'machine 1', and this does not; 'resnetc machine -o FILE' writes one";
  CHECK(fault_of(good).empty());
  CHECK(fault("haswell", "mine-2.1_b").empty());
  CHECK(fault_of("") == "1:1: " + beginning);
  CHECK(fault_of("speed 3") == "1:1: " + beginning);
  CHECK(fault_of("tuning 1") ==
        "1:1: this is a file of tuned schedules, not a machine's description; 'resnetc compile NET.rn --tuned FILE' "
        "reads it");
  CHECK(fault("machine 1", "machine 2") ==
        "1:9: this is version 2 of the form, and only version 1 is known; 'resnetc machine -o FILE' of this version "
        "writes it anew");
  CHECK(fault("haswell", "my machine") == "1:11: a machine's name is 1 to 64 letters, digits, '-', '_' and '.'");
  CHECK(fault("haswell", "host") == "1:11: 'host' stands for the machine that compiles, so no machine has this name");
  CHECK(fault("haswell", "generic") == "1:11: 'generic' stands for the machine of programs that are for none: give this one another name");
  CHECK(fault("x86-64", "aarch64").ends_with(": 'haswell' is the name of a machine of x86-64: give this one another name"));
  CHECK(fault("=3200000000", "=3.2GHz").ends_with("expected a number in plain digits, without a unit"));
  CHECK(fault("=32768", "=32KiB").ends_with("expected a number in plain digits, without a unit"));
  CHECK(fault("latency=5", "latency=5e0").empty());
  CHECK(fault("x86-64", "x86_64").ends_with("unknown architecture 'x86_64'; did you mean 'x86-64'?"));
  CHECK(fault("latency=5", "latncy=5").ends_with("unknown field 'latncy'; did you mean 'latency'?"));
  CHECK(fault("latency=5", "speed=5").ends_with("unknown field 'speed'" + remedy));
  CHECK(fault("latency=5", "latency=0").ends_with("expected a number between 0.25 and 100"));
  CHECK(fault("latency=5", "latency=-5").ends_with("expected a number between 0.25 and 100"));
  CHECK(fault("latency=5", "latency=nan").ends_with("expected a finite number"));
  CHECK(fault("latency=5", "latency=inf").ends_with("expected a finite number"));
  CHECK(fault("latency=5", "").ends_with("'latency' is missing" + remedy));
  CHECK(fault("latency=5", "latency=5\nlatency=5").ends_with(":1: 'latency' stands here twice"));
  CHECK(fault("first_bytes=32768", "first_bytes=32767").ends_with("first_bytes is a multiple of first_ways times the 64 bytes of a line"));
  CHECK(fault("first_ways=8", "first_ways=0").ends_with("expected an integer between 1 and 1024"));
  CHECK(fault("third_bytes=8388608", "third_bytes=-1").ends_with("expected an integer between 0 and 1099511627776"));
  CHECK(fault("registers 16", "registers 8").ends_with("expected an integer between 16 and 256"));
  CHECK(fault("registers 16", "registers 20").ends_with("registers have a multiple of 16 bytes"));
  CHECK(fault("registers 32", "registers 16").ends_with("the lines of registers stand in the order of their bytes, and 16 came before"));
  CHECK(fault("stores=1", "").ends_with("expected 'stores'"));
  CHECK(fault("stores=1", "stores=0").ends_with("expected a number between 0.01 and 64"));
  CHECK(fault_of("machine 1 \"m\" architecture=\"x86-64\"").ends_with("'cycles_a_second' is missing" + remedy));
  CHECK(fault_of(good + std::string(max_machine_bytes, '#')).ends_with("more than 65536 bytes"));
}

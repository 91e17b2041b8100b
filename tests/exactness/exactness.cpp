/// \file The exactness matrix: every network of the family against PyTorch in float64, on every instruction set, with every number of
/// threads and every batch (docs/exactness.md).

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>

#include "frontend/frontend.h"
#include "tests/exactness/compiled.h"
#include "tests/exactness/reference.h"

namespace resnetc::exactness {
namespace {

constexpr double limit = 1e-4;
constexpr int32_t batches[] = {1, 3, 8};
constexpr int32_t max_batch = 8;
constexpr int32_t thread_counts[] = {1, 2};

struct Case {
  std::string network;
  int64_t height = 0, width = 0;
  bool in_full = true;  ///< every batch, thread count and target; else one picture on this machine's best target
  double gain = 1;      ///< a factor for the weights of two and more dimensions
};

/// A network of another family, as models.py has it. Some would lose their picture, or have huge values, without a gain.
struct Other {
  const char* name = nullptr;
  double gain = 1;
  int64_t height = 64, width = 96;
};

constexpr Other others[] = {
    {"mobilenet_v2"},
    {"mobilenet_v3_large", 1.25},
    {"mobilenet_v3_small", 1.4},
    {"efficientnet_b0", 1.5},
    {"densenet121"},
    {"regnet_x_3_2gf"},
    {"regnet_y_3_2gf", 1.3},
    {"deeplabv3_resnet50"},
    {"convnext_tiny"},
    {"resnet50d"},
    {"ecaresnet50d"},
    {"resnet50_gn"},
    {"resnetv2_50"},
    {"res2net50_26w_4s"},
    {"resnest50d"},
    {"darknet53"},
    {"cspdarknet53"},
    {"edsr", 0.7},
    {"unet_resnet34"},
    {"vgg16", 1, 224, 224},
    {"iresnet50", 1, 112, 112},
    {"alphazero", 0.8, 19, 19},
};

class LouderWeights final : public WeightSource {
 public:
  explicit LouderWeights(double gain) : gain_(gain) {}

  std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const override {
    std::vector<double> values = GeneratedWeights().read(name, shape);
    if (shape.size() > 1) {
      for (double& value : values) value = static_cast<float>(value * gain_);
    }
    return values;
  }

 private:
  double gain_ = 1;
};

struct Outcome {
  std::map<std::string, double> difference;  ///< by target's name
  size_t pictures = 0;                       ///< compared with PyTorch
  std::optional<double> direct_sums;         ///< on the first target, without Winograd's transforms, if the compiler chose any
  std::string why;                           ///< the fault that was found; empty if there is none
};

std::vector<Case> all_cases(bool quick) {
  std::vector<Case> cases;
  for (const char* name : {"cifar_resnet20", "cifar_resnet32", "cifar_resnet44", "cifar_resnet56", "cifar_resnet110", "cifar_plain20",
                           "cifar_preact_resnet110"}) {
    cases.push_back({name, 32, 32, !quick || std::string_view(name) == "cifar_resnet20"});
  }
  for (const char* name :
       {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "wide_resnet101_2", "resnext50_32x4d",
        "resnext101_32x8d", "resnext101_64x4d", "plain18", "preact_resnet18", "preact_resnet50", "se_resnet50"}) {
    const bool many = std::string_view(name) == "resnet18" || std::string_view(name) == "resnet50";
    cases.push_back({name, 224, 224, !quick || many});
    if (!quick || many) cases.push_back({name, 160, 192, !quick});
  }
  for (const Other& other : others) cases.push_back({other.name, other.height, other.width, !quick, other.gain});
  cases.push_back({"residual_mlp", 1, 784, !quick});
  cases.push_back({"resnet18_1d", 1, 1000, !quick});
  return cases;
}

/// The outputs that references have: every one up to 4096, some 4096 of more. make_references.py does the same.
std::vector<float> thinned(const std::vector<float>& outputs) {
  const size_t step = outputs.size() <= 4096 ? 1 : (outputs.size() / 4096) | 1;
  std::vector<float> some;
  for (size_t i = 0; i < outputs.size(); i += step) some.push_back(outputs[i]);
  return some;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// Runs one target with all numbers of threads and batches. Returns the fault, or nothing.
std::string check_target(const Library& library, const std::string& target, const Case& what, const Reference& reference,
                         std::span<const std::vector<std::byte>> pictures, double& difference) {
  std::vector<std::vector<float>> alone;  // the result of each picture by itself on one thread: all other runs must give the same
  for (int32_t threads : thread_counts) {
    const auto context = Context::make(library, target, threads, what.in_full ? max_batch : 1);
    if (!context) return context.failure().text;
    for (size_t k = 0; k < pictures.size(); ++k) {
      auto result = (*context)->run(pictures.subspan(k, 1));
      if (!result) return result.failure().text;
      if (threads == thread_counts[0]) {
        alone.push_back(std::move(result->front()));
      } else if (!same_bits(alone[k], result->front())) {
        return fmt::format("picture {} differs between {} threads and {}", k, thread_counts[0], threads);
      }
    }
    for (int32_t batch : batches) {
      const auto size = static_cast<size_t>(batch);
      // The first and the last pictures, so that one picture is seen at different places.
      for (size_t start : {size_t{0}, pictures.size() - std::min(size, pictures.size())}) {
        if (batch == 1 || start + size > pictures.size()) continue;
        const auto results = (*context)->run(pictures.subspan(start, size));
        if (!results) return results.failure().text;
        for (size_t k = 0; k < size; ++k) {
          if (!same_bits((*results)[k], alone[start + k])) {
            return fmt::format("picture {} differs alone and at place {} of a batch of {}, on {} threads", start + k, k, batch, threads);
          }
        }
      }
    }
  }
  for (size_t k = 0; k < std::min(reference.pictures, alone.size()); ++k) {
    difference = std::max(difference, relative_difference(thinned(alone[k]), reference.picture(k)));
  }
  return difference <= limit ? "" : fmt::format("differs from PyTorch by {:.3g} of the largest output", difference);
}

bool has_transforms(const program::Program& program) {
  return std::any_of(program.kernels.begin(), program.kernels.end(),
                     [](const auto& kernel) { return std::holds_alternative<program::WinogradSchedule>(kernel.schedule); });
}

/// The largest difference to PyTorch of a program by itself.
Result<double> difference_of(const program::Program& program, const std::string& target, const Reference& reference,
                             std::span<const std::vector<std::byte>> pictures, const codegen::KernelOptions& kernels,
                             const WeightSource& weights) {
  const TempDir dir;
  const auto library = Library::make({&program, 1}, program.name, dir.path(), kernels, weights);
  if (!library) return library.failure();
  const auto context = Context::make(**library, target, thread_counts[1], 1);
  if (!context) return context.failure();
  double difference = 0;
  for (size_t k = 0; k < std::min(reference.pictures, pictures.size()); ++k) {
    const auto result = (*context)->run(pictures.subspan(k, 1));
    if (!result) return result.failure();
    difference = std::max(difference, relative_difference(thinned(result->front()), reference.picture(k)));
  }
  return difference;
}

/// With `beside_sums`, also the additional error of Winograd's transforms.
Outcome check(const Case& what, std::span<const Target* const> targets, const codegen::KernelOptions& kernels, bool beside_sums) {
  Outcome outcome;
  const Result<Reference> reference =
      read_reference(fmt::format(RESNETC_SOURCE_DIR "/tests/exactness/references/{}_{}x{}.npy", what.network, what.height, what.width));
  if (!reference) {
    outcome.why = reference.failure().text;
    return outcome;
  }
  Sources sources;
  Diagnostics diagnostics(sources);
  FrontendOptions frontend;
  frontend.installed_dirs = {RESNETC_SOURCE_DIR "/networks"};
  const bool sized = what.network != "residual_mlp" && what.network != "alphazero" && what.network != "resnet18_1d";
  if (sized) frontend.parameters = {{"height", what.height}, {"width", what.width}};
  const auto network = load_network(fmt::format(RESNETC_SOURCE_DIR "/networks/{}.rn", what.network), frontend, diagnostics);
  std::vector<program::Program> programs;
  if (network) programs = lower(*network, targets, diagnostics);
  if (programs.empty()) {
    outcome.why = diagnostics.render();
    return outcome;
  }
  const TempDir dir;
  const LouderWeights weights(what.gain);
  const auto library = Library::make(programs, network->name, dir.path(), kernels, weights);
  if (!library) {
    outcome.why = library.failure().text;
    return outcome;
  }

  const program::Program& program = programs.front();
  std::vector<std::vector<std::byte>> pictures;
  for (int64_t k = 0; k < (what.in_full ? max_batch : 1); ++k) {
    const Values picture = generated_input(program.input_name, k, program.input.type.elements(), program.input.type.element);
    pictures.push_back(to_bytes(picture, program.input));
  }
  outcome.pictures = std::min(pictures.size(), reference->pictures);
  for (const Target* target : targets) {
    const std::string why = check_target(**library, target->name, what, *reference, pictures, outcome.difference[target->name]);
    if (!why.empty()) outcome.why += fmt::format("{}{}: {}", outcome.why.empty() ? "" : "; ", target->name, why);
  }
  if (beside_sums && has_transforms(program)) {
    std::string why;
    const auto sums = lower(*network, targets.first(1), diagnostics, nullptr, 0);
    if (sums.empty()) {
      why = diagnostics.render();
    } else {
      const Result<double> difference = difference_of(sums.front(), targets.front()->name, *reference, pictures, kernels, weights);
      if (difference) {
        outcome.direct_sums = *difference;
      } else {
        why = difference.failure().text;
      }
    }
    if (!outcome.direct_sums) outcome.why += fmt::format("{}direct sums: {}", outcome.why.empty() ? "" : "; ", why);
  }
  return outcome;
}

/// The table for docs/exactness-results.md.
std::string markdown(std::span<const std::pair<Case, Outcome>> results, std::span<const Target* const> targets) {
  std::string text = "# Exactness: results\n\n";
  text +=
      "Written by `exactness --all --markdown` ([exactness.md](exactness.md) says what it does). The numbers are the largest difference "
      "to\n"
      "PyTorch in float64 over the largest output; 1e-4 is allowed. Every row ran with 1 and 2 threads and in batches of 1, 3 and 8\n"
      "pictures, with results equal bit for bit. *Pictures* is how many were compared with PyTorch. *Direct sums* is what `--no-winograd`\n"
      "gives: beside the instruction set before it, what Winograd's transforms and Strassen's products cost; empty where the compiler "
      "chose none.\n\n";
  text += "| network | size | pictures |";
  for (const auto* target : targets) text += fmt::format(" {} |{}", target->name, target == targets.front() ? " direct sums |" : "");
  text += " result |\n|---|---|---|";
  for (size_t i = 0; i <= targets.size(); ++i) text += "---|";
  text += "---|\n";
  for (const auto& [what, outcome] : results) {
    text += fmt::format("| {} | {}x{} | {} |", what.network, what.height, what.width, outcome.pictures);
    for (const auto* target : targets) {
      auto found = outcome.difference.find(target->name);
      text += found == outcome.difference.end() ? " |" : fmt::format(" {:.1e} |", found->second);
      if (target == targets.front()) text += outcome.direct_sums ? fmt::format(" {:.1e} |", *outcome.direct_sums) : " |";
    }
    text += fmt::format(" {} |\n", outcome.why.empty() ? "equal" : outcome.why);
  }
  return text;
}

int run(int argc, char** argv) {
  remove_temp_dirs_on_signals();
  CLI::App app{"Compares compiled networks with PyTorch's float64 outputs (docs/exactness.md)."};
  bool quick = false, all = false;
  std::string markdown_file;
  std::vector<std::string> networks, target_names;
  codegen::KernelOptions kernels;
  kernels.cache_dir = codegen::default_cache_dir();
  auto* quick_flag = app.add_flag("--quick", quick, "all of ResNet-18, ResNet-50 and ResNet-20, one picture through each of the others");
  app.add_flag("--all", all, "everything (the default)")->excludes(quick_flag);
  app.add_option("--network", networks, "only these")->delimiter(',')->type_name("NAME[,NAME...]");
  app.add_option("--target", target_names, "only these instruction sets")->delimiter(',')->type_name("T[,T...]");
  app.add_option("--markdown", markdown_file, "write the table there as well, with the errors of direct sums")->type_name("FILE");
  app.add_option("--cache-dir", kernels.cache_dir, "where compiled kernels are kept; '' for none")->type_name("DIR");
  CLI11_PARSE(app, argc, argv);

  std::vector<const Target*> targets = runnable_targets();
  if (!target_names.empty()) {
    std::erase_if(targets,
                  [&](const auto* t) { return std::find(target_names.begin(), target_names.end(), t->name) == target_names.end(); });
  }
  std::vector<Case> cases = all_cases(quick);
  if (!networks.empty()) {
    std::erase_if(cases, [&](const Case& c) { return std::find(networks.begin(), networks.end(), c.network) == networks.end(); });
  }
  if (targets.empty() || cases.empty()) {
    fmt::print(stderr, "exactness: nothing to do: unknown network, or a target that this machine lacks\n");
    return 2;
  }

  std::vector<std::pair<Case, Outcome>> results;
  size_t failed = 0;
  for (const Case& what : cases) {
    const auto start = std::chrono::steady_clock::now();
    const std::span<const Target* const> some(targets.data(), what.in_full ? targets.size() : 1);
    Outcome outcome = check(what, some, kernels, !markdown_file.empty());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::string line = fmt::format("[{}/{}] {} {}x{}:", results.size() + 1, cases.size(), what.network, what.height, what.width);
    for (const auto& [target, difference] : outcome.difference) line += fmt::format(" {} {:.1e}", target, difference);
    if (outcome.direct_sums) line += fmt::format(" ({} with direct sums {:.1e})", some.front()->name, *outcome.direct_sums);
    fmt::print("{}, {:.1f} s{}{}\n", line, seconds, outcome.why.empty() ? "" : ": FAILED: ", outcome.why);
    std::fflush(stdout);
    if (!outcome.why.empty()) ++failed;
    results.emplace_back(what, std::move(outcome));
  }
  if (!markdown_file.empty()) {
    std::ofstream file(markdown_file, std::ios::binary);
    if (!(file << markdown(results, targets) << std::flush)) {
      fmt::print(stderr, "exactness: cannot write '{}'\n", markdown_file);
      return 1;
    }
  }
  fmt::print("{} of {} agree with PyTorch\n", results.size() - failed, results.size());
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace resnetc::exactness

int main(int argc, char** argv) { return resnetc::exactness::run(argc, argv); }

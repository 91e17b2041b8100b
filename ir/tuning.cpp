/// \file The text form of tuned schedules.
#include "ir/tuning.h"

#include <fmt/format.h>

#include <unordered_set>

#include "ir/checks.h"
#include "ir/forms/text_forms.h"
#include "ir/forms/text_kind.h"

namespace resnetc::program {

namespace {

constexpr int64_t version = 1;
constexpr std::string_view remedy = "; 'resnetc compile NET.rn --tune FILE' makes the file anew";

std::string because(const std::string& reason) { return reason.empty() ? "" : " because " + text::quoted(reason); }

std::string printable(text::Reader& reader) {
  const size_t start = reader.offset();
  std::string text = reader.string();
  if (const Fault fault = checks::printable("this string", text)) reader.fail_at(start, *fault);
  return text;
}

}  // namespace

const TunedKernel* Tuning::find(std::string_view work) const {
  const auto found = std::find_if(kernels.begin(), kernels.end(), [&](const TunedKernel& kernel) { return kernel.work == work; });
  return found == kernels.end() ? nullptr : &*found;
}

std::string print(const Tuning& tuning) {
  const std::string machine = tuning.machine.empty() ? "" : " machine " + text::quoted(tuning.machine);
  std::string out = fmt::format("tuning {} target {}{}{}\n", version, text::quoted(tuning.target), machine, because(tuning.reason));
  for (const TunedKernel& kernel : tuning.kernels) {
    out += fmt::format("kernel {}{}{}\n", text::quoted(kernel.work), text::schedule(kernel.schedule), because(kernel.reason));
  }
  return out;
}

std::optional<Tuning> parse_tuning(FileId file, Diagnostics& diagnostics) {
  text::Reader reader(file, diagnostics);
  Tuning tuning;
  if (diagnostics.sources().text(file).size() > max_tuning_bytes) reader.fail(fmt::format("more than {} bytes", max_tuning_bytes));
  const text::Beginning beginning = text::beginning_of(diagnostics.sources().text(file));
  if (beginning.is_other_than(text::Kind::tuning)) reader.fail(text::misplaced(beginning, "a file of tuned schedules"));
  reader.expect("tuning");
  const size_t start = reader.offset();
  if (const int64_t found = reader.integer(); !reader.failed() && found != version) {
    reader.fail_at(start, fmt::format("this is version {} of the form, and only version {} is known{}", found, version, remedy));
  }
  reader.expect("target");
  const size_t target = reader.offset();
  tuning.target = printable(reader);
  if (const Target* known = find_target(tuning.target); known != nullptr) {
    tuning.target = known->name;
  } else {
    reader.fail_at(target, unknown_target(text::shown(tuning.target)));
  }
  if (reader.accept("machine")) {
    const size_t machine = reader.offset();
    tuning.machine = reader.string();
    if (const std::string fault = machine_name_fault(tuning.machine); !fault.empty()) reader.fail_at(machine, fault);
    if (tuning.machine == default_machine().name) tuning.machine.clear();
  }
  if (reader.accept("because")) tuning.reason = printable(reader);
  std::unordered_set<std::string> seen;
  while (!reader.at_end()) {
    TunedKernel kernel;
    reader.expect("kernel");
    const size_t name = reader.offset();
    kernel.work = printable(reader);
    if (!reader.failed() && !seen.insert(kernel.work).second) reader.fail_at(name, "this kernel has a line already");
    if (tuning.kernels.size() == max_tuned_kernels) reader.fail_at(name, fmt::format("more than {} kernels", max_tuned_kernels));
    kernel.at = reader.place(reader.offset());
    kernel.schedule = reader.schedule(remedy);
    if (reader.accept("because")) kernel.reason = printable(reader);
    tuning.kernels.push_back(std::move(kernel));
  }
  if (!reader.finish()) return std::nullopt;
  return tuning;
}

}  // namespace resnetc::program

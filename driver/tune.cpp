/// \file Builds, runs and judges candidates.
#include "driver/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "codegen/host.h"
#include "driver/common.h"
#include "driver/median.h"
#include "driver/timing.h"
#include "driver/trial.h"
#include "driver/tuned.h"
#include "passes/candidates.h"
#include "runtime/processors.h"

namespace resnetc::driver {

namespace {

using program::Program;
using program::Schedule;
using program::Tuning;
using Clock = std::chrono::steady_clock;

/// A schedule that takes less than `promising` of the untuned time is measured again. It is kept if it then takes less than `confirmed`.
/// The second measurement is needed because the first chooses the best of many, so its result is partly luck.
constexpr double promising = 0.98, confirmed = 0.99;
/// The limit for the whole network, whose time is known more precisely.
constexpr double faster = 0.995;
/// The share of the time for measuring candidates. The rest is for measuring them together.
constexpr double share_of_candidates = 0.7;

/// A comparison on one number of threads.
struct Comparison {
  int threads = 1;
  Side untuned, tuned;
};

/// The seconds of the untuned and of the tuned side on one number of threads.
struct Pair {
  int threads = 1;
  double untuned = 0, tuned = 0;
  double whole = 0;  ///< of all untuned kernels
};

/// The fraction of the untuned time, and the saving as a fraction of the whole network's time. Each is taken on the number of threads where
/// the gain is smallest, so that nobody loses.
double ratio(const std::vector<Pair>& pairs) {
  double worst = 0;
  for (const Pair& pair : pairs) worst = std::max(worst, pair.untuned > 0 ? pair.tuned / pair.untuned : 1);
  return worst;
}
double gain(const std::vector<Pair>& pairs) {
  double least = 1;
  for (const Pair& pair : pairs) least = std::min(least, (pair.untuned - pair.tuned) / pair.whole);
  return least;
}

/// The times in words: "0.120 ms instead of 0.131 on 1 thread, 0.061 instead of 0.072 on 2".
std::string measured_text(const std::vector<Pair>& pairs, double kernels) {
  std::string text;
  for (const Pair& pair : pairs) {
    const bool first = text.empty();
    text += fmt::format("{}{:.4f}{} instead of {:.4f} on {}{}", first ? "" : ", ", 1e3 * pair.tuned / kernels, first ? " ms" : "",
                        1e3 * pair.untuned / kernels, pair.threads, first ? (pair.threads == 1 ? " thread" : " threads") : "");
  }
  return text;
}

/// A library, and one of its sessions for each number of threads.
struct Candidate {
  std::unique_ptr<Trial> trial;
  std::vector<std::unique_ptr<Session>> sessions;
};

/// A schedule that was measured.
struct Option {
  Schedule schedule;
  std::vector<Pair> measured;
  int64_t added_bytes = 0;  ///< growth of the packed weights

  /// Whether the schedule is useful at all. One that makes the weights smaller may give its room to others.
  bool useful(double limit) const { return added_bytes < 0 || ratio(measured) < limit; }
};

/// All kernels that do the same work, with the schedules to try on them.
struct Subject {
  std::string work;
  std::vector<size_t> kernels;  ///< their indices in the program
  std::deque<Schedule> candidates;
  std::vector<Option> options;
  const Option* chosen = nullptr;  ///< null: the untuned schedule
};

class Tuner {
 public:
  Tuner(const topology::Network& network, const LoweringOptions& lowering, double seconds, const codegen::KernelOptions& kernels,
        Sources& sources)
      : network_(network), lowering_(lowering), seconds_(seconds), kernels_(kernels), sources_(sources), progress_("tuning, seconds") {
    lowering_.after_pass = nullptr;
    tuning_.target = lowering.goals.front().target->name;
    tuning_.machine = name_in_programs(*lowering.goals.front().machine, *lowering.goals.front().target);
    threads_ = {1};
    if (const int all = rn_processors(); all > 1) threads_.push_back(all);
    kernels_.progress = [this](size_t, size_t) { show(); };
  }

  Result<Tuning> run() {
    Result<> good = start();
    while (good && seconds_since(start_) < share_of_candidates * seconds_ && candidates_left()) good = try_next();
    if (good) good = confirm();
    if (good) good = judge();
    if (!good) return good.failure();
    return std::move(tuning_);
  }

 private:
  void show() { progress_.update(static_cast<size_t>(seconds_since(start_)), static_cast<size_t>(seconds_)); }

  Result<Lowered> lower_with(const Tuning& tuning, bool weights_limited = true) {
    Diagnostics diagnostics(sources_);
    LoweringOptions lowering = lowering_;
    lowering.tuned = &tuning;
    lowering.weights_limited = weights_limited;
    std::optional<Lowered> lowered = lower(network_, lowering, diagnostics);
    if (!lowered) return first_failure(diagnostics);
    return std::move(*lowered);
  }

  /// Builds a library of the lowered network, with a session for each number of threads.
  Result<Candidate> build(const Lowered& lowered) {
    Result<std::unique_ptr<Trial>> trial =
        Trial::make(lowered, "trial", lowering_.weights != nullptr ? *lowering_.weights : generated_, kernels_);
    if (!trial) return trial.failure();
    Candidate made;
    made.trial = std::move(*trial);
    for (const int threads : threads_) {
      Result<std::unique_ptr<Session>> session = made.trial->session(tuning_.target, 1, threads);
      if (!session) return session.failure();
      made.sessions.push_back(std::move(*session));
    }
    return made;
  }

  Result<> start() {
    Result<Lowered> lowered = lower_with(tuning_);
    if (!lowered) return lowered.failure();
    Result<Candidate> built = build(*lowered);
    if (!built) return built.failure();
    untuned_ = std::move(*built);
    input_ = untuned_.trial->pictures(1).bytes;
    untuned_program_ = std::move(lowered->programs.front());
    const Program& program = untuned_program_;
    std::map<std::string, size_t> known;
    for (size_t k = 0; k < program.kernels.size(); ++k) {
      const program::Kernel& kernel = program.kernels[k];
      std::vector<Schedule> candidates =
          passes::schedule_candidates(program, kernel, *lowering_.goals.front().machine, lowering_.winograd_tile);
      if (candidates.empty()) continue;
      std::string work = work_of(spec_of(program, kernel));
      const auto [at, added] = known.emplace(work, subjects_.size());
      if (added) subjects_.push_back({std::move(work), {}, {candidates.begin(), candidates.end()}, {}});
      subjects_[at->second].kernels.push_back(k);
    }
    for (Subject& subject : subjects_) {  // a schedule that all kernels have already is no candidate
      const Schedule& first = program.kernels[subject.kernels.front()].schedule;
      if (has_everywhere(program, subject, first)) std::erase(subject.candidates, first);
    }
    return {};
  }

  static bool has_everywhere(const Program& program, const Subject& subject, const Schedule& schedule) {
    return std::all_of(subject.kernels.begin(), subject.kernels.end(), [&](size_t k) { return program.kernels[k].schedule == schedule; });
  }

  bool candidates_left() const {
    return std::any_of(subjects_.begin(), subjects_.end(), [](const Subject& subject) { return !subject.candidates.empty(); });
  }

  /// Runs the program and the untuned one in turns, for a share of the time.
  Result<std::vector<Comparison>> compare(const Lowered& lowered, double share, bool by_kernel) {
    const Result<Candidate> other = build(lowered);
    if (!other) return other.failure();
    std::vector<Comparison> comparisons;
    for (size_t i = 0; i < threads_.size(); ++i) {
      Comparison& now = comparisons.emplace_back();
      now.threads = threads_[i];
      const double seconds = share * seconds_ / static_cast<double>(threads_.size());
      constexpr int least = 3;
      const auto start = Clock::now();
      for (int count = 0; count < least || seconds_since(start) < seconds; ++count) {
        if (const Result<> ran = now.untuned.turn(*untuned_.sessions[i], input_, by_kernel); !ran) return ran.failure();
        if (const Result<> ran = now.tuned.turn(*other->sessions[i], input_, by_kernel); !ran) return ran.failure();
        show();
      }
    }
    return comparisons;
  }

  static std::vector<Pair> pairs_of(const std::vector<Comparison>& comparisons, const Subject& subject) {
    std::vector<Pair> pairs;
    for (const Comparison& c : comparisons) {
      pairs.push_back({c.threads, c.untuned.seconds(subject.kernels), c.tuned.seconds(subject.kernels), c.untuned.all_seconds()});
    }
    return pairs;
  }

  static int64_t weight_bytes(const Program& program, const Subject& subject) {
    int64_t bytes = 0;
    for (size_t k : subject.kernels) bytes += program.constant(program.kernels[k].weight).bytes();
    return bytes;
  }

  /// Tries the next candidate of every subject.
  Result<> try_next() {
    Tuning table = no_kernels();
    for (const Subject& subject : subjects_) {
      if (!subject.candidates.empty()) table.kernels.push_back({subject.work, subject.candidates.front(), "", {}});
    }
    const Result<Lowered> lowered = lower_with(table, false);
    if (!lowered) return lowered.failure();
    const Program& program = lowered->programs.front();
    const Result<std::vector<Comparison>> comparisons = compare(*lowered, share_of_round, true);
    if (!comparisons) return comparisons.failure();
    for (Subject& subject : subjects_) {
      if (subject.candidates.empty()) continue;
      const int64_t added_bytes = weight_bytes(program, subject) - weight_bytes(untuned_program_, subject);
      subject.options.push_back({subject.candidates.front(), pairs_of(*comparisons, subject), added_bytes});
      subject.candidates.pop_front();
    }
    return {};
  }

  Tuning no_kernels() const { return {tuning_.target, tuning_.machine, "", {}}; }

  Tuning chosen() const {
    Tuning table = no_kernels();
    for (const Subject& subject : subjects_) {
      if (subject.chosen == nullptr) continue;
      std::string reason = measured_text(subject.chosen->measured, static_cast<double>(subject.kernels.size()));
      if (ratio(subject.chosen->measured) >= 1) reason += "; its weights are smaller, which leaves room for others";
      table.kernels.push_back({subject.work, subject.chosen->schedule, reason, {}});
    }
    return table;
  }

  /// Whether the packed weights of the chosen schedules are small enough. select-kernels decides that.
  bool chosen_fits() {
    const Result<Lowered> lowered = lower_with(chosen());
    return lowered && std::all_of(subjects_.begin(), subjects_.end(), [&](const Subject& subject) {
             return subject.chosen == nullptr || has_everywhere(lowered->programs.front(), subject, subject.chosen->schedule);
           });
  }

  /// Chooses the schedules that gain most if each byte of weights has a price.
  void choose_at(double price) {
    for (Subject& subject : subjects_) {
      subject.chosen = nullptr;
      double best = 0;
      for (const Option& option : subject.options) {
        const double worth = gain(option.measured) - price * static_cast<double>(option.added_bytes);
        if (worth <= best) continue;
        best = worth;
        subject.chosen = &option;
      }
    }
  }

  /// Chooses the schedules that gain most and fit: first at the lowest price at which all fit, then as long as there is room.
  void choose(double limit) {
    for (Subject& subject : subjects_) std::erase_if(subject.options, [&](const Option& option) { return !option.useful(limit); });
    choose_at(0);
    if (chosen_fits()) return;
    double low = 0, high = 1e-15;
    constexpr int doublings = 60, halvings = 20;
    const auto fits_at = [&](double price) {
      choose_at(price);
      return chosen_fits();
    };
    for (int i = 0; i < doublings && !fits_at(high); ++i) low = std::exchange(high, 2 * high);
    for (int i = 0; i < halvings; ++i) {
      const double middle = (low + high) / 2;
      (fits_at(middle) ? high : low) = middle;
    }
    choose_at(high);
    while (improve()) {
    }
  }

  static double gain_of(const Option* option) { return option == nullptr ? 0 : gain(option->measured); }

  /// Finds another choice for one subject that gains more and fits, if necessary together with giving up the choice of another subject. A
  /// price for each byte leaves gaps if there are few large choices.
  bool improve() {
    for (Subject& subject : subjects_) {
      const Option* before = subject.chosen;
      std::vector<const Option*> others{nullptr};
      for (const Option& option : subject.options) others.push_back(&option);
      for (const Option* other : others) {
        const double more = gain_of(other) - gain_of(before);
        if (more <= 0) continue;
        subject.chosen = other;
        if (chosen_fits()) return true;
        for (Subject& victim : subjects_) {
          if (&victim == &subject || victim.chosen == nullptr || gain_of(victim.chosen) >= more) continue;
          const Option* lost = std::exchange(victim.chosen, nullptr);
          if (chosen_fits()) return true;
          victim.chosen = lost;
        }
      }
      subject.chosen = before;
    }
    return false;
  }

  /// Measures the chosen schedules together, and chooses from those that are still faster.
  Result<> confirm() {
    choose(promising);
    if (chosen().kernels.empty()) return {};
    const Result<Lowered> lowered = lower_with(chosen());
    if (!lowered) return lowered.failure();
    const Result<std::vector<Comparison>> comparisons = compare(*lowered, share_of_confirmation, true);
    if (!comparisons) return comparisons.failure();
    for (Subject& subject : subjects_) {
      std::vector<Option> kept;
      if (subject.chosen != nullptr)
        kept.push_back({subject.chosen->schedule, pairs_of(*comparisons, subject), subject.chosen->added_bytes});
      subject.chosen = nullptr;
      subject.options = std::move(kept);
    }
    choose(confirmed);
    return {};
  }

  /// Measures the whole network without an observer, and keeps only what is faster there.
  Result<> judge() {
    tuning_ = chosen();
    if (tuning_.kernels.empty()) {
      tuning_.reason = "no kernel was faster with another schedule";
      return {};
    }
    const Result<Lowered> lowered = lower_with(tuning_);
    if (!lowered) return lowered.failure();
    const Result<std::vector<Comparison>> comparisons = compare(*lowered, share_of_judgement, false);
    if (!comparisons) return comparisons.failure();
    std::vector<Pair> pairs;
    for (const Comparison& c : *comparisons) pairs.push_back({c.threads, median(c.untuned.runs), median(c.tuned.runs), 1});
    tuning_.reason = fmt::format("{} took {}", network_.name, measured_text(pairs, 1));
    if (ratio(pairs) < faster) return {};
    tuning_.kernels.clear();
    tuning_.reason = "not faster as a whole: " + tuning_.reason;
    return {};
  }

  /// Shares of the time: for each round of candidates, for measuring them together, and for the whole network.
  static constexpr double share_of_round = 0.03, share_of_confirmation = 0.1, share_of_judgement = 0.1;

  const topology::Network& network_;
  LoweringOptions lowering_;
  double seconds_;
  codegen::KernelOptions kernels_;
  Sources& sources_;
  Clock::time_point start_ = Clock::now();
  Progress progress_;
  GeneratedWeights generated_;
  std::vector<int> threads_;
  std::string input_;
  Program untuned_program_;
  Candidate untuned_;
  std::vector<Subject> subjects_;
  Tuning tuning_;
};

}  // namespace

std::string tune_fault(const std::vector<const Target*>& targets) {
  if (std::string fault = tuned_targets_fault(targets); !fault.empty()) return fault;
  if (codegen::runs_here(*targets.front())) return "";
  return fmt::format("--tune measures on this machine, which cannot run '{}'", targets.front()->name);
}

std::string tune_note(const Goal& goal) {
  const std::string named = name_in_programs(*goal.machine, *goal.target);
  const Machine* here = codegen::host_machine();
  if (named.empty() || (here != nullptr && here->name == named)) return "";
  return fmt::format("--tune measures on this machine, which is {}, and not on '{}'",
                     here == nullptr ? "none of the known ones" : fmt::format("'{}'", here->name), named);
}

Result<Tuning> tune(const topology::Network& network, const LoweringOptions& lowering, double seconds,
                    const codegen::KernelOptions& kernels, Sources& sources) {
  return Tuner(network, lowering, seconds, kernels, sources).run();
}

}  // namespace resnetc::driver

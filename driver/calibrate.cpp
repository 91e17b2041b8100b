/// \file `resnetc calibrate`: runs pictures through a network and writes the range of each of its values.

#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <memory>

#include "codegen/interface.h"
#include "driver/calibration_data.h"
#include "driver/checkpoint.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/lowering.h"
#include "driver/network_input.h"
#include "driver/range_methods.h"
#include "driver/target_options.h"
#include "driver/trial.h"
#include "driver/value_histograms.h"
#include "ir/ranges.h"
#include "support/numbers.h"

namespace resnetc::driver {
namespace {

namespace fs = std::filesystem;

struct CalibrateOptions {
  NetworkOptions network;
  CheckpointOptions checkpoint;
  std::string data;
  PictureOptions pictures;
  std::string method = "mse";
  std::optional<double> percentile;
  int most = std::numeric_limits<int>::max();
  int threads = 0;
  std::string output;
  bool force = false;
  bool no_cache = false;
};

/// Whether the file can be written, as far as is known before the long work. A file that is there may have been edited.
Result<> may_write(const CalibrateOptions& options, const std::string& output, std::vector<std::string> inputs) {
  if (const Result<> leaves = leaves_inputs(output, inputs); !leaves) return leaves.failure();
  std::error_code error;
  if (!options.force && output != "-" && fs::is_regular_file(output, error)) {
    return Failure{fmt::format("'{}' exists, and somebody may have edited it; --force replaces it, -o chooses another place", output),
                   Blame::command};
  }
  return can_write(output);
}

/// What was seen, for people.
std::string reason_of_range(const Histogram& seen, const ChosenRange& chosen) {
  return fmt::format("seen {:.5g} to {:.5g}; {:.3g} % outside", seen.least(), seen.most(), 100 * chosen.outside);
}

/// A run of the command.
class Calibration {
 public:
  Calibration(const CalibrateOptions& options, const Invocation& invocation) : options_(options), invocation_(invocation) {}

  int run() {
    if (options_.percentile && options_.method != "percentile") return usage_error("--percentile is for --method percentile");
    if (std::string fault = picture_options_fault(options_.pictures); !fault.empty()) return usage_error(std::move(fault));
    for (const auto step : {&Calibration::read_network, &Calibration::read_weights, &Calibration::lower_network, &Calibration::open_data,
                            &Calibration::run_pictures, &Calibration::write_ranges}) {
      if (const std::optional<int> ended = (this->*step)()) return *ended;
    }
    return done;
  }

 private:
  /// The exit status of a command that ends here; nothing if the command goes on.
  using Ended = std::optional<int>;

  Ended read_network() {
    auto loaded = load_any(options_.network, "", diagnostics_, files_);
    if (!loaded) return report(diagnostics_, invocation_);
    if (std::holds_alternative<program::Program>(loaded->ir)) {
      return fail({fmt::format("'{}' is a program, whose kernels keep values to themselves; give the network's text, or its graph",
                               options_.network.path)});
    }
    ir_ = std::move(loaded->ir);
    model_ = std::move(loaded->model);
    return std::nullopt;
  }

  Ended read_weights() {
    Diagnostics first(sources_);  // separate, because the passes run again below, and each mistake must be reported once
    const auto tensors = tensors_of(*ir_, first);
    if (!tensors) return report(first, invocation_);
    if (!has_weights(options_.checkpoint, model_)) {
      if (tensors->empty()) return std::nullopt;
      return usage_error(fmt::format("--weights is required: the values of '{}' depend on its weights", passes::name_of(*ir_)));
    }
    if (!model_) files_.push_back(options_.checkpoint.path);
    weights_ = open_weights(options_.checkpoint, options_.network, model_, *tensors, std::holds_alternative<topology::Network>(*ir_),
                            diagnostics_);
    if (!weights_) return report(diagnostics_, invocation_);
    return std::nullopt;
  }

  /// The passes do not see the weights, so that no block is removed: the ranges are for a compilation without weights too.
  Ended lower_network() {
    const Result<Goals> goals = TargetOptions().goals(diagnostics_);
    if (!goals) return report_or_fail(diagnostics_, invocation_, goals.failure());
    LoweringOptions lowering;
    lowering.goals = {goals->front()};
    lowering.winograd_tile = 0;  // the kernel of a transformed convolution may end with a pool
    lowering.disabled = fusing_passes;
    lowered_ = lower(*ir_, lowering, diagnostics_);
    if (const int status = report(diagnostics_, invocation_); status != done) return status;
    if (!lowered_) return fail(first_failure(diagnostics_));
    if (lowered_->graph.ops.size() > max_value_ranges) {
      return fail(
          {fmt::format("'{}' has more than {} values; give a part of the network", passes::name_of(*ir_), max_value_ranges), Blame::limit});
    }
    return std::nullopt;
  }

  Ended open_data() {
    const program::Program& program = lowered_->programs.front();
    const std::string& name = passes::name_of(*ir_);
    if (std::string fault = picture_options_fault(options_.pictures, name, program.input.type.element); !fault.empty()) {
      return usage_error(std::move(fault));
    }
    const InputForm form{program.input.type.element, program.input.order, codegen::interface_of(program, name).input.dims};
    Result<CalibrationData> data = CalibrationData::open(options_.data, options_.pictures, form, static_cast<size_t>(options_.most));
    if (!data) return fail(data.failure());
    data_ = std::move(*data);
    output_ = options_.output.empty() ? file_stem(name) + ".ranges" : options_.output;
    std::vector<std::string> inputs = files_;
    inputs.insert(inputs.end(), data_->files().begin(), data_->files().end());
    if (const Result<> may = may_write(options_, output_, std::move(inputs)); !may) return fail(may.failure());
    return std::nullopt;
  }

  Ended run_pictures() {
    codegen::KernelOptions kernels;
    kernels.cache_dir = options_.no_cache ? "" : codegen::default_cache_dir();
    const std::string& name = passes::name_of(*ir_);
    const codegen::NoTensors none;
    const WeightSource& weights = weights_ ? static_cast<const WeightSource&>(*weights_) : none;
    const Result<std::unique_ptr<Trial>> trial = Trial::make(*lowered_, name, weights, std::move(kernels));
    if (!trial) return fail(trial.failure());
    histograms_.emplace(lowered_->graph);
    const Result<std::unique_ptr<Session>> session = (*trial)->session("", 1, options_.threads);
    if (!session) return fail({fmt::format("{}: {}", name, session.failure().text), session.failure().blame});
    histograms_->watch(**session);
    if (!data_->rule().empty()) fmt::print(beside(output_), "{}\n", data_->rule());
    Progress progress("running pictures");
    for (size_t k = 0; k < data_->count(); ++k) {
      progress.update(k, data_->count());
      const Result<std::string> bytes = data_->bytes(k);
      if (!bytes) return end(progress, bytes.failure());
      if (const Result<> ran = (*session)->run(*bytes); !ran) {
        return end(progress, {fmt::format("{}: {}", name, ran.failure().text), ran.failure().blame});
      }
      if (!histograms_->not_finite().empty()) {
        return end(progress,
                   {fmt::format("{}: not all elements of '{}' are finite numbers, so the value has no range; look at the picture, or "
                                "at the weights before this value",
                                data_->name(k), histograms_->not_finite())});
      }
    }
    return std::nullopt;
  }

  static int end(Progress& progress, const Failure& failure) {
    progress.finish();
    return fail(failure);
  }

  Ended write_ranges() {
    const std::vector<Histogram>& seen = histograms_->finish();
    const RangeMethod method = *range_method_named(options_.method);
    Ranges ranges;
    ranges.network = passes::name_of(*ir_);
    ranges.source = fmt::format("chosen by {} from {} {} of '{}'", options_.method, data_->count(),
                                plural(static_cast<int64_t>(data_->count()), "picture"), options_.data);
    for (size_t i = 0; i < seen.size(); ++i) {
      const graph::Op& op = lowered_->graph.ops[i];
      if (seen[i].count() == 0) return fail({fmt::format("no kernel computes '{}'", op.name), Blame::bug});
      const ChosenRange chosen = choose_range(seen[i], method, options_.percentile.value_or(usual_percentile));
      ranges.values.push_back({op.name, chosen.low, chosen.high, reason_of_range(seen[i], chosen), {}});
    }
    const std::string text = print(ranges);
    if (const Result<> written = write_file(output_, text); !written) return fail(written.failure());
    fmt::print(beside(output_), "{}: {} {} by {} from {} {}; {:.2f} s\n  {}  {}\n", ranges.network, ranges.values.size(),
               plural(static_cast<int64_t>(ranges.values.size()), "range"), options_.method, data_->count(),
               plural(static_cast<int64_t>(data_->count()), "picture"), seconds_since(start_), output_, human_bytes(text.size()));
    return std::nullopt;
  }

  const CalibrateOptions& options_;
  const Invocation& invocation_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Sources sources_;
  Diagnostics diagnostics_{sources_};
  std::vector<std::string> files_;  ///< that were read
  std::optional<passes::AnyIr> ir_;
  std::optional<importer::Imported> model_;
  std::unique_ptr<codegen::Safetensors> weights_;
  std::optional<Lowered> lowered_;
  std::optional<CalibrationData> data_;
  std::string output_;
  std::optional<ValueHistograms> histograms_;
};

}  // namespace

void add_calibrate(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("calibrate", "run pictures through a network, write the range of each value");
  auto options = std::make_shared<CalibrateOptions>();
  add_input_options(command, options->network, "the network's text, a model to import, or a topology or graph that resnetc printed");
  add_checkpoint_options(command, options->checkpoint, "the checkpoint; not for a network without weights");
  command
      .add_option("--data", options->data,
                  "a .npy array of inputs, or a folder with PNG, JPEG, PPM or PGM pictures, in it or in its folders")
      .type_name("DIR|X.npy")
      .required();
  command.add_option("--pictures", options->most, "take N of the pictures, evenly from all (all)")
      .type_name("N")
      .range(1, std::numeric_limits<int>::max());
  add_picture_options(command, options->pictures);
  const auto names = range_method_names();
  command.add_option("--method", options->method, "how a range is chosen (mse), see docs/precision.md")
      .type_name("METHOD")
      .one_of({names.begin(), names.end()});
  command.add_option("--percentile", options->percentile, "for --method percentile: the percentage of the elements that is kept (99.99)")
      .type_name("P")
      .from_to(50, 100);
  command.add_option("-o", options->output, "the file to write (default: NET.ranges in the current folder)").type_name("NET.ranges");
  command.add_flag("--force", options->force, "replace a file that is there");
  command.add_option("--threads", options->threads, "threads (one for each processor)").type_name("N").range(1, RN_MAX_THREADS);
  command.add_flag("--no-cache", options->no_cache, "compile every kernel anew and keep none");
  command.callback(
      [&invocation, options] { invocation.action = [&invocation, options] { return Calibration(*options, invocation).run(); }; });
}

}  // namespace resnetc::driver

/// \file The options that say with how many bits a network is computed, shared by all commands that compile.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "import/import.h"
#include "ir/element_type.h"
#include "ir/ranges.h"
#include "passes/any_ir.h"
#include "passes/context.h"

namespace resnetc::driver {

class Command;

/// What the options come to, for the passes.
struct Precision {
  ElementType weights = ElementType::f32;  ///< as PassContext's weights_element
  ElementType values = ElementType::f32;   ///< as PassContext's values_element, for targets that gain
  std::shared_ptr<const Ranges> ranges;    ///< null: there are no integers
  ValueNames keep_float;

  /// `best` is the best target of the library, or null if there is none. Without dot products of bf16 its values stay in f32: to widen each
  /// would cost more than reading it saves.
  void set(passes::PassContext& context, const Target* best) const;
};

struct PrecisionOptions {
  std::string weights;                  ///< --weights-precision; empty: f32
  std::string values;                   ///< --precision; empty: f32
  std::string ranges;                   ///< --ranges; empty: none
  std::vector<std::string> keep_float;  ///< --keep-float: layers, blocks or stages
  std::string own_ranges, own_path;     ///< of a quantized model: its ranges as text, and what they are called

  /// The options for what was read: a quantized model is computed with its own integers unless they say something else.
  PrecisionOptions with(const std::optional<importer::Imported>& model) const;
  bool integers() const { return values == "int8"; }
  bool bf16() const { return values == "bf16"; }
  Arithmetic arithmetic() const { return integers() ? Arithmetic::integers : bf16() ? Arithmetic::bf16 : Arithmetic::floats; }
  /// The option that asks for less than f32; empty if there is none.
  std::string_view given() const {
    return !weights.empty() ? "--weights-precision" : integers() ? "--precision int8" : bf16() ? "--precision bf16" : "";
  }
  /// Why GPUs have no such kernels, for cpu_option_fault().
  const char* for_cpus() const {
    return own_ranges.empty() ? "kernels with less than 32 bits are for the CPU"
                              : "the model's integers, which --precision f32 leaves out, are for the CPU";
  }
  /// Why the options do not fit each other; empty if they do.
  std::string fault() const;
  /// Reads the ranges for `ir`, of which `read` is what was read. Nothing, with errors in `diagnostics`, if the file has faults or is about
  /// another network, or if no layer has a name of keep_float.
  std::optional<Precision> read(const passes::AnyIr& ir, Diagnostics& diagnostics) const;
};

/// `options` must live as long as the command.
void add_precision_options(Command command, PrecisionOptions& options);

}  // namespace resnetc::driver

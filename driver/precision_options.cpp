/// \file Adds the options.
#include "driver/precision_options.h"

#include "driver/command_line.h"

namespace resnetc::driver {

void add_precision_options(Command command, PrecisionOptions& options) {
  command.add_option("--weights-precision", options.weights, "keep weights as f16 or bf16, in half the bytes; arithmetic stays in float32")
      .type_name("TYPE")
      .one_of({"f16", "bf16"});
}

}  // namespace resnetc::driver

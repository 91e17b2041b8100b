/// \file The known machines.
#include "ir/machine.h"

namespace resnetc {

const Machine& default_machine() {
  static constexpr Machine machine;
  return machine;
}

}  // namespace resnetc

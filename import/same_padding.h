/// \file Padding as TensorFlow has it.
#pragma once

#include "import/network.h"

namespace resnetc::importer {

/// Finds the convolutions and pools whose padding is that of `pad = same`, so that the text may say so (`Layer::same_pad`). Only in
/// networks where some have more of it at one end, as only TensorFlow's rule gives it; elsewhere the numbers say what the model says.
void find_same_padding(Network& network);

}  // namespace resnetc::importer

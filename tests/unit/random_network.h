/// \file Makes small random residual networks as text, and random schedules for them, in order to compare the compiler with the
/// interpreter.
#pragma once

#include <cstdint>
#include <string>

#include "ir/tuning.h"

/// A valid network called `random_network`. A seed gives the same network on every platform. Together the seeds cover: 1, 3, 17 and 40
/// channels; kernels of 1, 3, 5 and 7, strides, groups, dilation, biases; batch norms after and before convolutions; skips of any length,
/// bare and with layers, nested and overlapping, several from one value; concatenations, dense blocks, branches, slices; vectors and single
/// channels that are spread; gates; pools; padded channels; several outputs and heads; odd sizes; all input forms; lines in some networks.
/// With `for_gpus`, only layers that GPUs have.
std::string random_network(uint64_t seed, bool for_gpus = false);

/// For two of three works of the program's kernels, gives one of the schedules that tuning would measure. Another seed may find other
/// schedules.
resnetc::program::Tuning random_tuning(const resnetc::program::Program& program, uint64_t seed);

/// Edits the schedules of a planned program, as a reader of its text might, and packs the weights again for some of them. Keeps the edits
/// that the verifier accepts, and returns their number.
int edit_schedules(resnetc::program::Program& program, uint64_t seed);

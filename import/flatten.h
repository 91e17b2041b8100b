/// \file From a model to one flat list of operators.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "import/flat.h"
#include "import/model.h"
#include "support/failure.h"

namespace resnetc::importer {

/// The sizes that a user gives for open dimensions, by their names.
using Settings = std::map<std::string, int64_t, std::less<>>;

/// Inlines functions, follows the branch of each If, drops Identity and Dropout, computes what is constant, and finds the dimensions of
/// values. The batch stays open if the model leaves it open and no setting fixes it. With `up_to`, the only output is the value of that
/// name, and what does not lead to it is left out; else what leads to no output is. Names a node in every failure that concerns one.
Result<flat::Graph> flatten(const Model& model, const Settings& settings, const std::string& up_to);

}  // namespace resnetc::importer

/// \file A network's C interface: the names that the header, the entry functions and the linker share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/program.h"

namespace resnetc::codegen {

/// One of the caller's buffers.
struct Port {
  std::string name;    ///< name in the network
  std::string c_name;  ///< name of the argument of run, unique among the arguments and no keyword
  ElementType element = ElementType::f32;
  std::vector<int64_t> dims;  ///< in memory order, without the batch
  int64_t picture_bytes = 0;
};

struct Interface {
  std::string name;   ///< symbol prefix
  std::string macro;  ///< macro prefix: the name in upper case
  Port input;
  std::vector<Port> outputs;
};

Interface interface_of(const program::Program& program, const std::string& name);
/// All symbols that the library exports. There is one more if it has a program for a GPU.
std::vector<std::string> api_symbols(const Interface& interface, bool gpu);
/// Whether the name is a letter or an underscore, then letters, digits and underscores, and no keyword of C or C++.
bool is_c_identifier(const std::string& name);
/// The reason why `name` cannot be the name of a library: it is no identifier, or libNAME, NAME.h or NAME_create would have another
/// meaning. Empty if it can.
std::string name_fault(const std::string& name);
/// The name in upper case, for names of macros.
std::string upper(std::string name);

/// The bytes of the weights' data, up to the end of the last constant; a multiple of 64.
int64_t weights_data_bytes(const std::vector<program::Constant>& constants);

}  // namespace resnetc::codegen

/// \file Bytes of valid and invalid checkpoints for tests.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "codegen/weights/safetensors.h"

namespace checkpoint_test {

/// A file that states this size of its header.
inline std::string with_size(uint64_t header_bytes, const std::string& rest) {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[static_cast<size_t>(i)] = static_cast<char>(header_bytes >> (8 * i));
  return bytes + rest;
}

/// A file that states the true size of its header, with `data_bytes` bytes of data.
inline std::string file(const std::string& header, size_t data_bytes) {
  return with_size(header.size(), header + std::string(data_bytes, '\1'));
}

/// The member of a header for a tensor.
inline std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

/// The checkpoint of valid bytes.
inline std::unique_ptr<resnetc::codegen::Safetensors> good(const std::string& bytes) {
  resnetc::Sources sources;
  resnetc::Diagnostics diagnostics(sources);
  auto result = resnetc::codegen::Safetensors::from_bytes("w.safetensors", bytes, diagnostics);
  REQUIRE_MESSAGE(result != nullptr, diagnostics.render());
  return result;
}

}  // namespace checkpoint_test

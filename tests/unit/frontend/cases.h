/// \file Functions that the tests of the front end share.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "frontend/frontend.h"

inline const std::filesystem::path source_dir = RESNETC_SOURCE_DIR;

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The network of a valid text.
inline resnetc::topology::Network resolved(const std::string& text, const resnetc::FrontendOptions& options = {},
                                           const std::string& name = "test.rn") {
  resnetc::Sources sources;
  resnetc::Diagnostics diagnostics(sources);
  auto network = resnetc::parse_network(name, text, options, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(network.has_value());
  return *network;
}

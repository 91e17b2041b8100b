#include "tests/exactness/reference.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace resnetc::exactness {

Result<Reference> read_reference(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  // Version 1 of the format: magic, two bytes of version, two of the header's length, the header.
  constexpr size_t prefix = 10;
  if (bytes.size() < prefix || bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0) {
    return Failure{fmt::format("'{}' is missing or no .npy file of version 1", path)};
  }
  const size_t start = prefix + static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
  const std::string header = bytes.substr(prefix, start - prefix);
  const size_t shape = header.find("'shape': (");
  Reference reference;
  if (start > bytes.size() || header.find("'<f8'") == std::string::npos || header.find("'fortran_order': False") == std::string::npos ||
      shape == std::string::npos ||
      std::sscanf(header.c_str() + shape, "'shape': (%zu, %zu)", &reference.pictures, &reference.classes) != 2 ||
      (bytes.size() - start) / sizeof(double) != reference.pictures * reference.classes) {
    return Failure{fmt::format("'{}' is not float64 of shape [pictures, classes]", path)};
  }
  reference.values.resize(reference.pictures * reference.classes);
  std::memcpy(reference.values.data(), bytes.data() + start, reference.values.size() * sizeof(double));
  return reference;
}

}  // namespace resnetc::exactness

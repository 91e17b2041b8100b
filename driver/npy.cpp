/// \file Reads and writes NumPy arrays.
#include "driver/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <iterator>
#include <optional>

namespace resnetc::driver {

static_assert(std::endian::native == std::endian::little);

namespace {

/// The name of an element type in headers.
struct Descr {
  Array::Type type;
  std::string_view name;
  int64_t bytes;
};
constexpr Descr descrs[] = {{Array::Type::f32, "<f4", bytes_of(ElementType::f32)},
                            {Array::Type::f64, "<f8", sizeof(double)},
                            {Array::Type::u8, "|u1", bytes_of(ElementType::u8)}};

constexpr const Descr& descr_of(Array::Type type) { return descrs[static_cast<size_t>(type)]; }

/// Element `i` of these bytes.
double element_at(Array::Type type, std::string_view data, int64_t i) {
  const char* at = data.data() + i * descr_of(type).bytes;
  switch (type) {
    case Array::Type::f32: {
      float value = 0;
      std::memcpy(&value, at, sizeof value);
      return static_cast<double>(value);
    }
    case Array::Type::f64: {
      double value = 0;
      std::memcpy(&value, at, sizeof value);
      return value;
    }
    case Array::Type::u8: break;
  }
  return static_cast<unsigned char>(*at);
}

/// The text after `'key':` and blanks in the header's dictionary; nothing if there is no such key.
std::optional<std::string_view> value_of(std::string_view header, std::string_view key) {
  size_t at = header.find(fmt::format("'{}'", key));
  if (at == std::string_view::npos) return std::nullopt;
  header.remove_prefix(at + key.size() + 2);
  size_t start = header.find_first_not_of(" :");
  return header.substr(start == std::string_view::npos ? header.size() : start);
}

bool parse_shape(std::string_view text, std::vector<int64_t>& shape) {
  if (!text.starts_with('(')) return false;
  text.remove_prefix(1);
  while (true) {
    size_t start = text.find_first_not_of(" ,");
    if (start == std::string_view::npos) return false;
    text.remove_prefix(start);
    if (text.starts_with(')')) return true;
    int64_t value = 0;
    auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < 0 || shape.size() == 32) return false;
    shape.push_back(value);
    text.remove_prefix(static_cast<size_t>(stop - text.data()));
  }
}

}  // namespace

int64_t ArrayView::elements() const {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  return n;
}

double ArrayView::at(int64_t i) const { return element_at(type, data, i); }
double Array::at(int64_t i) const { return element_at(type, data, i); }

Result<ArrayView> view_npy(std::string_view file) {
  const auto fail = [](std::string reason) { return Failure{std::move(reason)}; };
  if (!file.starts_with(npy_beginning) || file.size() < 10) return fail("it is not a .npy file");
  auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<unsigned char>(file[at])); };
  size_t version = byte(6);
  size_t prefix = version == 1 ? 10 : 12;
  if (version < 1 || version > 3) return fail(fmt::format("its format version {} is not known", version));
  if (file.size() < prefix) return fail("it is cut short");
  size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > file.size() - prefix) return fail("it is cut short");
  std::string_view header = file.substr(prefix, length);
  std::string_view data = file.substr(prefix + length);

  auto descr = value_of(header, "descr");
  auto order = value_of(header, "fortran_order");
  auto shape = value_of(header, "shape");
  if (!descr || !order || !shape) return fail("its header is damaged");
  ArrayView array;
  const auto* known =
      std::find_if(std::begin(descrs), std::end(descrs), [&](const Descr& d) { return descr->starts_with(fmt::format("'{}'", d.name)); });
  if (known == std::end(descrs)) return fail("its elements are neither float32, float64 nor uint8");
  array.type = known->type;
  if (!order->starts_with("False")) return fail("it is in Fortran order; save it with numpy.ascontiguousarray");
  if (!parse_shape(*shape, array.shape)) return fail("its header is damaged");
  auto bytes = static_cast<uint64_t>(known->bytes);
  for (int64_t d : array.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(d), &bytes)) return fail("its shape is too large");
  }
  if (bytes != data.size()) return fail(fmt::format("its shape wants {} bytes of data, it has {}", bytes, data.size()));
  array.data = data;
  return array;
}

Result<Array> parse_npy(std::string_view file) {
  Result<ArrayView> array = view_npy(file);
  if (!array) return array.failure();
  return Array{array->type, std::move(array->shape), std::string(array->data)};
}

std::string npy_header(const std::vector<int64_t>& shape, ElementType element) {
  std::string dims;
  for (int64_t d : shape) dims += fmt::format("{}, ", d);
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   descr_of(element == ElementType::u8 ? Array::Type::u8 : Array::Type::f32).name, dims);
  size_t total = (10 + header.size() + 1 + 63) / 64 * 64;  // the data must start at a multiple of 64
  header.resize(total - 10 - 1, ' ');
  header += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  return out + header;
}

std::string npy_of(std::span<const float> values, const std::vector<int64_t>& shape) {
  std::string out = npy_header(shape);
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  return out;
}

std::string shape_text(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

}  // namespace resnetc::driver

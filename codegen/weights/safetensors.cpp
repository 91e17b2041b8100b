/// \file Maps checkpoints, checks the places of tensors, and reads values.
#include "codegen/weights/safetensors.h"

#include <fmt/format.h>
#include <llvm/Support/Endian.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "codegen/weights/checkpoint_format.h"
#include "codegen/weights/safetensors_header.h"
#include "ir/forms/text.h"
#include "support/mapped_file.h"

namespace resnetc::codegen {

struct Safetensors::State {
  std::string name;
  std::string owned;                   ///< the bytes of from_bytes()
  std::unique_ptr<MappedFile> mapped;  ///< the file of open()
  std::string_view bytes;
  std::map<std::string, Entry> entries;
  std::string stripped;
  std::vector<std::string> hidden;
};

namespace {

/// The limit of the reference implementation. The size that a header states is also compared with the file's size.
constexpr uint64_t max_header_bytes = 100'000'000;

Location whole_file(const std::string& name, Diagnostics& diagnostics) { return {diagnostics.sources().named(name), 0, 0, 0}; }

/// Checks that the tensors fill the data and that each byte belongs to exactly one tensor.
Result<> check_places(const std::map<std::string, Safetensors::Entry>& entries, uint64_t data_bytes) {
  std::vector<std::pair<const std::string*, const Safetensors::Entry*>> order;
  for (const auto& [name, entry] : entries) order.emplace_back(&name, &entry);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second->begin, a.second->end, *a.first) < std::tie(b.second->begin, b.second->end, *b.first);
  });
  uint64_t end = 0;
  const std::string* before = nullptr;
  for (const auto& [name, entry] : order) {
    if (entry->end > data_bytes) {
      return Failure{fmt::format("tensor '{}': its data ends at byte {}, but the file has {} bytes of data; it may be truncated",
                                 text::shown(*name), entry->end, data_bytes)};
    }
    if (entry->begin < end) return Failure{fmt::format("tensors '{}' and '{}' overlap", text::shown(*before), text::shown(*name))};
    if (entry->begin > end) {
      return Failure{fmt::format("the {} bytes of data before tensor '{}' belong to no tensor", entry->begin - end, text::shown(*name))};
    }
    end = entry->end;
    before = name;
  }
  if (end != data_bytes) return Failure{fmt::format("the last {} bytes of data belong to no tensor", data_bytes - end)};
  return {};
}

Result<std::map<std::string, Safetensors::Entry>> read_entries(std::string_view bytes) {
  if (bytes.size() < 8) return Failure{fmt::format("not a safetensors file: {} bytes are too few", bytes.size())};
  const uint64_t header_bytes = llvm::support::endian::read64le(bytes.data());
  if (header_bytes > max_header_bytes) {
    return Failure{fmt::format("not a safetensors file: it claims a header of {} bytes, more than {}", header_bytes, max_header_bytes)};
  }
  if (header_bytes > bytes.size() - 8) {
    return Failure{fmt::format("the header is said to have {} bytes, but the file has only {} more; it may be truncated", header_bytes,
                               bytes.size() - 8)};
  }
  const uint64_t data_begin = 8 + header_bytes;
  Result<std::map<std::string, Safetensors::Entry>> entries = read_safetensors_header(bytes.substr(8, header_bytes));
  if (!entries) return entries;
  if (const Result<> good = check_places(*entries, bytes.size() - data_begin); !good) return good.failure();
  for (auto& [name, entry] : *entries) {
    entry.begin += data_begin;
    entry.end += data_begin;
  }
  return entries;
}

double from_half(uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  double value = 0;
  if (exponent == 0x1f) {
    value = fraction == 0 ? HUGE_VAL : std::nan("");
  } else {
    value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

template <typename Bits, typename Convert>
std::vector<double> convert(std::string_view bytes, Convert to_double) {
  std::vector<double> values(bytes.size() / sizeof(Bits));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = to_double(llvm::support::endian::read<Bits, llvm::endianness::little>(bytes.data() + i * sizeof(Bits)));
  }
  return values;
}

}  // namespace

Safetensors::Safetensors(std::unique_ptr<State> state) : state_(std::move(state)) {}
Safetensors::~Safetensors() = default;

const std::string& Safetensors::name() const { return state_->name; }
const std::map<std::string, Safetensors::Entry>& Safetensors::entries() const { return state_->entries; }

std::unique_ptr<Safetensors> Safetensors::open(const std::string& path, Diagnostics& diagnostics) {
  Result<std::unique_ptr<MappedFile>> mapped = MappedFile::open(path);
  if (!mapped) {
    diagnostics.error({}, mapped.failure().text);
    return nullptr;
  }
  auto state = std::make_unique<State>();
  state->name = path;
  state->mapped = std::move(*mapped);
  state->bytes = state->mapped->bytes();
  return read(std::move(state), diagnostics);
}

std::unique_ptr<Safetensors> Safetensors::from_bytes(std::string name, std::string bytes, Diagnostics& diagnostics) {
  auto state = std::make_unique<State>();
  state->name = std::move(name);
  state->owned = std::move(bytes);
  state->bytes = state->owned;
  return read(std::move(state), diagnostics);
}

std::unique_ptr<Safetensors> Safetensors::read(std::unique_ptr<State> state, Diagnostics& diagnostics) {
  Result<std::map<std::string, Entry>> entries = read_entries(state->bytes);
  if (entries) {
    state->entries = std::move(*entries);
    return std::unique_ptr<Safetensors>(new Safetensors(std::move(state)));
  }
  const Location at = whole_file(state->name, diagnostics);
  if (const std::optional<ForeignFile> foreign = foreign_file(state->name, state->bytes)) {
    diagnostics.error(at, fmt::format("not a safetensors file but {}", foreign->what)).note(at, foreign->remedy);
  } else {
    diagnostics.error(at, entries.failure().text);
  }
  return nullptr;
}

bool Safetensors::strip_prefix(const std::string& prefix, Diagnostics& diagnostics) {
  std::map<std::string, Entry> renamed;
  for (const auto& [name, entry] : state_->entries) {
    if (name.starts_with(prefix)) renamed.emplace(name.substr(prefix.size()), entry);
  }
  if (renamed.empty() && !state_->entries.empty()) {
    diagnostics.error(whole_file(state_->name, diagnostics), fmt::format("no tensor's name begins with '{}'; the first is '{}'",
                                                                         text::shown(prefix), text::shown(state_->entries.begin()->first)));
    return false;
  }
  for (const auto& [name, entry] : state_->entries) {
    if (!name.starts_with(prefix) && !renamed.emplace(name, entry).second) state_->hidden.push_back(name);
  }
  state_->entries = std::move(renamed);
  state_->stripped += prefix;
  return true;
}

const std::string& Safetensors::stripped() const { return state_->stripped; }
const std::vector<std::string>& Safetensors::hidden() const { return state_->hidden; }

bool Safetensors::holds(const std::vector<int64_t>& stored, const std::vector<int64_t>& wanted) {
  if (stored.size() == wanted.size()) return stored == wanted;
  const auto without_ones = [](std::vector<int64_t> shape) {
    std::erase(shape, 1);
    return shape;
  };
  return without_ones(stored) == without_ones(wanted);
}

std::vector<double> Safetensors::read(const std::string& name, const std::vector<int64_t>& shape) const {
  const auto found = state_->entries.find(name);
  if (found == state_->entries.end() || !holds(found->second.shape, shape)) return {};
  const Entry& entry = found->second;
  const std::string_view bytes = state_->bytes.substr(entry.begin, entry.end - entry.begin);
  if (entry.dtype == "F32") return convert<uint32_t>(bytes, [](uint32_t bits) { return static_cast<double>(std::bit_cast<float>(bits)); });
  if (entry.dtype == "F64") return convert<uint64_t>(bytes, [](uint64_t bits) { return std::bit_cast<double>(bits); });
  if (entry.dtype == "F16") return convert<uint16_t>(bytes, from_half);
  if (entry.dtype == "BF16") {
    return convert<uint16_t>(bytes,
                             [](uint16_t bits) { return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits) << 16)); });
  }
  return {};
}

}  // namespace resnetc::codegen

/// \file The cache of kernels. An entry is a header and the object:
///     8 bytes "RNKERN01", 8 bytes size of the object, 16 bytes XXH3-128 of the object, the object
#include "codegen/kernel_cache.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/SHA256.h>

#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace resnetc::codegen {

namespace fs = std::filesystem;

namespace {

constexpr char entry_magic[8] = {'R', 'N', 'K', 'E', 'R', 'N', '0', '1'};
constexpr std::string_view entry_extension = ".rnkernel";

struct Header {
  char magic[8];
  uint64_t bytes;
  XXH128_canonical_t checksum;
};
static_assert(sizeof(Header) == 32);

XXH128_canonical_t checksum_of(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return canonical;
}

}  // namespace

std::string KernelCache::key(std::string_view content) {
  const std::array<uint8_t, 32> hash =
      llvm::SHA256::hash(llvm::ArrayRef<uint8_t>(reinterpret_cast<const uint8_t*>(content.data()), content.size()));
  return llvm::toHex(hash, true);
}

std::string KernelCache::path(const std::string& key) const { return directory_ + "/" + key + std::string(entry_extension); }

std::optional<std::string> KernelCache::find(const std::string& key) const {
  if (directory_.empty()) return std::nullopt;
  const std::string file = path(key);
  std::error_code failed;
  const uintmax_t size = fs::file_size(file, failed);
  if (failed || size <= sizeof(Header) || size > (uintmax_t{1} << 30)) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  Header header;
  std::string bytes(static_cast<size_t>(size) - sizeof header, '\0');
  if (!in.read(reinterpret_cast<char*>(&header), sizeof header)) return std::nullopt;
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
  if (std::memcmp(header.magic, entry_magic, sizeof entry_magic) != 0 || header.bytes != bytes.size()) return std::nullopt;
  const XXH128_canonical_t checksum = checksum_of(bytes);
  if (std::memcmp(&header.checksum, &checksum, sizeof checksum) != 0) return std::nullopt;
  fs::last_write_time(file, fs::file_time_type::clock::now(), failed);  // its age counts from its last use
  return bytes;
}

void KernelCache::store(const std::string& key, std::string_view bytes) const {
  if (directory_.empty()) return;
  std::error_code failed;
  fs::create_directories(directory_, failed);
  static std::atomic<unsigned> number{0};
  const std::string temporary = path(key) + "." + std::to_string(getpid()) + "." + std::to_string(number++) + ".tmp";
  Header header;
  std::memcpy(header.magic, entry_magic, sizeof entry_magic);
  header.bytes = bytes.size();
  header.checksum = checksum_of(bytes);
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(&header), sizeof header);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) fs::rename(temporary, path(key), failed);
  if (!out || failed) fs::remove(temporary, failed);
}

void KernelCache::evict() const {
  if (directory_.empty()) return;
  struct Entry {
    fs::path path;
    fs::file_time_type used;
    int64_t bytes;
  };
  std::vector<Entry> entries;
  int64_t total = 0;
  std::error_code failed;
  const fs::file_time_type hour_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  for (fs::directory_iterator it(directory_, failed), end; !failed && it != end; it.increment(failed)) {
    std::error_code skip;
    const std::string name = it->path().filename().string();
    const fs::file_time_type used = fs::last_write_time(it->path(), skip);
    if (skip) continue;
    // A process that was killed while writing left its temporary file.
    if (name.ends_with(".tmp") && name.find(entry_extension) != std::string::npos && used < hour_ago) fs::remove(it->path(), skip);
    if (!name.ends_with(entry_extension)) continue;
    const int64_t bytes = static_cast<int64_t>(fs::file_size(it->path(), skip));
    if (skip) continue;
    entries.push_back({it->path(), used, bytes});
    total += bytes;
  }
  if (total <= limit_bytes_) return;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : entries) {
    if (total <= limit_bytes_) return;
    std::error_code skip;
    if (fs::remove(entry.path, skip)) total -= entry.bytes;
  }
}

}  // namespace resnetc::codegen

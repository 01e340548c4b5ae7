// An unlinked file and positioned reads: what was read before stays in the system's cache, not in our memory.
// SPDX-License-Identifier: MIT
#include "signal/sample_store.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "signal/boxes.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

std::size_t size_of(StoredType type) { return type == StoredType::u8 ? 1 : type == StoredType::u16 ? 2 : 4; }

class StoredSamples final : public Samples {
 public:
  StoredSamples(std::vector<std::int64_t> sizes, int channels, StoredType type, int descriptor)
      : Samples(std::move(sizes), channels), type_(type), descriptor_(descriptor) {}
  ~StoredSamples() override { ::close(descriptor_); }

  void read(std::span<const std::int64_t> first, std::span<const std::int64_t> count, float* out) const override {
    for_runs(sizes(), channels(), first, count, [&](std::int64_t start, std::int64_t length) {
      read_run(start, length, out);
      out += length;
    });
  }
  void read_point(std::int64_t index, float* out) const override { read_run(index * channels(), channels(), out); }

 private:
  void read_run(std::int64_t start, std::int64_t length, float* out) const {
    const auto n = static_cast<std::size_t>(length);
    // At the end of the run's own place: it is read in its type and widened from the front.
    std::byte* const raw = reinterpret_cast<std::byte*>(out) + n * (sizeof(float) - size_of(type_));
    read_bytes({raw, n * size_of(type_)}, start * static_cast<std::int64_t>(size_of(type_)));
    if (type_ == StoredType::f32) return;
    for (std::size_t i = 0; i < n; ++i) {
      if (type_ == StoredType::u8) {
        out[i] = static_cast<float>(std::to_integer<int>(raw[i]));
      } else {
        std::uint16_t value = 0;
        std::memcpy(&value, raw + 2 * i, sizeof value);
        out[i] = static_cast<float>(value);
      }
    }
  }

  void read_bytes(std::span<std::byte> bytes, std::int64_t offset) const {
    while (!bytes.empty()) {
      const ssize_t got = ::pread(descriptor_, bytes.data(), bytes.size(), offset);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0)
        throw failure(
            fmt::format("the decoded samples cannot be read again: {}", got < 0 ? std::strerror(errno) : "end of file"),
            "check the disk");
      bytes = bytes.subspan(static_cast<std::size_t>(got));
      offset += got;
    }
  }

  StoredType type_;
  int descriptor_;
};

}  // namespace

SampleStore::SampleStore(const std::filesystem::path& folder, StoredType type) : folder_(folder), type_(type) {
  std::string name = ((folder.empty() ? std::filesystem::path(".") : folder) / ".sinefield-samples-XXXXXX").string();
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0)
    throw failure(fmt::format("no room for decoded samples in {}: {}", folder_.string(), std::strerror(errno)),
                  "the output's folder must be writable");
  ::unlink(name.c_str());
}

SampleStore::~SampleStore() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

SampleStore::SampleStore(SampleStore&& other) noexcept
    : folder_(std::move(other.folder_)),
      type_(other.type_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      crc_(other.crc_) {}

void SampleStore::append(std::span<const std::byte> bytes) {
  crc_.add(bytes);
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0)
      throw failure(fmt::format("the decoded samples do not fit into {}: {}", folder_.string(), std::strerror(errno)),
                    "free some space there, or write the model elsewhere");
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

std::shared_ptr<const Samples> SampleStore::samples(std::vector<std::int64_t> sizes, int channels) && {
  return std::make_shared<StoredSamples>(std::move(sizes), channels, type_, std::exchange(descriptor_, -1));
}

}  // namespace sinefield

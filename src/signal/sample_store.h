// Samples on disk, in a file without a name that goes with the process, however it ends. Written from front to back,
// then read box by box.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/checksum.h"
#include "sinefield/signal.h"

namespace sinefield {

enum class StoredType : std::uint8_t { u8, u16, f32 };

class SampleStore {
 public:
  /// Throws failure where the folder has no room or is not writable.
  SampleStore(const std::filesystem::path& folder, StoredType);
  ~SampleStore();
  SampleStore(SampleStore&&) noexcept;
  SampleStore& operator=(SampleStore&&) = delete;

  /// Samples of the type, in the machine's order. Throws failure on a full disk.
  void append(std::span<const std::byte>);
  std::string checksum() const { return crc_.text(); }

  /// What was appended, as samples; the store is empty after it.
  std::shared_ptr<const Samples> samples(std::vector<std::int64_t> sizes, int channels) &&;

 private:
  std::filesystem::path folder_;
  StoredType type_;
  int descriptor_ = -1;
  Crc32 crc_;
};

}  // namespace sinefield

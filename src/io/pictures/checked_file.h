// A file that a codec library writes through, beside its target: keeps the system's first error, which the codec
// libraries partly ignore, and leaves nothing behind unless it is renamed to the target.
// SPDX-License-Identifier: MIT
#pragma once

#include <OpenImageIO/filesystem.h>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace sinefield {

class CheckedFile final : public OIIO::Filesystem::IOProxy {
 public:
  /// Creates a file in the folder of `target`, with the same extension. See `system_error` for success.
  explicit CheckedFile(const std::filesystem::path& target);
  CheckedFile(const CheckedFile&) = delete;
  CheckedFile& operator=(const CheckedFile&) = delete;
  ~CheckedFile() override;

  /// `bytes` will be put in when the writing reaches `offset`. For files that are written from front to back only.
  void insert_at(std::int64_t offset, std::vector<std::uint8_t> bytes);

  const std::filesystem::path& file() const { return file_; }

  /// The errno of what went wrong first, 0 where all went well.
  int system_error() const { return error_; }

  /// Flushes to the disk, closes and renames to the target, unless there was an error.
  void commit();

  const char* proxytype() const override { return "sinefield"; }
  void close() override;
  size_t read(void* buffer, size_t size) override;
  size_t pread(void* buffer, size_t size, std::int64_t offset) override;
  size_t write(const void* buffer, size_t size) override;
  size_t pwrite(const void* buffer, size_t size, std::int64_t offset) override;
  size_t size() const override;

 private:
  void remember_errno();

  std::filesystem::path target_, file_;
  std::int64_t insert_offset_ = -1;
  std::vector<std::uint8_t> insertion_;
  int descriptor_ = -1;
  int error_ = 0;
};

}  // namespace sinefield

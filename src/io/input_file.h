// Bytes at offsets, from a regular file or from memory, with the errors of both in one place. Nothing is trusted: a
// read outside the bytes, or a file that shrinks while it is read, is bad_input. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace sinefield {

class InputFile {
 public:
  /// Throws bad_input where the file is missing, unreadable or not a regular file.
  explicit InputFile(const std::filesystem::path&);
  /// Views memory of the caller; `name` stands for the file in messages.
  InputFile(std::span<const std::byte> memory, std::string name);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& name() const noexcept { return name_; }
  std::uint64_t size() const noexcept { return size_; }

  /// Fills `bytes` from `offset` on.
  void read(std::uint64_t offset, std::span<std::byte> bytes) const;

 private:
  std::string name_;
  std::span<const std::byte> memory_;
  int descriptor_ = -1;  // -1: memory_
  std::uint64_t size_ = 0;
};

}  // namespace sinefield

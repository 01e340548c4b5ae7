// The bytes of a file from an offset on, in order: as they lie there, or decompressed from gzip on the way, with memory
// for one block. What follows the last gzip member without being one is left out, as gzip itself does.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "io/input_file.h"

namespace sinefield {

enum class Packing : std::uint8_t { none, gzip };

class ByteStream {
 public:
  /// Keeps a reference to the file.
  ByteStream(const InputFile&, std::uint64_t offset, Packing);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  /// The next bytes, and how many they are: fewer than asked for only at the end. Throws bad_input for compressed data
  /// that are damaged or end too early; their checksum is compared when the end is reached.
  std::size_t read(std::span<std::byte> bytes);

  /// Reads up to `count` bytes away, and says how many there were.
  std::uint64_t skip(std::uint64_t count);

 private:
  struct Inflater;

  std::size_t inflated(std::span<std::byte> bytes);
  void refill();
  bool at_next_member();

  const InputFile& file_;
  std::uint64_t at_;  // of the next byte to read from the file
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace sinefield

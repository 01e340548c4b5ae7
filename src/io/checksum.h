// CRC-32 (zlib) as the files of the house write it: "crc32:" and eight hexadecimal digits.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sinefield {

class Crc32 {
 public:
  void add(std::span<const std::byte>);
  std::string text() const;

 private:
  std::uint32_t value_ = 0;
};

/// Ends the text of a JSON object whose closing brace has been left out with a member "metadata_checksum" over all of
/// it.
std::string sealed(std::string text);

/// Whether a text ends with the seal that is its own.
bool seal_is_right(std::string_view text);

}  // namespace sinefield

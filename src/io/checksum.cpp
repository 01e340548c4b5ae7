// CRC-32 by zlib.
// SPDX-License-Identifier: MIT
#include "io/checksum.h"

#include <fmt/core.h>
#include <zlib.h>

namespace sinefield {
namespace {

std::string seal_of(std::string_view text) {
  Crc32 crc;
  crc.add(std::as_bytes(std::span(text.data(), text.size())));
  return fmt::format(",\"metadata_checksum\":\"{}\"}}", crc.text());
}

}  // namespace

void Crc32::add(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;  // zlib takes a null pointer for the wish to begin anew
  value_ = static_cast<std::uint32_t>(::crc32_z(value_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string Crc32::text() const { return fmt::format("crc32:{:08x}", value_); }

std::string sealed(std::string text) {
  text += seal_of(text);
  return text;
}

bool seal_is_right(std::string_view text) {
  const std::size_t length = seal_of("").size();
  return text.size() >= length && text.substr(text.size() - length) == seal_of(text.substr(0, text.size() - length));
}

}  // namespace sinefield

// Base64, strict when reading: one text for one sequence of bytes.
// SPDX-License-Identifier: MIT
#include "io/base64.h"

#include <algorithm>

namespace sinefield {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64_text(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t given = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < given ? bytes[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += j <= given ? alphabet[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

std::optional<std::vector<std::uint8_t>> base64_bytes(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  if (text.size() % 4 != 0) return std::nullopt;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::string_view digits = text.substr(i, 4);
    std::uint32_t group = 0;
    for (const char digit : digits) {
      const std::size_t value = alphabet.find(digit);
      group = group << 6 | static_cast<std::uint32_t>(value == alphabet.npos ? 0 : value);
    }
    for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(group >> shift & 255U));
    if (i + 4 == text.size()) {
      if (digits[3] == '=') bytes.pop_back();
      if (digits[2] == '=' && digits[3] == '=') bytes.pop_back();
    }
  }
  // Writing it again finds foreign characters, padding in the middle and spare bits all at once.
  if (base64_text(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace sinefield

// Base64 with padding (RFC 4648, section 4), for bytes inside JSON.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinefield {

std::string base64_text(std::span<const std::uint8_t> bytes);

/// Nothing where the text is not exactly what `base64_text` writes: no white space, no missing padding, no spare bits.
std::optional<std::vector<std::uint8_t>> base64_bytes(std::string_view text);

}  // namespace sinefield

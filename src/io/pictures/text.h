// Text on 8-bit RGB pictures for people: OpenImageIO's letters in DejaVu Sans.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sinefield/picture.h"

namespace sinefield {

using Colour = std::array<float, 3>;  ///< red, green, blue in 0..255

constexpr Colour ink = {38, 38, 38};

/// Pixels from the left to the right end of a line of text; 0 of an empty one. Throws bad_input where the font is
/// missing.
std::int64_t text_width(const std::string& line, int size);

enum class TextAlign : std::uint8_t { left, centre, right };

/// Draws one line with its baseline there, where `column` is the left end, the middle or the right end. What lies
/// outside the picture is cut off. The samples are no longer whole numbers at the edges of letters.
void draw_text(Picture& canvas, std::int64_t column, std::int64_t baseline, const std::string& line, int size,
               const Colour& colour, TextAlign align);

}  // namespace sinefield

// Colours, boxes and lines on 8-bit RGB pictures for people, beside the letters of text.h.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/pictures/text.h"
#include "sinefield/picture.h"

namespace sinefield {

constexpr Colour white = {255, 255, 255}, soft_ink = {105, 105, 105};

/// Along even steps of colours, t from 0 to 1.
template <std::size_t n>
Colour between(const std::array<Colour, n>& anchors, double t) {
  const double at = std::clamp(t, 0.0, 1.0) * (n - 1);
  const auto below = std::min(static_cast<std::size_t>(at), n - 2);
  const auto part = static_cast<float>(at - static_cast<double>(below));
  Colour colour;
  for (std::size_t c = 0; c < 3; ++c) colour[c] = std::lerp(anchors[below][c], anchors[below + 1][c], part);
  return colour;
}

struct Box {
  std::int64_t left, top, width, height;

  std::int64_t right() const { return left + width; }
  std::int64_t bottom() const { return top + height; }
};

/// What lies inside of a box, which lies inside of the picture.
void fill(Picture& canvas, const Box&, const Colour&);

/// Lines of this thickness around a box, outside of it.
void draw_frame(Picture& canvas, const Box&, std::int64_t thickness);

/// A line of some thickness through points, its ends round; points are in pixels from the box's upper left corner, and
/// what lies outside of the box is cut off.
void draw_line(Picture& canvas, const Box& box, const std::vector<std::array<double, 2>>& points, double thickness,
               const Colour& colour);

}  // namespace sinefield

// Slices of a volume as pictures for people to look at. No files here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "sinefield/picture.h"

namespace sinefield {

enum class RowOrder : std::uint8_t {
  first_on_top,
  first_at_bottom,  ///< for rows that run to the front or upwards, as those of NIfTI's axes: front or head come on top
};

/// An 8-bit picture of a slice, (height, width, channel): grey of one channel, RGB of three. `low` becomes 0 and `high`
/// 255, what lies outside is clipped; where they are equal, samples above them are white and the rest black.
/// `pixel_aspect` is the height of a sample in space divided by its width; the picture is stretched, linearly between
/// the samples, in height where it is above 1 and in width where it is below, so that its pixels are square in space.
/// Throws bad_input for spans of another size, other channels, samples, bounds or aspects that are not finite, low
/// above high, an aspect that is not above 0, and pictures that would be longer than 65,500 pixels by stretching.
Picture slice_picture(std::span<const float> samples, std::int64_t height, std::int64_t width, int channels, double low,
                      double high, double pixel_aspect, RowOrder);

}  // namespace sinefield

// Pictures of derivatives for people to look at, and the finite differences that the derivatives of a fitted picture
// are compared with. Works on planes: one scalar for each pixel, (height, width) row-major. No files here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sinefield/picture.h"

namespace sinefield {

/// The one scalar for each pixel that views are made of: the mean of the colour channels mapped to [-1, 1], integer
/// types from their full scale, f32 from min and max over its colour channels (0 where they are constant).
std::vector<float> luminance_plane(const Picture&);

/// Derivatives along the rows' index (downwards) and the columns' index (to the right).
struct PlaneGradient {
  std::vector<float> d_row, d_column;  ///< (height, width)
};

/// As scipy.ndimage.sobel along axis 0 and axis 1: the 3 x 3 kernel not normalised (8 times a derivative by pixels),
/// the plane reflected about its edges.
PlaneGradient sobel(std::int64_t height, std::int64_t width, std::span<const float> plane);

/// As scipy.ndimage.laplace: the 5-point kernel, the plane reflected about its edges.
std::vector<float> laplace(std::int64_t height, std::int64_t width, std::span<const float> plane);

/// An 8-bit RGB picture of a gradient: hue = (atan2(d_column, d_row) + pi) / (2 pi), saturation 1, value = magnitude
/// scaled from its 5th to its 95th percentile. Where these are equal, pixels above them are bright and the rest black.
Picture gradient_picture(std::int64_t height, std::int64_t width, std::span<const float> d_row,
                         std::span<const float> d_column);

/// An 8-bit RGB picture of a Laplacian: negative red, zero white, positive blue (ColorBrewer's RdBu), symmetric about
/// zero, saturated at the larger magnitude of its 2nd and 98th percentiles.
Picture laplacian_picture(std::int64_t height, std::int64_t width, std::span<const float> laplacian);

// All of these throw bad_input where a span does not hold height x width values (at least one), and the pictures where
// a value is not finite.

}  // namespace sinefield

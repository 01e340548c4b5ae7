// Which pixels a run learns from, and the figures of a field over them and over those that were held out.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "sinefield/fit.h"

namespace sinefield {

/// The pixels of even rows and even columns as a picture of their own.
Picture every_second_pixel(const Picture&);

/// The axes of a field that is fitted to `every_second_pixel` of a picture, from pixels of the whole picture.
std::vector<AxisMap> every_second_pixel_axes(const PictureFormat& whole);

struct FitFigures {
  PictureMeasures measures;  ///< over the pixels that the run learns from
  /// dB over the colour channels of the other pixels inside the hull of those; nothing where none are held out.
  std::optional<double> held_out_psnr;
};

/// The figures of the picture that the field would be written as. `learned`: the pixels that the run learns from
/// (`whole` itself where nothing is held out).
FitFigures evaluate(const Field&, const Picture& whole, const Picture& learned, Holdout, const ComputeOptions&);

}  // namespace sinefield

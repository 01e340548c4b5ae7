// How close one picture is to another, and the rounding that a picture goes through when it is written: every figure is
// computed from the picture as its file will hold it. No files are read or written here.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "sinefield/picture.h"

namespace sinefield {

/// The value that a file of this type holds for a sample: clipped to 0..full scale and rounded, halves up; f32 as it
/// is. NaN stays NaN, so that a figure computed from it shows it.
inline float quantised(float value, SampleType type) {
  if (type == SampleType::f32) return value;
  return static_cast<float>(std::floor(std::clamp<double>(value, 0.0, full_scale(type)) + 0.5));
}

/// Every sample as the file of `picture.format.type` holds it.
void quantise(Picture& picture);

struct PictureMeasures {
  double psnr;        ///< dB over the colour channels; +infinity where they are identical
  double ssim;        ///< mean structural similarity over the colour channels, <= 1
  double psnr_alpha;  ///< dB of the alpha channel; NaN where there is none
  double mse;         ///< mean squared error over the colour channels, in file units squared
};

/// Measures a picture that arrives in strips of rows, with memory for a few rows beside the original; the result does
/// not depend on how the rows are cut. In double precision throughout.
///
/// PSNR: the peak is the full scale of integer types; for f32 it is max - min of the original's colour channels (1
/// where they are constant), and 1 for f32 alpha. SSIM: the default of scikit-image's `structural_similarity`: uniform
/// 7 x 7 window, K1 0.01, K2 0.03, sample covariance, mean over the windows that lie wholly inside, data range = the
/// peak. Along an axis shorter than 7 the window is the largest odd length that fits; a window of one pixel has
/// variance 0.
class PictureComparison {
 public:
  /// Keeps a reference to `original`, which must outlive this object. `peak` takes the place of the picture's own where
  /// it is a part of something larger; alpha keeps its own. Throws bad_input for a picture without pixels or colour
  /// channels, for one whose samples do not match its format, and for a peak that is not a finite number above 0.
  explicit PictureComparison(const Picture& original, std::optional<double> peak = {});
  PictureComparison(PictureComparison&&) noexcept;
  PictureComparison& operator=(PictureComparison&&) noexcept;
  ~PictureComparison();

  /// Rows of the result, (rows, width, channel), quantised, in file units, in order from the top.
  /// Throws bad_input for rows out of order, parts of rows and rows beyond the last.
  void add_rows(std::int64_t first_row, std::span<const float> rows);

  /// Throws bad_input while rows are missing.
  PictureMeasures result() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The same in one call. Throws bad_input where height, width, channel count or alpha channel differ.
PictureMeasures compare(const Picture& result, const Picture& original);

}  // namespace sinefield

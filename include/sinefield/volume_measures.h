// How close one volume is to another. No files are read or written here.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "sinefield/picture.h"
#include "sinefield/volume.h"

namespace sinefield {

struct VolumeMeasures {
  double psnr;     ///< dB; the peak is max - min of the original, 1 where it is constant; +infinity where identical
  double mse;      ///< in the file's units squared, over voxels and channels
  double ssim;     ///< mean over the slices along z, each as a float picture (measures.h) with the volume's peak; <= 1
  double largest;  ///< largest absolute error, in the file's units
};

/// Measures a volume that arrives slice by slice along z, with memory for one slice.
class VolumeComparison {
 public:
  /// `peak`: max - min of the original, above 0.
  VolumeComparison(const VolumeFormat&, double peak);
  /// Whole slices of both, (slices, y, x, channel), in order. Throws bad_input for parts of slices.
  void add(std::span<const float> result, std::span<const float> original);
  VolumeMeasures result() const;

 private:
  Picture slice_;
  double peak_;
  double squares_ = 0, similarity_ = 0, largest_ = 0;
  std::size_t samples_ = 0;
};

/// Both as they are: quantise the result first where its file will be. In double precision throughout, with memory for
/// one slice beside the volumes. Throws bad_input where sizes or channels differ, and for a volume without voxels or
/// with samples that do not match its format.
VolumeMeasures compare(const Volume& result, const Volume& original);

}  // namespace sinefield

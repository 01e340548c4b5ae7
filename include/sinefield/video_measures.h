// How close one video is to another, frame by frame. No files are read or written here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sinefield/video.h"

namespace sinefield {

struct VideoMeasures {
  double psnr;        ///< dB over all frames together; peak = full scale; +infinity where they are identical
  double psnr_mean;   ///< mean of the frames' own, without those that are identical; +infinity where all are
  double psnr_least;  ///< of the worst frame
  double ssim;        ///< mean of the frames': as PictureMeasures; NaN where it was not asked for
};

/// Which figures a comparison is for: beside the PSNR those of a video take long.
enum class FiguresWanted : std::uint8_t {
  psnr,  ///< that alone: a look on the way
  all,
};

/// Memory for one frame. The result does not depend on how the frames are handed over.
class VideoComparison {
 public:
  VideoComparison(const VideoFormat&, FiguresWanted, int threads);
  ~VideoComparison();
  VideoComparison(VideoComparison&&) noexcept;

  /// Whole frames of both, (frames, height, width, channel), in file units, the result's as its file holds them.
  void add(std::span<const float> result, std::span<const float> original);
  VideoMeasures result() const;
  /// dB of each frame so far.
  const std::vector<double>& frames() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sinefield

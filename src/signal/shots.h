// Where a video cuts from one shot to the next: found from small pictures of its frames, in one pass.
// Left out: dissolves and fades, which are motion like any other, and flashes.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "sinefield/video.h"

namespace sinefield {

class ShotFinder {
 public:
  explicit ShotFinder(const VideoFormat&);
  /// The next frame, (height, width, channel) in the format's type.
  void add(std::span<const std::byte> samples);
  /// The first frames of all shots but the first, ascending.
  std::vector<std::int64_t> cuts() const;

 private:
  /// A shot shorter than this is a flash of its neighbours.
  static constexpr std::ptrdiff_t least_frames = 4;
  /// Of a frame to the first, second, ... one before it; 0 where there is none.
  using Changes = std::array<double, least_frames>;

  VideoFormat format_;
  std::deque<std::vector<float>> recent_;  // means of cells, full scale 1; the last frame first
  std::vector<Changes> changes_;           // of every frame
};

}  // namespace sinefield

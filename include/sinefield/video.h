// A video in words: what surrounds its frames and must survive the way through a model. Reading and writing files is
// in video_file.h.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sinefield/picture.h"

namespace sinefield {

/// A ratio of whole numbers, as containers hold them.
struct Ratio {
  int numerator = 0, denominator = 1;
  double value() const { return static_cast<double>(numerator) / denominator; }
  bool operator==(const Ratio&) const = default;
};

struct VideoFormat {
  std::int64_t frames = 0, height = 0, width = 0;  ///< as they are looked at: turned as the file says
  SampleType type = SampleType::u8;                ///< u8, or u16 for more than 8 bits, scaled to its full range
  int bits = 8;                                    ///< of a sample in the file: 8, 10, 12 or 16
  std::vector<std::string> channels;               ///< "R", "G", "B", full range; "Y" of grey ones
  Ratio rate;                                      ///< frames per second, the mean where they are not even
  std::vector<double> times;                       ///< seconds of each frame from the first; empty where all are even
  Ratio pixel_aspect{1, 1};                        ///< width of a pixel to its height

  int channel_count() const { return static_cast<int>(channels.size()); }
  std::int64_t frame_samples() const { return height * width * channel_count(); }
};

}  // namespace sinefield

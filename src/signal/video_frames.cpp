// Frames as numbers.
// SPDX-License-Identifier: MIT
#include <cstring>

#include "sinefield/video_file.h"

namespace sinefield {

std::vector<float> frame_values(const VideoFormat& format, const VideoFrame& frame) {
  std::vector<float> values(static_cast<std::size_t>(format.frame_samples()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (format.type == SampleType::u8) {
      values[i] = static_cast<float>(std::to_integer<int>(frame.samples[i]));
    } else {
      std::uint16_t value = 0;
      std::memcpy(&value, &frame.samples[2 * i], sizeof value);
      values[i] = static_cast<float>(value);
    }
  }
  return values;
}

}  // namespace sinefield

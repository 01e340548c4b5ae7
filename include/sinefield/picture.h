// A picture in memory, in the units of its file: 0..255 for 8 bit, 0..65535 for 16 bit, as stored for float.
// Nothing is linearised. Reading and writing files is in picture_file.h.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sinefield {

enum class SampleType : std::uint8_t { u8, u16, f32 };

/// Largest value of an integer type (255, 65535); 0 for f32, whose scale is that of its data.
constexpr double full_scale(SampleType type) {
  return type == SampleType::u8 ? 255.0 : type == SampleType::u16 ? 65535.0 : 0.0;
}

/// What surrounds the samples of a picture file and must survive the way through a model.
struct PictureFormat {
  std::int64_t height = 0, width = 0;
  SampleType type = SampleType::u8;
  std::vector<std::string> channels;  ///< "Y", "A", "R", "G", "B" or the file's own names, in file order
  int alpha = -1;                     ///< index of the alpha channel, -1 where there is none
  int orientation = 1;                ///< EXIF orientation 1..8; the samples are kept as stored, not turned
  std::vector<std::uint8_t> icc;      ///< ICC profile, empty where there is none

  int channel_count() const { return static_cast<int>(channels.size()); }
  int colour_channels() const { return channel_count() - (alpha >= 0 ? 1 : 0); }
};

struct Picture {
  PictureFormat format;
  std::vector<float> samples;  ///< (height, width, channel), row-major

  float* row(std::int64_t y) { return samples.data() + y * format.width * format.channel_count(); }
  const float* row(std::int64_t y) const { return samples.data() + y * format.width * format.channel_count(); }
};

}  // namespace sinefield

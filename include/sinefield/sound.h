// A sound in words: what surrounds its samples and must survive the way through a model. Samples in memory are floats,
// frame by frame, the channels of a frame together, full scale = 1, whatever the file holds. Reading and writing files
// is in sound_file.h.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sinefield {

/// How a file holds a sample. Of lossy files (Ogg Vorbis, Opus, MP3, AAC) it is s16: what a plain copy of them would
/// hold.
enum class SoundType : std::uint8_t { u8, s16, s24, s32, f32, f64 };

std::string_view sound_type_name(SoundType);  ///< "u8", "s16", ...
/// Throws bad_input for an unknown name.
SoundType sound_type_from_name(std::string_view);

/// Steps of an integer type from silence to full scale (128, 32,768, ...); 0 for f32 and f64.
constexpr double steps_of(SoundType type) {
  switch (type) {
    case SoundType::u8:
      return 128;
    case SoundType::s16:
      return 32'768;
    case SoundType::s24:
      return 8'388'608;
    case SoundType::s32:
      return 2'147'483'648;
    default:
      return 0;
  }
}

struct SoundFormat {
  std::int64_t frames = 0;  ///< samples of each channel
  int rate = 0;             ///< frames per second, Hz
  int channels = 1;         ///< in the order of the file
  SoundType type = SoundType::s16;

  double seconds() const { return rate > 0 ? static_cast<double>(frames) / rate : 0; }
};

struct Sound {
  SoundFormat format;
  std::vector<float> samples;  ///< (frames, channels)
};

/// "C"; "L", "R"; else "c0", "c1", ...
std::vector<std::string> sound_channel_names(int channels);

/// The value that a file of this type holds for a sample: rounded to its steps, halves up, and clipped to its range (of
/// integer types full scale itself is out of range by one step); f32 and f64 as it is. NaN stays NaN.
inline float quantised(float value, SoundType type) {
  const double steps = steps_of(type);
  if (steps == 0 || std::isnan(value)) return value;
  const double step = std::floor(static_cast<double>(value) * steps + 0.5);
  return static_cast<float>((step < -steps ? -steps : step > steps - 1 ? steps - 1 : step) / steps);
}

}  // namespace sinefield

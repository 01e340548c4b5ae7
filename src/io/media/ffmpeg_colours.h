// Pixels of one coding into pixels of another, of the same size: formats, matrices, ranges and the place of the colour
// samples are those that the frames name, or the usual ones where they name none. No transfer curves, no primaries.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "io/media/ffmpeg.h"

namespace sinefield {

/// The matrix of the frame's colours; one of RGB or grey has none to speak of.
AVColorSpace colour_matrix(const AVFrame&);

/// Whether there is a conversion from and to such a matrix.
bool is_convertible(AVColorSpace);

enum class PixelKind : std::uint8_t { grey, colour };

PixelKind pixel_kind(AVPixelFormat);

/// White of 16-bit RGB or grey that is to become YUV of limited range: swscale takes 8-bit white times 256 for it.
constexpr double white_for_yuv = 65280;

class ColourConversion {
 public:
  /// `target` has its buffers. White becomes white, to 65535 too. A negative result is FFmpeg's.
  int operator()(const AVFrame& source, AVFrame& target);

 private:
  AvScaler scaler_;
  std::array<int, 12> made_for_{};
};

}  // namespace sinefield

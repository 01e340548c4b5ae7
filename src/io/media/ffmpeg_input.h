// Opening files of others with FFmpeg, safely: recognised by their content among containers that hold pictures or sound
// themselves, and nothing but the file itself is ever opened: no playlist, no address or other file named inside.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/media/ffmpeg.h"
#include "io/media/frame_pattern.h"

namespace sinefield {

enum class MediaKind : std::uint8_t { video, sound };  ///< what a file is opened for; both look into video files

constexpr int longest_video_side = 16384;  ///< pixels; the largest of H.264, and what a frame may take of memory

struct MediaInput {
  AvIo io;          // outlives the context, which reads through it; none for numbered pictures
  AvInput context;  // its streams are known

  /// Packets of this stream only.
  void keep_only(int stream);
};

/// Throws bad_input, naming the file and what it is instead.
MediaInput open_media(const std::filesystem::path&, MediaKind);

/// The numbered pictures from `first` on.
MediaInput open_frames(const FramePattern&, int first);

/// The stream with the moving pictures; -1 where there is none: the cover of a sound file does not count.
int picture_stream(const AVFormatContext&);

}  // namespace sinefield

// Video files, read and written frame by frame, so that a clip is never whole in memory: what FFmpeg's libraries decode
// (mp4, mkv, webm, avi, gif, ...) and numbered pictures ("frames-%04d.png"). Frames are turned as the file says, their
// colours become RGB of full range by the file's own matrix and range. Nothing but the file itself is ever opened: a
// playlist is refused whatever it names.
// Part of a library of its own (sinefield_media), so that programs can load it only when they need it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sinefield/output.h"
#include "sinefield/sound_file.h"
#include "sinefield/video.h"

namespace sinefield {

struct VideoFrame {
  double seconds = 0;              ///< from the first frame of the file
  std::vector<std::byte> samples;  ///< (height, width, channel) of the format's type: bytes, or 16 bits in the
                                   ///< machine's order
};

/// The samples of a frame as numbers.
std::vector<float> frame_values(const VideoFormat&, const VideoFrame&);

/// A video file, from its first frame to its last.
class VideoReader {
 public:
  virtual ~VideoReader() = default;
  /// What the header says; `frames` is what it promises, or 0 where it does not say, and `times` is empty.
  virtual const VideoFormat& format() const = 0;
  /// The next frame in the order of their times; false after the last. Keeps the memory of `frame`. Throws bad_input,
  /// naming file and frame, where the size of the frames changes in mid-stream, and where not a single frame can be
  /// decoded.
  virtual bool next(VideoFrame& frame) = 0;
  /// In words, once the end was reached: that the file breaks off, that frames could not be decoded, that transparency
  /// was left out. Empty where all was well.
  virtual const std::vector<std::string>& warnings() const = 0;
};

/// Throws bad_input, naming file, value and way out, for what is no video, has no picture stream (a sound file under
/// another name), or is a list of other files.
__attribute__((visibility("default"))) std::unique_ptr<VideoReader> open_video(const std::filesystem::path&);

/// A video file being written, beside its target; `finish` puts it in place.
class VideoWriter {
 public:
  virtual ~VideoWriter() = default;
  /// The next frame, (height, width, channel) in file units (0..255 or 0..65535), clipped and rounded. Throws bad_input
  /// for samples that are not finite, failure where writing fails (a full disk).
  virtual void add(std::span<const float> samples) = 0;
  /// Once, after the last frame.
  virtual void finish() = 0;
};

/// Beside the frames: a sound track to copy, bit by bit as its file has it, cut to [from, to) seconds.
struct SoundTrack {
  std::filesystem::path file;
  double from = 0;
  std::optional<double> to;
};

/// Throws bad_input where `create_video` would refuse, for use before long work.
///   .mp4 .mkv   H.264 (x264, CRF 14), 4:2:0 of even sides, else 4:4:4; 10 bits where the format has more than 8
///   .webm       VP9, the same
///   .gif        a palette for each frame; no sound track
///   NAME-%04d.png   a file for each frame, 8 or 16 bits; from 0 on; no sound track
__attribute__((visibility("default"))) void require_writable_video(const std::filesystem::path&, const VideoFormat&,
                                                                   const std::optional<SoundTrack>&);

/// Frames come at `format.rate`, evenly; `format.frames` and `times` are not looked at.
__attribute__((visibility("default"))) std::unique_ptr<VideoWriter> create_video(const std::filesystem::path&,
                                                                                 const VideoFormat&,
                                                                                 const std::optional<SoundTrack>&,
                                                                                 Overwrite);

}  // namespace sinefield

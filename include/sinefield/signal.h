// A signal to fit: its samples on a regular grid, wherever they are kept, and what they mean. Sounds and videos stay on
// disk: their samples are read from their file once, into an unnamed file in a folder of the caller's choice, and from
// there box by box.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/picture.h"
#include "sinefield/sound_file.h"
#include "sinefield/video_file.h"
#include "sinefield/volume.h"

namespace sinefield {

/// Samples on a regular grid of any number of axes, in file units.
class Samples {
 public:
  Samples(std::vector<std::int64_t> sizes, int channels) : sizes_(std::move(sizes)), channels_(channels) {}
  virtual ~Samples() = default;
  Samples(const Samples&) = delete;
  Samples& operator=(const Samples&) = delete;

  const std::vector<std::int64_t>& sizes() const { return sizes_; }  ///< along each axis, slowest first
  int channels() const { return channels_; }
  std::int64_t points() const {
    std::int64_t product = 1;
    for (const std::int64_t size : sizes_) product *= size;
    return product;
  }

  /// The box of samples first[i] .. first[i] + count[i] - 1 on each axis, row-major, the channels of a point together.
  /// From any number of threads at once. Throws failure where they are kept on a disk that fails.
  virtual void read(std::span<const std::int64_t> first, std::span<const std::int64_t> count, float* out) const = 0;
  /// The channels of one point, by its row-major index.
  virtual void read_point(std::int64_t index, float* out) const;

 private:
  std::vector<std::int64_t> sizes_;
  int channels_;
};

struct Signal {
  SignalFormat format;
  std::shared_ptr<const Samples> samples;
  std::vector<ChannelMap> channels;  ///< from raw outputs in [-1, 1] to file units, one for each channel
  /// Of videos: the borders between shots, ascending; nothing goes on across them. Frame i reaches from border i to
  /// border i + 1.
  std::vector<double> cuts;
  std::string checksum;                    ///< of the samples
  std::vector<std::string> warnings;       ///< of whoever read it
  std::shared_ptr<const Picture> picture;  ///< of pictures, which are in memory: the same again
};

/// Called now and then with the part of the work that is done, in [0, 1], or -1 where nobody knows how much there is.
using PartDone = std::function<void(double)>;

/// Refers to the picture, which must outlive it. Throws bad_input where the samples do not match the format.
Signal picture_signal(const Picture&);
/// Refers to the volume, which must outlive it.
Signal volume_signal(const Volume&);
/// Reads to the end. The peak of the sound becomes 1 of the raw outputs. Needs disk space for four bytes a sample, and
/// memory for a second of it. Throws as the reader does, and bad_input for a sound without frames.
Signal sound_signal(SoundReader&, const std::filesystem::path& folder, const PartDone& = {});
/// Reads to the end and finds the cuts. Needs disk space for the decoded frames, and memory for a few of them. Throws
/// as the reader does, and bad_input for a video without frames.
Signal video_signal(VideoReader&, const std::filesystem::path& folder, const PartDone& = {});

/// The coordinates of a signal: pictures as `picture_axes`; of sounds the time, of videos the time and the frame, each
/// on [-1, 1] with one scale for row and column; of volumes one scale for all axes, by their spacing.
std::vector<AxisMap> signal_axes(const SignalFormat&);

/// The samples of even positions along every axis, as a signal of their own. Refers to the samples of the other.
Signal every_second(const Signal&);
/// The axes of a field that is fitted to `every_second` of a signal, from samples of the whole.
std::vector<AxisMap> every_second_axes(const SignalFormat& whole);

}  // namespace sinefield

// Readers of sounds and videos that are in memory, or made on the way: what a file would hand over, without one.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "signal/samples_in_memory.h"
#include "sinefield/signal.h"

namespace sinefield {

class FakeSound final : public SoundReader {
 public:
  /// Hands over `at_once` frames at most.
  explicit FakeSound(Sound sound, std::int64_t at_once = 1000) : sound_(std::move(sound)), at_once_(at_once) {}

  const SoundFormat& format() const override { return sound_.format; }
  std::int64_t read(std::span<float> samples) override {
    const std::int64_t channels = sound_.format.channels;
    const std::int64_t frames =
        std::min({std::ssize(samples) / channels, at_once_, std::ssize(sound_.samples) / channels - next_});
    std::copy_n(sound_.samples.begin() + next_ * channels, frames * channels, samples.begin());
    next_ += frames;
    return frames;
  }
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  Sound sound_;
  std::int64_t at_once_, next_ = 0;
  std::vector<std::string> warnings_{"a warning of the sound"};
};

/// The bytes of a frame from its numbers.
inline std::vector<std::byte> frame_bytes(const VideoFormat& format, const std::vector<float>& values) {
  std::vector<std::byte> bytes;
  for (const float value : values) {
    const auto number = static_cast<std::uint16_t>(value);
    if (format.type == SampleType::u8) {
      bytes.push_back(static_cast<std::byte>(number));
    } else {
      bytes.resize(bytes.size() + 2);
      std::memcpy(&bytes[bytes.size() - 2], &number, 2);
    }
  }
  return bytes;
}

class FakeVideo final : public VideoReader {
 public:
  /// `format.frames` frames, of which `draw` gives the numbers, (height, width, channel). Their times are even, or
  /// those of `format.times`.
  using Draw = std::function<std::vector<float>(std::int64_t frame)>;
  FakeVideo(VideoFormat format, Draw draw)
      : times_(std::exchange(format.times, {})), format_(std::move(format)), draw_(std::move(draw)) {}

  const VideoFormat& format() const override { return format_; }
  bool next(VideoFrame& frame) override {
    if (next_ == format_.frames) return false;
    frame.samples = frame_bytes(format_, draw_(next_));
    frame.seconds =
        times_.empty() ? static_cast<double>(next_) / format_.rate.value() : times_[static_cast<std::size_t>(next_)];
    ++next_;
    return true;
  }
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  std::vector<double> times_;
  VideoFormat format_;
  Draw draw_;
  std::int64_t next_ = 0;
  std::vector<std::string> warnings_{"a warning of the video"};
};

/// All samples of a signal, in order.
inline std::vector<float> all_samples(const Signal& signal) { return read_all(*signal.samples); }

}  // namespace sinefield

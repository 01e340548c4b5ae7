// Cuts of clips that are drawn frame by frame: a random texture that pans, and what must not be taken for a cut.
// SPDX-License-Identifier: MIT
#include "signal/shots.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "fake_readers.h"

namespace sinefield {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t height = 72, width = 100;

struct Kind {
  SampleType type;
  int channels;
};
constexpr std::array kinds = {Kind{SampleType::u8, 3}, Kind{SampleType::u8, 1}, Kind{SampleType::u16, 3},
                              Kind{SampleType::u16, 1}};

VideoFormat format_of(const Kind& kind) {
  VideoFormat format{.frames = 0,
                     .height = height,
                     .width = width,
                     .type = kind.type,
                     .bits = kind.type == SampleType::u8 ? 8 : 16,
                     .channels = {"Y"},
                     .rate = {25, 1},
                     .times = {},
                     .pixel_aspect = {1, 1}};
  if (kind.channels == 3) format.channels = {"R", "G", "B"};
  return format;
}

/// Values in [0, 1] anywhere in the plane: random numbers a dozen pixels apart, with straight lines between them.
double texture(double y, double x, int channel, std::uint64_t seed) {
  const auto knot = [&](double row, double column) {
    std::seed_seq words{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(static_cast<int>(row) + 1000),
                        static_cast<std::uint32_t>(static_cast<int>(column) + 1000),
                        static_cast<std::uint32_t>(channel)};
    std::array<std::uint32_t, 1> word{};
    words.generate(word.begin(), word.end());
    return static_cast<double>(word[0]) * 0x1p-32;
  };
  const double row = std::floor(y / 12), column = std::floor(x / 12), v = y / 12 - row, u = x / 12 - column;
  return (1 - v) * ((1 - u) * knot(row, column) + u * knot(row, column + 1)) +
         v * ((1 - u) * knot(row + 1, column) + u * knot(row + 1, column + 1));
}

/// (height, width, channel) of texture `seed` from (top, left) on, full scale 1.
std::vector<float> view(const VideoFormat& format, double top, double left, std::uint64_t seed) {
  std::vector<float> frame;
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (int c = 0; c < format.channel_count(); ++c)
        frame.push_back(
            static_cast<float>(texture(top + static_cast<double>(y), left + static_cast<double>(x), c, seed)));
  return frame;
}

using Clip = std::vector<std::vector<float>>;  // frames, full scale 1

std::vector<std::int64_t> cuts_of(const VideoFormat& format, const Clip& clip) {
  ShotFinder finder(format);
  for (std::vector<float> frame : clip) {
    for (float& value : frame)
      value = std::floor(std::clamp(value, 0.0F, 1.0F) * static_cast<float>(full_scale(format.type)));
    finder.add(frame_bytes(format, frame));
  }
  return finder.cuts();
}

/// `frames` of a texture that pans by some pixels a frame.
void pan(Clip& clip, const VideoFormat& format, int frames, double down, double right, std::uint64_t seed) {
  for (int t = 0; t < frames; ++t) clip.push_back(view(format, 40 + down * t, 40 + right * t, seed));
}

TEST(Shots, begin_where_another_texture_does) {
  for (const Kind& kind : kinds) {
    const VideoFormat format = format_of(kind);
    Clip clip;
    pan(clip, format, 12, 0.5, 1, 1);
    pan(clip, format, 4, 0, -1, 2);  // the shortest there is
    pan(clip, format, 17, 0, 0, 3);  // still
    pan(clip, format, 9, -1, 0.7, 4);
    SCOPED_TRACE(fmt::format("{} channels, full scale {}", kind.channels, full_scale(kind.type)));
    EXPECT_THAT(cuts_of(format, clip), ElementsAre(12, 16, 33));
  }
}

TEST(Shots, do_not_end_in_motion) {
  for (const Kind& kind : kinds)
    for (const double speed : {0.3, 1.0, 3.0, 6.0}) {
      const VideoFormat format = format_of(kind);
      Clip clip;
      pan(clip, format, 8, 0, 0, 1);
      for (int t = 0; t < 16; ++t) clip.push_back(view(format, 40, 40 + speed * t, 1));
      for (int t = 0; t < 8; ++t) clip.push_back(view(format, 40 + speed * t / 2, 40 + 15 * speed, 1));
      EXPECT_THAT(cuts_of(format, clip), IsEmpty()) << speed;
    }
}

TEST(Shots, do_not_end_in_fades_and_dissolves) {
  for (const int length : {8, 12, 24})
    for (const bool to_black : {true, false}) {
      const VideoFormat format = format_of(kinds[0]);
      const std::vector<float> from = view(format, 0, 0, 1);
      const std::vector<float> to = to_black ? std::vector<float>(from.size(), 0.0F) : view(format, 0, 0, 2);
      Clip clip;
      for (int t = -10; t <= length + 10; ++t) {
        const float share = static_cast<float>(std::clamp(t, 0, length)) / static_cast<float>(length);
        std::vector<float> frame = from;
        for (std::size_t i = 0; i < frame.size(); ++i) frame[i] += share * (to[i] - frame[i]);
        clip.push_back(frame);
      }
      EXPECT_THAT(cuts_of(format, clip), IsEmpty()) << length;
    }
}

Clip noisy(const VideoFormat& format, int frames, float deviation) {
  std::mt19937_64 random(4);
  std::normal_distribution<float> noise(0, 1);
  Clip clip;
  pan(clip, format, frames, 0, 0, 1);
  for (std::vector<float>& frame : clip)
    for (float& value : frame) value += deviation * noise(random);
  return clip;
}

TEST(Shots, do_not_end_in_noise) {
  for (const Kind& kind : kinds)
    for (const float deviation : {0.0F, 0.02F, 0.1F})
      EXPECT_THAT(cuts_of(format_of(kind), noisy(format_of(kind), 20, deviation)), IsEmpty()) << deviation;
}

TEST(Shots, do_not_end_in_a_flash) {
  for (const int length : {1, 2, 3})
    for (const double speed : {0.0, 1.0}) {
      const VideoFormat format = format_of(kinds[0]);
      Clip clip;
      pan(clip, format, 30, 0, speed, 1);
      for (int t = 14; t < 14 + length; ++t)
        for (float& value : clip[static_cast<std::size_t>(t)]) value = 0.7F + 0.3F * value;
      EXPECT_THAT(cuts_of(format, clip), IsEmpty()) << length << " frames, " << speed;
    }
}

TEST(Shots, are_found_beside_a_flash) {
  const VideoFormat format = format_of(kinds[0]);
  Clip clip;
  pan(clip, format, 14, 0, 1, 1);
  pan(clip, format, 20, 0, 1, 2);
  for (float& value : clip[24]) value = 1;
  EXPECT_THAT(cuts_of(format, clip), ElementsAre(14));
}

TEST(Shots, are_four_frames_at_least) {
  const VideoFormat format = format_of(kinds[0]);
  for (const int last : {1, 3, 4}) {
    Clip clip;
    pan(clip, format, 12, 0, 1, 1);
    pan(clip, format, last, 0, 1, 2);
    EXPECT_EQ(cuts_of(format, clip).size(), last < 4 ? 0U : 1U) << "at the end";
    std::ranges::reverse(clip);
    EXPECT_EQ(cuts_of(format, clip).size(), last < 4 ? 0U : 1U) << "at the start";
  }
  // A short shot between two others: they are told apart, once.
  Clip clip;
  pan(clip, format, 12, 0, 1, 1);
  pan(clip, format, 2, 0, 1, 2);
  pan(clip, format, 12, 0, 1, 3);
  EXPECT_EQ(cuts_of(format, clip).size(), 1U);
}

TEST(Shots, are_found_in_frames_of_a_few_pixels) {
  for (const auto& [rows, columns] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {1, 5}, {3, 17}}) {
    VideoFormat format = format_of(kinds[1]);
    format.height = rows;
    format.width = columns;
    ShotFinder finder(format);
    for (int t = 0; t < 20; ++t)
      finder.add(
          std::vector<std::byte>(static_cast<std::size_t>(rows * columns), t < 9 ? std::byte{30} : std::byte{200}));
    EXPECT_THAT(finder.cuts(), ElementsAre(9));
  }
  ShotFinder none(format_of(kinds[0]));
  EXPECT_THAT(none.cuts(), IsEmpty());
}

}  // namespace
}  // namespace sinefield

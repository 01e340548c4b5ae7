// Figures of videos against plain loops over their frames.
// SPDX-License-Identifier: MIT
#include "sinefield/video_measures.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <span>

#include "refusal.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

VideoFormat format_of(SampleType type, int channels) {
  VideoFormat format{.frames = 7,
                     .height = 12,
                     .width = 15,
                     .type = type,
                     .bits = 8,
                     .channels = {"Y"},
                     .rate = {25, 1},
                     .times = {},
                     .pixel_aspect = {1, 1}};
  if (channels == 3) format.channels = {"R", "G", "B"};
  return format;
}

struct Pair {
  std::vector<float> result, original;
};

/// Noise of another size on each frame; frame 3 is the original.
Pair noisy(const VideoFormat& format) {
  std::mt19937_64 random(2);
  Pair pair;
  const double full = full_scale(format.type);
  for (std::int64_t t = 0; t < format.frames; ++t)
    for (std::int64_t i = 0; i < format.frame_samples(); ++i) {
      const double wave = 0.5 + 0.4 * std::sin(0.1 * static_cast<double>(i + 3 * t));
      const double noise = static_cast<double>(t - 3) * 0.01 * (static_cast<double>(random() >> 11) * 0x1p-52 - 1);
      pair.original.push_back(static_cast<float>(std::round(full * wave)));
      pair.result.push_back(static_cast<float>(std::round(full * (wave + noise))));
    }
  return pair;
}

VideoMeasures measured(const VideoFormat& format, const Pair& pair, std::size_t frames_at_once, int threads,
                       FiguresWanted figures = FiguresWanted::all, std::vector<double>* frames = nullptr) {
  VideoComparison comparison(format, figures, threads);
  const std::size_t step = frames_at_once * static_cast<std::size_t>(format.frame_samples());
  for (std::size_t first = 0; first < pair.original.size(); first += step) {
    const std::size_t count = std::min(step, pair.original.size() - first);
    comparison.add(std::span(pair.result).subspan(first, count), std::span(pair.original).subspan(first, count));
  }
  if (frames != nullptr) *frames = comparison.frames();
  return comparison.result();
}

TEST(VideoMeasures, are_those_of_plain_loops) {
  for (const SampleType type : {SampleType::u8, SampleType::u16})
    for (const int channels : {1, 3}) {
      const VideoFormat format = format_of(type, channels);
      const Pair pair = noisy(format);
      const auto size = static_cast<std::size_t>(format.frame_samples());
      double squares = 0, similarity = 0, sum = 0, least = infinity;
      std::vector<double> each;
      for (std::size_t t = 0; t < 7; ++t) {
        double frame_squares = 0;
        for (std::size_t i = t * size; i < (t + 1) * size; ++i)
          frame_squares += std::pow(static_cast<double>(pair.result[i]) - static_cast<double>(pair.original[i]), 2);
        squares += frame_squares;
        const double peak = full_scale(type);
        each.push_back(frame_squares == 0 ? infinity
                                          : 10 * std::log10(peak * peak * static_cast<double>(size) / frame_squares));
        if (t != 3) sum += each.back();
        least = std::min(least, each.back());
        const auto picture = [&](const std::vector<float>& from) {
          const auto begin = from.begin() + static_cast<std::ptrdiff_t>(t * size);
          return Picture{{.height = 12, .width = 15, .type = type, .channels = format.channels, .icc = {}},
                         {begin, begin + static_cast<std::ptrdiff_t>(size)}};
        };
        similarity += compare(picture(pair.result), picture(pair.original)).ssim / 7;
      }
      ASSERT_EQ(each[3], infinity);
      std::vector<double> frames;
      const VideoMeasures seen = measured(format, pair, 7, 1, FiguresWanted::all, &frames);
      EXPECT_NEAR(seen.psnr, 10 * std::log10(std::pow(full_scale(type), 2) * static_cast<double>(7 * size) / squares),
                  1e-10);
      EXPECT_NEAR(seen.psnr_mean, sum / 6, 1e-10) << "without the frame that is identical";
      EXPECT_NEAR(seen.psnr_least, least, 1e-10);
      EXPECT_NEAR(seen.ssim, similarity, 1e-12);
      ASSERT_EQ(frames.size(), each.size());
      for (std::size_t t = 0; t < 7; ++t)
        if (t != 3) {
          EXPECT_NEAR(frames[t], each[t], 1e-10);
        }
      EXPECT_EQ(frames[3], infinity);
    }
}

TEST(VideoMeasures, do_not_depend_on_threads_or_on_how_frames_are_handed_over) {
  const VideoFormat format = format_of(SampleType::u8, 3);
  const Pair pair = noisy(format);
  const VideoMeasures once = measured(format, pair, 7, 1);
  for (const int threads : {1, 2, 5})
    for (const std::size_t at_once : {1U, 3U, 7U}) {
      const VideoMeasures other = measured(format, pair, at_once, threads);
      EXPECT_EQ(other.psnr, once.psnr);
      EXPECT_EQ(other.psnr_mean, once.psnr_mean);
      EXPECT_EQ(other.psnr_least, once.psnr_least);
      EXPECT_EQ(other.ssim, once.ssim);
    }
}

TEST(VideoMeasures, leave_out_similarity_where_it_is_not_asked_for) {
  const VideoFormat format = format_of(SampleType::u8, 1);
  const Pair pair = noisy(format);
  const VideoMeasures all = measured(format, pair, 7, 2), some = measured(format, pair, 2, 2, FiguresWanted::psnr);
  EXPECT_EQ(some.psnr, all.psnr);
  EXPECT_EQ(some.psnr_least, all.psnr_least);
  EXPECT_TRUE(std::isnan(some.ssim));
}

TEST(VideoMeasures, of_identical_videos_are_infinite) {
  const VideoFormat format = format_of(SampleType::u8, 3);
  Pair pair = noisy(format);
  pair.result = pair.original;
  const VideoMeasures seen = measured(format, pair, 4, 1);
  EXPECT_EQ(seen.psnr, infinity);
  EXPECT_EQ(seen.psnr_mean, infinity);
  EXPECT_EQ(seen.psnr_least, infinity);
  EXPECT_NEAR(seen.ssim, 1, 1e-12);
}

TEST(VideoMeasures, show_numbers_that_are_none) {
  const VideoFormat format = format_of(SampleType::u8, 1);
  Pair pair = noisy(format);
  pair.result[5] = NAN;
  EXPECT_TRUE(std::isnan(measured(format, pair, 7, 1).psnr));
}

TEST(VideoMeasures, refuse_parts_of_frames_and_none) {
  const VideoFormat format = format_of(SampleType::u8, 1);
  const std::vector<float> frame(static_cast<std::size_t>(format.frame_samples()));
  VideoComparison comparison(format, FiguresWanted::all, 1);
  EXPECT_THAT(refusal([&] { comparison.result(); }), testing::HasSubstr("no frames"));
  EXPECT_THAT(refusal([&] { comparison.add(frame, std::span(frame).first(170)); }),
              testing::HasSubstr("180 and 170 samples to compare are not whole frames of 180"));
  EXPECT_THAT(refusal([&] { comparison.add(std::span(frame).first(170), std::span(frame).first(170)); }),
              testing::HasSubstr("not whole frames"));
}

}  // namespace
}  // namespace sinefield

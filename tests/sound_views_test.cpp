// Pictures of sounds: that what is heard is where it belongs, whatever the length, and that no cut changes a pixel.
// SPDX-License-Identifier: MIT
#include "sinefield/sound_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "refusal.h"

namespace sinefield {
namespace {

constexpr int width = 120, height = 81;

std::vector<float> sine(std::size_t frames, double cycles_per_sample, double amplitude) {
  std::vector<float> samples(frames);
  for (std::size_t i = 0; i < frames; ++i) {
    samples[i] =
        static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * cycles_per_sample * static_cast<double>(i)));
  }
  return samples;
}

SoundFormat format_of(std::size_t samples, int channels = 1) {
  return {.frames = static_cast<std::int64_t>(samples) / channels, .rate = 8'000, .channels = channels};
}

SoundView view_of(const std::vector<float>& samples, double peak = 1) {
  SoundView view(format_of(samples.size()), width, height, peak);
  view.add(samples);
  return view;
}

double luminance(const Picture& picture, int x, int y) {
  const float* pixel = picture.row(y) + std::ptrdiff_t{3} * x;
  return 0.2126 * static_cast<double>(pixel[0]) + 0.7152 * static_cast<double>(pixel[1]) +
         0.0722 * static_cast<double>(pixel[2]);
}

/// The row of a column where the picture is brightest.
int brightest_row(const Picture& picture, int x) {
  int best = 0;
  for (int y = 1; y < picture.format.height; ++y) {
    if (luminance(picture, x, y) > luminance(picture, x, best)) best = y;
  }
  return best;
}

int darkest_row(const Picture& picture, int x) {
  int best = 0;
  for (int y = 1; y < picture.format.height; ++y) {
    if (luminance(picture, x, y) < luminance(picture, x, best)) best = y;
  }
  return best;
}

/// Rows of a column that are darker than the zero line.
int inked_rows(const Picture& picture, int x) {
  int count = 0;
  for (int y = 0; y < picture.format.height; ++y) count += luminance(picture, x, y) < 200 ? 1 : 0;
  return count;
}

void expect_pixels(const Picture& picture) {
  EXPECT_EQ(picture.format.width, width);
  EXPECT_EQ(picture.format.height, height);
  EXPECT_EQ(picture.format.type, SampleType::u8);
  EXPECT_THAT(picture.format.channels, testing::ElementsAre("R", "G", "B"));
  ASSERT_EQ(picture.samples.size(), static_cast<std::size_t>(width * height * 3));
  for (const float sample : picture.samples) {
    ASSERT_TRUE(sample >= 0 && sample <= 255 && sample == std::floor(sample)) << sample;
  }
}

TEST(SoundView, draws_sounds_of_any_length) {
  for (const std::size_t frames : {1, 2, 50, 119, 120, 121, 239, 241, 5'000, 100'000}) {
    const SoundView view = view_of(sine(frames, 0.01, 0.8));
    expect_pixels(view.waveform());
    expect_pixels(view.spectrogram());
  }
}

TEST(SoundView, draws_pictures_of_one_pixel) {
  SoundView view(format_of(1'000), 1, 1);
  view.add(sine(1'000, 0.01, 1));
  EXPECT_EQ(view.waveform().samples.size(), 3U);
  EXPECT_EQ(view.spectrogram().samples.size(), 3U);
}

TEST(SoundView, waveform_has_the_height_of_its_range) {
  const Picture half = view_of(sine(100'000, 0.01, 0.5)).waveform();
  const Picture scaled = view_of(sine(100'000, 0.01, 0.5), 0.5).waveform();
  for (const int x : {1, 60, 118}) {
    EXPECT_NEAR(inked_rows(half, x), height / 2.0, 2);
    EXPECT_NEAR(inked_rows(scaled, x), height, 2);
  }
}

TEST(SoundView, waveform_is_stronger_inside_of_the_rms) {
  const Picture picture = view_of(sine(100'000, 0.01, 0.9)).waveform();
  const auto row_of = [](double value) { return static_cast<int>((1 - value) / 2 * height); };
  for (const double sign : {-1.0, 1.0}) {
    EXPECT_LT(luminance(picture, 60, row_of(sign * 0.55)), 100);  // below 0.9 / sqrt(2)
    EXPECT_GT(luminance(picture, 60, row_of(sign * 0.75)), 150);
    EXPECT_LT(luminance(picture, 60, row_of(sign * 0.75)), 200);
    EXPECT_GT(luminance(picture, 60, row_of(sign * 0.97)), 240);
  }
}

TEST(SoundView, waveform_of_silence_is_the_line_of_zero) {
  const Picture picture = view_of(std::vector<float>(10'000)).waveform();
  for (int x = 0; x < width; ++x) EXPECT_LE(inked_rows(picture, x), 2);
  EXPECT_LT(luminance(picture, 7, height / 2), 230);
  EXPECT_GT(luminance(picture, 7, height / 4), 240);
}

TEST(SoundView, waveform_follows_time_and_sign) {
  std::vector<float> samples(24'000);
  constexpr int row = 10;
  const float value = 1 - 2 * (row + 0.5f) / height;  // the middle of the row
  std::fill(samples.begin(), samples.begin() + 12'000, value);
  std::fill(samples.begin() + 12'000, samples.end(), -value);
  const Picture picture = view_of(samples).waveform();
  EXPECT_EQ(darkest_row(picture, 30), row);
  EXPECT_EQ(darkest_row(picture, 90), height - 1 - row);
  EXPECT_EQ(inked_rows(picture, 60), height - 2 * row);  // the step
}

TEST(SoundView, waveform_of_few_samples_is_a_connected_line) {
  const Picture picture = view_of({-0.9f, 0.9f, -0.9f, 0.9f}).waveform();
  for (int x = 0; x < width; ++x) EXPECT_GE(inked_rows(picture, x), 1) << x;
  EXPECT_LT(luminance(picture, 45, height / 20), 200);               // the second sample, upper
  EXPECT_LT(luminance(picture, 75, height - 1 - height / 20), 200);  // the third, lower
}

TEST(SoundView, spectrogram_has_a_tone_in_its_row) {
  for (const double frequency : {0.05, 0.125, 0.25, 0.45}) {  // cycles in a sample; Nyquist is 0.5
    const Picture picture = view_of(sine(50'000, frequency, 1)).spectrogram();
    const double row = (1 - frequency / 0.5) * height;
    EXPECT_NEAR(brightest_row(picture, 60), row, 1) << frequency;
    EXPECT_GT(luminance(picture, 60, brightest_row(picture, 60)), 220);
  }
}

TEST(SoundView, spectrogram_follows_time) {
  std::vector<float> samples = sine(40'000, 0.1, 1);
  const std::vector<float> later = sine(20'000, 0.4, 1);
  std::copy(later.begin(), later.end(), samples.begin() + 20'000);
  const Picture picture = view_of(samples).spectrogram();
  EXPECT_NEAR(brightest_row(picture, 20), 0.8 * height, 1);
  EXPECT_NEAR(brightest_row(picture, 100), 0.2 * height, 1);
}

TEST(SoundView, spectrogram_is_brighter_for_what_is_louder) {
  double before = luminance(view_of(std::vector<float>(20'000)).spectrogram(), 60, height / 2);
  for (const double decibels : {-90, -80, -70, -60, -50, -40, -30, -20, -10, 0}) {
    const Picture picture = view_of(sine(20'000, 0.25, std::pow(10, decibels / 20))).spectrogram();
    const double here = luminance(picture, 60, height / 2);
    EXPECT_GT(here, before + 2) << decibels;
    before = here;
  }
}

TEST(SoundView, spectrogram_is_scaled_to_the_peak) {
  EXPECT_EQ(view_of(sine(20'000, 0.25, 0.125), 0.125).spectrogram().samples,
            view_of(sine(20'000, 0.25, 1), 1).spectrogram().samples);
}

TEST(SoundView, shows_the_mean_of_the_channels) {
  const std::vector<float> mono = sine(9'000, 0.03, 0.5);
  std::vector<float> stereo;
  for (const float sample : mono) stereo.insert(stereo.end(), {sample + 0.25f, sample - 0.25f});
  SoundView view(format_of(stereo.size(), 2), width, height);
  view.add(stereo);
  const SoundView plain = view_of(mono);
  const Picture one = view.waveform(), two = plain.waveform();
  for (std::size_t i = 0; i < one.samples.size(); ++i) ASSERT_NEAR(one.samples[i], two.samples[i], 1);
}

TEST(SoundView, does_not_depend_on_the_cut) {
  const std::vector<float> samples = sine(10'007, 0.03, 0.5);
  const SoundView whole = view_of(samples);
  SoundView cut(format_of(samples.size()), width, height);
  for (std::size_t at = 0; at < samples.size(); at += 613) {
    cut.add(std::span(samples).subspan(at, std::min<std::size_t>(613, samples.size() - at)));
  }
  EXPECT_EQ(cut.waveform().samples, whole.waveform().samples);
  EXPECT_EQ(cut.spectrogram().samples, whole.spectrogram().samples);
}

TEST(SoundView, leaves_empty_what_has_not_come) {
  for (const std::size_t frames : {100U, 20'000U}) {
    SoundView view(format_of(frames), width, height);
    view.add(sine(frames / 2, 0.2, 0.9));
    const Picture waveform = view.waveform(), spectrogram = view.spectrogram();
    EXPECT_GT(inked_rows(waveform, 20), 0);
    EXPECT_EQ(inked_rows(waveform, 100), 0);
    EXPECT_LT(luminance(spectrogram, 100, brightest_row(spectrogram, 100)), 20);
  }
}

TEST(SoundView, refuses_what_makes_no_picture) {
  EXPECT_THAT(refusal([] { SoundView(format_of(0), width, height); }), testing::HasSubstr("0 frames"));
  EXPECT_THAT(refusal([] { SoundView(format_of(9), 0, height); }), testing::HasSubstr("0 x 81"));
  EXPECT_THAT(refusal([] { SoundView(format_of(9), width, height, 0); }), testing::HasSubstr("peak"));
  SoundView view(format_of(4, 2), width, height);
  EXPECT_THAT(refusal([&] { view.add(std::vector<float>(3)); }), testing::HasSubstr("2 channels"));
  EXPECT_THAT(refusal([&] { view.add(std::vector<float>(6)); }), testing::HasSubstr("4 at most"));
  const std::vector<float> bad = {0, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_THAT(refusal([&] { view.add(bad); }), testing::HasSubstr("not a finite"));
}

}  // namespace
}  // namespace sinefield

// Figures of sounds against a plain transform, against what can be said by hand, and against any other cut.
// SPDX-License-Identifier: MIT
#include "sinefield/sound_measures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

#include "refusal.h"

namespace sinefield {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<float> noise(std::size_t count, unsigned seed, float amplitude = 0.5f) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> values(-amplitude, amplitude);
  std::vector<float> samples(count);
  for (float& sample : samples) sample = values(generator);
  return samples;
}

std::vector<float> sum_of(std::vector<float> one, const std::vector<float>& two) {
  std::transform(one.begin(), one.end(), two.begin(), one.begin(), std::plus<>());
  return one;
}

SoundMeasures measured(int channels, const std::vector<float>& result, const std::vector<float>& original) {
  SoundComparison comparison(channels);
  comparison.add(result, original);
  return comparison.result();
}

/// Of one channel, by the definition of the transform.
double plain_distance(std::vector<float> result, std::vector<float> original) {
  constexpr std::size_t length = 1024;
  if (result.size() < length) result.resize(length);
  original.resize(result.size());
  const auto level = [](const std::vector<float>& samples, std::size_t first, std::size_t bin) {
    std::complex<double> sum = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const double turn = 2 * std::numbers::pi * static_cast<double>(i) / length;
      sum += static_cast<double>(samples[first + i]) * (0.5 - 0.5 * std::cos(turn)) *
             std::polar(1.0, -turn * static_cast<double>(bin));
    }
    return 10 * std::log10(std::norm(sum) + 1e-10 * 256 * 256);
  };
  double total = 0;
  int windows = 0;
  for (std::size_t first = 0; first + length <= result.size(); first += 512, ++windows) {
    double squares = 0;
    for (std::size_t bin = 1; bin <= 511; ++bin) {
      squares += std::pow(level(original, first, bin) - level(result, first, bin), 2);
    }
    total += std::sqrt(squares / 511);
  }
  return total / windows;
}

TEST(SoundComparison, knows_identical_sounds) {
  const std::vector<float> sound = noise(5'000, 1);
  const SoundMeasures measures = measured(2, sound, sound);
  EXPECT_EQ(measures.mse, 0);
  EXPECT_EQ(measures.psnr, infinity);
  EXPECT_EQ(measures.snr, infinity);
  EXPECT_EQ(measures.log_spectral_distance, 0);
}

TEST(SoundComparison, scales_to_the_peak_of_the_original) {
  const SoundMeasures measures = measured(1, {0.5f, -0.25f, 0.25f, 0}, {0.5f, -0.5f, 0.25f, 0});
  EXPECT_DOUBLE_EQ(measures.mse, 0.25 * 0.25 / 4 / 0.25);
  EXPECT_DOUBLE_EQ(measures.psnr, 10 * std::log10(16.0));
  EXPECT_DOUBLE_EQ(measures.snr, 10 * std::log10((0.25 + 0.25 + 0.0625) / 0.0625));
}

TEST(SoundComparison, knows_silence) {
  const std::vector<float> silence(2'000), sound(2'000, 0.5f);
  const SoundMeasures measures = measured(1, sound, silence);
  EXPECT_DOUBLE_EQ(measures.mse, 0.25);
  EXPECT_EQ(measures.snr, -infinity);
  EXPECT_EQ(measured(1, silence, silence).snr, infinity);
  EXPECT_EQ(measured(1, silence, silence).log_spectral_distance, 0);
}

TEST(SoundComparison, distance_agrees_with_the_definition) {
  for (const std::size_t frames : {100, 300, 1'024, 1'535, 2'100}) {
    const std::vector<float> original = noise(frames, 2), result = sum_of(original, noise(frames, 3, 0.1f));
    const double expected = plain_distance(result, original);
    EXPECT_GT(expected, 0.01);
    EXPECT_NEAR(measured(1, result, original).log_spectral_distance, expected, 1e-4 * expected) << frames;
  }
}

TEST(SoundComparison, distance_of_a_factor_is_its_decibels) {
  const std::vector<float> original = noise(20'000, 4);
  std::vector<float> half = original;
  for (float& sample : half) sample /= 2;
  EXPECT_NEAR(measured(1, half, original).log_spectral_distance, 20 * std::log10(2.0), 1e-3);
}

TEST(SoundComparison, distance_takes_the_mean_of_the_channels) {
  const std::vector<float> left = noise(3'000, 5), right = noise(3'000, 6);
  std::vector<float> original, result;
  for (std::size_t i = 0; i < left.size(); ++i) {
    original.insert(original.end(), {left[i], right[i]});
    result.insert(result.end(), {left[i] * 0.9f, right[i]});
  }
  std::vector<float> quieter = left;
  for (float& sample : quieter) sample *= 0.9f;
  EXPECT_NEAR(measured(2, result, original).log_spectral_distance, measured(1, quieter, left).log_spectral_distance / 2,
              1e-9);
}

TEST(SoundComparison, does_not_depend_on_the_cut) {
  const std::vector<float> original = noise(9'000, 7), result = sum_of(original, noise(9'000, 8, 0.01f));
  const SoundMeasures whole = measured(3, result, original);
  for (const std::size_t piece : {3U, 777U, 3'072U}) {
    SoundComparison comparison(3);
    for (std::size_t at = 0; at < result.size(); at += piece) {
      const std::size_t count = std::min(piece, result.size() - at);
      comparison.add(std::span(result).subspan(at, count), std::span(original).subspan(at, count));
    }
    const SoundMeasures cut = comparison.result();
    EXPECT_EQ(cut.mse, whole.mse);
    EXPECT_EQ(cut.psnr, whole.psnr);
    EXPECT_EQ(cut.snr, whole.snr);
    EXPECT_EQ(cut.log_spectral_distance, whole.log_spectral_distance);
  }
}

TEST(SoundComparison, refuses_what_does_not_match) {
  SoundComparison comparison(2);
  const std::vector<float> four(4), two(2), three(3);
  EXPECT_THAT(refusal([&] { comparison.add(four, two); }), testing::HasSubstr("4 and 2 samples"));
  EXPECT_THAT(refusal([&] { comparison.add(three, three); }), testing::HasSubstr("2 channels"));
  EXPECT_THAT(refusal([&] { static_cast<void>(comparison.result()); }), testing::HasSubstr("without samples"));
  EXPECT_THAT(refusal([] { SoundComparison(0); }), testing::HasSubstr("0 channels"));
}

}  // namespace
}  // namespace sinefield
